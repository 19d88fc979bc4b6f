"""Sends requests, awaited: in threads, unless the user gave an httpx client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from functools import partial
from typing import Any

import httpx

from datastore_sdk._io.connection_settings import closed_client_error
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
    """Sends requests, awaited.

    A thread sends each, over the same connections as blocking ones. Async connections belong to the event loop that
    opened them, which notebooks and schedulers change without notice; and reading a body chunk by chunk in it costs
    more than the records themselves. An httpx client of the user's sends them itself.

    Args:
        blocking: Sends requests, blocking.
        given: An httpx client of the user's, which is never closed here.
    """

    def __init__(self, blocking: Callable[[], HttpSender], given: httpx.AsyncClient | None = None) -> None:
        self._blocking = blocking
        self._given = given

    async def open(self, request: Request) -> Response:
        """Send a request and read status and headers of its response."""
        if self._given is None:
            return await _open_in_thread(self._blocking(), request)
        return await _send(self._given, request)


async def _open_in_thread(blocking: HttpSender, request: Request) -> Response:
    worker, cancellation = WorkerThread(), Cancellation()
    opening = worker.submit(partial(blocking.open, request, cancellation))
    try:
        answer = await asyncio.wrap_future(opening)
    except BaseException:
        opening.add_done_callback(close_late_response)
        cancellation.cancel()
        worker.stop()
        raise
    finally:
        del opening  # it holds the error, which holds this frame
    body = _ThreadedBody(worker, cancellation, answer.handle)
    answer.is_open = False  # its body goes on in the other
    return Response(answer.status, answer.headers, body, abort=body.drop)


class _ThreadedBody:
    """The body of a response, read by a thread."""

    def __init__(self, worker: WorkerThread, cancellation: Cancellation, body: Any) -> None:
        self._worker = worker
        self._cancellation = cancellation
        self._body = body

    async def read(self) -> bytes:
        return await asyncio.wrap_future(self._worker.submit(self._body.read))

    async def close(self) -> None:
        self.drop()

    def drop(self) -> None:
        """Close it, whether or not the thread is reading."""
        self._cancellation.cancel()
        self._worker.submit(self._body.close)
        self._worker.stop()


async def _send(client: httpx.AsyncClient, request: Request) -> Response:
    message = build_message(client, request)
    try:
        response = await client.send(message, stream=True, follow_redirects=False, auth=None)
    except httpx.HTTPStatusError as error:
        return buffer_response(error.response, _AsyncKnown)
    except httpx.HTTPError as error:
        raise convert_error(error, request) from error
    except RuntimeError as error:
        if client.is_closed:
            raise closed_client_error("async_http") from error
        raise
    if response.is_stream_consumed:
        return buffer_response(response, _AsyncKnown)
    set_body_timeout(response, request)
    body = _Body(request, response)
    return Response(response.status_code, response.headers, body, abort=body.drop)


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

    def drop(self) -> None:
        """Close it in its own event loop, whichever thread this is."""
        with suppress(RuntimeError):  # the loop is closed, and the connection with it
            self._loop.call_soon_threadsafe(self._begin_to_close)

    def _begin_to_close(self) -> None:
        self._closing = self._loop.create_task(self._response.aclose())


class _AsyncKnown:
    """Async form of `Known`."""

    def __init__(self, content: bytes) -> None:
        self._known = BufferedBody(content)

    async def read(self) -> bytes:
        return self._known.read()

    async def close(self) -> None:
        """Nothing is open."""
