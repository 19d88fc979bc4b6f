"""Each fault does on the connection exactly what it says: bytes and ends of connections, read through raw sockets."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from datastore_sdk.sandbox import Sandbox, faults
from tests.sandbox.conftest import NOW, PREFIX
from tests.sandbox.raw_http_client import RawConnection, RawResponse, fetch_raw

PADS = f"{PREFIX}/pads/"
DATA = (
    f"{PREFIX}/pads/681/data/?start_datetime=2025-09-17+06:00:00&end_datetime=2025-09-17+06:01:00"
    "&si_units=false&resolution=raw&routed=true"
)
DEFINITIONS = f"{PREFIX}/pads/668/parameters/"
DEFINITION = [{"name": "mine", "description": "", "config": {"field": "slurry_rate", "aggregation": "average"}}]


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with Sandbox(now=NOW, days=10) as running:
        yield running


@pytest.fixture
def service(running: Sandbox) -> Iterator[Sandbox]:
    yield running
    running.reset()


@pytest.fixture(params=[PADS, DATA], ids=["whole", "streamed"])
def target(request: pytest.FixtureRequest) -> str:
    target: str = request.param
    return target


def meeting(service: Sandbox, fault: faults.Fault, target: str) -> RawResponse:
    """Return the response to a call that meets a fault."""
    with service.faults.during(fault):
        return fetch_raw(service, target)


def fetch_uncompressed(service: Sandbox, target: str) -> bytes:
    """Return the body without compression: one in drops is not compressed and whole."""
    return meeting(service, faults.Drip(1 << 20), target).body


def test_status_replaces_the_response(service: Sandbox, target: str) -> None:
    response = meeting(service, faults.Status(503), target)
    assert (response.status, json.loads(response.body)) == (503, {"detail": "Service Unavailable"})
    assert (service.requests[-1].status, service.requests[-1].fault) == (503, "status")


@pytest.mark.parametrize(
    ("fault", "status", "header", "body"),
    [
        (faults.Status(429, retry_after=2), 429, {"retry-after": "2"}, b'{"detail":"Too Many Requests"}'),
        (faults.Status(503, body={"a": [1]}, retry_after=0.5), 503, {"retry-after": "0.5"}, b'{"a":[1]}'),
        (
            faults.Status(503, retry_after=datetime(2025, 9, 18, 12, 0, 30, tzinfo=UTC)),
            503,
            {"retry-after": "Thu, 18 Sep 2025 12:00:30 GMT"},
            b'{"detail":"Service Unavailable"}',
        ),
        (
            faults.Status(502, body="<html>", headers={"Content-Type": "text/html"}),
            502,
            {"content-type": "text/html"},
            b"<html>",
        ),
        (faults.Status(599), 599, {}, b'{"detail":"Unknown"}'),
        (faults.Status(204), 204, {}, b""),
        (
            faults.Status(302, headers={"Location": "/elsewhere"}),
            302,
            {"location": "/elsewhere"},
            b'{"detail":"Found"}',
        ),
    ],
)
def test_status_has_body_and_headers(
    service: Sandbox, fault: faults.Status, status: int, header: dict[str, str], body: bytes
) -> None:
    response = meeting(service, fault, PADS)
    assert (response.status, response.body) == (status, body)
    assert header.items() <= response.headers.items()


@pytest.mark.parametrize(
    ("fault", "created"),
    [
        (faults.Status(502), False),
        (faults.Status(502, processed=True), True),
        (faults.Reset("request"), False),
        (faults.Reset("processed"), True),
        (faults.Reset("body"), True),
        (faults.Reset("end"), True),
    ],
    ids=repr,
)
def test_fault_can_execute_the_call(service: Sandbox, fault: faults.Fault, created: bool) -> None:
    with service.faults.during(fault):
        fetch_raw(service, DEFINITIONS, "POST", json.dumps(DEFINITION).encode())
    names = {each["name"] for each in json.loads(fetch_uncompressed(service, DEFINITIONS))}
    assert ("mine" in names) == created


@pytest.mark.parametrize("phase", ["request", "processed"])
def test_reset_before_the_response(service: Sandbox, target: str, phase: str) -> None:
    fault = faults.Reset("request") if phase == "request" else faults.Reset("processed")
    assert meeting(service, fault, target) == RawResponse(b"", "RST")
    assert service.requests[-1].status is None


@pytest.mark.parametrize("at", [0, 1, 100])
def test_reset_within_the_body(service: Sandbox, target: str, at: int) -> None:
    response = meeting(service, faults.Reset("body", at), target)
    whole = fetch_uncompressed(service, target)
    assert (response.status, response.end) == (200, "RST")
    assert response.body == whole[:at]
    assert not response.ends_properly


def test_reset_at_the_end_of_a_shorter_body(service: Sandbox) -> None:
    response = meeting(service, faults.Reset("body", 1 << 30), DATA)
    assert (response.body, response.end) == (fetch_uncompressed(service, DATA), "RST")
    assert not response.ends_properly


def test_reset_after_the_response(service: Sandbox, target: str) -> None:
    with service.faults.during(faults.Reset("end")), RawConnection(service) as connection:
        connection.send(target, close=False)
        response = connection.all()
    assert (response.body, response.end, response.ends_properly) == (fetch_uncompressed(service, target), "RST", True)


def test_stall_sends_nothing_until_disconnect(service: Sandbox, target: str) -> None:
    with service.faults.during(faults.Delay()), RawConnection(service) as connection:
        connection.send(target)
        assert connection.until_silence() == b""
    assert meeting(service, faults.Delay(0.001), target).ends_properly


@pytest.mark.parametrize("at", [0, 100])
def test_stall_within_the_body(service: Sandbox, target: str, at: int) -> None:
    with service.faults.during(faults.Stall(at)), RawConnection(service) as connection:
        connection.send(target)
        first_part = RawResponse(connection.until_silence(), "FIN")
    whole = fetch_uncompressed(service, target)
    assert first_part.body == whole[:at]
    after_all = meeting(service, faults.Stall(at, 0.001), target)
    assert (after_all.body, after_all.ends_properly) == (whole, True)


def test_drip_sends_the_body_slowly(service: Sandbox) -> None:
    response = meeting(service, faults.Drip(1000, 0.0001), DATA)
    sizes = [int(line, 16) for line in response.raw.split(b"\r\n")[:-2:2]]
    assert max(sizes) == 1000
    assert (response.body, response.ends_properly) == (fetch_uncompressed(service, DATA), True)


def test_truncate_chunked_body_ends_properly(service: Sandbox, target: str) -> None:
    response = meeting(service, faults.Truncate(100), target)
    assert (response.body, response.end, response.ends_properly) == (
        fetch_uncompressed(service, target)[:100],
        "FIN",
        True,
    )
    assert "content-length" not in response.headers


def test_truncate_below_content_length(service: Sandbox, target: str) -> None:
    response = meeting(service, faults.Truncate(100, "full_length"), target)
    whole = fetch_uncompressed(service, target)
    assert (response.body, response.end) == (whole[:100], "FIN")
    assert response.headers["content-length"] == str(len(whole))


def test_truncate_with_matching_content_length(service: Sandbox, target: str) -> None:
    response = meeting(service, faults.Truncate(100, "short_length"), target)
    assert (response.body, response.end, response.ends_properly) == (
        fetch_uncompressed(service, target)[:100],
        "FIN",
        True,
    )
    assert response.headers["content-length"] == "100"


@pytest.mark.parametrize("at", [0, 100])
def test_corrupt_changes_one_byte(service: Sandbox, target: str, at: int) -> None:
    response = meeting(service, faults.Corrupt(at), target)
    whole = fetch_uncompressed(service, target)
    assert [index for index, pair in enumerate(zip(response.body, whole, strict=True)) if pair[0] != pair[1]] == [at]
    assert response.ends_properly


def test_other_json_replaces_the_body(service: Sandbox, target: str) -> None:
    assert meeting(service, faults.WrongJson(), target).body == b'"no response of this call"'
    response = meeting(service, faults.WrongJson({"a": None}), target)
    assert (response.status, response.body, response.headers["content-type"]) == (
        200,
        b'{"a":null}',
        "application/json",
    )


def test_other_body_is_not_json(service: Sandbox, target: str) -> None:
    response = meeting(service, faults.WrongContentType(), target)
    assert (response.status, response.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert response.body.startswith(b"<!DOCTYPE html>")
    misnamed = meeting(service, faults.WrongContentType("text/plain", body=None), target)
    assert (misnamed.headers["content-type"], misnamed.body) == ("text/plain", fetch_uncompressed(service, target))


@pytest.mark.parametrize("missing", [1, 8, 200])
def test_cut_gzip_truncates_the_stream(service: Sandbox, target: str, missing: int) -> None:
    response = meeting(service, faults.CutGzip(missing), target)
    assert response.ends_properly
    assert response.headers["content-encoding"] == "gzip"
    unzip = zlib.decompressobj(31)
    assert fetch_uncompressed(service, target).startswith(unzip.decompress(response.body))
    assert not unzip.eof


@pytest.mark.parametrize(
    "fault",
    [
        faults.Reset("body", 200, compressed=True),
        faults.Truncate(200, compressed=True),
        faults.Truncate(200, "full_length", compressed=True),
        faults.Truncate(200, "short_length", compressed=True),
    ],
)
def test_compressed_faults_count_compressed_bytes(service: Sandbox, target: str, fault: faults.Fault) -> None:
    response = meeting(service, fault, target)
    assert response.headers["content-encoding"] == "gzip"
    assert len(response.body) == 200
    assert fetch_uncompressed(service, target).startswith(zlib.decompressobj(31).decompress(response.body))


def test_replaced_body_is_not_compressed(service: Sandbox, target: str) -> None:
    response = meeting(service, faults.WrongJson(compressed=True), target)
    assert (response.body, response.headers.get("content-encoding")) == (b'"no response of this call"', None)


def test_expire_token_refuses_later_calls(service: Sandbox) -> None:
    with service.faults.during(faults.ExpireToken()):
        responses = [fetch_raw(service, PADS) for _ in range(3)]
        assert [response.status for response in responses] == [401, 401, 401]
        assert json.loads(responses[0].body) == {"detail": "Token has expired."}
    assert fetch_raw(service, PADS).status == 200
    assert [request.fault for request in service.requests] == ["expire_token"] * 3 + [None]


def statuses(service: Sandbox, *targets: str) -> list[int]:
    return [fetch_raw(service, target).status for target in targets]


def test_fault_matches_path_and_method(service: Sandbox) -> None:
    service.faults.add(faults.Status(503, path="/sites/*", method="GET", times=2))
    assert statuses(service, PADS, f"{PREFIX}/sites/", f"{PREFIX}/sites/981/fields/", f"{PREFIX}/sites/") == [
        200,
        503,
        503,
        200,
    ]
    service.faults.add(faults.Status(503, path="/pads/", skip=2, times=None))
    assert statuses(service, PADS, PADS, f"{PADS}668/", PADS, PADS) == [200, 200, 200, 503, 503]
    service.faults.clear()
    service.faults.add(faults.Status(503, method="POST"))
    assert statuses(service, PADS) == [200]


def test_fault_chance_is_deterministic(service: Sandbox) -> None:
    def count_faults() -> list[int]:
        with service.faults.during(faults.Status(503, times=None, probability=0.5, seed=3)):
            return statuses(service, *[PADS] * 20)

    first = count_faults()
    assert set(first) == {200, 503}
    assert count_faults() == first


def test_faults_apply_in_order_of_addition(service: Sandbox) -> None:
    service.faults.add(faults.Status(500), faults.Status(502))
    assert list(service.faults) == [faults.Status(500), faults.Status(502)]
    assert "status=500" in repr(service.faults)
    assert statuses(service, PADS, PADS, PADS) == [500, 502, 200]
    assert len(service.faults) == 0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: faults.Status(99), "status"),
        (lambda: faults.Status(503, times=0), "times"),
        (lambda: faults.Status(503, skip=-1), "skip"),
        (lambda: faults.Status(503, probability=0), "probability"),
        (lambda: faults.Status(503, retry_after=datetime(2025, 1, 1)), "time zone"),  # noqa: DTZ001
        (lambda: faults.Drip(0), "size"),
    ],
)
def test_fault_invalid_arguments_are_refused(make: type, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_reset_undoes_changes_of_clients(service: Sandbox) -> None:
    fetch_raw(service, DEFINITIONS, "POST", json.dumps(DEFINITION).encode())
    assert len(json.loads(fetch_uncompressed(service, DEFINITIONS))) > 0
    before = fetch_uncompressed(service, DEFINITIONS)
    service.faults.add(faults.Delay())
    service.reset()
    assert (list(service.faults), service.requests) == ([], [])
    assert fetch_uncompressed(service, DEFINITIONS) != before
