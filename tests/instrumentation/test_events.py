"""Hooks receive an event for each step of a call, and change nothing."""

from __future__ import annotations

import logging
import time
from itertools import pairwise
from typing import Any

import pytest

from datastore_sdk.data import DataQuery
from datastore_sdk.exceptions import APIConnectionError, NotFoundError, ResponseValidationError, ServerError
from datastore_sdk.instrumentation.events import (
    CallEvent,
    ErrorEvent,
    Hooks,
    QueueEvent,
    RequestEvent,
    ResponseEvent,
    RetryEvent,
)
from datastore_sdk.transport.executor.retry import RetryPolicy
from restream_api.api.pads import get_pad, list_pads
from tests.support.fake_server import ClientConnection, HttpRequest
from tests.support.fixtures import TOKEN, ClientOf, Serve
from tests.support.http_responses import END, chunk, head, http_response, respond_by_path, respond_in_turn, send_then
from tests.support.jumping_clock import JumpingClock
from tests.support.sync_async_clients import Form
from tests.support.threads import start_thread

RECORD = b'{"timestamp": %d, "site_id": 981}'


class EventRecorder:
    """Hooks that collect all events."""

    def __init__(self) -> None:
        self.events: list[CallEvent] = []
        self.hooks = Hooks(**dict.fromkeys(Hooks.__struct_fields__, self.events.append))

    @property
    def story(self) -> list[tuple[Any, ...]]:
        """The events, abbreviated."""
        return [self._short(event) for event in self.events]

    @staticmethod
    def _short(event: CallEvent) -> tuple[Any, ...]:
        match event:
            case ResponseEvent():
                return "answer", event.attempt, event.status
            case ErrorEvent():
                return "error", event.attempt, type(event.error)
            case RetryEvent():
                return "retry", event.attempt, type(event.error)
            case QueueEvent():
                return "queue", event.attempt, event.seconds
            case _:
                assert isinstance(event, RequestEvent)
                return "request", event.attempt


@pytest.fixture
def recorder() -> EventRecorder:
    return EventRecorder()


def test_a_call_that_succeeds(recorder: EventRecorder, serve: Serve, client_of: ClientOf, form: Form) -> None:
    server = serve(respond_in_turn(http_response(200, b"[]", x_request_id="r-7")))
    form.run(client_of(server, hooks=recorder.hooks), list_pads(complete=True))
    assert recorder.story == [("request", 1), ("answer", 1, 200)]
    sent, received = recorder.events
    assert (sent.operation, sent.endpoint, sent.method) == ("list_pads", "/external/thirdparty/v1/pads/", "GET")
    assert sent.url == f"{server.url}/external/thirdparty/v1/pads/?complete=true"
    assert isinstance(received, ResponseEvent)
    assert (received.request_id, received.seconds) == ("r-7", 0.0)


def test_a_call_that_is_made_again(
    recorder: EventRecorder, serve: Serve, client_of: ClientOf, clock: JumpingClock, form: Form
) -> None:
    server = serve(
        respond_in_turn(send_then(b"", ClientConnection.close), http_response(503), http_response(200, b"[]"))
    )
    form.run(client_of(server, hooks=recorder.hooks), list_pads())
    assert recorder.story == [
        ("request", 1),
        ("error", 1, APIConnectionError),
        ("retry", 1, APIConnectionError),
        ("request", 2),
        ("answer", 2, 503),
        ("error", 2, ServerError),
        ("retry", 2, ServerError),
        ("request", 3),
        ("answer", 3, 200),
    ]
    assert [event.wait for event in recorder.events if isinstance(event, RetryEvent)] == clock.sleeps


@pytest.mark.parametrize(
    ("reply", "error"), [(http_response(404), NotFoundError), (http_response(200, b"{}"), ResponseValidationError)]
)
def test_a_call_that_fails(
    reply: bytes, error: type[Exception], recorder: EventRecorder, serve: Serve, client_of: ClientOf, form: Form
) -> None:
    with pytest.raises(error):
        form.run(client_of(serve(respond_in_turn(reply)), hooks=recorder.hooks), get_pad(7))
    assert [kind for kind, *_ in recorder.story] == ["request", "answer", "error"]
    assert recorder.story[-1] == ("error", 1, error)


def test_a_token_that_is_renewed(recorder: EventRecorder, serve: Serve, client_of: ClientOf) -> None:
    granted = http_response(200, {"access_token": TOKEN, "expires_in": 3600, "token_type": "Bearer", "scope": "read"})
    pads = respond_in_turn(http_response(401), http_response(200, b"[]"))
    server = serve(respond_by_path({"/o/token/": granted, "/pads/": pads}))
    client_of(server, None, client_id="crew", client_secret="s3cret", hooks=recorder.hooks).request(list_pads())
    assert [event.operation for event in recorder.events if isinstance(event, RequestEvent)] == [
        "create_token",
        "list_pads",
        "create_token",
        "list_pads",
    ]
    assert TOKEN not in repr(recorder.events)
    assert "s3cret" not in repr(recorder.events)


def test_a_download_that_goes_on(recorder: EventRecorder, serve: Serve, client_of: ClientOf, form: Form) -> None:
    interrupted = head(transfer_encoding="chunked") + chunk(b"[" + RECORD % 1)
    remaining = head(transfer_encoding="chunked") + chunk(b"[" + RECORD % 1 + b"," + RECORD % 2 + b"]") + END
    check = head(transfer_encoding="chunked") + chunk(b"[" + RECORD % 1 + b"]") + END
    records: list[dict[str, Any]] = []
    client = client_of(
        serve(respond_in_turn(send_then(interrupted, ClientConnection.close), remaining, check)), hooks=recorder.hooks
    )
    form.records(client, [DataQuery(source="site", id=981)], records)
    assert [record["timestamp"] for record in records] == [1, 2]
    assert [kind for kind, *_ in recorder.story] == [
        *("request", "answer", "error", "retry"),
        *("request", "answer") * 2,
    ]
    assert {event.operation for event in recorder.events} == {"stream_site_data"}
    assert "start_datetime=1970-01-01+00%3A00%3A01" in recorder.events[-3].url
    assert "end_datetime=1970-01-01+00%3A00%3A01" in recorder.events[-1].url


def test_a_hook_that_fails_costs_nothing(
    caplog: pytest.LogCaptureFixture, serve: Serve, client_of: ClientOf, form: Form
) -> None:
    def fail(_: object) -> None:
        raise ZeroDivisionError("in a hook")

    hooks = Hooks(**dict.fromkeys(Hooks.__struct_fields__, fail))
    server = serve(respond_in_turn(http_response(503), http_response(200, b"[]")))
    assert form.run(client_of(server, hooks=hooks), list_pads()) == []
    errors = [record for record in caplog.records if record.name == "datastore_sdk.hooks"]
    assert [record.levelno for record in errors] == [logging.ERROR] * 6
    assert all("in a hook" in (record.exc_text or "") for record in errors)


def test_an_interruption_in_a_hook_is_no_error_of_the_hook(serve: Serve, client_of: ClientOf) -> None:
    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    client = client_of(serve(respond_in_turn(http_response(200, b"[]"))), hooks=Hooks(on_response=interrupt))
    with pytest.raises(KeyboardInterrupt):
        client.request(list_pads())


def test_waiting_calls_are_reported_at_growing_intervals(
    recorder: EventRecorder,
    serve: Serve,
    client_of: ClientOf,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr("datastore_sdk._io.semaphore.PREEMPTION_SECONDS", 0.001)
    released = False

    class Ticking(JumpingClock):
        """Each look at it takes two seconds."""

        def monotonic(self) -> float:
            self.time += 2
            return super().monotonic()

    def respond_after_release(line: ClientConnection, _: HttpRequest) -> None:
        while not released:
            line.stall(0.01)
        line.send(http_response(200, b"[]"))

    client = client_of(serve(respond_after_release), hooks=recorder.hooks, clock=Ticking())
    calls = [start_thread(lambda: client.request(list_pads())) for _ in range(4)]
    while sum(isinstance(event, QueueEvent) for event in recorder.events) < 3:
        time.sleep(0.001)
    released = True
    assert [call.result(5) for call in calls] == [[]] * 4
    waits = [event.seconds for event in recorder.events if isinstance(event, QueueEvent)]
    assert waits[0] >= 2
    assert all(later >= 2 * earlier for earlier, later in pairwise(waits))
    lines = [record.getMessage() for record in caplog.records if record.name == "datastore_sdk.limits"]
    assert lines[0].startswith(f"GET {recorder.events[0].url} has waited ")


def test_a_hook_is_a_function() -> None:
    with pytest.raises(TypeError, match="on_retry must be a function, not str"):
        Hooks(on_retry="log")  # type: ignore[arg-type]

    async def hook(_: object) -> None: ...

    with pytest.raises(TypeError, match="on_response must be a plain function, not a coroutine function"):
        Hooks(on_response=hook)


def test_without_hooks_no_event_is_made(serve: Serve, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise AssertionError("an event was made")

    monkeypatch.setattr("datastore_sdk.transport.executor.call.event_fields", fail)
    server = serve(respond_in_turn(http_response(503), http_response(200, b"[]")))
    assert client_of(server, retries=RetryPolicy()).request(list_pads()) == []


def test_an_error_that_the_program_is_handling_is_not_the_calls(
    recorder: EventRecorder, serve: Serve, client_of: ClientOf, form: Form
) -> None:
    client = client_of(
        serve(respond_in_turn(http_response(404), http_response(200, b"[]"), http_response(200, b"[]"))),
        hooks=recorder.hooks,
    )
    try:
        form.run(client, get_pad(7))
    except NotFoundError:
        form.run(client, list_pads())
        form.records(client, [DataQuery(source="site", id=981)], [])
    assert recorder.story[3:] == [("request", 1), ("answer", 1, 200)] * 2
