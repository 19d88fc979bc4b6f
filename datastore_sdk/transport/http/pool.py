"""Requests by the standard library's HTTP client, over connections that are kept and used again.

Other clients take longer for a small call than the network does, and several times as long for a large body. What they
can do beyond, through proxies for one, is left to `over_httpx.py`.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from functools import cached_property, partial
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from io import BufferedReader
from typing import Any
from urllib.parse import urlsplit

from datastore_sdk.exceptions import NoConnectionError
from datastore_sdk.transport.effects import Answer, Request
from datastore_sdk.transport.forking import drop_after_fork
from datastore_sdk.transport.http.chunks import ChunkedError, unchunked
from datastore_sdk.transport.http.failures import failure
from datastore_sdk.transport.http.idle import Idle, Origin
from datastore_sdk.transport.http.line import Line

_PORTS = {"http": 80, "https": 443}
_AT_A_TIME = 1 << 17
"""How many bytes are read at a time."""
_WITHOUT_BODY = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)

GiveBack = Callable[[HTTPConnection], None]
"""Takes a connection whose answer was read to its end."""


class Pool:
    """Sends requests, each over a connection that no other uses meanwhile.

    Args:
        context: Makes the context that TLS takes; called when it is needed first, for it takes long.
    """

    def __init__(self, context: Callable[[], ssl.SSLContext]) -> None:
        self._make_context = context
        self._idle = Idle()

    def open(self, request: Request, line: Line) -> Answer:
        """Sends a request and reads status and headers of its answer; the line is for hanging up meanwhile."""
        url = urlsplit(request.url)
        origin = url.scheme, url.hostname or "", url.port or _PORTS[url.scheme]
        idle = self._idle
        give_back = partial(idle.put, origin)
        while connection := idle.take(origin):
            try:
                return _answer(request, connection, line, give_back)
            except NoConnectionError as error:
                # A server may close an idle connection just as it is used again; it has not looked at the request then.
                if line.ended or request.method == "POST" or not isinstance(error.__cause__, ConnectionError):
                    raise
        return _answer(request, self._connected(origin, request, line), line, give_back)

    def close(self) -> None:
        """Closes the connections that are not in use, and the others as soon as they no longer are."""
        idle, self._idle = self._idle, Idle()
        idle.close()

    @cached_property
    def _context(self) -> ssl.SSLContext:
        return self._make_context()

    def _connected(self, origin: Origin, request: Request, line: Line) -> HTTPConnection:
        scheme, host, port = origin
        kind = partial(HTTPSConnection, context=self._context) if scheme == "https" else HTTPConnection
        connection = kind(host, port, timeout=request.timeouts.connect)
        connection.response_class = _Response
        line.socket = lambda: connection.sock
        try:
            connection.connect()
            connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            drop_after_fork(connection.sock)
        except BaseException as error:
            connection.close()
            if isinstance(error, OSError | UnicodeError):  # the latter is about the host's name
                raise failure(error, request, late=isinstance(error, TimeoutError), sent=False) from error
            raise
        return connection


def _answer(request: Request, connection: HTTPConnection, line: Line, give_back: GiveBack) -> Answer:
    """The answer over a connection, which is closed where there is none."""
    open_socket = connection.sock  # the connection itself forgets it where the server is going to close it
    line.socket = lambda: open_socket
    try:
        response = _response(request, connection, line)
    except BaseException as error:
        line.socket = None
        connection.close()
        if isinstance(error, OSError | HTTPException):
            raise failure(error, request, late=isinstance(error, TimeoutError), sent=True) from error
        raise
    body = _Body(request, connection, response, line, give_back)
    return Answer(response.status, _headers(response), body, drop=body.close)


def _response(request: Request, connection: HTTPConnection, line: Line) -> HTTPResponse:
    if line.ended:  # whoever hung up before there was a connection could not end it
        raise ConnectionAbortedError("hung up")
    timeouts, open_socket = request.timeouts, connection.sock
    open_socket.settimeout(timeouts.first_byte if request.streamed else timeouts.read)
    url = urlsplit(request.url)
    target = f"{url.path}?{url.query}" if url.query else url.path
    connection.request(request.method, target, body=request.content, headers={**request.headers})
    response = connection.getresponse()
    open_socket.settimeout(timeouts.idle if request.streamed else timeouts.read)
    return response


class _Response(HTTPResponse):
    """Notices headers that break off, which the standard library takes for whole."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fp = _Lines(self.fp.detach())


class _Lines(BufferedReader):
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
        if not self._response.will_close:
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
