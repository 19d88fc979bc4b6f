"""Connections for httpx by way of urllib3, which reads a long body several times faster than httpx's own.

Only proxies are left to httpx's own transport.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from http import HTTPStatus
from typing import Any

import httpx
import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection

from datastore_sdk.transport.chunks import ChunkedError, unchunked

_AT_A_TIME = 1 << 17
"""How many bytes are read at a time."""
_WITHOUT_BODY = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)


class Line:
    """The connection that a request goes over, for hanging up from another thread."""

    def __init__(self) -> None:
        self.socket: Callable[[], socket.socket | None] | None = None
        """Gives the connection's socket; None while there is no connection, and when the request has done with it."""
        self.used_before = False
        """Whether the connection has served another request already."""
        self.hung_up = False

    def hang_up(self) -> None:
        """Ends whatever is waited for on the connection."""
        self.hung_up = True
        found = self.socket() if self.socket else None
        if found is not None:
            with suppress(OSError):  # it was closed meanwhile
                found.shutdown(socket.SHUT_RDWR)


_thread = threading.local()


def _tell_line(connection: HTTPConnection) -> None:
    """Tells the line of the request that this thread is about to send."""
    line: Line | None = getattr(_thread, "line", None)
    if line is not None:
        line.used_before = connection.sock is not None
        line.socket = lambda: connection.sock


def _look_whether_hung_up(connection: HTTPConnection) -> None:
    """Whoever hung up before there was a connection could not end it."""
    line: Line | None = getattr(_thread, "line", None)
    if line is not None and line.hung_up:
        connection.close()
        raise ConnectionAbortedError("hung up")


class _PlainConnection(HTTPConnection):
    def connect(self) -> None:
        super().connect()
        _look_whether_hung_up(self)

    def request(self, *arguments: Any, **options: Any) -> None:
        _tell_line(self)
        _look_whether_hung_up(self)
        super().request(*arguments, **options)


class _TlsConnection(HTTPSConnection):
    def connect(self) -> None:
        super().connect()
        _look_whether_hung_up(self)

    def request(self, *arguments: Any, **options: Any) -> None:
        _tell_line(self)
        _look_whether_hung_up(self)
        super().request(*arguments, **options)


class _PlainPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _PlainConnection  # pyright: ignore[reportAssignmentType] - its protocol wants attributes mutable


class _TlsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _TlsConnection  # pyright: ignore[reportAssignmentType] - as above


class PoolTransport(httpx.BaseTransport):
    """Pooled connections, one for each call under way. A `Line` can come as an extension of a request."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._pool = urllib3.PoolManager(
            ssl_context=context,
            maxsize=20,
            retries=False,
            socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1), (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)],
        )
        self._pool.pool_classes_by_scheme = dict[str, Any](http=_PlainPool, https=_TlsPool)
        # Else clear() leaves it to the garbage collector, which an error that is kept keeps away.
        self._pool.pools.dispose_func = urllib3.HTTPConnectionPool.close

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Sends a request and reads status and headers of its answer."""
        line: Line = request.extensions.get("line") or Line()
        try:
            response = self._send(request, line)
            while response is None:
                response = self._send(request, line)
        except urllib3.exceptions.HTTPError as error:
            raise _translated(error) from error
        return httpx.Response(
            response.status,
            headers=list(response.headers.items()),
            stream=_Body(response, request.extensions.get("timeout", {}), line),
        )

    def _send(self, request: httpx.Request, line: Line) -> urllib3.BaseHTTPResponse | None:
        """The answer; None where the request must be sent again."""
        timeout: dict[str, float | None] = request.extensions.get("timeout", {})
        _thread.line = line
        try:
            return self._pool.urlopen(
                request.method,
                str(request.url),
                body=request.read() or None,
                headers=dict(request.headers),
                redirect=False,
                preload_content=False,
                decode_content=False,
                timeout=urllib3.Timeout(connect=timeout.get("connect"), read=timeout.get("read")),
            )
        except urllib3.exceptions.ProtocolError:
            # A server may close an idle connection just as it is used again; it has not looked at the request then.
            if line.used_before and not line.hung_up and request.method != "POST":
                return None
            raise

    def close(self) -> None:
        """Closes all connections."""
        self._pool.clear()


class _Body(httpx.SyncByteStream):
    def __init__(self, response: urllib3.BaseHTTPResponse, timeout: dict[str, float | None], line: Line) -> None:
        self._response: Any = response
        self._line = line
        self._timeout = timeout

    def __iter__(self) -> Iterator[bytes]:
        # There is none where there is no body, or where the server closes it at the end of the body.
        if sock := getattr(self._response.connection, "sock", None):
            sock.settimeout(self._timeout.get("read"))
        try:
            if self._response.status in _WITHOUT_BODY:
                self._give_back()
            elif self._response.chunked and self._response._original_response is not None:  # noqa: SLF001 - see below
                yield from self._unchunked()
            else:
                while piece := self._response.read1(_AT_A_TIME, decode_content=False):
                    if self._response.connection is None:  # with its last byte it was given back
                        self._line.socket = None
                    yield piece
                self._line.socket = None
        except ChunkedError as error:
            raise httpx.RemoteProtocolError(str(error)) from error
        except TimeoutError as error:
            raise httpx.ReadTimeout("no bytes came in time") from error
        except OSError as error:
            raise httpx.ReadError(str(error)) from error
        except urllib3.exceptions.HTTPError as error:
            raise _translated(error) from error

    def _unchunked(self) -> Iterator[bytes]:
        """Reads past urllib3, on the connection itself."""
        original = self._response._original_response  # noqa: SLF001 - urllib3 shows it nowhere else
        yield from unchunked(lambda: original.fp.read1(_AT_A_TIME))
        self._give_back()

    def _give_back(self) -> None:
        """Hands the connection back as urllib3 does at the end of a body."""
        self._line.socket = None
        self._response._original_response.close()  # noqa: SLF001 - see above
        self._response.release_conn()

    def close(self) -> None:
        """Drops the connection, unless the body was read to its end and the connection given back."""
        self._line.socket = None
        self._response.close()


def _translated(error: urllib3.exceptions.HTTPError) -> httpx.TransportError:
    match error:
        case urllib3.exceptions.NewConnectionError() | urllib3.exceptions.SSLError():  # the former is also the next
            return httpx.ConnectError(str(error))
        case urllib3.exceptions.ConnectTimeoutError():
            return httpx.ConnectTimeout(str(error))
        case urllib3.exceptions.ReadTimeoutError():
            return httpx.ReadTimeout(str(error))
        case _:
            return httpx.RemoteProtocolError(str(error))
