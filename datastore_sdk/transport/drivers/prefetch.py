"""Steps that run ahead of whoever wants their items, in a thread of their own."""

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

_POLL = 0.1
"""Seconds after which a thread that has no room looks whether it is still wanted."""


class ThreadPrefetcher:
    """Items of an iterator that a thread runs ahead with.

    Args:
        items: The iterator.
        room: How many items may wait.
        hang_up: Ends what the iterator may be waiting for.
    """

    def __init__(self, items: Generator[Any, None, None], room: int, hang_up: Callable[[], None]) -> None:
        self._items = items
        self._hang_up = hang_up
        self._queue: Queue[tuple[Any, BaseException | None]] = Queue(room)
        self._unwanted = Event()
        renew_after_fork(self)
        # The context goes along: a trace, for example.
        Thread(target=copy_context().run, args=(self._run,), name="restream-ahead", daemon=True).start()

    def after_fork(self) -> None:
        """The thread is the parent's."""
        self._queue = Queue()
        self._queue.put((None, RestreamError("the download began in the process that this one was forked from")))
        self._unwanted = Event()

    def next_item(self) -> Any:
        """The next item.

        Raises:
            End: There are no more.
            RestreamError: They were to come in the process that this one was forked from.
        """
        item, error = self._queue.get()
        if error is not None:
            raise error
        return item

    def cancel(self) -> None:
        """Has the thread stop and close what it reads."""
        self._unwanted.set()
        self._hang_up()

    def _run(self) -> None:
        try:
            for item in self._items:
                if not self._put(item, None):
                    self._items.close()
                    return
        except BaseException as error:  # noqa: BLE001 - it is whose items these are who must know
            self._put(None, error)
        else:
            self._put(None, PrefetchExhausted())

    def _put(self, item: Any, error: BaseException | None) -> bool:
        while not self._unwanted.is_set():
            with suppress(Full):
                self._queue.put((item, error), timeout=_POLL)
                return True
        return False
