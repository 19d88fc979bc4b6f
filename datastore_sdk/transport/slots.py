"""Places of which only so many may be held at a time: calls to one endpoint, turns at a token."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future
from threading import Lock

from datastore_sdk.transport.effects import Steps, Wait


class Slots:
    """Up to `limit` holders at a time, first come first served, across threads and event loops alike."""

    def __init__(self, limit: int) -> None:
        self._free = limit
        self._queue: deque[Future[None]] = deque()
        self._lock = Lock()

    def acquire(self) -> Steps[None]:
        """Take a slot, waiting for one where all are held."""
        with self._lock:
            if self._free:
                self._free -= 1
                return
            ticket = Future[None]()
            self._queue.append(ticket)
        try:
            yield from Wait(ticket)
        except BaseException:
            if not ticket.cancel():  # it was granted just as the waiting was given up
                self.release()
            raise

    def release(self) -> None:
        """Give a slot back; whoever has waited longest gets it."""
        with self._lock:
            while self._queue:
                ticket = self._queue.popleft()
                if ticket.set_running_or_notify_cancel():
                    ticket.set_result(None)
                    return
            self._free += 1
