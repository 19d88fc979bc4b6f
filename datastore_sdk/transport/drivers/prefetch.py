"""Prefetch of the sync driver: runs a generator ahead of its consumer, in a thread."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import suppress
from contextvars import copy_context
from queue import Full, Queue
from threading import Event, Thread
from typing import Any

from datastore_sdk._io.effects import PrefetchExhausted
from datastore_sdk._io.fork_safety import renew_after_fork
from datastore_sdk.exceptions import RestreamError

_POLL_SECONDS = 0.1
"""Interval at which a thread whose queue is full checks whether it was cancelled."""


class ThreadPrefetcher:
    """Thread that prefetches the items of a generator.

    Args:
        items: The generator.
        max_items: Maximum number of items in the queue.
        interrupt: Ends the wait that the generator may be in.
    """

    def __init__(self, items: Generator[Any, None, None], max_items: int, interrupt: Callable[[], None]) -> None:
        self._items = items
        self._interrupt = interrupt
        self._queue: Queue[tuple[Any, BaseException | None]] = Queue(max_items)
        self._cancelled = Event()
        renew_after_fork(self)
        # The thread gets the context variables, such as the current trace.
        Thread(target=copy_context().run, args=(self._run,), name="restream-prefetch", daemon=True).start()

    def after_fork(self) -> None:
        """Make `next_item` fail in the child: the thread belongs to the parent."""
        self._queue = Queue()
        self._queue.put((None, RestreamError("the download was started by the parent process")))
        self._cancelled = Event()

    def next_item(self) -> Any:
        """Return the next item.

        Raises:
            PrefetchExhausted: There are no more.
            RestreamError: The thread belongs to the parent process.
        """
        item, error = self._queue.get()
        if error is not None:
            raise error
        return item

    def cancel(self) -> None:
        """Stop the thread and close its generator."""
        self._cancelled.set()
        self._interrupt()

    def _run(self) -> None:
        try:
            for item in self._items:
                if not self._put(item, None):
                    self._items.close()
                    return
        except BaseException as error:  # noqa: BLE001 - raised by `next_item`
            self._put(None, error)
        else:
            self._put(None, PrefetchExhausted())

    def _put(self, item: Any, error: BaseException | None) -> bool:
        while not self._cancelled.is_set():
            with suppress(Full):
                self._queue.put((item, error), timeout=_POLL_SECONDS)
                return True
        return False
