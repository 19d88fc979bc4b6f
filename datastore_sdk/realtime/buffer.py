"""Where records wait between the connection and whoever reads them."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future
from threading import Condition
from typing import Generic, TypeVar

from datastore_sdk._io.effects import PrefetchExhausted
from datastore_sdk.exceptions import BufferOverflowError
from datastore_sdk.realtime.options import StreamOptions

T = TypeVar("T")


class Buffer(Generic[T]):
    """Lists of items, in order. One thread puts them in, one thread or task takes them out.

    Args:
        manners: How many items may wait, and what happens to more.
        waiting: Items that wait already.
        before: The buffer that this one takes the place of, whose numbers it goes on counting.
    """

    def __init__(self, manners: StreamOptions, waiting: list[T], before: Buffer[T] | None = None) -> None:
        self._most = manners.buffer
        self._when_full = manners.when_full
        self._lists: deque[list[T]] = deque([waiting] if waiting else [])
        self._ticket: Future[list[T]] | None = None
        self._ending: BaseException | None = None
        self._changed = Condition()
        self.waiting = len(waiting)
        """How many items wait."""
        self.delivered: int = before.delivered if before else 0
        """How many were taken out."""
        self.dropped: int = before.dropped if before else 0
        """How many were dropped."""

    def put(self, items: list[T]) -> bool:
        """Adds items, waiting for room where that is the choice; False where nobody wants more."""
        with self._changed:
            if self._when_full == "block":
                self._changed.wait_for(lambda: self._ending or not self.waiting or self._fits(items))
            elif self._when_full == "raise" and self.waiting and not self._fits(items):
                self._finish(BufferOverflowError(f"{self.waiting} records wait to be read, and {len(items)} more came"))
            self._lists.append(items)
            self.waiting += len(items)
            if self._when_full == "drop_oldest":
                self._drop()
            self._serve()
            return self._ending is None

    def finish(self, ending: BaseException | None = None) -> None:
        """Says that no more will come, and why."""
        with self._changed:
            self._finish(ending or PrefetchExhausted())

    def next(self) -> Future[list[T]]:
        """The next items, when there are some; `PrefetchExhausted`, or what else ended it, after the last."""
        with self._changed:
            self._ticket = Future[list[T]]()
            ticket = self._ticket
            self._serve()
            return ticket

    def give_back(self, ticket: Future[list[T]]) -> None:
        """Takes back what nobody waits for any more."""
        if not ticket.cancel() and ticket.exception() is None:
            self.put_back(ticket.result())

    def put_back(self, items: list[T]) -> None:
        """Takes items back that were taken out, but not handed over."""
        with self._changed:
            self._lists.appendleft(items)
            self.waiting += len(items)
            self.delivered -= len(items)

    def take_all(self) -> list[T]:
        """What is left."""
        with self._changed:
            items = [item for list_ in self._lists for item in list_]
            self._lists.clear()
            self.waiting = 0
            return items

    def _fits(self, items: list[T]) -> bool:
        return self.waiting + len(items) <= self._most

    def _finish(self, ending: BaseException) -> None:
        self._ending = self._ending or ending
        self._serve()
        self._changed.notify_all()

    def _drop(self) -> None:
        while self.waiting > self._most:
            oldest = self._lists.popleft()
            drop = min(self.waiting - self._most, len(oldest))
            self.waiting -= drop
            self.dropped += drop
            if drop < len(oldest):
                self._lists.appendleft(oldest[drop:])

    def _serve(self) -> None:
        """Hands the next items, or the end, to whoever waits for them."""
        if self._ticket is None or not (self._lists or self._ending):
            return
        ticket, self._ticket = self._ticket, None
        if not ticket.set_running_or_notify_cancel():
            return
        if self._lists:
            items = self._lists.popleft()
            self.waiting -= len(items)
            self.delivered += len(items)
            self._changed.notify_all()
            ticket.set_result(items)
        elif self._ending:
            ticket.set_exception(self._ending)
