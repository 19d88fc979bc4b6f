"""Thread that makes blocking calls for an event loop."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeVar

R = TypeVar("R")


class WorkerThread:
    """Thread that makes one call after the other.

    Python waits for the threads of an event loop's executor when the program ends, however long the service takes. It
    does not wait for this one.

    Args:
        name: The name of its thread.
    """

    def __init__(self, name: str = "restream-stream") -> None:
        self._calls: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        Thread(target=self._work, name=name, daemon=True).start()

    def submit(self, function: Callable[[], R]) -> Future[R]:
        """Queue a call, and return the future of its result."""
        future = Future[R]()
        self._calls.put((future, function))
        return future

    def stop(self) -> None:
        """End the thread after the queued calls."""
        self._calls.put(None)

    def _work(self) -> None:
        while (call := self._calls.get()) is not None:
            future, function = call
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(function())
                except BaseException as error:  # noqa: BLE001 - raised by the future
                    future.set_exception(error)
            del call, future, function  # otherwise they would live until the next call
