"""Responses with fields or values that are not in the contract are read, and reported if the program wants it."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any, Literal

import pytest

from datastore_sdk import Client, DriftEvent, Hooks, Pad, Site
from datastore_sdk.exceptions import (
    BadRequestError,
    DriftFoundError,
    DriftWarning,
    NotFoundError,
    ResponseValidationError,
)
from datastore_sdk.sandbox import Sandbox
from datastore_sdk.transport.executor import schema_drift as drift
from restream_api.api.pads import get_pad, list_pads
from restream_api.models import StageAggregations
from restream_api.types import Json, Model, Operation
from tests.support.fixtures import ClientOf, Serve
from tests.support.http_responses import http_response, respond_always, respond_in_turn
from tests.support.sync_async_clients import Form

PAD = {
    "id": 668,
    "name": "Mesquite",
    "lease_name": "M",
    "customer_name": "C",
    "simops_config": None,
    "completion_date": None,
    "wireline_enabled": True,
}
NEW = {**PAD, "color": "tok-secret-value"}


class Valve(Model):
    position: Literal["O", "C"] | str  # noqa: PYI051 - how the generated models write it
    size: Literal[1, 2] | int | None = None  # noqa: PYI051


class Tree(Model):
    valves: dict[str, list[Valve]]


READ_TREES: Json[list[Tree]] = Json(list[Tree])
TREES = Operation(name="list_trees", method="GET", endpoint="/trees/", path="/trees/", parse=READ_TREES)


class Unhashable:
    """A hook like another one, and not the same."""

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, events: list[DriftEvent]) -> None:
        self._events = events

    def __call__(self, event: DriftEvent) -> None:
        self._events.append(event)


@pytest.fixture(autouse=True)
def forget_warnings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drift that other tests reported is reported again."""
    for name in ("_warned", "_logged"):
        known: set[tuple[object, ...]] = set()
        monkeypatch.setattr(drift, name, known)


def drift_warnings(record: pytest.WarningsRecorder) -> list[str]:
    return [str(warning.message) for warning in record if warning.category is DriftWarning]


def trees(*valves: dict[str, Any]) -> bytes:
    return json.dumps([{"valves": {"upper": [*valves]}}]).encode()


@pytest.mark.parametrize("mode", [None, "", "off"])
def test_unknown_fields_break_nothing_and_are_kept(
    mode: str | None, serve: Serve, client_of: ClientOf, form: Form, monkeypatch: pytest.MonkeyPatch
) -> None:
    if mode is not None:
        monkeypatch.setenv("RESTREAM_DRIFT", mode)
    pad = form.run(client_of(serve(respond_always(http_response(200, NEW)))), get_pad(668))
    assert pad["color"] == "tok-secret-value"


def test_drift_is_not_checked_when_off(serve: Serve, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch) -> None:
    def look(*_: object) -> None:
        pytest.fail("it was looked at")

    monkeypatch.setattr(drift, "_report_call", look)
    client = client_of(serve(respond_always(http_response(200, NEW))))
    client.request(get_pad(668))
    assert Pad.get_model(668, as_dict=True, client=client) == NEW


def test_each_kind_is_warned_of_once(
    serve: Serve, client_of: ClientOf, form: Form, monkeypatch: pytest.MonkeyPatch, recwarn: pytest.WarningsRecorder
) -> None:
    monkeypatch.setenv("RESTREAM_DRIFT", "Warn")
    server = serve(
        respond_in_turn(
            http_response(200, [NEW, NEW]), http_response(200, NEW), http_response(200, {**NEW, "depth": 5})
        )
    )
    client = client_of(server)
    form.run(client, list_pads())
    form.run(client, get_pad(668))
    pad = form.run(client, get_pad(668))
    assert drift_warnings(recwarn) == [
        "Pad.color is not in the API contract (met in list_pads)",
        "Pad.depth is not in the API contract (met in get_pad)",
    ]
    assert pad["depth"] == 5


def test_what_is_handed_over_as_it_was_sent_is_looked_at_too(
    serve: Serve, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch, recwarn: pytest.WarningsRecorder
) -> None:
    monkeypatch.setenv("RESTREAM_DRIFT", "warn")
    client = client_of(serve(respond_in_turn(http_response(200, NEW), http_response(200, [{**NEW, "depth": 5}]))))
    assert Pad.get_model(668, as_dict=True, client=client) == NEW
    assert Pad.get_models(as_dict=True, client=client) == [{**NEW, "depth": 5}]
    assert drift_warnings(recwarn) == [
        "Pad.color is not in the API contract (met in get_pad)",
        "Pad.depth is not in the API contract (met in list_pads)",
    ]
    monkeypatch.setenv("RESTREAM_DRIFT", "error")
    with pytest.raises(DriftFoundError, match=r"Pad\.color is not"):
        Pad.get_model(668, as_dict=True, client=client_of(serve(respond_always(http_response(200, NEW)))))


def test_response_that_is_not_valid_is_returned_as_dict(
    serve: Serve, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = {**NEW, "name": 5}
    client = client_of(serve(respond_always(http_response(200, odd))), strict=True)
    assert Pad.get_model(668, as_dict=True, client=client) == odd
    monkeypatch.setenv("RESTREAM_DRIFT", "error")
    with pytest.raises(DriftFoundError, match=r"Pad\.name is a number, where the API contract has text"):
        Pad.get_model(668, as_dict=True, client=client)


@pytest.mark.parametrize("mode", [None, "log", "off", "warn", "error"])
def test_what_does_not_fit_is_reported_once(
    mode: str | None,
    serve: Serve,
    client_of: ClientOf,
    form: Form,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    recwarn: pytest.WarningsRecorder,
) -> None:
    if mode is not None:
        monkeypatch.setenv("RESTREAM_DRIFT", mode)
    odd = {**NEW, "name": None}
    del odd["lease_name"]
    client = client_of(serve(respond_always(http_response(200, odd))))
    misfits = [
        "Pad.name is null, where the API contract has text; kept as sent",
        "Pad.lease_name is missing, which the API contract requires",
    ]
    for _ in range(2):
        if mode == "error":
            with pytest.raises(DriftFoundError) as raised:
                form.run(client, get_pad(668))
            assert raised.value.problems == (*misfits, "Pad.color is not in the API contract")
        else:
            pad = form.run(client, get_pad(668))
            assert [pad[key] for key in ("name", "lease_name", "color")] == [None, None, NEW["color"]]
    logged = [message for name, _, message in caplog.record_tuples if name == "datastore_sdk.drift"]
    assert logged == ([f"{misfit} (met in get_pad)" for misfit in misfits] if mode in {None, "log"} else [])
    expected = [f"{each} (met in get_pad)" for each in (*misfits, "Pad.color is not in the API contract")]
    assert drift_warnings(recwarn) == (expected if mode == "warn" else [])
    assert "tok-secret-value" not in caplog.text


def test_a_strict_client_refuses_before_anything_is_reported(
    serve: Serve, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESTREAM_DRIFT", "error")
    server = serve(respond_always(http_response(200, {**NEW, "name": None})))
    with pytest.raises(ResponseValidationError, match="name: input should be a valid string") as raised:
        client_of(server, strict=True).request(get_pad(668))
    assert type(raised.value) is ResponseValidationError


def test_a_warning_points_to_the_program(serve: Serve, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESTREAM_DRIFT", "warn")
    client = client_of(serve(respond_always(http_response(200, NEW))))
    with pytest.warns(DriftWarning) as record:
        Pad.get_model(668, client=client)
    assert Path(record[0].filename).name == Path(__file__).name


def test_new_values_of_what_has_known_ones(serve: Serve, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESTREAM_DRIFT", "warn")
    body = trees({"position": "O", "size": 1}, {"position": "X", "size": None}, {"position": "C" * 99, "size": 3})
    with pytest.warns(DriftWarning) as record:
        (tree,) = client_of(serve(respond_always(http_response(200, body)))).request(TREES)
    assert tree.valves["upper"][1].position == "X"
    assert [message.partition(",")[0] for message in drift_warnings(record)] == [
        "Valve.position is 'X'",
        f"Valve.position is '{'C' * 59}...",
        "Valve.size is 3",
    ]


def test_objects_that_can_have_any_field_have_no_unknown_ones() -> None:
    numbers = StageAggregations.model_validate({"id": 5, "my_own_number": 7.5})
    assert [*drift._find_additions([numbers])] == []


def test_an_error_instead(serve: Serve, client_of: ClientOf, form: Form, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESTREAM_DRIFT", "error")
    server = serve(respond_always(http_response(200, NEW)))
    client = client_of(server)
    for _ in range(2):
        with pytest.raises(DriftFoundError) as raised:
            form.run(client, get_pad(668))
        assert raised.value.problems == ("Pad.color is not in the API contract",)
        assert str(raised.value).endswith("(RESTREAM_DRIFT=error)")
        assert "tok-secret-value" not in str(raised.value)
    assert len(server.received) == 2, "making it again would change nothing"
    assert client_of(serve(respond_always(http_response(200, PAD)))).request(get_pad(668)).id == 668


def test_unknown_statuses(
    serve: Serve, client_of: ClientOf, form: Form, monkeypatch: pytest.MonkeyPatch, recwarn: pytest.WarningsRecorder
) -> None:
    monkeypatch.setenv("RESTREAM_DRIFT", "warn")
    server = serve(respond_in_turn(http_response(418, b""), http_response(418, b""), http_response(404, b"")))
    client = client_of(server)
    for _ in range(2):
        with pytest.raises(BadRequestError):
            form.run(client, get_pad(668))
    with pytest.raises(NotFoundError):
        form.run(client, get_pad(668))
    assert drift_warnings(recwarn) == ["get_pad returned 418, which is not in the API contract (met in get_pad)"]


@pytest.mark.parametrize("mode", [None, "error"])
def test_the_hook(
    mode: str | None,
    serve: Serve,
    client_of: ClientOf,
    form: Form,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    if mode:
        monkeypatch.setenv("RESTREAM_DRIFT", mode)
    events: list[DriftEvent] = []
    others: list[DriftEvent] = []
    server = serve(respond_in_turn(*[http_response(200, NEW)] * 3, http_response(418, b"")))
    first, second = (client_of(server, hooks=Hooks(on_drift=hook)) for hook in (events.append, Unhashable(others)))
    for client in (first, first, second):
        if mode:
            with pytest.raises(DriftFoundError):
                form.run(client, get_pad(668))
        else:
            form.run(client, get_pad(668))
    with pytest.raises(BadRequestError):
        form.run(first, get_pad(668))
    assert [(event.kind, event.place, event.operation) for event in events] == [
        ("field", "Pad.color", "get_pad"),
        ("status", "get_pad", "get_pad"),
    ]
    assert events[0].message == "Pad.color is not in the API contract"
    assert len(others) == 1
    assert not [name for name, *_ in caplog.record_tuples if name == "datastore_sdk.drift"]  # no new drift


def test_a_word_that_means_nothing(
    serve: Serve, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch, recwarn: pytest.WarningsRecorder
) -> None:
    monkeypatch.setenv("RESTREAM_DRIFT", "loud")
    client = client_of(serve(respond_always(http_response(200, NEW))))
    client.request(get_pad(668))
    client.request(get_pad(668))
    assert drift_warnings(recwarn) == ["RESTREAM_DRIFT is 'loud'; valid values are off, log, warn, error. Using log."]


def test_no_false_alarms(monkeypatch: pytest.MonkeyPatch) -> None:
    """All responses of the sandbox match the contract."""
    monkeypatch.setenv("RESTREAM_DRIFT", "error")
    with (
        Sandbox(days=1) as sandbox,
        Client(sandbox.token, base_url=sandbox.url) as client,
        warnings.catch_warnings(action="error"),
    ):
        for pad in Pad.get_models(client=client):
            pad.get_sites()
            pad.get_states()
            pad.get_stages_metadata()
            pad.get_fields_metadata()
            pad.get_measurement_sources_metadata()
            pad.get_stages_aggregations()
            pad.get_data_changes()
        site = Site.get_models(client=client)[0]
        site.get_stages_metadata(add_aggregations=True)
        site.get_pad()
        site.get_state()
