"""Live probe, and the cassettes that it records."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from datastore_sdk import Client, Pad
from datastore_sdk.config.parsers import DEFAULT_HOST
from datastore_sdk.drift import DriftError, Observations, observe
from datastore_sdk.drift.traffic import LiveProbe, record_calls
from datastore_sdk.drift.traffic.recorded_call import RecordedCall
from datastore_sdk.exceptions import AuthenticationError
from datastore_sdk.sandbox import Sandbox, faults
from tests.conftest import NOW
from tests.drift.spec_builders import REAL, parse_spec
from tests.recorded.cassette_files import replaying
from tests.recorded.test_cassettes import findings
from tests.support.exhaustive import first

MAX_CALLS = 26


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[Client]:
    with Client(sandbox.token, base_url=sandbox.url) as client:
        yield client


def run_probe(client: Client) -> LiveProbe:
    probe = LiveProbe(client)
    probe.run()
    return probe


def test_probe_of_a_conforming_service_has_no_findings(client: Client, sandbox: Sandbox) -> None:
    probe = run_probe(client)
    observations = Observations(parse_spec(REAL))
    for _, call in probe.calls:
        observations.add(call)
    assert observations.findings() == ()
    assert {request.method for request in sandbox.requests} == {"GET"}
    assert len(sandbox.requests) == len(probe.calls) <= MAX_CALLS
    reads = {endpoint.operation_id for endpoint in parse_spec(REAL).endpoints.values() if endpoint.method == "get"}
    assert {operation for operation, _ in probe.calls} == reads


def test_chosen_pad_and_site_are_probed(client: Client) -> None:
    probe = LiveProbe(client, pad_id=681, site_id=981)
    probe.run()
    paths = {call.path for _, call in probe.calls}
    assert {path.split("/")[5] for path in paths if "/pads/" in path} == {"", "681", "999999999"}
    assert {path.split("/")[5] for path in paths if "/sites/" in path} == {"", "981"}


REMOVED = [
    ("*/fields/", 404, "endpoint-gone"),
    ("*/states/", 404, "endpoint-gone"),
    ("*/history/", 418, "status-unknown"),
]


@pytest.mark.parametrize(("path", "status", "rule"), first(1, REMOVED))
def test_removed_endpoint_is_reported(own_sandbox: Sandbox, path: str, status: int, rule: str) -> None:
    own_sandbox.faults.add(faults.Status(status, path=path))
    observations = Observations(parse_spec(REAL))
    with Client(own_sandbox.token, base_url=own_sandbox.url) as client:
        for _, call in run_probe(client).calls:
            observations.add(call)
    assert {finding.rule for finding in observations.findings()} == {rule}


@pytest.mark.parametrize(("named", "message"), [({"pad_id": 681}, "pad 681"), ({"site_id": 981}, "site 981")])
def test_inaccessible_chosen_object_raises(named: dict[str, int], message: str) -> None:
    with (
        Sandbox(now=NOW, days=1, denied=[681, 981]) as sandbox,
        Client(sandbox.token, base_url=sandbox.url) as client,
        pytest.raises(DriftError, match=rf"denies these credentials access to {message} \(403\)"),
    ):
        LiveProbe(client, **named).run()


def test_inaccessible_listed_object_is_recorded() -> None:
    with Sandbox(now=NOW, days=1, denied=[681, 981]) as sandbox, Client(sandbox.token, base_url=sandbox.url) as client:
        assert 404 in {call.status for _, call in run_probe(client).calls}


def test_recorded_cassettes_replay_without_secrets(client: Client, sandbox: Sandbox, tmp_path: Path) -> None:
    paths = record_calls(run_probe(client).calls, tmp_path / "new" / "folder", [sandbox.token])
    assert [found for path in paths for found in findings(path)] == []
    assert observe(parse_spec(REAL), [str(path) for path in paths]).findings() == ()
    with replaying(tmp_path / "new" / "folder" / "list_pads.yaml"), httpx.Client() as http:
        assert Pad.get_models(client=Client("any", base_url=DEFAULT_HOST, http=http))


def test_repeated_secret_stops_the_recording(tmp_path: Path) -> None:
    call = RecordedCall(method="GET", url="/x/", status=200, media_type="", content=b'{"note": "s3cret"}', source="")
    with pytest.raises(DriftError, match="was not written: a response in it repeats a secret"):
        record_calls([("get_x", call)], tmp_path, ["s3cret"])
    assert [*tmp_path.iterdir()] == []


def test_secrets_are_redacted_by_key(tmp_path: Path) -> None:
    content = b'{"access_token": "s3cret", "inner": [{"password": "s3cret"}], "n": 5.0}'
    call = RecordedCall(
        method="GET", url="/x/?token=s3cret&page=2", status=200, media_type="", content=content, source=""
    )
    (path,) = record_calls([("get_x", call)], tmp_path)
    text = path.read_text("utf-8")
    assert "s3cret" not in text
    assert "page=2" in text
    assert "5.0" in text


def test_unwritable_folder_raises(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    call = RecordedCall(method="GET", url="/x/", status=200, media_type="", content=b"{}", source="")
    with pytest.raises(DriftError, match="cannot be written"):
        record_calls([("get_x", call)], tmp_path / "file")


def test_wrong_credentials_stop_the_probe(sandbox: Sandbox) -> None:
    with Client("wrong-token", base_url=sandbox.url) as client, pytest.raises(AuthenticationError):
        LiveProbe(client).run()
