"""Requests and answers over httpx. Here and in `pool.py` alone it is known, so that a successor can take its place."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import Any
from urllib.request import getproxies

import httpx

from datastore_sdk.exceptions import CallTimeoutError, NoConnectionError
from datastore_sdk.transport.connection import Connection, Timeouts
from datastore_sdk.transport.effects import Answer, Request
from datastore_sdk.transport.pool import Line, PoolTransport
from datastore_sdk.transport.worker import Worker

_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


class Http:
    """Blocking requests.

    Args:
        connection: How connections are made.
        given: An httpx client of the user's, which is never closed here.
    """

    def __init__(self, connection: Connection, given: httpx.Client | None = None) -> None:
        self._timeouts = connection.timeouts
        # httpx's own transport goes through a proxy, ours does not.
        direct = given is None and not connection.proxy and not getproxies()
        self._pool = PoolTransport(httpx.create_ssl_context(verify=connection.verify)) if direct else None
        self._given = given
        self._client = given or httpx.Client(**_options(connection), transport=self._pool)

    def open(self, request: Request, line: Line | None = None) -> Answer:
        """Sends a request and reads status and headers of its answer; the line is for hanging up meanwhile."""
        message = _httpx_request(self._client, request, self._timeouts)
        message.extensions["line"] = line
        try:
            response = self._client.send(message, stream=True, follow_redirects=False)
        except httpx.HTTPError as error:
            raise _translated(error, request) from error
        _expect_body(response, request, self._timeouts)
        if line is not None and "network_stream" in response.extensions:  # httpx's own transport
            line.socket = partial(response.extensions["network_stream"].get_extra_info, "socket")
        stream = _Stream(request, response, line)
        return Answer(response.status_code, response.headers, stream, drop=stream.close)

    def close(self) -> None:
        """Closes the connections that are not in use. Others can be made still."""
        if self._pool is not None:
            self._pool.close()
        elif self._given is None:
            self._client.close()


class _Stream:
    """The body of an answer."""

    def __init__(self, request: Request, response: httpx.Response, line: Line | None) -> None:
        self._request = request
        self._response = response
        self._line = line
        self._pieces: Iterator[bytes] = response.iter_raw()

    def read(self) -> bytes:
        try:
            piece = next(self._pieces, b"")
        except httpx.HTTPError as error:
            raise _translated(error, self._request) from error
        if self._line is not None and not piece:
            self._line.socket = None  # the connection may be another call's by now
        return piece

    def close(self) -> None:
        self._response.close()


class AsyncHttp:
    """Awaited requests.

    Each is made by a thread, over the same connections as blocking ones. httpx's own async connections belong to the
    event loop that opened them, which notebooks and schedulers change without notice; and reading a body chunk by chunk
    in it costs more than the records themselves. With an httpx client of the user's, it is left to that.

    Args:
        blocking: Makes the requests.
        timeouts: How long to wait.
        given: An httpx client of the user's, which is never closed here.
    """

    def __init__(
        self, blocking: Callable[[], Http], timeouts: Timeouts, given: httpx.AsyncClient | None = None
    ) -> None:
        self._blocking = blocking
        self._timeouts = timeouts
        self._given = given

    async def open(self, request: Request) -> Answer:
        """Sends a request and reads status and headers of its answer."""
        if self._given is None:
            return await self._open_in_thread(self._blocking(), request)
        message = _httpx_request(self._given, request, self._timeouts)
        try:
            response = await self._given.send(message, stream=True, follow_redirects=False)
        except httpx.HTTPError as error:
            raise _translated(error, request) from error
        _expect_body(response, request, self._timeouts)
        stream = _AsyncStream(request, response)
        return Answer(response.status_code, response.headers, stream, drop=stream.drop)

    async def _open_in_thread(self, blocking: Http, request: Request) -> Answer:
        worker, line = Worker(), Line()
        opening = worker.call(partial(blocking.open, request, line))
        try:
            answer = await asyncio.wrap_future(opening)
        except BaseException:
            opening.add_done_callback(_close_after_all)
            line.hang_up()
            worker.stop()
            raise
        stream = _ThreadedStream(worker, line, answer.handle)
        return Answer(answer.status, answer.headers, stream, drop=stream.drop)


def _close_after_all(opening: Future[Answer]) -> None:
    """Closes an answer that came when nobody waited for it any more."""
    if not opening.cancelled() and not opening.exception():
        opening.result().handle.close()


class _AsyncStream:
    """The body of an answer, read by httpx."""

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


class _ThreadedStream:
    """The body of an answer, read by a thread."""

    def __init__(self, worker: Worker, line: Line, stream: _Stream) -> None:
        self._worker = worker
        self._line = line
        self._stream = stream

    async def read(self) -> bytes:
        return await asyncio.wrap_future(self._worker.call(self._stream.read))

    async def close(self) -> None:
        self.drop()

    def drop(self) -> None:
        """Closes it, whether or not the thread is reading."""
        self._line.hang_up()
        self._worker.call(self._stream.close)
        self._worker.stop()


def _options(connection: Connection) -> dict[str, Any]:
    # The service closes idle connections after some seconds; ours end earlier, or calls would meet the closing.
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=20, keepalive_expiry=4.0)
    return {"verify": connection.verify, "proxy": connection.proxy, "limits": limits, "follow_redirects": False}


def _httpx_request(client: httpx.Client | httpx.AsyncClient, request: Request, timeouts: Timeouts) -> httpx.Request:
    return client.build_request(
        request.method,
        request.url,
        headers=dict(request.headers),
        content=request.content,
        timeout=httpx.Timeout(timeouts.first_byte if request.streamed else timeouts.read, connect=timeouts.connect),
    )


def _expect_body(response: httpx.Response, request: Request, timeouts: Timeouts) -> None:
    """Sets the time to wait for the body's bytes; transports look it up when they begin to read it."""
    if request.streamed:
        response.request.extensions["timeout"]["read"] = timeouts.idle


def _translated(error: httpx.HTTPError, request: Request) -> NoConnectionError | CallTimeoutError:
    sent = not isinstance(error, _NEVER_SENT)
    reason = str(error) or type(error).__name__
    what = f"{request.method} {request.url}"
    if isinstance(error, httpx.TimeoutException):
        message = f"{what} was not answered in time: {reason}"
        return CallTimeoutError(message, method=request.method, url=request.url, sent=sent)
    message = f"{what}: the connection was lost: {reason}" if sent else f"{what}: the service was not reached: {reason}"
    return NoConnectionError(message, method=request.method, url=request.url, sent=sent)
