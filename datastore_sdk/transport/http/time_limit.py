"""Runs a function that must end in time, whatever the other side does."""

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
    """Return the result of a function that uses a connection, which is shut down when the time is up.

    Raises:
        DeadlineExceeded: It took longer than so many seconds.
    """
    if seconds is None:
        return function()
    alarm = _Alarm(seconds, cancellation)
    try:
        result = function()
    except Exception:
        if alarm.end():
            raise DeadlineExceeded from None
        raise
    finally:
        alarm.end()
    if alarm.end():
        del result  # which closes it, if it is an answer
        raise DeadlineExceeded
    return result


async def await_with_timeout(seconds: float | None, function: Callable[[], Awaitable[R]]) -> R:
    """Async form of `within`; what is awaited is cancelled when the time is up.

    Raises:
        DeadlineExceeded: It took longer than so many seconds.
    """
    import asyncio  # here, for it takes long

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
    """As `within`, also if the connection cannot be shut down: a thread sends, and is not waited for any longer.

    httpx does not report which of its connections it uses again.
    """
    if seconds is None:
        return send()
    worker = WorkerThread()
    opening = worker.submit(partial(copy_context().run, send))
    worker.stop()
    try:
        wait([opening], seconds)
    finally:
        if late := not opening.done():  # or Ctrl-C has come
            opening.add_done_callback(close_late_response)
            cancellation.expire()
    if late:
        raise DeadlineExceeded
    return opening.result()


def close_late_response(opening: Future[Response]) -> None:
    """Close a response that came when nobody waited for it any more."""
    if not opening.cancelled() and not opening.exception():
        opening.result().handle.close()


class _Alarm:
    """Expires a cancellation when the time is up, unless it was ended before."""

    def __init__(self, seconds: float, cancellation: Cancellation) -> None:
        self._cancellation = cancellation
        self._lock = Lock()
        self._ended = self._rung = False
        self._timer = Timer(seconds, self._ring)
        self._timer.daemon = True
        self._timer.start()

    def end(self) -> bool:
        """Never ring from now on; return whether it has rung."""
        with self._lock:
            self._ended = True
        self._timer.cancel()
        return self._rung

    def _ring(self) -> None:
        with self._lock:  # the connection is another request's as soon as this one has returned
            if not self._ended:
                self._rung = True
                self._cancellation.expire()
