"""Requests that are awaited: made by a thread, unless an httpx client of the user's makes them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from datastore_sdk.transport.effects import Answer, Request
from datastore_sdk.transport.http.line import Line
from datastore_sdk.transport.http.requests import Http
from datastore_sdk.transport.http.within import close_after_all
from datastore_sdk.transport.http.worker import Worker

if TYPE_CHECKING:
    import httpx


class AsyncHttp:
    """Awaited requests.

    Each is made by a thread, over the same connections as blocking ones. Async connections belong to the event loop
    that opened them, which notebooks and schedulers change without notice; and reading a body chunk by chunk in it
    costs more than the records themselves. With an httpx client of the user's, it is left to that.

    Args:
        blocking: Makes the requests.
        given: An httpx client of the user's, which is never closed here.
    """

    def __init__(self, blocking: Callable[[], Http], given: httpx.AsyncClient | None = None) -> None:
        self._blocking = blocking
        self._given = given

    async def open(self, request: Request) -> Answer:
        """Sends a request and reads status and headers of its answer."""
        if self._given is None:
            return await _open_in_thread(self._blocking(), request)
        from datastore_sdk.transport.http.over_httpx import AsyncHttpxSender

        return await AsyncHttpxSender(self._given).open(request)


async def _open_in_thread(blocking: Http, request: Request) -> Answer:
    worker, line = Worker(), Line()
    opening = worker.call(partial(blocking.open, request, line))
    try:
        answer = await asyncio.wrap_future(opening)
    except BaseException:
        opening.add_done_callback(close_after_all)
        line.hang_up()
        worker.stop()
        raise
    finally:
        del opening  # it holds the error, which holds this frame
    body = _ThreadedBody(worker, line, answer.handle)
    answer.left_open = False  # its body goes on in the other
    return Answer(answer.status, answer.headers, body, drop=body.drop)


class _ThreadedBody:
    """The body of an answer, read by a thread."""

    def __init__(self, worker: Worker, line: Line, body: Any) -> None:
        self._worker = worker
        self._line = line
        self._body = body

    async def read(self) -> bytes:
        return await asyncio.wrap_future(self._worker.call(self._body.read))

    async def close(self) -> None:
        self.drop()

    def drop(self) -> None:
        """Closes it, whether or not the thread is reading."""
        self._line.hang_up()
        self._worker.call(self._body.close)
        self._worker.stop()
