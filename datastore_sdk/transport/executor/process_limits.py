"""The service's limit of calls, kept by all processes of a user together.

A call holds a lock on one of a few files, which the system frees when its process dies. A stream that rests (a paused
notebook) keeps its permit until another process waits for one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import RLock, Thread
from weakref import WeakSet

from datastore_sdk._io.effects import EffectGen, Sleep
from datastore_sdk._io.file_lock import FileLock
from datastore_sdk._io.fork_safety import renew_after_fork
from datastore_sdk._io.semaphore import COOLDOWN_SECONDS, PREEMPTION_SECONDS, Waiter
from datastore_sdk.instrumentation.logs import get_logger

log = get_logger("limits")

_INTERVAL = 0.05
"""Seconds between two looks at locks that others hold."""
_REST_INTERVAL = 0.25
"""Seconds between two looks whether other processes wait for what rests here; they say so more often."""


class ProcessPermit:
    """A call that may be under way. Comes back by itself if it is forgotten.

    Args:
        permits: Where it belongs.
        lock: The lock that it holds; None: the limit cannot be shared with other processes.
        wait: Seconds after which it can be used.
    """

    def __init__(self, permits: ProcessSemaphore, lock: FileLock | None, wait: float = 0.0) -> None:
        self._permits = permits
        self.is_shared = lock is not None
        self.lock = lock
        self.wait = wait
        self.drop: Callable[[], None] | None = None
        """What ends its use; None while it does not rest."""
        self.rested = 0.0
        """Seconds for which it has been resting."""

    def suspend(self, drop: Callable[[], None]) -> None:
        """Offer the permit to others while it is not used. Whoever takes it calls `drop`."""
        if self.lock is not None:
            self._permits.rest(self, drop)

    def resume(self) -> bool:
        """Claim the permit back; False if it was taken."""
        return not self.is_shared or self._permits.wake(self)

    def release(self, *, dropped: bool = False) -> None:
        """Give the permit back, unless it was taken.

        Args:
            dropped: Whether its use was ended from this side, which the service has yet to notice.
        """
        if self.lock is not None:
            self._permits.release(self, dropped=dropped)

    def __del__(self) -> None:
        if (lock := self.lock) is not None:
            self._permits.reclaim(lock)


class _Cooling:
    """A lock whose last use the service has yet to notice the end of."""

    def __init__(self, lock: FileLock, left: float) -> None:
        self.lock = lock
        self.left = left


class ProcessSemaphore:
    """The permits of one endpoint.

    Time is counted by looks, not by clocks, which tests freeze.

    Args:
        path: The beginning of the names of its files.
        limit: How many there are.
    """

    def __init__(self, path: Path, limit: int) -> None:
        self._locks = [FileLock(Path(f"{path}-{number}.lock")) for number in range(limit)]
        self._signal = Path(f"{path}.waiting")
        self._seen = 0
        self._has_complained = False
        self.after_fork()
        renew_after_fork(self)

    def after_fork(self) -> None:
        """What is held, waited for or resting is the parent's."""
        self._lock = RLock()
        self._free = [*self._locks]
        self._cooling: list[_Cooling] = []
        self._forgotten = deque[FileLock]()
        self._queue = deque[Future[ProcessPermit]]()
        self._resting = WeakSet[ProcessPermit]()
        self._is_watched = False

    def acquire(self, waiter: Waiter) -> EffectGen[ProcessPermit]:
        """Take a permit; wait if all are held."""
        permit = self.try_acquire() or (yield from self._in_turn(waiter))
        try:
            if permit.wait:
                yield from Sleep(permit.wait, waiter.deadline)
        except BaseException:
            permit.release(dropped=True)
            raise
        return permit

    def try_acquire(self) -> ProcessPermit | None:
        """Return a permit; None if all are held."""
        with self._lock:
            return None if self._queue else self._next()

    def rest(self, permit: ProcessPermit, drop: Callable[[], None]) -> None:
        """See `Permit.rest`."""
        with self._lock:
            permit.drop, permit.rested = drop, 0.0
            self._resting.add(permit)
            self._watch()

    def wake(self, permit: ProcessPermit) -> bool:
        """See `Permit.wake`."""
        with self._lock:
            permit.drop = None
            self._resting.discard(permit)
            return permit.lock is not None

    def release(self, permit: ProcessPermit, *, dropped: bool) -> None:
        """See `Permit.release`."""
        with self._lock:
            self._release(permit, dropped=dropped)
            if self._cooling or self._queue:
                self._watch()

    def reclaim(self, lock: FileLock) -> None:
        """Take a lock back whose holder is gone. The garbage collector may call this anywhere, so it takes no lock."""
        self._forgotten.append(lock)
        _watcher.watch(self)

    def poll(self, seconds: float) -> float | None:
        """Give back, hand out and take what can be; return the seconds until the next look, None if none is needed.

        Args:
            seconds: How long ago the last look was.
        """
        with self._lock:
            self._cool_down(seconds)
            while self._queue and (permit := self._next()):
                self._queue.popleft().set_result(permit)
                del permit  # or it would be in two places
            drop = self._taken(seconds)
            if self._queue:
                self._say_so()
            pause = _INTERVAL if self._queue or self._cooling else _REST_INTERVAL if self._resting else None
            self._is_watched = pause is not None
        if drop:
            drop()
        return pause

    def _watch(self) -> None:
        """Have the watcher look, unless it does already: streams rest with every batch of records."""
        if not self._is_watched:
            self._is_watched = True
            _watcher.watch(self)

    def _cool_down(self, seconds: float) -> None:
        while self._forgotten:
            self._cooling.append(_Cooling(self._forgotten.popleft(), COOLDOWN_SECONDS))
        for cooling in [*self._cooling]:
            cooling.left -= seconds
            if cooling.left <= 0:
                self._cooling.remove(cooling)
                self._give_back(cooling.lock)

    def _next(self) -> ProcessPermit | None:
        for lock in [*self._free]:
            try:
                is_ours = lock.acquire()
            except OSError as error:
                self._complain(error)
                return ProcessPermit(self, None)
            if is_ours:
                self._free.remove(lock)
                return ProcessPermit(self, lock)
        if self._cooling:
            cooling = self._cooling.pop(0)
            return ProcessPermit(self, cooling.lock, cooling.left)
        return None

    def _release(self, permit: ProcessPermit, *, dropped: bool) -> None:
        lock, permit.lock, permit.drop = permit.lock, None, None
        self._resting.discard(permit)
        if lock is None:
            return
        if dropped:
            self._cooling.append(_Cooling(lock, COOLDOWN_SECONDS))
        else:
            self._give_back(lock)

    def _give_back(self, lock: FileLock) -> None:
        with suppress(OSError):
            lock.release()
        if lock not in self._free:
            self._free.append(lock)

    def _taken(self, seconds: float) -> Callable[[], None] | None:
        """Take the permit that has rested longest if somebody waits for one; return what ends its use."""
        is_waited_for = self._others_wait() or bool(self._queue)
        for permit in self._resting:
            permit.rested += seconds
        rested = [permit for permit in self._resting if permit.rested >= PREEMPTION_SECONDS]
        if not (is_waited_for and rested):
            return None
        permit = max(rested, key=lambda each: each.rested)
        drop = permit.drop
        self._release(permit, dropped=True)
        return drop

    def _in_turn(self, waiter: Waiter) -> EffectGen[ProcessPermit]:
        ticket = Future[ProcessPermit]()
        with self._lock:
            self._queue.append(ticket)
            self._watch()
        try:
            while True:
                with suppress(TimeoutError):
                    return (yield from waiter.wait(ticket, PREEMPTION_SECONDS))
        except BaseException:
            self._leave(ticket)
            raise

    def _leave(self, ticket: Future[ProcessPermit]) -> None:
        """Leave the queue; a permit that was granted just then is given back."""
        with self._lock, suppress(ValueError):
            self._queue.remove(ticket)
        if ticket.done():
            ticket.result().release()

    def _say_so(self) -> None:
        """Tell other processes that somebody waits here."""
        with suppress(OSError):
            self._signal.touch(mode=0o600)

    def _others_wait(self) -> bool:
        """Whether somebody has waited since the last look."""
        try:
            seen = self._signal.stat().st_mtime_ns
        except OSError:
            return False
        before, self._seen = self._seen, seen
        return before not in (0, seen)

    def _complain(self, error: OSError) -> None:
        if not self._has_complained:
            self._has_complained = True
            folder, reason = self._signal.parent, error.strerror or error
            log.warning("the limit of calls is not shared with other processes: %s cannot be used: %s", folder, reason)


class ProcessLimits:
    """The permits of one client of the service, for each endpoint.

    Args:
        folder: Where the files of all clients are.
        key: Tells the client from others; a hash of it is kept.
    """

    def __init__(self, folder: Path, key: str) -> None:
        self._folder = folder
        self._key = key
        self.after_fork()
        renew_after_fork(self)

    def after_fork(self) -> None:
        """Another thread may have held the lock."""
        self._lock = RLock()
        self._permits: dict[str, ProcessSemaphore] = {}

    def get(self, endpoint: str, limit: int) -> ProcessSemaphore:
        """Return the permits of an endpoint."""
        with self._lock:
            if (found := self._permits.get(endpoint)) is None:
                found = self._permits[endpoint] = ProcessSemaphore(self._path(endpoint), limit)
            return found

    def _path(self, endpoint: str) -> Path:
        from hashlib import sha256  # slow to import

        with suppress(OSError):  # told when a lock is to be taken
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self._folder / sha256(f"{self._key}\n{endpoint}".encode()).hexdigest()[:32]


class _Watcher:
    """Looks after permits that are waited for, resting or cooling, in a thread that ends when there are none."""

    def __init__(self) -> None:
        self.after_fork()
        renew_after_fork(self)

    def after_fork(self) -> None:
        """The thread is the parent's."""
        self._lock = RLock()
        self._inbox = SimpleQueue[ProcessSemaphore]()  # which the garbage collector may put something into anywhere
        self._thread: Thread | None = None

    def watch(self, permits: ProcessSemaphore) -> None:
        """Look after permits."""
        self._inbox.put(permits)
        with self._lock:
            if self._thread is None:
                self._thread = Thread(target=self._run, args=(self._inbox,), name="restream-limits", daemon=True)
                self._thread.start()

    def _run(self, inbox: SimpleQueue[ProcessSemaphore]) -> None:
        watched: set[ProcessSemaphore] = set()
        pause = 0.0
        while True:
            seconds = pause
            with suppress(Empty):
                watched.add(inbox.get(timeout=pause))
                seconds = 0.0
            pauses = {permits: permits.poll(seconds) for permits in watched}
            watched = {permits for permits, each in pauses.items() if each is not None}
            pause = min((each for each in pauses.values() if each is not None), default=0.0)
            with self._lock:
                if not watched and inbox.empty():
                    self._thread = None
                    return


_watcher = _Watcher()
