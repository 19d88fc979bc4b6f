"""Buffer between the connection and the reader."""

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
    """Queue of lists of items. One thread puts items in, one thread or task takes them out.

    Args:
        options: Maximum number of items, and what happens beyond it.
        waiting: Items that are in the buffer from the beginning.
        previous: The buffer that this one replaces. Its counts are continued.
    """

    def __init__(self, options: StreamOptions, waiting: list[T], previous: Buffer[T] | None = None) -> None:
        self._max_items = options.buffer
        self._when_full = options.when_full
        self._lists: deque[list[T]] = deque([waiting] if waiting else [])
        self._request: Future[list[T]] | None = None
        self._end: BaseException | None = None
        self._changed = Condition()
        self.waiting = len(waiting)
        """Number of items in the buffer."""
        self.delivered: int = previous.delivered if previous else 0
        """Number of items that were taken out."""
        self.dropped: int = previous.dropped if previous else 0
        """Number of items that were dropped."""

    def put(self, items: list[T]) -> bool:
        """Add items; with "block", wait for room first.

        Returns:
            False if the buffer is finished, so that no more items are wanted.
        """
        with self._changed:
            if self._when_full == "block":
                self._changed.wait_for(lambda: self._end or not self.waiting or self._fits(items))
            elif self._when_full == "raise" and self.waiting and not self._fits(items):
                self._finish(
                    BufferOverflowError(f"{self.waiting} records wait to be read, and {len(items)} more arrived")
                )
            self._lists.append(items)
            self.waiting += len(items)
            if self._when_full == "drop_oldest":
                self._drop_oldest()
            self._fulfil_request()
            return self._end is None

    def finish(self, error: BaseException | None = None) -> None:
        """End the buffer, by an error or normally. Items in it can still be taken out."""
        with self._changed:
            self._finish(error or PrefetchExhausted())

    def request_items(self) -> Future[list[T]]:
        """Return a future of the next items; after the last items it raises the error that ended the buffer.

        A buffer that ended normally raises `PrefetchExhausted`.
        """
        with self._changed:
            self._request = Future[list[T]]()
            request = self._request
            self._fulfil_request()
            return request

    def cancel_request(self, request: Future[list[T]]) -> None:
        """Cancel a request, and return its items to the buffer if it was already fulfilled."""
        if not request.cancel() and request.exception() is None:
            self.return_items(request.result())

    def return_items(self, items: list[T]) -> None:
        """Return undelivered items to the front of the buffer."""
        with self._changed:
            self._lists.appendleft(items)
            self.waiting += len(items)
            self.delivered -= len(items)

    def drain(self) -> list[T]:
        """Remove and return all items."""
        with self._changed:
            items = [item for list_ in self._lists for item in list_]
            self._lists.clear()
            self.waiting = 0
            return items

    def _fits(self, items: list[T]) -> bool:
        return self.waiting + len(items) <= self._max_items

    def _finish(self, ending: BaseException) -> None:
        self._end = self._end or ending
        self._fulfil_request()
        self._changed.notify_all()

    def _drop_oldest(self) -> None:
        while self.waiting > self._max_items:
            oldest = self._lists.popleft()
            excess = min(self.waiting - self._max_items, len(oldest))
            self.waiting -= excess
            self.dropped += excess
            if excess < len(oldest):
                self._lists.appendleft(oldest[excess:])

    def _fulfil_request(self) -> None:
        """Give the pending request the next items, or the end."""
        if self._request is None or not (self._lists or self._end):
            return
        request, self._request = self._request, None
        if not request.set_running_or_notify_cancel():
            return
        if self._lists:
            items = self._lists.popleft()
            self.waiting -= len(items)
            self.delivered += len(items)
            self._changed.notify_all()
            request.set_result(items)
        elif self._end:
            request.set_exception(self._end)
