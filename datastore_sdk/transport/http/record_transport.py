"""httpx transport for large bodies of records: direct HTTP/1.1, parsed by httptools.

httpx parses responses in Python, which takes longer for a chunk than the record in it costs. httpx and
httpcore handle everything else: proxies, HTTP/2, and every request while their functions are patched, since mocks and
instrumentation must see the calls.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import FunctionType
from typing import Any, NamedTuple

import httpcore
import httpx

from datastore_sdk.transport.http.connection_pool import IdleConnections, Origin
from datastore_sdk.transport.http.network import KEEP_ALIVE, NetworkBackend
from datastore_sdk.transport.http.response_parser import (
    IncompleteResponseError,
    MalformedResponseError,
    ResponseParser,
)
from datastore_sdk.transport.http.transfer import get_current_transfer

MAX_IDLE_CONNECTIONS = 20
"""Maximum number of idle connections to one server."""
IDLE_EXPIRY = 4.0
"""Seconds after which an idle connection is not used again; the service closes them after some seconds."""
STREAM_EXPIRY = 1.0
"""The same for connections that carried time-series data: long enough for the next part of a download."""
_READ_BYTES = 3 << 16
"""Maximum bytes per read: fewer cost more turns of the threads, more leave the processor's cache."""
_METHODS = frozenset({b"GET", b"POST", b"PUT", b"PATCH", b"DELETE"})
_LIBRARY = str(Path(httpcore.Request.__init__.__code__.co_filename).parent)
"""Folder of httpcore's source files. In programs frozen into one file, it is not a path."""
_PORTS = {b"http": 80, b"https": 443}

ReturnConnection = Callable[[httpcore.NetworkStream], None]
"""Function that receives a connection whose response was read completely."""


class RecordTransport(httpx.HTTPTransport):
    """httpx transport that is fast for large bodies.

    Args:
        verify: How to verify certificates.
        proxy: A proxy, through which httpx's own transport does the work.
        http2: Whether to offer HTTP/2, which is httpx's own too.
    """

    def __init__(
        self, verify: ssl.SSLContext | bool = True, *, proxy: httpx.Proxy | str | None = None, http2: bool = False
    ) -> None:
        limits = httpx.Limits(
            max_connections=None, max_keepalive_connections=MAX_IDLE_CONNECTIONS, keepalive_expiry=IDLE_EXPIRY
        )
        super().__init__(verify, proxy=proxy, http2=http2, limits=limits, socket_options=KEEP_ALIVE)
        backend, pool = NetworkBackend(), self._any_pool()
        pool._network_backend = backend  # noqa: SLF001 - httpx takes none
        if proxy is None and not http2:
            context = verify if isinstance(verify, ssl.SSLContext) else httpx.create_ssl_context(verify)
            pool = RecordPool(context, backend)
        self._pool = pool

    def close_idle(self) -> None:
        """Close the connections that are not in use. Others are made when they are needed."""
        pool = self._any_pool()
        if isinstance(pool, RecordPool):
            pool.close()
        else:
            _close_idle(pool)

    def _any_pool(self) -> Any:
        return self._pool


class _Idle(NamedTuple):
    """Idle connections. Streams have their own: on a dead connection, they would wait longest."""

    for_calls: IdleConnections
    for_streams: IdleConnections

    @classmethod
    def new(cls) -> _Idle:
        return cls(
            IdleConnections(MAX_IDLE_CONNECTIONS, IDLE_EXPIRY), IdleConnections(MAX_IDLE_CONNECTIONS, STREAM_EXPIRY)
        )


class RecordPool(httpcore.ConnectionPool):
    """Connection pool whose responses are parsed by httptools.

    Args:
        context: The SSL context.
        backend: Makes the connections.
    """

    def __init__(self, context: ssl.SSLContext, backend: httpcore.NetworkBackend) -> None:
        super().__init__(
            ssl_context=context,
            max_connections=None,
            max_keepalive_connections=MAX_IDLE_CONNECTIONS,
            keepalive_expiry=IDLE_EXPIRY,
            network_backend=backend,
            socket_options=KEEP_ALIVE,
        )
        self._context = context
        self._backend = backend
        self._idle = _Idle.new()

    def handle_request(self, request: httpcore.Request) -> httpcore.Response:
        """Send a request and return its response, of which only the head was read."""
        if is_patched() or not _is_ordinary(request):
            return super().handle_request(request)
        origin = _origin(request)
        content = b"".join(_chunks(request))
        idle = self._idle.for_streams if _is_streamed() else self._idle.for_calls
        while stream := idle.pop(origin):
            try:
                return _exchange(request, content, stream, partial(idle.push, origin))
            except (httpcore.ReadError, httpcore.WriteError):
                # A server may close an idle connection just as it is used again; it has not read the request then.
                if request.method == b"POST" or _is_cancelled():
                    raise
            except httpcore.TimeoutException:
                idle.discard(origin)  # if a firewall has forgotten this one, it has forgotten the others
                raise
        return _exchange(request, content, self._connect(origin, request), partial(idle.push, origin))

    def close(self) -> None:
        """Close the connections that are not in use, and the others as soon as they no longer are."""
        idle, self._idle = self._idle, _Idle.new()
        for each in idle:
            each.close()
        _close_idle(super())

    def _connect(self, origin: Origin, request: httpcore.Request) -> httpcore.NetworkStream:
        scheme, host, port = origin[0], origin[1].decode("ascii"), origin[2]
        seconds = _timeout(request, "connect")
        stream = self._backend.connect_tcp(host, port, seconds, socket_options=KEEP_ALIVE)
        if scheme == b"http":
            return stream
        try:
            self._context.set_alpn_protocols(["http/1.1"])
            return stream.start_tls(self._context, host, seconds)
        except BaseException:
            stream.close()
            raise


def _timeout(request: Any, name: str) -> float | None:
    seconds: float | None = request.extensions.get("timeout", {}).get(name)
    return seconds


def _close_idle(pool: Any) -> None:
    for connection in pool.connections:
        if connection.is_idle():
            connection.close()


def is_patched() -> bool:
    """Return whether functions of httpcore are patched.

    Functions are compared by their source file, since they may have been patched before this module was imported.
    """
    global _known  # noqa: PLW0603 - a cache, since this runs for every request
    found = tuple(vars(kind).get("handle_request") for kind in _KINDS)
    if found != _known[0]:
        _known = found, not all(map(_is_original, found))
    return _known[1]


_KINDS = (httpcore.ConnectionPool, httpcore.HTTPConnection, httpcore.HTTP11Connection)
_known: tuple[tuple[Any, ...], bool] = ((), False)


def _is_original(function: object) -> bool:
    return type(function) is FunctionType and function.__code__.co_filename.startswith(_LIBRARY)


def _is_ordinary(request: httpcore.Request) -> bool:
    """Return whether a request and its response have a standard framing."""
    return request.method in _METHODS and all(
        name.lower() not in (b"transfer-encoding", b"upgrade", b"expect") for name, _ in request.headers
    )


def _origin(request: httpcore.Request) -> Origin:
    url = request.url
    if url.scheme not in _PORTS:
        raise httpcore.UnsupportedProtocol(f"the URL has an unknown protocol: {url.scheme.decode()!r}")
    return url.scheme, url.host, url.port or _PORTS[url.scheme]


def _chunks(request: httpcore.Request) -> Iterable[bytes]:
    stream: Any = request.stream
    return stream  # type: ignore[no-any-return] # of a sync request it is iterable


def _is_streamed() -> bool:
    transfer = get_current_transfer()
    return transfer is not None and transfer.streamed


def _is_cancelled() -> bool:
    transfer = get_current_transfer()
    return transfer is not None and transfer.cancellation.ended


def _exchange(
    request: httpcore.Request, content: bytes, stream: httpcore.NetworkStream, return_connection: ReturnConnection
) -> httpcore.Response:
    """Send a request over a connection, which is closed if there is no response."""
    parser = ResponseParser(partial(stream.read, _READ_BYTES, _timeout(request, "read")))
    try:
        head = _serialize(request)
        _report_sending(request)
        stream.write(head + content, _timeout(request, "write"))
        with _httpcore_errors():
            parser.read_head()
    except BaseException:
        stream.close()
        raise
    return httpcore.Response(
        parser.status,
        headers=parser.headers,
        content=_Body(parser, stream, return_connection),
        extensions={
            "http_version": b"HTTP/" + parser.http_version.encode(),
            "reason_phrase": parser.reason,
            "network_stream": stream,
        },
    )


def _report_sending(request: Any) -> None:
    """Report that a request is about to be sent, as httpcore does."""
    if trace := request.extensions.get("trace"):
        trace("http11.send_request_headers.started", {"request": request})


def _serialize(request: httpcore.Request) -> bytes:
    lines = [b"%b %b HTTP/1.1" % (request.method, request.url.target)]
    lines += [b"%b: %b" % header for header in request.headers]
    if any(b"\r" in line or b"\n" in line or b"\0" in line for line in lines) or b" " in request.url.target:
        raise httpcore.LocalProtocolError("the request line or a header contains a space, line break or null character")
    return b"\r\n".join([*lines, b"", b""])


@contextmanager
def _httpcore_errors() -> Generator[None]:
    try:
        yield
    except IncompleteResponseError as error:
        raise httpcore.ReadError(str(error)) from error
    except MalformedResponseError as error:
        raise httpcore.RemoteProtocolError(str(error)) from error


class _Body:
    """The body of a response. Its connection is returned to the pool when it was read completely."""

    def __init__(
        self, parser: ResponseParser, stream: httpcore.NetworkStream, return_connection: ReturnConnection
    ) -> None:
        self._parser = parser
        self._stream = stream
        self._return_connection = return_connection
        self._ended = False

    def __iter__(self) -> Generator[bytes]:
        with _httpcore_errors():
            while piece := self._parser.read_body():
                yield piece
        self._end()

    def close(self) -> None:
        """Close the connection, unless it was returned to the pool."""
        if not self._ended:
            self._stream.close()

    def _end(self) -> None:
        if self._ended:
            return
        self._ended = True
        if transfer := get_current_transfer():
            transfer.cancellation.detach()  # the connection may be another request's from now on
        if self._parser.reusable:
            self._return_connection(self._stream)
        else:
            self._stream.close()
