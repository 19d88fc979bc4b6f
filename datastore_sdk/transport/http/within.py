"""Calls that must come to an end in time, whatever the other side does."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from concurrent.futures import Future, wait
from contextvars import copy_context
from functools import partial
from threading import Lock, Timer
from typing import TypeVar

from datastore_sdk.transport.effects import Answer, OutOfTime
from datastore_sdk.transport.http.line import Line
from datastore_sdk.transport.http.worker import Worker

R = TypeVar("R")


def within(seconds: float | None, line: Line, function: Callable[[], R]) -> R:
    """What a function gives that waits for bytes on a line; the line is cut when the time is up.

    The time that other libraries have counts from byte to byte, so a service that drips can hold a call for as long as
    it likes.

    Raises:
        OutOfTime: It took longer than so many seconds.
    """
    if seconds is None:
        return function()
    alarm = _Alarm(seconds, line)
    try:
        result = function()
    except Exception:
        if alarm.end():
            raise OutOfTime from None
        raise
    finally:
        alarm.end()
    if alarm.end():
        del result  # which closes it, if it is an answer
        raise OutOfTime
    return result


async def awaited_within(seconds: float | None, function: Callable[[], Awaitable[R]]) -> R:
    """Async form of `within`; what is awaited is cancelled when the time is up.

    Raises:
        OutOfTime: It took longer than so many seconds.
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
            raise OutOfTime from None
        raise


def left_behind_after(seconds: float, line: Line, ask: Callable[[], Answer]) -> Answer:
    """As `within`, for what hanging up may not end: a thread asks, and nobody waits for it when the time is up."""
    worker = Worker()
    opening = worker.call(partial(copy_context().run, ask))
    worker.stop()
    try:
        wait([opening], seconds)
    finally:
        if late := not opening.done():  # or Ctrl-C has come
            opening.add_done_callback(close_after_all)
            line.cut()
    if late:
        raise OutOfTime
    return opening.result()


def close_after_all(opening: Future[Answer]) -> None:
    """Closes an answer that came when nobody waited for it any more."""
    if not opening.cancelled() and not opening.exception():
        opening.result().handle.close()


class _Alarm:
    """Cuts a line when the time is up, unless it was ended before."""

    def __init__(self, seconds: float, line: Line) -> None:
        self._line = line
        self._lock = Lock()
        self._ended = self._rung = False
        self._timer = Timer(seconds, self._ring)
        self._timer.daemon = True
        self._timer.start()

    def end(self) -> bool:
        """Never rings from now on; whether it has rung."""
        with self._lock:
            self._ended = True
        self._timer.cancel()
        return self._rung

    def _ring(self) -> None:
        with self._lock:  # the connection is another call's as soon as this call has come back
            if not self._ended:
                self._rung = True
                self._line.cut()
