"""Requests over httpx: with a client of the user's, or through a proxy of another kind. Here alone httpx is known."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

import httpx

from datastore_sdk.exceptions import CallTimeoutError, NoConnectionError
from datastore_sdk.transport.connection import Connection
from datastore_sdk.transport.effects import Answer, Request
from datastore_sdk.transport.forking import drop_after_fork
from datastore_sdk.transport.http.failures import failure
from datastore_sdk.transport.http.line import Line
from datastore_sdk.transport.http.tls import tls_context
from datastore_sdk.transport.http.within import left_behind_after, within

_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
_LIMITS = httpx.Limits(max_connections=None, max_keepalive_connections=20, keepalive_expiry=4.0)
"""The service closes idle connections after some seconds. Ours end earlier, or calls would meet the closing."""


class HttpxSender:
    """Sends requests with a client of httpx. One of the user's is never closed here."""

    def __init__(self, connection: Connection) -> None:
        self._given = connection.http
        self._client = connection.http or _client(connection)

    def open(self, request: Request, line: Line, seconds: float | None = None) -> Answer:
        """Sends a request and reads status and headers of its answer; the line is for hanging up meanwhile.

        Raises:
            OutOfTime: It took longer than so many seconds.
        """
        ask = partial(self._open, request, line)
        # httpx does not tell which of its connections it uses again, and which to hang up on.
        return ask() if seconds is None else left_behind_after(seconds, line, ask)

    def _open(self, request: Request, line: Line) -> Answer:
        message = _message(self._client, request)
        message.extensions["trace"] = partial(_note, line)
        try:
            response = self._client.send(message, stream=True, follow_redirects=False, auth=None)
        except httpx.HTTPStatusError as error:
            return _known(error.response, _Known)
        except httpx.HTTPError as error:
            raise _translated(error, request) from error
        if response.is_stream_consumed:
            return _known(response, _Known)
        _expect_body(response, request)
        if "network_stream" in response.extensions:  # a transport of the user's may have none
            line.socket = partial(response.extensions["network_stream"].get_extra_info, "socket")
            drop_after_fork(response.extensions["network_stream"].get_extra_info("socket"))
        body = _Body(request, response, line)
        return Answer(response.status_code, response.headers, body, drop=body.close)

    def close(self) -> None:
        """Closes the connections that are not in use."""
        if self._given is None:
            self._client.close()


def _client(connection: Connection) -> httpx.Client:
    context, proxy = tls_context(connection.context()), connection.proxy
    if proxy is not None and proxy.startswith("https:"):  # who vouches for the service vouches for the proxy
        return httpx.Client(verify=context, proxy=httpx.Proxy(proxy, ssl_context=context), limits=_LIMITS)
    return httpx.Client(verify=context, proxy=proxy, limits=_LIMITS)


class AsyncHttpxSender:
    """Async form of `HttpxSender`, with a client of the user's."""

    def __init__(self, given: httpx.AsyncClient) -> None:
        self._client = given

    async def open(self, request: Request) -> Answer:
        """Async form of `HttpxSender.open`."""
        message = _message(self._client, request)
        try:
            response = await self._client.send(message, stream=True, follow_redirects=False, auth=None)
        except httpx.HTTPStatusError as error:
            return _known(error.response, _AsyncKnown)
        except httpx.HTTPError as error:
            raise _translated(error, request) from error
        if response.is_stream_consumed:
            return _known(response, _AsyncKnown)
        _expect_body(response, request)
        body = _AsyncBody(request, response)
        return Answer(response.status_code, response.headers, body, drop=body.drop)


class _Body:
    """The body of an answer."""

    def __init__(self, request: Request, response: httpx.Response, line: Line) -> None:
        self._request = request
        self._response = response
        self.line = line
        self._pieces: Iterator[bytes] = response.iter_raw()

    def read(self, seconds: float | None = None) -> bytes:
        return within(seconds, self.line, self._piece)

    def _piece(self) -> bytes:
        try:
            piece = next(self._pieces, b"")
        except httpx.HTTPError as error:
            raise _translated(error, self._request) from error
        if not piece:
            self.line.socket = None  # the connection may be another call's by now
        return piece

    def close(self) -> None:
        self._response.close()


class _AsyncBody:
    """Async form of `_Body`."""

    def __init__(self, request: Request, response: httpx.Response) -> None:
        self._request = request
        self._response = response
        self._pieces: AsyncIterator[bytes] = response.aiter_raw()
        self._loop = asyncio.get_running_loop()
        self._closing: asyncio.Task[None] | None = None

    async def read(self) -> bytes:
        try:
            return await anext(self._pieces, b"")
        except httpx.HTTPError as error:
            raise _translated(error, self._request) from error

    async def close(self) -> None:
        await self._response.aclose()

    def drop(self) -> None:
        """Closes it in its own event loop, whichever thread this is."""
        with suppress(RuntimeError):  # the loop is closed, and the connection with it
            self._loop.call_soon_threadsafe(self._begin_to_close)

    def _begin_to_close(self) -> None:
        self._closing = self._loop.create_task(self._response.aclose())


class _Known:
    """The body of an answer that a hook of the user's has read."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def read(self, seconds: float | None = None) -> bytes:  # noqa: ARG002 - it is there
        content, self._content = self._content, b""
        return content

    def close(self) -> None:
        """Nothing is open."""


class _AsyncKnown:
    """Async form of `_Known`."""

    def __init__(self, content: bytes) -> None:
        self._known = _Known(content)

    async def read(self) -> bytes:
        return self._known.read()

    async def close(self) -> None:
        """Nothing is open."""


def _known(response: httpx.Response, body: Callable[[bytes], object]) -> Answer:
    """An answer that a hook of the user's has read, or has refused by `raise_for_status`."""
    try:
        content = response.content
    except httpx.ResponseNotRead:
        content = b""
    headers = {name: value for name, value in response.headers.items() if name != "content-encoding"}  # it is decoded
    return Answer(response.status_code, headers, body(content), drop=_nothing)


def _nothing() -> None:
    """What drops an answer that holds no connection."""


def _note(line: Line, event: str, what: Mapping[str, Any]) -> None:
    """Takes note of a connection that is made, so that it can be hung up on before there is an answer."""
    if event.endswith((".connect_tcp.complete", ".start_tls.complete")):
        line.socket = partial(what["return_value"].get_extra_info, "socket")


def _message(client: httpx.Client | httpx.AsyncClient, request: Request) -> httpx.Request:
    timeouts = request.timeouts
    return client.build_request(
        request.method,
        request.url,
        headers=dict(request.headers),
        content=request.content,
        timeout=httpx.Timeout(timeouts.first_byte if request.streamed else timeouts.read, connect=timeouts.connect),
    )


def _expect_body(response: httpx.Response, request: Request) -> None:
    """Sets the time to wait for the body's bytes; transports look it up when they begin to read it."""
    if request.streamed:
        response.request.extensions["timeout"]["read"] = request.timeouts.idle


def _translated(error: httpx.HTTPError, request: Request) -> NoConnectionError | CallTimeoutError:
    late = isinstance(error, httpx.TimeoutException)
    return failure(error, request, late=late, sent=not isinstance(error, _NEVER_SENT))
