"""Fair semaphore shared by threads and event loops. A waiting caller can preempt a suspended stream.

A stream holds its permit while it is read, which can take hours, and also while the program does something else. Four
streams that are opened in one thread and read in turn would wait for each other forever. So other callers may take the
permit of a suspended stream: at once in the same thread or task, otherwise after `PREEMPTION_SECONDS`. The stream
acquires another permit when it resumes.

A permit whose connection was aborted is not used for `COOLDOWN_SECONDS`, until the service has noticed.

No permit is ever lost. Ctrl-C can come between any two steps of this module. The garbage collector can end a forgotten
stream at any step, in the same thread. So a slot exists in one place at a time, and returns by itself when it is
collected. Each step is one operation of Python's own, and a condition that was checked before it may no longer hold.
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

ThreadAndTask = tuple[int, int]
"""Identity of a thread and of the task that runs in it."""
PREEMPTION_SECONDS = 2.0
"""Seconds after which callers in other threads and tasks may take the permit of a suspended stream."""
COOLDOWN_SECONDS = 0.25
"""Seconds after which the service has noticed that a connection was aborted. Until then it counts the call."""


class _Slot:
    """One of the slots of a semaphore. It returns to the semaphore when it is garbage-collected.

    Args:
        semaphore: Its semaphore.
        available_at: When it can be used.
    """

    __slots__ = ("_semaphore", "available_at")

    def __init__(self, semaphore: ref[Semaphore], available_at: float = 0.0) -> None:
        self._semaphore = semaphore
        self.available_at = available_at

    def __del__(self) -> None:
        if (semaphore := self._semaphore()) is not None:
            semaphore.put_back(_Slot(self._semaphore, monotonic() + COOLDOWN_SECONDS))


class Permit:
    """Permit to make a call: a slot that is held."""

    def __init__(self, semaphore: Semaphore, slot: _Slot) -> None:
        self._semaphore = semaphore
        self._slot: _Slot | None = slot
        self.available_at = slot.available_at
        """When the slot can be used."""
        self.suspended_at = 0.0
        self.suspended_by: ThreadAndTask | None = None
        self.abort: Callable[[], None] = _do_nothing

    @property
    def is_held(self) -> bool:
        """Whether it was neither released nor taken by another caller."""
        return self._slot is not None

    def suspend(self, abort: Callable[[], None]) -> None:
        """Allow other callers to take the permit. A caller that takes it calls `abort`."""
        self._semaphore.suspend(self, abort)

    def resume(self) -> bool:
        """Keep the permit from now on; return False if another caller took it."""
        return self._semaphore.resume(self)

    def release(self, *, aborted: bool = False) -> None:
        """Return the permit, unless another caller took it.

        Args:
            aborted: Whether the connection was aborted, which the service notices only later.
        """
        self._semaphore.release(self, aborted=aborted)

    def remove_slot(self, *, aborted: bool) -> _Slot | None:
        """Return the slot, which the permit no longer holds."""
        slot, self._slot = self._slot, None
        if slot and aborted:
            slot.available_at = max(slot.available_at, monotonic() + COOLDOWN_SECONDS)
        return slot


class Waiter:
    """How a caller waits for a permit.

    Args:
        deadline: The deadline of the caller.
    """

    def __init__(self, deadline: Deadline | None = None) -> None:
        self.deadline = deadline

    def wait(self, future: Future[R], seconds: float) -> EffectGen[R]:
        """Return the result of a future.

        Raises:
            TimeoutError: It had none within `seconds`. The caller keeps its place in the queue and waits again.
        """
        return (yield from WaitForFuture(future, seconds, self.deadline))


class Semaphore:
    """Semaphore with up to `limit` holders, first come first served, for threads and event loops alike."""

    def __init__(self, limit: int) -> None:
        self._free = deque(_Slot(ref(self)) for _ in range(limit))
        """Slots that can be used at once come first."""
        self._queue: deque[Future[Permit]] = deque()
        self._suspended: set[Permit] = set()
        self.after_fork()
        renew_after_fork(self)

    def after_fork(self) -> None:
        """Renew the lock. Streams of the parent can still release their permits of this semaphore."""
        self._lock = RLock()  # reentrant: see the docstring of the module

    def acquire(self, waiter: Waiter | None = None) -> EffectGen[Permit]:
        """Take a permit; wait if all are held."""
        waiter = waiter or Waiter()
        permit = self._try_acquire() or (yield from self._wait_in_queue(waiter))
        try:
            if (cooldown := permit.available_at - monotonic()) > 0:
                yield from Sleep(cooldown, waiter.deadline)
        except BaseException:
            permit.release()
            raise
        return permit

    def _try_acquire(self) -> Permit | None:
        """Return a permit if a slot is free and no caller waits, which is the usual case."""
        try:
            return None if self._queue else Permit(self, self._free.popleft())
        except IndexError:
            return None

    def _wait_in_queue(self, waiter: Waiter) -> EffectGen[Permit]:
        future, here = Future[Permit](), _get_thread_and_task()
        self._queue.append(future)
        try:
            self._grant(lambda permit: permit.suspended_by == here)
            return (yield from self._wait_until_granted(future, waiter))
        except BaseException:
            self._leave_queue(future)
            raise

    def _wait_until_granted(self, future: Future[Permit], waiter: Waiter) -> EffectGen[Permit]:
        while True:
            try:
                return (yield from waiter.wait(future, PREEMPTION_SECONDS))
            except TimeoutError:
                with self._lock:
                    if not future.done() and future not in self._queue:  # Ctrl-C interrupted `_grant`
                        self._queue.appendleft(future)
                limit = monotonic() - PREEMPTION_SECONDS
                self._grant(lambda permit: permit.suspended_at < limit)  # noqa: B023 - called at once

    def _leave_queue(self, future: Future[Permit]) -> None:
        """Leave the queue; return a permit that was granted in the meantime."""
        with self._lock, suppress(ValueError):
            self._queue.remove(future)
        if future.done():
            future.result().release()

    def suspend(self, permit: Permit, abort: Callable[[], None]) -> None:
        """See `Permit.suspend`."""
        with self._lock:
            permit.suspended_by, permit.suspended_at, permit.abort = _get_thread_and_task(), monotonic(), abort
            self._suspended.add(permit)

    def resume(self, permit: Permit) -> bool:
        """See `Permit.resume`."""
        with self._lock:
            self._suspended.discard(permit)
            return permit.is_held

    def release(self, permit: Permit, *, aborted: bool) -> None:
        """See `Permit.release`."""
        with self._lock:
            self._suspended.discard(permit)
            if slot := permit.remove_slot(aborted=aborted):
                self.put_back(slot)

    def put_back(self, slot: _Slot) -> None:
        """Take a slot back, and grant it to a waiting caller."""
        (self._free.append if slot.available_at > monotonic() else self._free.appendleft)(slot)
        self._grant(_is_never_preempted)

    def _grant(self, can_preempt: Callable[[Permit], bool]) -> None:
        """Grant slots to waiting callers: free slots first, then those of suspended permits that can be preempted."""
        preempted: list[Permit] = []
        with self._lock:
            while self._queue and (slot := self._take_slot(can_preempt, preempted)):
                try:
                    future = self._queue.popleft()
                except IndexError:
                    self._free.appendleft(slot)
                    break
                future.set_result(Permit(self, slot))
                del slot  # the permit must hold the only reference
        for permit in preempted:
            permit.abort()

    def _take_slot(self, can_preempt: Callable[[Permit], bool], preempted: list[Permit]) -> _Slot | None:
        try:
            return self._free.popleft()
        except IndexError:
            pass
        for permit in filter(can_preempt, [*self._suspended]):
            self._suspended.discard(permit)
            if slot := permit.remove_slot(aborted=True):
                preempted.append(permit)
                return slot
        return None


def _is_never_preempted(_: Permit) -> bool:
    return False


def _get_thread_and_task() -> ThreadAndTask:
    if "asyncio" not in sys.modules:  # slow to import, and without it there are no tasks
        return get_ident(), 0
    import asyncio

    try:
        task = asyncio.current_task()
    except RuntimeError:  # no event loop runs in this thread
        task = None
    return get_ident(), id(task)


def _do_nothing() -> None:
    """Abort nothing: the permit was never suspended."""
