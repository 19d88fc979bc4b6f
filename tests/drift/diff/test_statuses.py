"""Statuses that the document does not describe, and 404 for endpoints that are gone."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from datastore_sdk.drift import Finding, Observations, Severity
from datastore_sdk.drift.traffic.recorded_call import RecordedCall
from tests.drift.spec_builders import JSON, REAL, build_spec, parse_spec, with_operation

V1 = "/external/thirdparty/v1"
ERROR = {"description": "No.", "content": {JSON: {"schema": {"type": "object"}}}}


def build_call(status: int, url: str = "/things/", content: Any = None, method: str = "POST") -> RecordedCall:
    body = b"" if content is None else json.dumps(content).encode()
    return RecordedCall(method=method, url=url, status=status, media_type="", content=body, source="test")


def found(observations: Observations, call: RecordedCall) -> tuple[Finding, ...]:
    observations.add(call)
    return observations.findings()


@pytest.mark.parametrize("status", [402, 405, 409, 418, 451])
def test_status_covered_only_by_default_is_unknown(status: int) -> None:
    call = build_call(status, f"{V1}/pads/", {"detail": "No."}, "GET")
    (one,) = found(Observations(parse_spec(REAL)), call)
    assert (one.rule, one.severity) == ("status-unknown", Severity.COMPATIBLE)
    assert str(status) in one.message
    assert one.affects[0] == "Pad.get_models()"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429])
def test_status_of_another_operation_is_known(status: int) -> None:
    """Every endpoint can return these; the document describes them where they are likely."""
    assert not found(Observations(parse_spec(REAL)), build_call(status, f"{V1}/pads/5/", {"detail": "No."}, "GET"))


def test_status_in_a_range_is_known() -> None:
    some = build_spec(with_operation({"responses": {"4XX": ERROR, "default": ERROR}}))
    assert not found(Observations(some), build_call(418, content={}))
    other = with_operation({"responses": {"default": ERROR}})
    other["paths"]["/more/"] = {"get": {"responses": {"4XX": ERROR}}}
    assert not found(Observations(build_spec(other)), build_call(418, content={}))


@pytest.mark.parametrize("content", [b"<html>Bad Gateway</html>", b"", b'"no"'])
def test_server_error_is_not_drift(content: bytes) -> None:
    """The body does not matter: it may come from a proxy."""
    observations = Observations(parse_spec(REAL))
    call = replace(build_call(502, f"{V1}/pads/", method="GET"), content=content, media_type="text/html")
    assert not found(observations, call)
    assert observations.server_errors == 1


def test_described_server_error_is_compared() -> None:
    observations = Observations(build_spec(with_operation({"responses": {"503": ERROR}})))
    (one,) = found(observations, build_call(503, content="no"))
    assert one.rule == "type-differs"
    assert observations.server_errors == 0


def test_server_error_without_default_is_unknown() -> None:
    (one,) = found(Observations(build_spec(with_operation())), build_call(500))
    assert one.rule == "status-unknown"


def test_not_found_of_a_path_without_ids_is_removed() -> None:
    (one,) = found(Observations(parse_spec(REAL)), build_call(404, f"{V1}/pads/", {"detail": "Not found."}, "GET"))
    assert (one.rule, one.severity) == ("endpoint-gone", Severity.BREAKING)


def test_not_found_of_an_existing_object_is_removed() -> None:
    call = build_call(404, f"{V1}/pads/5/fields/", {"detail": "Not found."}, "GET")
    assert not found(Observations(parse_spec(REAL)), call)
    (one,) = found(Observations(parse_spec(REAL)), replace(call, target_exists=True))
    assert (one.rule, one.severity) == ("endpoint-gone", Severity.BREAKING)


def test_described_not_found_is_not_removed() -> None:
    assert not found(
        Observations(build_spec(with_operation({"responses": {"404": ERROR}}))), build_call(404, content={})
    )
