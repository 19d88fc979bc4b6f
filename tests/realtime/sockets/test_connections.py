"""Handshakes and connections, over real sockets, with a service that misbehaves."""

from __future__ import annotations

import json
import logging
from contextlib import suppress
from typing import Any

import pytest

from datastore_sdk._io.timeouts import Timeouts
from datastore_sdk.client import Client
from datastore_sdk.exceptions import (
    APIConnectionError,
    APITimeoutError,
    AuthenticationError,
    BadRequestError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    ResponseValidationError,
    ServerError,
)
from datastore_sdk.realtime import StreamOptions
from datastore_sdk.realtime.measurements import measurements
from datastore_sdk.realtime.stream import StreamPlan
from datastore_sdk.transport.executor.retry import RetryPolicy
from tests.realtime.live_reader import Reading, eventually
from tests.realtime.websocket_server import (
    CLOSE,
    CONTINUED,
    KEY,
    PING,
    closing,
    enveloped,
    frame,
    record,
    refusing,
    switching,
    visits,
)
from tests.support.fake_server import PATIENCE, Line, Received
from tests.support.fixtures import TOKEN, ClientOf, Serve


@pytest.fixture(params=["sync", "async"])
def form(request: pytest.FixtureRequest) -> str:
    form: str = request.param
    return form


def plan(client: Client, filters: dict[str, Any] | None = None, **manners: Any) -> StreamPlan:
    return measurements(client, "site", 981, KEY, filters or {}, StreamOptions(**manners))


ONCE = RetryPolicy(max_attempts=1)


def test_handshake(serve: Serve, client_of: ClientOf, form: str) -> None:
    server = serve(visits(enveloped(record(1))))
    client = client_of(server, user_agent="frac-report/1.2", headers={"X-Team": "completions"})
    reading = Reading(plan(client, {"fields": "slurry_rate"}), form)
    assert reading.until(1) == [record(1)]
    reading.end()
    (request,) = server.received
    assert request.path == "/external/thirdparty/v2/ws/sites/981/data/"
    assert request.query == {
        "session_key": KEY,
        "fields": "slurry_rate",
        "si_units": "false",
        "resolution": "raw",
    }
    assert request.token == TOKEN
    assert request.headers["user-agent"].startswith("frac-report/1.2 restream-datastore-sdk/")
    assert request.headers["x-team"] == "completions"
    assert request.headers["upgrade"] == "websocket"
    assert "sec-websocket-extensions" not in request.headers
    eventually(lambda: not reading.live.statistics.connected)


def test_without_filters_only_what_is_always_sent_goes_with_the_session(serve: Serve, client_of: ClientOf) -> None:
    server = serve(visits(enveloped(record(1))))
    reading = Reading(plan(client_of(server)), "sync")
    reading.until(1)
    reading.end()
    assert server.received[0].query == {"session_key": KEY, "si_units": "false", "resolution": "raw"}


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, BadRequestError),
        (401, AuthenticationError),
        (403, PermissionDeniedError),
        (404, NotFoundError),
        (429, RateLimitError),
        (500, ServerError),
        (302, ResponseValidationError),
        (200, ResponseValidationError),
    ],
)
def test_refused(serve: Serve, client_of: ClientOf, form: str, status: int, error: type[Exception]) -> None:
    server = serve(visits(refusing(status, {"detail": f"no, and {TOKEN} is no token"}, location="http://elsewhere")))
    reading = Reading(plan(client_of(server, retries=ONCE)), form)
    with pytest.raises(error) as raised:
        reading.done.result(PATIENCE)
    message = str(raised.value)
    assert str(status) in message
    assert TOKEN not in message
    if status >= 400:
        assert "no, and *** is no token" in message
    notes = getattr(raised.value, "__notes__", [])
    assert any("Another program of yours may be in it" in note for note in notes) is (status == 429)
    assert len(server.received) == 1


def test_a_refusal_whose_body_ends_with_the_connection(serve: Serve, client_of: ClientOf) -> None:
    def refuse(line: Line, _: Received) -> None:
        line.send(b'HTTP/1.1 403 Forbidden\r\n\r\n{"detail": "not yours"}')

    reading = Reading(plan(client_of(serve(visits(refuse)))), "sync")
    with pytest.raises(PermissionDeniedError, match="not yours"):
        reading.done.result(PATIENCE)


@pytest.mark.parametrize(
    "nonsense",
    [
        b"HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
    ],
)
def test_no_handshake(serve: Serve, client_of: ClientOf, nonsense: bytes) -> None:
    reading = Reading(plan(client_of(serve(visits(lambda line, _: line.send(nonsense))), retries=ONCE)), "sync")
    with pytest.raises((ResponseValidationError, APIConnectionError)):
        reading.done.result(PATIENCE)


@pytest.mark.parametrize("end", [Line.close, Line.reset])
def test_hung_up_in_the_handshake(serve: Serve, client_of: ClientOf, end: Any) -> None:
    reading = Reading(plan(client_of(serve(visits(lambda line, _: end(line))), retries=ONCE)), "sync")
    with pytest.raises(APIConnectionError):
        reading.done.result(PATIENCE)


def test_no_answer_to_the_handshake(serve: Serve, client_of: ClientOf) -> None:
    def say_nothing(line: Line, _: Received) -> None:
        line.stall()

    server = serve(visits(say_nothing))
    reading = Reading(plan(client_of(server, retries=ONCE, timeout=Timeouts(connect=0.1))), "sync")
    with pytest.raises(APITimeoutError):
        reading.done.result(PATIENCE)


def test_an_endless_head(serve: Serve, client_of: ClientOf) -> None:
    def pour(line: Line, _: Received) -> None:
        line.send(b"HTTP/1.1 101 X\r\n")
        for _number in range(100_000):
            line.send(b"X-Header: " + b"x" * 1000 + b"\r\n")

    reading = Reading(plan(client_of(serve(visits(pour)), retries=ONCE)), "sync")
    with pytest.raises(APIConnectionError):
        reading.done.result(PATIENCE)


def test_nobody_is_there(client_of: ClientOf, serve: Serve, form: str) -> None:
    client = client_of(serve(visits(b"")), base_url="http://127.0.0.1:1", retries=ONCE)
    with pytest.raises(APIConnectionError, match="not reached"):
        Reading(plan(client), form).done.result(PATIENCE)


ENDINGS: dict[str, Any] = {
    "closed": closing(1000),
    "going away": closing(1001, "deploying"),
    "an error": closing(1011, "oops"),
    "no code": frame(b"", CLOSE),
    "a policy": closing(4001),
    "a bad frame": b"\x83\x00",
    "a masked frame": b"\x81\x83abcdef",
    "bad fragments": frame(b"a", CONTINUED),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_whatever_ends_a_connection_another_follows(serve: Serve, client_of: ClientOf, form: str, ending: str) -> None:
    server = serve(visits(enveloped(record(1)) + ENDINGS[ending], enveloped(record(2))))
    reading = Reading(plan(client_of(server)), form)
    assert reading.until(2) == [record(1), record(2)]
    reading.end()
    assert reading.live.statistics.reconnections == 1
    assert [request.query["session_key"] for request in server.received] == [KEY, KEY]


@pytest.mark.parametrize(("code", "error"), [(1008, PermissionDeniedError), (4401, AuthenticationError)])
def test_a_close_that_refuses_is_an_error(serve: Serve, client_of: ClientOf, code: int, error: type[Exception]) -> None:
    server = serve(visits(closing(code, "no access")))
    with pytest.raises(error):
        Reading(plan(client_of(server)), "sync").done.result(PATIENCE)
    assert len(server.received) == 1


@pytest.mark.parametrize("ending", ["an error", "a bad frame", "a masked frame", "bad fragments"])
def test_what_comes_after_the_end_of_a_connection_is_not_heard(serve: Serve, client_of: ClientOf, ending: str) -> None:
    """What a bad frame swallowed would look like a hole in the data, and not like one that a break has left."""

    def go_on(line: Line, request: Received) -> None:
        line.send(switching(request) + enveloped(record(1)) + ENDINGS[ending] + enveloped(record(2)))
        assert line.stall()
        with suppress(OSError):
            line.send(enveloped(record(3)))

    reading = Reading(plan(client_of(serve(visits(go_on, enveloped(record(4)))))), "sync")
    assert reading.until(2) == [record(1), record(4)]
    reading.end()


@pytest.mark.parametrize("end", [Line.close, Line.reset])
def test_a_connection_that_is_lost(serve: Serve, client_of: ClientOf, form: str, end: Any) -> None:
    def drop(line: Line, request: Received) -> None:
        line.send(switching(request) + enveloped(record(1)))
        acknowledged = line.stall(0.2)
        assert not acknowledged
        end(line)

    reading = Reading(plan(client_of(serve(visits(drop, enveloped(record(2)))))), form)
    assert reading.until(2) == [record(1), record(2)]
    reading.end()


def test_a_silent_connection_is_replaced(serve: Serve, client_of: ClientOf, form: str) -> None:
    """Pings go unanswered."""
    server = serve(visits(enveloped(record(1)), enveloped(record(2))))
    reading = Reading(plan(client_of(server), stale_after=0.2), form)
    assert reading.until(2) == [record(1), record(2)]
    reading.end()


def test_pings_are_answered(serve: Serve, client_of: ClientOf) -> None:
    answered: list[bytes] = []

    def ping(line: Line, request: Received) -> None:
        line.send(switching(request) + frame(b"hello?", PING))
        line.stall()
        answered.append(line._socket.recv(100))
        line.send(enveloped(record(1)))
        line.stall()

    reading = Reading(plan(client_of(serve(visits(ping)))), "sync")
    reading.until(1)
    reading.end()
    assert answered[0][0] == 0x8A


def test_goodbye_is_said(serve: Serve, client_of: ClientOf, form: str) -> None:
    said: list[bytes] = []

    def listen(line: Line, request: Received) -> None:
        line.send(switching(request) + enveloped(record(1)))
        line.stall()
        said.append(line._socket.recv(100))

    server = serve(visits(listen))
    reading = Reading(plan(client_of(server)), form)
    reading.until(1)
    reading.end()
    server.settle()
    assert said[0][0] == 0x88


def test_a_huge_message_is_left_out(serve: Serve, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datastore_sdk.transport.websocket.frames.FrameParser.__init__.__defaults__", (10_000,))
    huge = frame(b"x" * 1_000_000)
    server = serve(visits(enveloped(record(1)) + huge + enveloped(record(2))))
    reading = Reading(plan(client_of(server)), "sync")
    assert reading.until(2) == [record(1), record(2)]
    reading.end()
    assert reading.live.statistics.unreadable == 1
    assert len(server.received) == 1


@pytest.mark.parametrize("level", [logging.DEBUG])
def test_the_token_is_in_no_log(
    serve: Serve, client_of: ClientOf, caplog: pytest.LogCaptureFixture, level: int
) -> None:
    caplog.set_level(level)
    server = serve(visits(enveloped(record(1)) + closing(1011), refusing(401, {"detail": TOKEN})))
    reading = Reading(plan(client_of(server)), "sync")
    with pytest.raises(AuthenticationError) as raised:
        reading.done.result(PATIENCE)
    assert TOKEN not in caplog.text
    assert TOKEN not in str(raised.value)
    assert TOKEN not in repr(reading.live)


def test_a_long_array_in_one_message(serve: Serve, client_of: ClientOf) -> None:
    records = [record(second) for second in range(1000)]
    message = json.dumps(
        [{"session_key": KEY, "message": records[:500]}, {"session_key": KEY, "message": records[500:]}]
    )
    reading = Reading(plan(client_of(serve(visits(frame(message.encode()))))), "sync")
    assert reading.until(1000) == records
    reading.end()
