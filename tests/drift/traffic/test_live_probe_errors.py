"""The walk over services that keep no contract at all."""

from __future__ import annotations

import json

import pytest

from datastore_sdk.drift import Observations, load_shipped_spec
from datastore_sdk.drift.traffic import LiveProbe
from tests.support.fixtures import ClientOf, Serve, client_of, clock, nothing_left, serve
from tests.support.http_responses import always, answer

__all__ = ["client_of", "clock", "nothing_left", "serve"]


@pytest.mark.parametrize(
    ("reply", "rule"),
    [
        (answer(203, []), "success-status-unknown"),
        (answer(302, b"", Location="/elsewhere/"), "status-unknown"),
        (answer(200, b"<html>"), "body-not-json"),
        (answer(200, {"id": "x", "change_log": 5}), "type-differs"),
    ],
)
def test_nonconforming_service_is_probed(serve: Serve, client_of: ClientOf, reply: bytes, rule: str) -> None:
    walk = LiveProbe(client_of(serve(always(reply))))
    walk.run()
    observations = Observations(load_shipped_spec())
    for _, call in walk.calls:
        observations.add(call)
    assert rule in {finding.rule for finding in observations.findings()}


def test_error_responses_are_recorded(serve: Serve, client_of: ClientOf) -> None:
    walk = LiveProbe(client_of(serve(always(answer(404, {"detail": "No."})))))
    walk.run()
    assert {call.status for _, call in walk.calls} == {404}


def test_long_error_body_is_read_completely(serve: Serve, client_of: ClientOf) -> None:
    walk = LiveProbe(client_of(serve(always(answer(404, {"detail": "No." * 1000})))))
    walk.run()
    assert len(json.loads(walk.calls[0][1].content)["detail"]) == 3000


def test_truncated_error_body_is_not_recorded(serve: Serve, client_of: ClientOf) -> None:
    walk = LiveProbe(client_of(serve(always(answer(429, {"detail": "No." * 1000})))))
    walk.run()
    assert walk.calls == []
