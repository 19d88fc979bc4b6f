"""The walk over a service, and the cassettes that it keeps."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from datastore_sdk import Client, Pad
from datastore_sdk.config.parsers import DEFAULT_HOST
from datastore_sdk.drift import DriftError, Observations, observe, shipped
from datastore_sdk.drift.traffic import LiveProbe, record
from datastore_sdk.drift.traffic.recorded_call import RecordedCall
from datastore_sdk.exceptions import AuthenticationError
from datastore_sdk.sandbox import Sandbox, faults
from tests.conftest import NOW
from tests.recorded.cassette_files import replaying
from tests.recorded.test_cassettes import findings

MOST_CALLS = 26


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[Client]:
    with Client(sandbox.token, base_url=sandbox.url) as client:
        yield client


def walked(client: Client) -> LiveProbe:
    walk = LiveProbe(client)
    walk.go()
    return walk


def test_a_service_that_keeps_the_contract_shows_no_drift(client: Client, sandbox: Sandbox) -> None:
    walk = walked(client)
    observations = Observations(shipped())
    for _, call in walk.calls:
        observations.add(call)
    assert observations.findings() == ()
    assert {request.method for request in sandbox.requests} == {"GET"}
    assert len(sandbox.requests) == len(walk.calls) <= MOST_CALLS
    reads = {endpoint.operation_id for endpoint in shipped().endpoints.values() if endpoint.method == "get"}
    assert {operation for operation, _ in walk.calls} == reads


def test_a_pad_and_a_site_of_ones_own_choice(client: Client) -> None:
    walk = LiveProbe(client, pad_id=681, site_id=981)
    walk.go()
    paths = {call.path for _, call in walk.calls}
    assert {path.split("/")[5] for path in paths if "/pads/" in path} == {"", "681", "999999999"}
    assert {path.split("/")[5] for path in paths if "/sites/" in path} == {"", "981"}


GONE = [("*/fields/", 404, "endpoint-gone"), ("*/states/", 404, "endpoint-gone"), ("*/history/", 418, "status-unknown")]


@pytest.mark.parametrize(("path", "status", "rule"), GONE)
def test_a_call_that_the_service_no_longer_has(own_sandbox: Sandbox, path: str, status: int, rule: str) -> None:
    own_sandbox.faults.add(faults.Status(status, path=path))
    observations = Observations(shipped())
    with Client(own_sandbox.token, base_url=own_sandbox.url) as client:
        for _, call in walked(client).calls:
            observations.add(call)
    assert {finding.rule for finding in observations.findings()} == {rule}


@pytest.mark.parametrize(("named", "told"), [({"pad_id": 681}, "pad 681"), ({"site_id": 981}, "site 981")])
def test_what_was_named_but_may_not_be_seen(named: dict[str, int], told: str) -> None:
    with (
        Sandbox(now=NOW, days=1, denied=[681, 981]) as sandbox,
        Client(sandbox.token, base_url=sandbox.url) as client,
        pytest.raises(DriftError, match=rf"lets these credentials see nothing of {told} \(403\)"),
    ):
        LiveProbe(client, **named).go()


def test_what_was_not_named_and_may_not_be_seen_belongs_to_the_answers() -> None:
    with Sandbox(now=NOW, days=1, denied=[681, 981]) as sandbox, Client(sandbox.token, base_url=sandbox.url) as client:
        assert 404 in {call.status for _, call in walked(client).calls}


def test_the_cassettes_hold_nothing_secret_and_can_be_replayed(
    client: Client, sandbox: Sandbox, tmp_path: Path
) -> None:
    paths = record(walked(client).calls, tmp_path / "new" / "folder", [sandbox.token])
    assert [found for path in paths for found in findings(path)] == []
    assert observe(shipped(), [str(path) for path in paths]).findings() == ()
    with replaying(tmp_path / "new" / "folder" / "list_pads.yaml"), httpx.Client() as http:
        assert Pad.get_models(client=Client("any", base_url=DEFAULT_HOST, http=http))


def test_a_secret_that_the_service_repeats_is_not_kept(tmp_path: Path) -> None:
    call = RecordedCall(method="GET", url="/x/", status=200, media_type="", content=b'{"note": "s3cret"}', source="")
    with pytest.raises(DriftError, match="would have held a secret"):
        record([("get_x", call)], tmp_path, ["s3cret"])
    assert [*tmp_path.iterdir()] == []


def test_secrets_by_their_names_are_taken_out(tmp_path: Path) -> None:
    content = b'{"access_token": "s3cret", "inner": [{"password": "s3cret"}], "n": 5.0}'
    call = RecordedCall(
        method="GET", url="/x/?token=s3cret&page=2", status=200, media_type="", content=content, source=""
    )
    (path,) = record([("get_x", call)], tmp_path)
    text = path.read_text("utf-8")
    assert "s3cret" not in text
    assert "page=2" in text
    assert "5.0" in text


def test_a_folder_that_cannot_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    call = RecordedCall(method="GET", url="/x/", status=200, media_type="", content=b"{}", source="")
    with pytest.raises(DriftError, match="cannot be written to"):
        record([("get_x", call)], tmp_path / "file")


def test_wrong_credentials_end_the_walk(sandbox: Sandbox) -> None:
    with Client("wrong-token", base_url=sandbox.url) as client, pytest.raises(AuthenticationError):
        LiveProbe(client).go()
