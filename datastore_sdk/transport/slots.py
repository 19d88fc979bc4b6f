"""Places of which only so many may be held at a time: calls to one endpoint, turns at a token.

A stream holds its slot while it is read, which can take hours, and while the program that reads it does something
else. Four streams opened in one thread and read in turn would wait for each other for ever. So a holder that rests can
lose its slot to somebody who waits: at once where the one who waits is the program that lets it rest, else after some
patience. It takes another slot when it goes on.

A slot whose use was ended from this side rests a moment before it is used again, until the other side has noticed.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from threading import Lock, get_ident
from time import monotonic

from datastore_sdk.transport.effects import Sleep, Steps, Wait
from datastore_sdk.transport.forking import renew_after_fork

Place = tuple[int, int]
"""A thread and the task that runs in it."""
PATIENCE = 2.0
"""Seconds that a holder may rest before others may take its slot."""
NOTICE = 0.25
"""Seconds after which the other side has noticed that a connection was dropped; until then it counts it as open."""


class Lease:
    """A slot that is held."""

    def __init__(self, slots: Slots, since: float) -> None:
        self._slots = slots
        self.since = since
        """From when on the slot can be used."""
        self.held = True
        self.rests_since = 0.0
        self.rester: Place | None = None
        self.drop: Callable[[], None] = _nothing

    def rest(self, drop: Callable[[], None]) -> None:
        """Offers the slot to others while it is not used. Whoever takes it calls `drop`, which ends its use."""
        self._slots.rest(self, drop)

    def wake(self) -> bool:
        """Claims the slot back; False where it was taken."""
        return self._slots.wake(self)

    def release(self, *, dropped: bool = False) -> None:
        """Gives the slot back, unless it was taken.

        Args:
            dropped: Whether what it was used for was ended from this side, which the other side has yet to notice.
        """
        self._slots.release(self, dropped=dropped)


class Slots:
    """Up to `limit` holders at a time, first come first served, across threads and event loops alike."""

    def __init__(self, limit: int) -> None:
        self._free = [0.0] * limit
        """From when on each free slot can be used."""
        self._queue: deque[Future[Lease]] = deque()
        self._resting: set[Lease] = set()
        self._lock = Lock()
        renew_after_fork(self)

    def after_fork(self) -> None:
        """Others made anew are used; what is still held of these, by streams of the parent, can be given back."""
        self._lock = Lock()

    def acquire(self) -> Steps[Lease]:
        """Takes a slot, waiting for one where all are held."""
        ticket = Future[Lease]()
        with self._lock:
            self._queue.append(ticket)
            here = _here()
            taken = self._serve(lease for lease in [*self._resting] if lease.rester == here)
        _drop(taken)
        lease = yield from self._granted(ticket)
        try:
            if (early := lease.since - monotonic()) > 0:
                yield from Sleep(early)
        except BaseException:
            lease.release()
            raise
        return lease

    def _granted(self, ticket: Future[Lease]) -> Steps[Lease]:
        while True:
            try:
                return (yield from Wait(ticket, PATIENCE))
            except TimeoutError:
                with self._lock:
                    long_ago = monotonic() - PATIENCE
                    taken = self._serve(lease for lease in [*self._resting] if lease.rests_since < long_ago)
                _drop(taken)
            except BaseException:
                self._give_up(ticket)
                raise

    def rest(self, lease: Lease, drop: Callable[[], None]) -> None:
        """See `Lease.rest`."""
        with self._lock:
            lease.rester, lease.rests_since, lease.drop = _here(), monotonic(), drop
            self._resting.add(lease)

    def wake(self, lease: Lease) -> bool:
        """See `Lease.wake`."""
        with self._lock:
            self._resting.discard(lease)
            return lease.held

    def release(self, lease: Lease, *, dropped: bool) -> None:
        """See `Lease.release`."""
        with self._lock:
            self._free_up(lease, dropped=dropped)
            self._serve()

    def _serve(self, takeable: Iterable[Lease] = ()) -> list[Lease]:
        """Gives slots to those who wait, free ones first; comes back with those that were taken from somebody."""
        victims = iter(takeable)
        taken: list[Lease] = []
        while self._queue:
            if not self._free:
                victim = next(victims, None)
                if victim is None:
                    break
                self._free_up(victim, dropped=True)
                taken.append(victim)
            since = min(self._free)
            self._free.remove(since)
            self._queue.popleft().set_result(Lease(self, since))
        return taken

    def _free_up(self, lease: Lease, *, dropped: bool) -> None:
        self._resting.discard(lease)
        if lease.held:
            lease.held = False
            self._free.append(max(lease.since, monotonic() + NOTICE if dropped else 0.0))

    def _give_up(self, ticket: Future[Lease]) -> None:
        """Leaves the queue; a slot that was granted just then is given back."""
        with self._lock:
            if not ticket.done():
                self._queue.remove(ticket)
                return
        ticket.result().release()


def _drop(taken: list[Lease]) -> None:
    for lease in taken:
        lease.drop()


def _here() -> Place:
    if "asyncio" not in sys.modules:  # it takes long to import, and until then there are no tasks
        return get_ident(), 0
    import asyncio

    try:
        task = asyncio.current_task()
    except RuntimeError:  # no event loop runs in this thread
        task = None
    return get_ident(), id(task)


def _nothing() -> None:
    """What an answer that never rests is dropped with."""
