"""Sync sender of requests: with an httpx client of the user, or one with the record transport."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import partial
from http.cookiejar import CookieJar, DefaultCookiePolicy
from threading import Lock
from urllib.parse import urlsplit
from weakref import finalize

import httpx

from datastore_sdk._io.connection_settings import ConnectionSettings, build_closed_client_error
from datastore_sdk._io.effects import Request, Response
from datastore_sdk._io.fork_safety import drop_after_fork
from datastore_sdk.transport.http.cancellation import Cancellation
from datastore_sdk.transport.http.errors import convert_error
from datastore_sdk.transport.http.record_transport import RecordTransport
from datastore_sdk.transport.http.time_limit import run_with_timeout, send_in_thread
from datastore_sdk.transport.http.tls import build_tls_context
from datastore_sdk.transport.http.transfer import Transfer


class HttpSender:
    """Sync sender of requests.

    Args:
        connection: Settings of connections. An httpx client of the user is never closed here.
    """

    def __init__(self, connection: ConnectionSettings) -> None:
        self._connection = connection
        self._lock = Lock()
        self._clients: dict[bool, tuple[httpx.Client, RecordTransport]] = {}
        finalize(self, _close, self._clients)

    def open(self, request: Request, cancellation: Cancellation, seconds: float | None = None) -> Response:
        """Send a request and read status and headers of its response.

        Args:
            request: The request.
            cancellation: Cancels it meanwhile.
            seconds: Maximum time until the headers have arrived.

        Raises:
            DeadlineExceeded: It took longer.
        """
        client = self._connection.http or self._client(request.url)
        send = partial(_send, client, request.limit_to(seconds), cancellation, get_safe_proxy_url(self._connection))
        return send_in_thread(seconds, cancellation, send)

    def close(self) -> None:
        """Close the connections that are not in use. New ones are opened when needed."""
        for _, transport in [*self._clients.values()]:
            transport.close_idle()

    def _client(self, url: str) -> httpx.Client:
        # One for each scheme, since the TLS context takes long to make.
        connection = self._connection
        is_secure = url.startswith("https:") or (connection.proxy or "").startswith("https:")
        with self._lock:
            if is_secure not in self._clients:
                self._clients[is_secure] = _own_client(connection, is_secure=is_secure)
            return self._clients[is_secure][0]


def _own_client(connection: ConnectionSettings, *, is_secure: bool) -> tuple[httpx.Client, RecordTransport]:
    context = build_tls_context(connection.verify if is_secure else False)
    proxy = None
    if connection.proxy is not None:  # the same certificates are trusted for the proxy
        is_encrypted = connection.proxy.startswith("https:")
        proxy = httpx.Proxy(connection.proxy, ssl_context=context if is_encrypted else None)
    transport = RecordTransport(context, proxy=proxy)
    no_cookies = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
    # The configuration has already found the proxy of the environment, so that WebSockets and `describe` use the same.
    return httpx.Client(transport=transport, trust_env=False, cookies=no_cookies), transport


def _close(clients: dict[bool, tuple[httpx.Client, RecordTransport]]) -> None:
    for client, _ in clients.values():
        client.close()


def get_safe_proxy_url(connection: ConnectionSettings) -> str | None:
    """Return the URL of the proxy without user and password."""
    if connection.proxy is None or connection.http is not None:
        return None
    parts = urlsplit(connection.proxy)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _send(client: httpx.Client, request: Request, cancellation: Cancellation, proxy: str | None) -> Response:
    transfer = Transfer(request, cancellation)
    message = build_message(client, request)
    message.extensions["trace"] = transfer.trace
    try:
        with transfer:
            response = client.send(message, stream=True, follow_redirects=False, auth=None)
    except httpx.HTTPStatusError as error:
        return buffer_response(error.response, BufferedBody)
    except httpx.HTTPError as error:
        raise convert_error(error, request, transfer, proxy=proxy) from error
    except RuntimeError as error:
        if client.is_closed:
            raise build_closed_client_error("http") from error
        raise
    if response.is_stream_consumed:
        return buffer_response(response, BufferedBody)
    if stream := response.extensions.get("network_stream"):  # custom transports may have none
        transfer.attach_socket(stream.get_extra_info)
        drop_after_fork(stream.get_extra_info("socket"))
    set_body_timeout(response, request)
    transfer.begin_body()
    body = _Body(request, response, transfer)
    return Response(response.status_code, response.headers, body, abort=body.close)


class _Body:
    """The body of a response."""

    def __init__(self, request: Request, response: httpx.Response, transfer: Transfer) -> None:
        self._request = request
        self._response = response
        self._transfer = transfer
        self._pieces: Iterator[bytes] = response.iter_raw()

    def read(self, seconds: float | None = None) -> bytes:
        """Return the next piece; empty at the end.

        Raises:
            DeadlineExceeded: It took longer than `seconds`.
        """
        return run_with_timeout(seconds, self._transfer.cancellation, self._piece)

    def close(self) -> None:
        """Close the connection, unless it was given back."""
        self._transfer.cancellation.detach()
        stream = self._response.extensions.get("network_stream")
        if stream is not None and sys.is_finalizing():  # httpx uses datetime, which crashes the end of Python 3.13.0
            stream.close()
        else:
            self._response.close()

    def _piece(self) -> bytes:
        try:
            with self._transfer:
                for piece in self._pieces:
                    if piece:
                        return piece
        except httpx.HTTPError as error:
            raise convert_error(error, self._request, self._transfer) from error
        self._transfer.cancellation.detach()  # the connection may be another request's by now
        return b""


class BufferedBody:
    """Body of a response that a hook of the user has read."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def read(self, seconds: float | None = None) -> bytes:  # noqa: ARG002 - the body is already read
        """Return all of it, then nothing."""
        content, self._content = self._content, b""
        return content

    def close(self) -> None:
        """Nothing is open."""


def buffer_response(response: httpx.Response, body: Callable[[bytes], object]) -> Response:
    """Return a response that a hook of the user has read, or rejected with `raise_for_status`."""
    try:
        content = response.content
    except httpx.ResponseNotRead:
        content = b""
    headers = {
        name: value for name, value in response.headers.items() if name != "content-encoding"
    }  # the content is already decoded
    return Response(response.status_code, headers, body(content), abort=_do_nothing)


def _do_nothing() -> None:
    """Abort nothing: the response holds no connection."""


def build_message(client: httpx.Client | httpx.AsyncClient, request: Request) -> httpx.Request:
    """Return the httpx form of a request."""
    timeouts = request.timeouts
    each = timeouts.first_byte if request.streamed else timeouts.read
    try:
        return client.build_request(
            request.method,
            request.url,
            headers=dict(request.headers),
            content=request.content,
            timeout=httpx.Timeout(each, connect=timeouts.connect),
        )
    except httpx.InvalidURL as error:  # too long, for example
        raise ValueError(f"{request.method} {request.url[:200]} cannot be sent: {error}") from error


def set_body_timeout(response: httpx.Response, request: Request) -> None:
    """Set the read timeout of the body, which transports look up when they start to read it."""
    if request.streamed:
        response.request.extensions["timeout"]["read"] = request.timeouts.idle
