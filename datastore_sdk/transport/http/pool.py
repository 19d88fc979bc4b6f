"""Requests by the standard library's HTTP client, over connections that are kept and used again.

Other clients take longer for a small call than the network does, and several times as long for a large body. What they
can do beyond, through proxies that are not plain HTTP for one, is left to `over_httpx.py`.
"""

from __future__ import annotations

import math
import socket
import ssl
from collections.abc import Callable, Iterator
from functools import cached_property, partial
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from io import BufferedReader, RawIOBase
from time import monotonic
from typing import Any, cast
from urllib.parse import urlsplit

from datastore_sdk.exceptions import NoConnectionError
from datastore_sdk.transport.effects import Answer, Request
from datastore_sdk.transport.forking import drop_after_fork
from datastore_sdk.transport.http.chunks import ChunkedError, unchunked
from datastore_sdk.transport.http.failures import failure
from datastore_sdk.transport.http.idle import Idle, Origin
from datastore_sdk.transport.http.line import Line
from datastore_sdk.transport.http.proxies import Proxy

_PORTS = {"http": 80, "https": 443}
_AT_A_TIME = 1 << 17
"""How many bytes are read at a time."""
_WITHOUT_BODY = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)
_NEVER = math.inf

GiveBack = Callable[[HTTPConnection], None]
"""Takes a connection whose answer was read to its end."""


class Pool:
    """Sends requests, each over a connection that no other uses meanwhile.

    Args:
        context: Makes the context that TLS takes; called when it is needed first, for it takes long.
        proxy: Through which all of them go; None: there is none.
    """

    hangs_up = True

    def __init__(self, context: Callable[[], ssl.SSLContext], proxy: Proxy | None = None) -> None:
        self._make_context = context
        self._proxy = proxy
        self._idle = Idle()

    def open(self, request: Request, line: Line) -> Answer:
        """Sends a request and reads status and headers of its answer; the line is for hanging up meanwhile."""
        url = urlsplit(request.url)
        origin = url.scheme, url.hostname or "", url.port or _PORTS[url.scheme]
        idle = self._idle
        ask = partial(_answer, request, line=line, give_back=partial(idle.put, origin), proxy=self._proxy)
        while connection := idle.take(origin):
            try:
                return ask(connection)
            except NoConnectionError as error:
                # A server may close an idle connection just as it is used again; it has not looked at the request then.
                if line.ended or request.method == "POST" or not isinstance(error.__cause__, ConnectionError):
                    raise
        return ask(self._connected(origin, request, line))

    def close(self) -> None:
        """Closes the connections that are not in use, and the others as soon as they no longer are."""
        idle, self._idle = self._idle, Idle()
        idle.close()

    @cached_property
    def _context(self) -> ssl.SSLContext:
        return self._make_context()

    def _connected(self, origin: Origin, request: Request, line: Line) -> HTTPConnection:
        scheme, host, port = origin
        proxy, seconds = self._proxy, request.timeouts.connect
        kind = partial(HTTPSConnection, context=self._context) if scheme == "https" else HTTPConnection
        connection = kind(*((proxy.host, proxy.port) if proxy else (host, port)), timeout=seconds)
        if proxy and scheme == "https":
            connection.set_tunnel(host, port, proxy.headers)
            _be_patient(connection, _Patience(seconds, seconds, "connect"))
        line.socket = lambda: connection.sock
        try:
            connection.connect()
            connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            drop_after_fork(connection.sock)
        except BaseException as error:
            connection.close()
            if isinstance(error, OSError | HTTPException | UnicodeError):  # the latter is about the host's name
                late = isinstance(error, TimeoutError)
                raise failure(error, request, late=late, sent=False, way=str(proxy or "")) from error
            raise
        return connection


def _answer(
    request: Request, connection: HTTPConnection, line: Line, give_back: GiveBack, proxy: Proxy | None
) -> Answer:
    """The answer over a connection, which is closed where there is none."""
    open_socket = connection.sock  # the connection itself forgets it where the server is going to close it
    line.socket = lambda: open_socket
    try:
        response = _response(request, connection, line, proxy)
    except BaseException as error:
        line.socket = None
        connection.close()
        if isinstance(error, OSError | HTTPException):
            raise failure(error, request, late=isinstance(error, TimeoutError), sent=True) from error
        raise
    body = _Body(request, connection, response, line, give_back)
    return Answer(response.status, _headers(response), body, drop=body.close)


def _response(request: Request, connection: HTTPConnection, line: Line, proxy: Proxy | None) -> HTTPResponse:
    if line.ended:  # whoever hung up before there was a connection could not end it
        raise ConnectionAbortedError("hung up")
    timeouts, url, headers = request.timeouts, urlsplit(request.url), {**request.headers}
    target = f"{url.path}?{url.query}" if url.query else url.path
    if proxy and url.scheme == "http":  # which is told where to ask; to others it opens a tunnel
        target, headers = request.url, {**headers, **proxy.headers}
    if request.streamed:
        patience = _Patience(timeouts.first_byte, timeouts.first_byte, "first_byte")
    else:
        patience = _Patience(timeouts.read, timeouts.answer, "answer")
    _be_patient(connection, patience)
    connection.sock.settimeout(patience.each)
    connection.request(request.method, target, body=request.content, headers=headers)
    response = connection.getresponse()
    if request.streamed:
        patience.each, patience.end = timeouts.idle, _NEVER
    return response


class _Patience:
    """How long an answer may take.

    Args:
        each: Seconds in which its next bytes must come.
        whole: Seconds in which all of it must come, once it has begun; a service may drip for ever.
        name: What these seconds are called in `Timeouts`.
    """

    def __init__(self, each: float, whole: float, name: str) -> None:
        self.each = each
        self._whole = whole
        self._name = name
        self._begun = False
        self.end = _NEVER

    def left(self) -> float:
        """Seconds in which the next bytes must come.

        Raises:
            TimeoutError: None are left.
        """
        left = self.end if self.end == _NEVER else self.end - monotonic()
        if left <= 0:
            raise TimeoutError(f"it was still answering after {self._whole:g} s (Timeouts.{self._name})")
        return min(self.each, left)

    def came(self) -> None:
        """Some bytes came."""
        if not self._begun:
            self._begun, self.end = True, monotonic() + self._whole


def _be_patient(connection: HTTPConnection, patience: _Patience) -> None:
    """Has the next answer of a connection read with that patience."""
    connection.response_class = cast("type[HTTPResponse]", partial(_Response, patience))


class _Response(HTTPResponse):
    """An answer that is read with patience."""

    def __init__(self, patience: _Patience, open_socket: socket.socket, *arguments: Any, **options: Any) -> None:
        super().__init__(open_socket, *arguments, **options)
        self.fp = _Lines(_Patiently(self.fp.detach(), open_socket, patience))

    def begin(self) -> None:
        """Reads status and headers. What a service says before its answer (103 Early Hints) is passed over."""
        super().begin()
        while HTTPStatus.CONTINUE <= self.status < HTTPStatus.OK and self.status != HTTPStatus.SWITCHING_PROTOCOLS:
            cast("Any", self).headers = None  # as before the first, or nothing is read
            super().begin()


class _Patiently(RawIOBase):
    """The bytes of a socket, waited for as long as somebody's patience lasts."""

    def __init__(self, raw: RawIOBase, open_socket: socket.socket, patience: _Patience) -> None:
        self._raw = raw
        self._socket = open_socket
        self._patience = patience
        self._seconds: float | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int | None:
        seconds = self._patience.left()
        if seconds != self._seconds:  # setting it takes a call of the system
            self._socket.settimeout(seconds)
            self._seconds = seconds
        try:
            count: int | None = cast("Any", self._raw).readinto(buffer)
        except TimeoutError:
            self._patience.left()  # says what is at its end, where it is not this one wait
            raise
        self._patience.came()
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Lines(BufferedReader):
    """Notices headers that break off, which the standard library takes for whole."""

    def readline(self, size: int | None = -1, /) -> bytes:
        if line := super().readline(size):
            return line
        raise ConnectionResetError("the connection was closed before the answer's beginning was whole")


def _headers(response: HTTPResponse) -> dict[str, str]:
    """The headers by name, in lower case; one that comes several times is a list, as HTTP has it."""
    headers: dict[str, str] = {}
    for name, value in response.getheaders():
        known = headers.get(name.lower())
        headers[name.lower()] = value if known is None else f"{known}, {value}"
    return headers


class _Body:
    """The body of an answer. Reads past the standard library, which does not notice a body that is too short."""

    def __init__(
        self, request: Request, connection: HTTPConnection, response: HTTPResponse, line: Line, give_back: GiveBack
    ) -> None:
        self.line = line
        self._request = request
        self._connection = connection
        self._response = response
        self._give_back = give_back
        self._pieces = self._to_its_end()
        self._ended = False

    def read(self) -> bytes:
        try:
            return next(self._pieces, b"")
        except (OSError, ChunkedError) as error:
            raise failure(error, self._request, late=isinstance(error, TimeoutError), sent=True) from error

    def close(self) -> None:
        """Drops the connection, unless the body was read to its end and the connection given back."""
        self.line.socket = None
        if not self._ended:
            self._response.close()
            self._connection.close()

    def _to_its_end(self) -> Iterator[bytes]:
        yield from self._content()
        self._ended = True
        self.line.socket = None  # the connection may be another call's from now on
        self._response.close()
        if self._response.will_close or self._response.status == HTTPStatus.SWITCHING_PROTOCOLS:
            self._connection.close()
        else:
            self._give_back(self._connection)

    def _content(self) -> Iterator[bytes]:
        response = self._response
        if response.status in _WITHOUT_BODY:
            return
        if response.chunked:
            yield from unchunked(partial(response.fp.read1, _AT_A_TIME))
            return
        left = response.length
        while left != 0 and (piece := response.fp.read1(_AT_A_TIME if left is None else min(left, _AT_A_TIME))):
            yield piece
            left = None if left is None else left - len(piece)
        if left:
            raise ConnectionError(f"the connection was closed {left} bytes before the body's end")
