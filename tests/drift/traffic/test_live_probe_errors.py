"""Live probe of services that do not follow the OpenAPI document."""

from __future__ import annotations

import json

import pytest

from datastore_sdk.drift import Observations
from datastore_sdk.drift.traffic import LiveProbe
from tests.drift.spec_builders import REAL, parse_spec
from tests.support.fixtures import ClientOf, Serve, client_of, clock, nothing_left, serve
from tests.support.http_responses import http_response, respond_always

__all__ = ["client_of", "clock", "nothing_left", "serve"]


@pytest.mark.parametrize(
    ("reply", "rule"),
    [
        (http_response(203, []), "success-status-unknown"),
        (http_response(302, b"", Location="/elsewhere/"), "status-unknown"),
        (http_response(200, b"<html>"), "body-not-json"),
        (http_response(200, {"id": "x", "change_log": 5}), "type-differs"),
    ],
)
def test_nonconforming_service_is_probed(serve: Serve, client_of: ClientOf, reply: bytes, rule: str) -> None:
    probe = LiveProbe(client_of(serve(respond_always(reply))))
    probe.run()
    observations = Observations(parse_spec(REAL))
    for _, call in probe.calls:
        observations.add(call)
    assert rule in {finding.rule for finding in observations.findings()}


def test_error_responses_are_recorded(serve: Serve, client_of: ClientOf) -> None:
    probe = LiveProbe(client_of(serve(respond_always(http_response(404, {"detail": "No."})))))
    probe.run()
    assert {call.status for _, call in probe.calls} == {404}


def test_long_error_body_is_read_completely(serve: Serve, client_of: ClientOf) -> None:
    probe = LiveProbe(client_of(serve(respond_always(http_response(404, {"detail": "No." * 1000})))))
    probe.run()
    assert len(json.loads(probe.calls[0][1].content)["detail"]) == 3000


def test_truncated_error_body_is_not_recorded(serve: Serve, client_of: ClientOf) -> None:
    probe = LiveProbe(client_of(serve(respond_always(http_response(429, {"detail": "No." * 1000})))))
    probe.run()
    assert probe.calls == []
