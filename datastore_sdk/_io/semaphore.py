"""Places of which only so many may be held at a time: calls to one endpoint, turns at a token.

A stream holds its slot while it is read, which can take hours, and while the program that reads it does something
else. Four streams opened in one thread and read in turn would wait for each other for ever. So a holder that rests can
lose its slot to somebody who waits: at once where the one who waits is the program that lets it rest, else after some
patience. It takes another slot when it goes on.

A slot whose use was ended from this side rests a moment before it is used again, until the other side has noticed.

No slot is ever lost. Ctrl-C can come between any two steps here, and the garbage collector can end a forgotten stream
in the midst of them, in the same thread. So a slot is a thing that is in one place at a time and comes back by itself
where it is forgotten; each step is one of Python's own, and what was looked at before it may no longer be so.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from threading import RLock, get_ident
from typing import TypeVar
from weakref import ref

from datastore_sdk._io.clock import monotonic
from datastore_sdk._io.deadline import Deadline
from datastore_sdk._io.effects import EffectGen, Sleep, WaitForFuture
from datastore_sdk._io.fork_safety import renew_after_fork

R = TypeVar("R")

Place = tuple[int, int]
"""A thread and the task that runs in it."""
PREEMPTION_SECONDS = 2.0
"""Seconds that a holder may rest before others may take its slot."""
COOLDOWN_SECONDS = 0.25
"""Seconds after which the other side has noticed that a connection was dropped; until then it counts it as open."""


class _Slot:
    """One of the places. Where whoever had it was interrupted just then, it comes back by itself.

    Args:
        home: Where it belongs.
        since: From when on it can be used.
    """

    __slots__ = ("_home", "since")

    def __init__(self, home: ref[Semaphore], since: float = 0.0) -> None:
        self._home = home
        self.since = since

    def __del__(self) -> None:
        if (home := self._home()) is not None:
            home.put(_Slot(self._home, monotonic() + COOLDOWN_SECONDS))


class Permit:
    """A slot that is held."""

    def __init__(self, slots: Semaphore, slot: _Slot) -> None:
        self._slots = slots
        self._slot: _Slot | None = slot
        self.since = slot.since
        """From when on the slot can be used."""
        self.rests_since = 0.0
        self.rester: Place | None = None
        self.drop: Callable[[], None] = _nothing

    @property
    def is_held(self) -> bool:
        """False where it was given back or taken."""
        return self._slot is not None

    def suspend(self, drop: Callable[[], None]) -> None:
        """Offers the slot to others while it is not used. Whoever takes it calls `drop`, which ends its use."""
        self._slots.rest(self, drop)

    def resume(self) -> bool:
        """Claims the slot back; False where it was taken."""
        return self._slots.wake(self)

    def release(self, *, dropped: bool = False) -> None:
        """Gives the slot back, unless it was taken.

        Args:
            dropped: Whether what it was used for was ended from this side, which the other side has yet to notice.
        """
        self._slots.release(self, dropped=dropped)

    def give_up(self, *, dropped: bool) -> _Slot | None:
        """The slot, which is nobody's then."""
        slot, self._slot = self._slot, None
        if slot and dropped:
            slot.since = max(slot.since, monotonic() + COOLDOWN_SECONDS)
        return slot


class Waiter:
    """How a caller waits for a permit.

    Args:
        deadline: When the caller stops waiting.
    """

    def __init__(self, deadline: Deadline | None = None) -> None:
        self.deadline = deadline

    def wait(self, future: Future[R], seconds: float) -> EffectGen[R]:
        """Return the result of a future.

        Raises:
            TimeoutError: It had none within `seconds`; the caller keeps its place in the queue and waits again.
        """
        return (yield from WaitForFuture(future, seconds, self.deadline))


class Semaphore:
    """Up to `limit` holders at a time, first come first served, across threads and event loops alike."""

    def __init__(self, limit: int) -> None:
        self._free = deque(_Slot(ref(self)) for _ in range(limit))
        """Those that can be used at once come first."""
        self._queue: deque[Future[Permit]] = deque()
        self._resting: set[Permit] = set()
        self.after_fork()
        renew_after_fork(self)

    def after_fork(self) -> None:
        """Others made anew are used; what is still held of these, by streams of the parent, can be given back."""
        self._lock = RLock()  # which whoever holds it can take once more: see above

    def acquire(self, waiter: Waiter | None = None) -> EffectGen[Permit]:
        """Take a permit; wait if all are held."""
        waiter = waiter or Waiter()
        lease = self._at_once() or (yield from self._in_turn(waiter))
        try:
            if (early := lease.since - monotonic()) > 0:
                yield from Sleep(early, waiter.deadline)
        except BaseException:
            lease.release()
            raise
        return lease

    def _at_once(self) -> Permit | None:
        """A slot where one is free and nobody waits, as most often."""
        try:
            return None if self._queue else Permit(self, self._free.popleft())
        except IndexError:
            return None

    def _in_turn(self, waiter: Waiter) -> EffectGen[Permit]:
        ticket, here = Future[Permit](), _here()
        self._queue.append(ticket)
        try:
            self._serve(lambda lease: lease.rester == here)
            return (yield from self._granted(ticket, waiter))
        except BaseException:
            self._leave(ticket)
            raise

    def _granted(self, ticket: Future[Permit], waiter: Waiter) -> EffectGen[Permit]:
        while True:
            try:
                return (yield from waiter.wait(ticket, PREEMPTION_SECONDS))
            except TimeoutError:
                with self._lock:
                    if not ticket.done() and ticket not in self._queue:  # whoever took it was interrupted just then
                        self._queue.appendleft(ticket)
                long_ago = monotonic() - PREEMPTION_SECONDS
                self._serve(lambda lease: lease.rests_since < long_ago)  # noqa: B023 - called at once

    def _leave(self, ticket: Future[Permit]) -> None:
        """Leaves the queue; a slot that was granted just then is given back."""
        with self._lock, suppress(ValueError):
            self._queue.remove(ticket)
        if ticket.done():
            ticket.result().release()

    def rest(self, lease: Permit, drop: Callable[[], None]) -> None:
        """See `Lease.rest`."""
        with self._lock:
            lease.rester, lease.rests_since, lease.drop = _here(), monotonic(), drop
            self._resting.add(lease)

    def wake(self, lease: Permit) -> bool:
        """See `Lease.wake`."""
        with self._lock:
            self._resting.discard(lease)
            return lease.is_held

    def release(self, lease: Permit, *, dropped: bool) -> None:
        """See `Lease.release`."""
        with self._lock:
            self._resting.discard(lease)
            if slot := lease.give_up(dropped=dropped):
                self.put(slot)

    def put(self, slot: _Slot) -> None:
        """Takes a slot back."""
        (self._free.append if slot.since > monotonic() else self._free.appendleft)(slot)
        self._serve(_untaken)

    def _serve(self, takeable: Callable[[Permit], bool]) -> None:
        """Gives slots to those who wait: free ones first, then those that rest and may be taken."""
        taken: list[Permit] = []
        with self._lock:
            while self._queue and (slot := self._one(takeable, taken)):
                try:
                    ticket = self._queue.popleft()
                except IndexError:
                    self._free.appendleft(slot)
                    break
                ticket.set_result(Permit(self, slot))
                del slot  # or it would be in two places
        for lease in taken:
            lease.drop()

    def _one(self, takeable: Callable[[Permit], bool], taken: list[Permit]) -> _Slot | None:
        try:
            return self._free.popleft()
        except IndexError:
            pass
        for lease in filter(takeable, [*self._resting]):
            self._resting.discard(lease)
            if slot := lease.give_up(dropped=True):
                taken.append(lease)
                return slot
        return None


def _untaken(_: Permit) -> bool:
    return False


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
