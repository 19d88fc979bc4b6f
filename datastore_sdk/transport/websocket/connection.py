"""WebSocket connections. Only this module and `frames.py` import the library websockets.

The library connects (proxies, TLS) and knows the protocol. Its own connections return one message at a time, which
costs several times what reading a record does; so here one thread reads as many messages as have come.
"""

from __future__ import annotations

import logging
import re
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import urlsplit, urlunsplit

import httpcore
from websockets.client import ClientProtocol
from websockets.exceptions import InvalidHandshake, InvalidProxyStatus
from websockets.frames import CloseCode
from websockets.protocol import State
from websockets.sync import client as library
from websockets.version import version as library_version

from datastore_sdk._io.clock import Clock, monotonic
from datastore_sdk._io.connection_settings import ConnectionSettings
from datastore_sdk._io.effects import (
    ConnectWebSocket,
    Effect,
    ReceiveMessages,
    Request,
    Response,
    SendPing,
    YieldItem,
)
from datastore_sdk.exceptions import APIConnectionError, ConfigurationError, ResponseValidationError
from datastore_sdk.transport.drivers.sync_driver import SyncDriver
from datastore_sdk.transport.http.cancellation import Cancellation, shut_down
from datastore_sdk.transport.http.errors import (
    connection_error,
    describe_proxy_refusal,
    is_certificate_error,
    protocol_error,
    timeout_error,
)
from datastore_sdk.transport.http.network import KEEP_ALIVE, NetworkBackend, resolve_host
from datastore_sdk.transport.http.requests import HttpSender, get_safe_proxy_url
from datastore_sdk.transport.http.response_parser import (
    IncompleteResponseError,
    MalformedResponseError,
    ResponseParser,
)
from datastore_sdk.transport.http.tls import build_tls_context
from datastore_sdk.transport.http.transfer import Transfer
from datastore_sdk.transport.websocket.frames import MAX_MESSAGE_BYTES, FrameParser
from datastore_sdk.transport.websocket.handshake import (
    REFUSAL_CLOSE_CODES,
    RoomClosed,
    RoomRefusedError,
)
from datastore_sdk.transport.websocket.interruptible_socket import InterruptibleSocket

_CLOSE_TIMEOUT_SECONDS = 1.0
"""Timeout in seconds for sending the close frame."""
_MAX_REFUSAL_BYTES = 1 << 16
"""Maximum bytes that are read of a response that opens no connection."""
_HANDSHAKE = frozenset({b"upgrade", b"connection"})
_NORMAL = frozenset({CloseCode.NORMAL_CLOSURE, CloseCode.GOING_AWAY})
_SILENT = logging.Logger("websockets", level=logging.CRITICAL + 1)  # noqa: LOG001 - programs must not be able to enable it
"""The library's log would show the token."""


class WebSocketConnector:
    """Opens WebSocket connections.

    Args:
        connection: How connections are made.
    """

    def __init__(self, connection: ConnectionSettings) -> None:
        self._connection = connection
        self._backend = NetworkBackend()

    def open(self, request: Request, cancellation: Cancellation) -> Response:
        """Open a connection. The status of the response is 101 if the service accepted it."""
        deadline = monotonic() + request.timeouts.connect
        opened = self._connect_and_encrypt(request, cancellation)
        channel = InterruptibleSocket(opened.socket)
        cancellation.attach(channel.end_reading)
        try:
            return _shake_hands(channel, opened.protocol, request, cancellation, deadline)
        except OSError as error:
            channel.close()
            reason = str(error) or type(error).__name__
            raise (timeout_error if isinstance(error, TimeoutError) else connection_error)(
                reason, request, sent=True
            ) from error
        except BaseException:
            channel.close()
            raise

    def _connect_and_encrypt(self, request: Request, cancellation: Cancellation) -> _Opened:
        """Return a connection that the library made, before the handshake of WebSockets."""
        if self._connection.proxy:
            return self._encrypt(request, None)
        direct = self._connect_tcp(request, cancellation)
        with direct.dup() as same:  # TLS replaces the socket object during the handshake
            cancellation.attach(lambda: shut_down(same))
            try:
                return self._encrypt(request, direct)
            except BaseException:
                direct.close()
                raise
            finally:
                cancellation.detach()

    def _connect_tcp(self, request: Request, cancellation: Cancellation) -> socket.socket:
        """Return a TCP connection to the service."""
        url = urlsplit(request.url)
        transfer = Transfer(request, cancellation)
        try:
            with transfer:
                port = url.port or (443 if url.scheme == "https" else 80)
                stream = self._backend.connect_tcp(url.hostname or "", port, socket_options=KEEP_ALIVE)
        except httpcore.ConnectTimeout as error:
            raise timeout_error(transfer.describe_timeout(), request, sent=False) from error
        except httpcore.ConnectError as error:
            raise connection_error(str(error), request, sent=False) from error
        connection: socket.socket = stream.get_extra_info("socket")
        return connection

    def _encrypt(self, request: Request, direct: socket.socket | None) -> _Opened:
        options: dict[str, Any] = {"proxy": None, "sock": direct}
        seconds = request.timeouts.connect
        try:
            if self._connection.proxy:
                proxy = _with_password(self._connection.proxy)
                options = {"proxy": proxy}
                if proxy.startswith("http"):
                    options["timeout"] = seconds / len(_addresses(proxy))  # for each
                if proxy.startswith("https:"):
                    options["proxy_ssl"] = self._context
            return _connect(
                request.url.replace("http", "ws", 1),
                ssl=self._context if request.url.startswith("https:") else None,
                compression=None,
                open_timeout=seconds,
                max_size=MAX_MESSAGE_BYTES,
                logger=_SILENT,
                create_connection=_Opened,
                **options,
            )
        except Exception as error:
            if failure := self._failure(error, request):
                raise failure from error
            raise

    def _failure(self, error: Exception, request: Request) -> Exception | None:
        """Return the SDK's error for one of the library."""
        proxy = get_safe_proxy_url(self._connection)
        reason, permanent = str(error) or type(error).__name__, is_certificate_error(error)
        match error:
            case TimeoutError():
                reason = f"no connection within {request.timeouts.connect:g} s (Timeouts.connect)"
                return timeout_error(reason, request, sent=False, proxy=proxy)
            case InvalidProxyStatus():
                said = f"{error.response.status_code} {error.response.reason_phrase}"
                refusal = describe_proxy_refusal(said)
                reason, permanent = refusal or said, refusal is not None
            case InvalidHandshake():
                reason += f": {error.__cause__}" if error.__cause__ else ""
            case ImportError():
                package = "python-socks; run: pip install python-socks"
                return ConfigurationError(f"live data through the SOCKS proxy {proxy} takes the package {package}")
            case OSError() | UnicodeError() | httpcore.ConnectError():  # an invalid host name is a UnicodeError
                pass
            case _:
                return None
        return connection_error(reason, request, sent=False, proxy=proxy, permanent=permanent)

    @cached_property
    def _context(self) -> ssl.SSLContext:
        return build_tls_context(self._connection.verify)


class _Opened:
    """Stands in for the library's own connection, which would read in a thread of its own."""

    def __init__(self, connection: socket.socket, protocol: ClientProtocol, **_: Any) -> None:
        self.socket = connection
        self.protocol = protocol

    def handshake(self, *_: Any) -> None:
        """Leave the handshake to `_shake_hands`, which reads what the library refuses (103 before 101)."""

    def start_keepalive(self) -> None:
        """Send no pings: the session that receives messages does."""


_connect: Callable[..., _Opened] = cast("Any", library.connect)
"""Returns what `create_connection` made."""


_DECODES_CREDENTIALS = (17, 2)
"""The first version of the library that decodes the user and password of a proxy."""


def _with_password(proxy: str) -> str:
    """Add an empty password to a user: the library refuses a user without one.

    Raises:
        ConfigurationError: The user or password has escaped characters, and the library is too old to decode them.
    """
    parts = urlsplit(proxy)
    credentials, _, _ = parts.netloc.rpartition("@")
    if "%" in credentials and _parse_version(library_version) < _DECODES_CREDENTIALS:
        raise ConfigurationError(
            "live data through a proxy whose user or password has escaped characters (%40 for @) takes websockets "
            f"17.2 or newer, this is {library_version}; run: pip install --upgrade websockets"
        )
    if parts.username is None or parts.password is not None:
        return proxy
    return urlunsplit(parts._replace(netloc=parts.netloc.replace("@", ":@", 1)))


def _parse_version(text: str) -> tuple[int, ...]:
    """Return the first two numbers of a version, such as `17.2rc1`."""
    return tuple(map(int, re.findall(r"\d+", text)[:2]))


def _addresses(proxy: str) -> list[str]:
    parts = urlsplit(proxy)
    return resolve_host(parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))


def _shake_hands(
    channel: InterruptibleSocket,
    protocol: ClientProtocol,
    request: Request,
    cancellation: Cancellation,
    deadline: float,
) -> Response:
    def read() -> bytes:
        return channel.receive(deadline - monotonic())

    _send_request(protocol, request)
    channel.send(b"".join(protocol.data_to_send()), max(0.001, deadline - monotonic()))
    response = ResponseParser(read)
    try:
        response.read_head()
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
        if response.status != HTTPStatus.SWITCHING_PROTOCOLS:
            return Response(response.status, headers, _RefusalBody(_body(response)), abort=channel.close)
    except IncompleteResponseError as error:
        raise ConnectionResetError(str(error)) from error
    except MalformedResponseError as error:
        raise protocol_error(str(error), request) from error
    finally:
        if response.status != HTTPStatus.SWITCHING_PROTOCOLS:
            channel.close()
    # The library gets only the headers that it checks: it refuses long and folded headers, which other clients accept.
    relevant = [header for header in response.headers if header[0].lower() in _HANDSHAKE or _is_its_own(header[0])]
    protocol.receive_data(b"HTTP/1.1 101 \r\n" + b"".join(b"%b: %b\r\n" % each for each in relevant) + b"\r\n")
    protocol.events_received()
    if protocol.handshake_exc is not None:
        raise _no_handshake(request, protocol.handshake_exc)
    connection = WebSocket(channel, protocol, request, cancellation, response.remainder)
    return Response(response.status, headers, connection, abort=channel.close)


def _is_its_own(name: bytes) -> bool:
    return name.lower().startswith(b"sec-websocket-")


def _no_handshake(request: Request, error: Exception) -> ResponseValidationError:
    message = f"{request.method} {request.url}: the response is not a valid WebSocket handshake: {error}"
    return ResponseValidationError(message, method=request.method, url=request.url)


def _send_request(protocol: ClientProtocol, request: Request) -> None:
    """Write the handshake request. It is a function of its own, so that no frame that can raise holds the token."""
    opening = protocol.connect()
    for name, value in request.headers.items():
        opening.headers[name] = value
    protocol.send_request(opening)


def _body(response: ResponseParser) -> bytes:
    """Return the body of a response that refuses the connection."""
    body = b""
    with suppress(IncompleteResponseError, MalformedResponseError, OSError):
        while len(body) < _MAX_REFUSAL_BYTES and (piece := response.read_body()):
            body += piece
    return body


class _RefusalBody:
    """The body of a response that opened no connection."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def read(self, seconds: float | None = None) -> bytes:  # noqa: ARG002 - the body is already read
        body, self._body = self._body, b""
        return body

    def close(self) -> None:
        """Nothing is open."""


class WebSocket:
    """An open connection. Used by one thread."""

    def __init__(
        self,
        channel: InterruptibleSocket,
        protocol: ClientProtocol,
        request: Request,
        cancellation: Cancellation,
        received: bytes,
    ) -> None:
        self._channel = channel
        self._protocol = protocol
        self._what = f"{request.method} {request.url}"
        self._details: dict[str, Any] = {"method": request.method, "url": request.url, "sent": True}
        self._cancellation = cancellation
        self._seconds = request.timeouts.connect
        self._frames = FrameParser(protocol)
        self._received = received

    def receive(self, seconds: float) -> list[bytes] | None:
        """Return the messages that arrived, perhaps none; None if nothing at all arrived within `seconds`.

        Raises:
            RoomClosed: The service closed the connection normally.
            APIConnectionError: The connection was lost, or closed because of an error.
        """
        if self._protocol.state is not State.OPEN:  # the close frame came with the last messages
            raise self._end()
        data, self._received = self._received, b""
        try:
            data = data or self._channel.receive(seconds)
        except TimeoutError:
            return None
        except OSError as error:
            raise self._lost(str(error)) from error
        if not data:
            if not self._cancellation.cancelled:  # cancelling ends only the reading
                self._protocol.receive_eof()
            raise self._end()
        messages = self._frames.feed(data)
        self._send()
        if not messages and self._protocol.state is not State.OPEN:
            raise self._end()
        return messages

    def ping(self) -> None:
        """Send a ping."""
        self._protocol.send_ping(b"alive?")
        self._send()

    def close(self) -> None:
        """Send a close frame if the connection is still open, and close it."""
        self._cancellation.detach()
        if self._protocol.state is State.OPEN:
            self._protocol.send_close(CloseCode.NORMAL_CLOSURE)
            self._seconds = _CLOSE_TIMEOUT_SECONDS
            with suppress(APIConnectionError):
                self._send()
        self._channel.close()

    def _send(self) -> None:
        data = b"".join(self._protocol.data_to_send())
        if data:
            try:
                self._channel.send(data, self._seconds)
            except OSError as error:
                raise self._lost(str(error)) from error

    def _end(self) -> RoomClosed | APIConnectionError:
        closing = self._protocol.close_rcvd
        if closing is None:
            return self._lost(str(self._protocol.parser_exc or "it ended without a close frame"))
        said = f"closed with the code {closing.code}" + (f" ({closing.reason})" if closing.reason else "")
        if closing.code in REFUSAL_CLOSE_CODES:
            return RoomRefusedError(f"{self._what}: the service {said}", code=closing.code, **self._details)
        return RoomClosed(said) if closing.code in _NORMAL else self._lost(said)

    def _lost(self, reason: str) -> APIConnectionError:
        return APIConnectionError(f"{self._what}: the connection was lost: {reason}", **self._details)


class RoomDriver(SyncDriver):
    """Sync driver that also performs the effects of WebSockets."""

    def __init__(self, http: HttpSender, clock: Clock, cancellation: Cancellation, sockets: WebSocketConnector) -> None:
        super().__init__(http, clock, cancellation.link())
        self._sockets = sockets
        self._room_cancellation = cancellation

    def _check_cancelled(self, effect: Effect[Any]) -> None:
        if not isinstance(effect, YieldItem):  # items that are already recorded as received must not be lost
            super()._check_cancelled(effect)

    def _perform(self, effect: Effect[Any]) -> Any:
        match effect:
            case ReceiveMessages(response, seconds):
                return response.handle.receive(seconds)
            case ConnectWebSocket(request):
                return self._sockets.open(request, self._room_cancellation)
            case SendPing(response):
                return response.handle.ping()
            case _:
                return super()._perform(effect)
