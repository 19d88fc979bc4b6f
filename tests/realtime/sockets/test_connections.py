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
from datastore_sdk.realtime.measurements import build_measurement_plan
from datastore_sdk.realtime.stream import StreamPlan
from datastore_sdk.transport.executor.retry import RetryPolicy
from tests.realtime.live_reader import LiveReader
from tests.realtime.websocket_server import (
    CLOSE,
    CONTINUED,
    KEY,
    PING,
    build_envelope_frame,
    close_frame,
    frame,
    handshake_response,
    make_record,
    refuse,
    serve_connections,
)
from tests.support.fake_server import TIMEOUT_SECONDS, ClientConnection, HttpRequest
from tests.support.fixtures import TOKEN, ClientOf, Serve
from tests.support.waiting import wait_until


@pytest.fixture(params=["sync", "async"])
def form(request: pytest.FixtureRequest) -> str:
    form: str = request.param
    return form


def plan(client: Client, filters: dict[str, Any] | None = None, **options: Any) -> StreamPlan:
    return build_measurement_plan(client, "site", 981, KEY, filters or {}, StreamOptions(**options))


ONCE = RetryPolicy(max_attempts=1)


def test_handshake(serve: Serve, client_of: ClientOf, form: str) -> None:
    server = serve(serve_connections(build_envelope_frame(make_record(1))))
    client = client_of(server, user_agent="frac-report/1.2", headers={"X-Team": "completions"})
    reader = LiveReader(plan(client, {"fields": "slurry_rate"}), form)
    assert reader.wait_for_items(1) == [make_record(1)]
    reader.close()
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
    wait_until(lambda: not reader.live.statistics.connected)


def test_query_without_filters(serve: Serve, client_of: ClientOf) -> None:
    server = serve(serve_connections(build_envelope_frame(make_record(1))))
    reader = LiveReader(plan(client_of(server)), "sync")
    reader.wait_for_items(1)
    reader.close()
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
    server = serve(
        serve_connections(refuse(status, {"detail": f"no, and {TOKEN} is invalid"}, location="http://elsewhere"))
    )
    reader = LiveReader(plan(client_of(server, retries=ONCE)), form)
    with pytest.raises(error) as raised:
        reader.done.result(TIMEOUT_SECONDS)
    message = str(raised.value)
    assert str(status) in message
    assert TOKEN not in message
    if status >= 400:
        assert "no, and *** is invalid" in message
    notes = getattr(raised.value, "__notes__", [])
    assert any("one connection per client and room" in note for note in notes) is (status == 429)
    assert len(server.received) == 1


def test_refusal_with_body_until_close(serve: Serve, client_of: ClientOf) -> None:
    def refuse(line: ClientConnection, _: HttpRequest) -> None:
        line.send(b'HTTP/1.1 403 Forbidden\r\n\r\n{"detail": "not yours"}')

    reader = LiveReader(plan(client_of(serve(serve_connections(refuse)))), "sync")
    with pytest.raises(PermissionDeniedError, match="not yours"):
        reader.done.result(TIMEOUT_SECONDS)


@pytest.mark.parametrize(
    "nonsense",
    [
        b"HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
    ],
)
def test_no_handshake(serve: Serve, client_of: ClientOf, nonsense: bytes) -> None:
    reader = LiveReader(
        plan(client_of(serve(serve_connections(lambda line, _: line.send(nonsense))), retries=ONCE)), "sync"
    )
    with pytest.raises((ResponseValidationError, APIConnectionError)):
        reader.done.result(TIMEOUT_SECONDS)


@pytest.mark.parametrize("end", [ClientConnection.close, ClientConnection.reset])
def test_disconnected_in_the_handshake(serve: Serve, client_of: ClientOf, end: Any) -> None:
    reader = LiveReader(plan(client_of(serve(serve_connections(lambda line, _: end(line))), retries=ONCE)), "sync")
    with pytest.raises(APIConnectionError):
        reader.done.result(TIMEOUT_SECONDS)


def test_no_response_to_the_handshake(serve: Serve, client_of: ClientOf) -> None:
    def say_nothing(line: ClientConnection, _: HttpRequest) -> None:
        line.stall()

    server = serve(serve_connections(say_nothing))
    reader = LiveReader(plan(client_of(server, retries=ONCE, timeout=Timeouts(connect=0.1))), "sync")
    with pytest.raises(APITimeoutError):
        reader.done.result(TIMEOUT_SECONDS)


def test_an_endless_head(serve: Serve, client_of: ClientOf) -> None:
    def pour(line: ClientConnection, _: HttpRequest) -> None:
        line.send(b"HTTP/1.1 101 X\r\n")
        for _number in range(100_000):
            line.send(b"X-Header: " + b"x" * 1000 + b"\r\n")

    reader = LiveReader(plan(client_of(serve(serve_connections(pour)), retries=ONCE)), "sync")
    with pytest.raises(APIConnectionError):
        reader.done.result(TIMEOUT_SECONDS)


def test_no_server_listens(client_of: ClientOf, serve: Serve, form: str) -> None:
    client = client_of(serve(serve_connections(b"")), base_url="http://127.0.0.1:1", retries=ONCE)
    with pytest.raises(APIConnectionError, match="not reached"):
        LiveReader(plan(client), form).done.result(TIMEOUT_SECONDS)


ENDINGS: dict[str, Any] = {
    "closed": close_frame(1000),
    "going away": close_frame(1001, "deploying"),
    "an error": close_frame(1011, "oops"),
    "no code": frame(b"", CLOSE),
    "a policy": close_frame(4001),
    "a bad frame": b"\x83\x00",
    "a masked frame": b"\x81\x83abcdef",
    "bad fragments": frame(b"a", CONTINUED),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_reconnect_after_every_kind_of_end(serve: Serve, client_of: ClientOf, form: str, ending: str) -> None:
    server = serve(
        serve_connections(build_envelope_frame(make_record(1)) + ENDINGS[ending], build_envelope_frame(make_record(2)))
    )
    reader = LiveReader(plan(client_of(server)), form)
    assert reader.wait_for_items(2) == [make_record(1), make_record(2)]
    reader.close()
    assert reader.live.statistics.reconnections == 1
    assert [request.query["session_key"] for request in server.received] == [KEY, KEY]


@pytest.mark.parametrize(("code", "error"), [(1008, PermissionDeniedError), (4401, AuthenticationError)])
def test_refusing_close_raises(serve: Serve, client_of: ClientOf, code: int, error: type[Exception]) -> None:
    server = serve(serve_connections(close_frame(code, "no access")))
    with pytest.raises(error):
        LiveReader(plan(client_of(server)), "sync").done.result(TIMEOUT_SECONDS)
    assert len(server.received) == 1


@pytest.mark.parametrize("ending", ["an error", "a bad frame", "a masked frame", "bad fragments"])
def test_messages_after_the_end_are_ignored(serve: Serve, client_of: ClientOf, ending: str) -> None:
    """Records lost in a bad frame would look like a hole in the data, not like one that a break has left."""

    def go_on(line: ClientConnection, request: HttpRequest) -> None:
        line.send(
            handshake_response(request)
            + build_envelope_frame(make_record(1))
            + ENDINGS[ending]
            + build_envelope_frame(make_record(2))
        )
        assert line.stall()
        with suppress(OSError):
            line.send(build_envelope_frame(make_record(3)))

    reader = LiveReader(plan(client_of(serve(serve_connections(go_on, build_envelope_frame(make_record(4)))))), "sync")
    assert reader.wait_for_items(2) == [make_record(1), make_record(4)]
    reader.close()


@pytest.mark.parametrize("end", [ClientConnection.close, ClientConnection.reset])
def test_a_connection_that_is_lost(serve: Serve, client_of: ClientOf, form: str, end: Any) -> None:
    def drop(line: ClientConnection, request: HttpRequest) -> None:
        line.send(handshake_response(request) + build_envelope_frame(make_record(1)))
        acknowledged = line.stall(0.2)
        assert not acknowledged
        end(line)

    reader = LiveReader(plan(client_of(serve(serve_connections(drop, build_envelope_frame(make_record(2)))))), form)
    assert reader.wait_for_items(2) == [make_record(1), make_record(2)]
    reader.close()


def test_a_silent_connection_is_replaced(serve: Serve, client_of: ClientOf, form: str) -> None:
    """Pings go unanswered."""
    server = serve(serve_connections(build_envelope_frame(make_record(1)), build_envelope_frame(make_record(2))))
    reader = LiveReader(plan(client_of(server), stale_after=0.2), form)
    assert reader.wait_for_items(2) == [make_record(1), make_record(2)]
    reader.close()


def test_pings_get_pongs(serve: Serve, client_of: ClientOf) -> None:
    pongs: list[bytes] = []

    def ping(line: ClientConnection, request: HttpRequest) -> None:
        line.send(handshake_response(request) + frame(b"hello?", PING))
        line.stall()
        pongs.append(line._socket.recv(100))
        line.send(build_envelope_frame(make_record(1)))
        line.stall()

    reader = LiveReader(plan(client_of(serve(serve_connections(ping)))), "sync")
    reader.wait_for_items(1)
    reader.close()
    assert pongs[0][0] == 0x8A


def test_goodbye_is_said(serve: Serve, client_of: ClientOf, form: str) -> None:
    said: list[bytes] = []

    def listen(line: ClientConnection, request: HttpRequest) -> None:
        line.send(handshake_response(request) + build_envelope_frame(make_record(1)))
        line.stall()
        said.append(line._socket.recv(100))

    server = serve(serve_connections(listen))
    reader = LiveReader(plan(client_of(server)), form)
    reader.wait_for_items(1)
    reader.close()
    server.wait_for_connections()
    assert said[0][0] == 0x88


def test_a_huge_message_is_left_out(serve: Serve, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datastore_sdk.transport.websocket.frames.FrameParser.__init__.__defaults__", (10_000,))
    huge = frame(b"x" * 1_000_000)
    server = serve(
        serve_connections(build_envelope_frame(make_record(1)) + huge + build_envelope_frame(make_record(2)))
    )
    reader = LiveReader(plan(client_of(server)), "sync")
    assert reader.wait_for_items(2) == [make_record(1), make_record(2)]
    reader.close()
    assert reader.live.statistics.unreadable == 1
    assert len(server.received) == 1


@pytest.mark.parametrize("level", [logging.DEBUG])
def test_the_token_is_in_no_log(
    serve: Serve, client_of: ClientOf, caplog: pytest.LogCaptureFixture, level: int
) -> None:
    caplog.set_level(level)
    server = serve(
        serve_connections(build_envelope_frame(make_record(1)) + close_frame(1011), refuse(401, {"detail": TOKEN}))
    )
    reader = LiveReader(plan(client_of(server)), "sync")
    with pytest.raises(AuthenticationError) as raised:
        reader.done.result(TIMEOUT_SECONDS)
    assert TOKEN not in caplog.text
    assert TOKEN not in str(raised.value)
    assert TOKEN not in repr(reader.live)


def test_a_long_array_in_one_message(serve: Serve, client_of: ClientOf) -> None:
    records = [make_record(second) for second in range(1000)]
    message = json.dumps(
        [{"session_key": KEY, "message": records[:500]}, {"session_key": KEY, "message": records[500:]}]
    )
    reader = LiveReader(plan(client_of(serve(serve_connections(frame(message.encode()))))), "sync")
    assert reader.wait_for_items(1000) == records
    reader.close()
