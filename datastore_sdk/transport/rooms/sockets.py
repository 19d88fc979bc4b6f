"""WebSocket connections. Here and in `frames.py` alone the library websockets is known.

Only its core, which does no I/O, is used: for handshake, control frames and the closing. Each connection is read by one
thread, in pieces of as many messages as have come, whichever form of a call they are for. The library's own connections
hand over one message at a time, which costs several times what reading a record does.
"""

from __future__ import annotations

import logging
import ssl
from contextlib import suppress
from functools import cached_property
from http import HTTPStatus
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidHandshake, InvalidStatus
from websockets.frames import CloseCode
from websockets.http11 import Response
from websockets.protocol import State
from websockets.uri import parse_uri

from datastore_sdk.exceptions import ConfigurationError, ContractError, NoConnectionError
from datastore_sdk.transport.clock import Clock
from datastore_sdk.transport.connection import Connection
from datastore_sdk.transport.driving.drivers import Driver
from datastore_sdk.transport.effects import Answer, Effect, Emit, Request
from datastore_sdk.transport.http.channels import Channel
from datastore_sdk.transport.http.failures import failure
from datastore_sdk.transport.http.line import Line
from datastore_sdk.transport.http.proxies import Proxy, http_proxy
from datastore_sdk.transport.http.requests import Http
from datastore_sdk.transport.http.tls import tls_context
from datastore_sdk.transport.http.tunnels import connected, head_of, more_of
from datastore_sdk.transport.rooms.entering import Connect, Ping, Receive, RoomClosed
from datastore_sdk.transport.rooms.frames import LONGEST_MESSAGE, Frames

_PARTING = 1.0
"""Seconds for which it is tried to say goodbye."""
_NORMAL = frozenset({CloseCode.NORMAL_CLOSURE, CloseCode.GOING_AWAY})
_SILENT = logging.Logger("websockets", level=logging.CRITICAL + 1)  # noqa: LOG001 - nobody can make this one speak
"""The library's log would show the token."""


class Sockets:
    """Opens WebSocket connections.

    Args:
        connection: How connections are made.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def open(self, request: Request, line: Line) -> Answer:
        """Asks for a connection; the answer has the status 101 where it was made, else it says why not."""
        deadline = monotonic() + request.timeouts.connect
        channel = self._channel(request, line)
        try:
            return _shake_hands(channel, request, line, deadline)
        except OSError as error:
            channel.close()
            raise failure(error, request, late=isinstance(error, TimeoutError), sent=True) from error
        except BaseException:
            channel.close()
            raise

    def _channel(self, request: Request, line: Line) -> Channel:
        proxy, uri = self._proxy(), parse_uri(_socket_url(request.url))
        origin, seconds = ("https" if uri.secure else "http", uri.host, uri.port), request.timeouts.connect
        try:
            return connected(origin, proxy=proxy, seconds=seconds, context=lambda: self._context, line=line)
        except (OSError, UnicodeError) as error:  # the latter is about the host's name
            late, way = isinstance(error, TimeoutError), str(proxy or "")
            raise failure(error, request, late=late, sent=False, way=way) from error

    def _proxy(self) -> Proxy | None:
        """What rooms go through.

        Raises:
            ConfigurationError: It is of a kind that cannot be used.
        """
        url = self._connection.proxy
        if url is None:
            return None
        if proxy := http_proxy(url):
            return proxy
        parts = urlsplit(url)
        raise ConfigurationError(
            f"live data can go through http:// and https:// proxies only, not {parts.scheme}://{parts.hostname}: name "
            "one of those (proxy, HTTPS_PROXY), or take the host out (NO_PROXY)"
        )

    @cached_property
    def _context(self) -> ssl.SSLContext:
        return tls_context(self._connection.context())


def _shake_hands(channel: Channel, request: Request, line: Line, deadline: float) -> Answer:
    protocol = ClientProtocol(parse_uri(_socket_url(request.url)), logger=_SILENT, max_size=LONGEST_MESSAGE)
    _ask(protocol, request)
    channel.send(b"".join(protocol.data_to_send()))
    head, rest = head_of(channel, deadline)
    protocol.receive_data(head)
    response = next((event for event in protocol.events_received() if isinstance(event, Response)), None)
    if response is None and not isinstance(protocol.handshake_exc, InvalidHandshake):
        response, rest = _refused(channel, protocol, rest, deadline), b""
    refusal = protocol.handshake_exc
    if response is None or (refusal is not None and not isinstance(refusal, InvalidStatus)):
        message = f"{request.method} {request.url} answered what is no WebSocket handshake: {refusal}"
        raise ContractError(message, method=request.method, url=request.url)
    headers = {name.lower(): value for name, value in response.headers.raw_items()}
    if response.status_code != HTTPStatus.SWITCHING_PROTOCOLS:
        channel.close()
        return Answer(response.status_code, headers, _Refusal(bytes(response.body or b"")), drop=channel.close)
    connection = WebSocket(channel, protocol, request, line, rest)
    return Answer(response.status_code, headers, connection, drop=channel.close)


def _ask(protocol: ClientProtocol, request: Request) -> None:
    """Asks for a connection. What it holds of the token, no frame holds in which something can go wrong."""
    opening = protocol.connect()
    for name, value in request.headers.items():
        opening.headers[name] = value
    protocol.send_request(opening)


def _refused(channel: Channel, protocol: ClientProtocol, rest: bytes, deadline: float) -> Response | None:
    """The answer of a service that opens no connection, with its body."""
    while True:
        if rest:
            protocol.receive_data(rest)
        found = [event for event in protocol.events_received() if isinstance(event, Response)]
        if found or protocol.handshake_exc is not None:
            return found[0] if found else None
        rest = more_of(channel, deadline)
        if not rest:
            protocol.receive_eof()


class _Refusal:
    """The body of an answer that opened no connection."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def read(self, seconds: float | None = None) -> bytes:  # noqa: ARG002 - it is there
        body, self._body = self._body, b""
        return body

    def close(self) -> None:
        """Nothing is open."""


class WebSocket:
    """An open connection. Used by one thread."""

    def __init__(
        self, channel: Channel, protocol: ClientProtocol, request: Request, line: Line, received: bytes
    ) -> None:
        self._channel = channel
        self._protocol = protocol
        self._what = f"{request.method} {request.url}"
        self._details: dict[str, Any] = {"method": request.method, "url": request.url, "sent": True}
        self._line = line
        self._frames = Frames(protocol)
        self._received = received

    def receive(self, seconds: float) -> list[bytes] | None:
        """The messages that have come, perhaps none; None where nothing at all came for so many seconds.

        Raises:
            RoomClosed: The service closed the connection, as it may.
            NoConnectionError: The connection was lost, or closed because of an error.
        """
        if self._protocol.state is not State.OPEN:  # the last messages came with what ended it
            raise self._end()
        data, self._received = self._received, b""
        try:
            if not data:
                self._line.socket = lambda: self._channel.socket
                self._channel.wait_at_most(seconds)
                data = self._channel.receive()
        except TimeoutError:
            return None
        except OSError as error:
            raise self._lost(str(error)) from error
        if not data:
            if not self._line.hung_up:  # who hangs up ends the reading alone
                self._protocol.receive_eof()
            raise self._end()
        messages = self._frames.feed(data)
        self._send()
        if not messages and self._protocol.state is not State.OPEN:
            raise self._end()
        return messages

    def ping(self) -> None:
        """Asks for a sign of life."""
        self._protocol.send_ping(b"alive?")
        self._send()

    def close(self) -> None:
        """Says goodbye, where the other side may still hear it, and closes the connection."""
        if self._protocol.state is State.OPEN:
            self._protocol.send_close(CloseCode.NORMAL_CLOSURE)
            with suppress(NoConnectionError):
                self._channel.wait_at_most(_PARTING)
                self._send()
        self._channel.close()

    def _send(self) -> None:
        data = b"".join(self._protocol.data_to_send())
        if data:
            try:
                self._channel.send(data)
            except OSError as error:
                raise self._lost(str(error)) from error

    def _end(self) -> RoomClosed | NoConnectionError:
        closing = self._protocol.close_rcvd
        if closing is None:
            return self._lost(str(self._protocol.parser_exc or "it ended without being closed"))
        said = f"closed with the code {closing.code}" + (f" ({closing.reason})" if closing.reason else "")
        return RoomClosed(said) if closing.code in _NORMAL else self._lost(said)

    def _lost(self, reason: str) -> NoConnectionError:
        return NoConnectionError(f"{self._what}: the connection was lost: {reason}", **self._details)


class RoomDriver(Driver):
    """Carries out the effects of rooms too, by blocking."""

    def __init__(self, http: Http, clock: Clock, line: Line, sockets: Sockets) -> None:
        super().__init__(http, clock, line)
        self._sockets = sockets
        self._room_line = line

    def _look_whether_wanted(self, effect: Effect[Any]) -> None:
        if not isinstance(effect, Emit):  # what was taken note of must not be lost
            super()._look_whether_wanted(effect)

    def _perform(self, effect: Effect[Any]) -> Any:
        match effect:
            case Receive(answer, seconds):
                return answer.handle.receive(seconds)
            case Connect(request):
                return self._sockets.open(request, self._room_line)
            case Ping(answer):
                return answer.handle.ping()
            case _:
                return super()._perform(effect)


def _socket_url(url: str) -> str:
    return url.replace("http", "ws", 1)
