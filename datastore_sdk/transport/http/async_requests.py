"""Async sender of requests: in threads, or with an httpx client of the user."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from functools import partial
from typing import Any

import httpx

from datastore_sdk._io.connection_settings import build_closed_client_error
from datastore_sdk._io.effects import Request, Response
from datastore_sdk.transport.http.cancellation import Cancellation
from datastore_sdk.transport.http.errors import convert_error
from datastore_sdk.transport.http.requests import (
    BufferedBody,
    HttpSender,
    buffer_response,
    build_message,
    set_body_timeout,
)
from datastore_sdk.transport.http.time_limit import close_late_response
from datastore_sdk.transport.http.worker_thread import WorkerThread


class AsyncHttpSender:
    """Async sender of requests.

    A thread sends each request, over the same connections as the sync sender. Async connections belong to the event
    loop that opened them, which notebooks and schedulers replace without notice. Also, reading a body chunk by chunk in
    an event loop takes longer than parsing its records. An async httpx client of the user sends requests itself.

    Args:
        get_sender: Returns the sync sender.
        client: An httpx client of the user, which is never closed here.
    """

    def __init__(self, get_sender: Callable[[], HttpSender], client: httpx.AsyncClient | None = None) -> None:
        self._get_sender = get_sender
        self._client = client

    async def open(self, request: Request) -> Response:
        """Send a request and read status and headers of its response."""
        if self._client is None:
            return await _open_in_thread(self._get_sender(), request)
        return await _send(self._client, request)


async def _open_in_thread(sender: HttpSender, request: Request) -> Response:
    worker, cancellation = WorkerThread(), Cancellation()
    opening = worker.submit(partial(sender.open, request, cancellation))
    try:
        response = await asyncio.wrap_future(opening)
    except BaseException:
        opening.add_done_callback(close_late_response)
        cancellation.cancel()
        worker.stop()
        raise
    finally:
        del opening  # it holds the error, which references this frame
    body = _ThreadedBody(worker, cancellation, response.handle)
    response.is_open = False  # the returned response has its body
    return Response(response.status, response.headers, body, abort=body.abort)


class _ThreadedBody:
    """The body of a response, read by a thread."""

    def __init__(self, worker: WorkerThread, cancellation: Cancellation, body: Any) -> None:
        self._worker = worker
        self._cancellation = cancellation
        self._body = body

    async def read(self) -> bytes:
        return await asyncio.wrap_future(self._worker.submit(self._body.read))

    async def close(self) -> None:
        self.abort()

    def abort(self) -> None:
        """Close it, whether or not the thread is reading."""
        self._cancellation.cancel()
        self._worker.submit(self._body.close)
        self._worker.stop()


async def _send(client: httpx.AsyncClient, request: Request) -> Response:
    message = build_message(client, request)
    try:
        response = await client.send(message, stream=True, follow_redirects=False, auth=None)
    except httpx.HTTPStatusError as error:
        return buffer_response(error.response, _AsyncBufferedBody)
    except httpx.HTTPError as error:
        raise convert_error(error, request) from error
    except RuntimeError as error:
        if client.is_closed:
            raise build_closed_client_error("async_http") from error
        raise
    if response.is_stream_consumed:
        return buffer_response(response, _AsyncBufferedBody)
    set_body_timeout(response, request)
    body = _Body(request, response)
    return Response(response.status_code, response.headers, body, abort=body.abort)


class _Body:
    """The body of a response."""

    def __init__(self, request: Request, response: httpx.Response) -> None:
        self._request = request
        self._response = response
        self._pieces: AsyncIterator[bytes] = response.aiter_raw()
        self._loop = asyncio.get_running_loop()
        self._closing: asyncio.Task[None] | None = None

    async def read(self) -> bytes:
        try:
            async for piece in self._pieces:
                if piece:
                    return piece
        except httpx.HTTPError as error:
            raise convert_error(error, self._request) from error
        return b""

    async def close(self) -> None:
        await self._response.aclose()

    def abort(self) -> None:
        """Close it in its own event loop, from any thread."""
        with suppress(RuntimeError):  # the loop is closed, and the connection with it
            self._loop.call_soon_threadsafe(self._begin_to_close)

    def _begin_to_close(self) -> None:
        self._closing = self._loop.create_task(self._response.aclose())


class _AsyncBufferedBody:
    """Async form of `Known`."""

    def __init__(self, content: bytes) -> None:
        self._buffered = BufferedBody(content)

    async def read(self) -> bytes:
        return self._buffered.read()

    async def close(self) -> None:
        """Nothing is open."""
