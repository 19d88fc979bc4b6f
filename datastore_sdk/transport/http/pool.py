"""Requests by the standard library's HTTP client, over connections that are kept and used again.

Other clients take longer for a small call than the network does, and several times as long for a large body. What they
can do beyond, through proxies that are not plain HTTP for one, is left to `over_httpx.py`.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from urllib.parse import urlsplit

from datastore_sdk.exceptions import NoConnectionError
from datastore_sdk.transport.effects import Answer, OutOfTime, Request
from datastore_sdk.transport.forking import drop_after_fork
from datastore_sdk.transport.http.chunks import ChunkedError, unchunked
from datastore_sdk.transport.http.failures import failure
from datastore_sdk.transport.http.idle import Idle, Origin
from datastore_sdk.transport.http.line import Line
from datastore_sdk.transport.http.patience import NEVER, Patience, be_patient, moment
from datastore_sdk.transport.http.proxies import Proxy

_PORTS = {"http": 80, "https": 443}
_AT_A_TIME = 1 << 19
"""How many bytes are read at a time."""
_WITHOUT_BODY = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)

GiveBack = Callable[[HTTPConnection], None]
"""Takes a connection whose answer was read to its end."""


class Pool:
    """Sends requests, each over a connection that no other uses meanwhile.

    Args:
        context: Makes the context that TLS takes; called when it is needed first, for it takes long.
        proxy: Through which all of them go; None: there is none.
    """

    def __init__(self, context: Callable[[], ssl.SSLContext], proxy: Proxy | None = None) -> None:
        self._make_context = context
        self._proxy = proxy
        self._idle = Idle()

    def open(self, request: Request, line: Line, seconds: float | None = None) -> Answer:
        """Sends a request and reads status and headers of its answer; the line is for hanging up meanwhile.

        Raises:
            OutOfTime: It took longer than so many seconds.
        """
        url = urlsplit(request.url)
        origin = url.scheme, url.hostname or "", url.port or _PORTS[url.scheme]
        idle, asked = self._idle, _Asked(request, line, self._proxy, moment(seconds))
        give_back = partial(idle.put, origin)
        while connection := idle.take(origin):
            try:
                return _answer(asked, connection, give_back)
            except NoConnectionError as error:
                # A server may close an idle connection just as it is used again; it has not looked at the request then.
                if line.ended or request.method == "POST" or not isinstance(error.__cause__, ConnectionError):
                    raise
        return _answer(asked, self._connected(origin, asked), give_back)

    def close(self) -> None:
        """Closes the connections that are not in use, and the others as soon as they no longer are."""
        idle, self._idle = self._idle, Idle()
        idle.close()

    @cached_property
    def _context(self) -> ssl.SSLContext:
        return self._make_context()

    def _connected(self, origin: Origin, asked: _Asked) -> HTTPConnection:
        scheme, host, port = origin
        proxy, seconds = asked.proxy, asked.request.timeouts.connect
        patience = Patience(seconds, seconds, "connect", asked.until)
        kind = partial(HTTPSConnection, context=self._context) if scheme == "https" else HTTPConnection
        connection = kind(*((proxy.host, proxy.port) if proxy else (host, port)), timeout=patience.left())
        if proxy and scheme == "https":
            connection.set_tunnel(host, port, proxy.headers)
            be_patient(connection, patience)
        asked.line.socket = lambda: connection.sock
        try:
            connection.connect()
            connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            drop_after_fork(connection.sock)
        except BaseException as error:
            connection.close()
            if isinstance(error, OSError | HTTPException | UnicodeError):  # the latter is about the host's name
                raise _failure(error, asked, patience, sent=False, way=str(proxy or "")) from error
            raise
        return connection


@dataclass(slots=True)
class _Asked:
    """A request, and how it is made."""

    request: Request
    line: Line
    proxy: Proxy | None
    until: float
    """When its answer is not waited for any more."""


def _answer(asked: _Asked, connection: HTTPConnection, give_back: GiveBack) -> Answer:
    """The answer over a connection, which is closed where there is none."""
    open_socket = connection.sock  # the connection itself forgets it where the server is going to close it
    asked.line.socket = lambda: open_socket
    patience = _patience_for(asked)
    try:
        response = _response(asked, connection, patience)
    except BaseException as error:
        asked.line.socket = None
        connection.close()
        if isinstance(error, OSError | HTTPException):
            raise _failure(error, asked, patience, sent=True) from error
        raise
    body = _Body(asked, connection, response, patience, give_back)
    return Answer(response.status, _headers(response), body, drop=body.close)


def _failure(error: Exception, asked: _Asked, patience: Patience, *, sent: bool, way: str = "") -> Exception:
    late = isinstance(error, TimeoutError)
    if late and patience.is_over:
        return OutOfTime()
    return failure(error, asked.request, late=late, sent=sent, way=way)


def _patience_for(asked: _Asked) -> Patience:
    request, timeouts = asked.request, asked.request.timeouts
    if request.streamed:
        return Patience(timeouts.first_byte, timeouts.first_byte, "first_byte", asked.until)
    return Patience(timeouts.read, timeouts.answer, "answer", asked.until)


def _response(asked: _Asked, connection: HTTPConnection, patience: Patience) -> HTTPResponse:
    request, proxy = asked.request, asked.proxy
    if asked.line.ended:  # whoever hung up before there was a connection could not end it
        raise ConnectionAbortedError("hung up")
    url, headers = urlsplit(request.url), {**request.headers}
    target = f"{url.path}?{url.query}" if url.query else url.path
    if proxy and url.scheme == "http":  # which is told where to ask; to others it opens a tunnel
        target, headers = request.url, {**headers, **proxy.headers}
    be_patient(connection, patience)
    connection.sock.settimeout(patience.left())
    connection.request(request.method, target, body=request.content, headers=headers)
    response = connection.getresponse()
    if request.streamed:
        patience.each, patience.end = request.timeouts.idle, NEVER
    return response


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
        self,
        asked: _Asked,
        connection: HTTPConnection,
        response: HTTPResponse,
        patience: Patience,
        give_back: GiveBack,
    ) -> None:
        self.line = asked.line
        self._asked = asked
        self._connection = connection
        self._response = response
        self._patience = patience
        self._give_back = give_back
        self._pieces = self._to_its_end()
        self._ended = False

    def read(self, seconds: float | None = None) -> bytes:
        """The next piece; empty at the end.

        Raises:
            OutOfTime: It took longer than so many seconds.
        """
        self._patience.until = moment(seconds)
        try:
            return next(self._pieces, b"")
        except (OSError, ChunkedError) as error:
            raise _failure(error, self._asked, self._patience, sent=True) from error

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
