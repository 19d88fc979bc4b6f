"""A thread that makes blocking calls for somebody who must not block."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeVar

R = TypeVar("R")


class WorkerThread:
    """Makes one call after the other.

    The threads of an event loop's own executor are waited for when the program ends, however long a service keeps them
    waiting. This one is not.

    Args:
        name: The name of its thread.
    """

    def __init__(self, name: str = "restream-stream") -> None:
        self._calls: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        Thread(target=self._work, name=name, daemon=True).start()

    def submit(self, function: Callable[[], R]) -> Future[R]:
        """Has a function called after those before it; comes back at once with what will come of it."""
        future = Future[R]()
        self._calls.put((future, function))
        return future

    def stop(self) -> None:
        """Ends the thread after the calls that are waiting."""
        self._calls.put(None)

    def _work(self) -> None:
        while (call := self._calls.get()) is not None:
            future, function = call
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(function())
                except BaseException as error:  # noqa: BLE001 - it is the caller's
                    future.set_exception(error)
            del call, future, function  # or they would live until the next call
