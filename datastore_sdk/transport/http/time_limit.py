"""Functions with a time limit that holds for every behaviour of the service."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from concurrent.futures import Future, wait
from contextvars import copy_context
from functools import partial
from threading import Lock, Timer
from typing import TypeVar

from datastore_sdk._io.deadline import DeadlineExceeded
from datastore_sdk._io.effects import Response
from datastore_sdk.transport.http.cancellation import Cancellation
from datastore_sdk.transport.http.worker_thread import WorkerThread

R = TypeVar("R")


def run_with_timeout(seconds: float | None, cancellation: Cancellation, function: Callable[[], R]) -> R:
    """Return the result of a function that uses a connection. The connection is shut down at the time limit.

    Raises:
        DeadlineExceeded: It took longer than `seconds`.
    """
    if seconds is None:
        return function()
    timer = _Timer(seconds, cancellation)
    try:
        result = function()
    except Exception:
        if timer.end():
            raise DeadlineExceeded from None
        raise
    finally:
        timer.end()
    if timer.end():
        del result  # if it is a response, this closes it
        raise DeadlineExceeded
    return result


async def await_with_timeout(seconds: float | None, function: Callable[[], Awaitable[R]]) -> R:
    """Async form of `run_with_timeout`, which cancels the awaitable at the time limit.

    Raises:
        DeadlineExceeded: It took longer than `seconds`.
    """
    import asyncio  # slow to import

    if seconds is None:
        return await function()
    timeout = asyncio.timeout(seconds)
    try:
        async with timeout:
            return await function()
    except TimeoutError:
        if timeout.expired():
            raise DeadlineExceeded from None
        raise


def send_in_thread(seconds: float | None, cancellation: Cancellation, send: Callable[[], Response]) -> Response:
    """Send a request in a thread, and stop waiting for it at the time limit.

    The connection may be one that cannot be shut down: httpx does not report which idle connection it uses.
    """
    if seconds is None:
        return send()
    worker = WorkerThread()
    opening = worker.submit(partial(copy_context().run, send))
    worker.stop()
    try:
        wait([opening], seconds)
    finally:
        if late := not opening.done():  # or Ctrl-C came
            opening.add_done_callback(close_late_response)
            cancellation.expire()
    if late:
        raise DeadlineExceeded
    return opening.result()


def close_late_response(opening: Future[Response]) -> None:
    """Close a response that arrived after the time limit."""
    if not opening.cancelled() and not opening.exception():
        opening.result().handle.close()


class _Timer:
    """Timer that expires a cancellation, unless it is ended before."""

    def __init__(self, seconds: float, cancellation: Cancellation) -> None:
        self._cancellation = cancellation
        self._lock = Lock()
        self._ended = self._has_expired = False
        self._timer = Timer(seconds, self._expire)
        self._timer.daemon = True
        self._timer.start()

    def end(self) -> bool:
        """Stop the timer; return whether it has expired the cancellation."""
        with self._lock:
            self._ended = True
        self._timer.cancel()
        return self._has_expired

    def _expire(self) -> None:
        with self._lock:  # after `end`, another request may use the connection
            if not self._ended:
                self._has_expired = True
                self._cancellation.expire()
