"""Limit of concurrent calls, shared by all processes of a user.

A permit is a lock on one of a few files; the operating system releases it if the process dies. A suspended stream, such
as one in a paused notebook, keeps its permit until another process waits for one.
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

_WAIT_POLL_SECONDS = 0.05
"""Interval at which locks of other processes are polled."""
_SUSPENDED_POLL_SECONDS = 0.25
"""Interval at which a process with suspended streams checks whether other processes wait. They signal more often."""


class ProcessPermit:
    """Permit for a call. It is returned when it is garbage-collected.

    Args:
        semaphore: Its semaphore.
        lock: The lock that it holds; None if the limit cannot be shared with other processes.
        wait: Seconds until the permit may be used.
    """

    def __init__(self, semaphore: ProcessSemaphore, lock: FileLock | None, wait: float = 0.0) -> None:
        self._semaphore = semaphore
        self.is_shared = lock is not None
        self.lock = lock
        self.wait = wait
        self.abort: Callable[[], None] | None = None
        """Aborts the suspended stream; None if the stream is not suspended."""
        self.suspended_seconds = 0.0

    def suspend(self, abort: Callable[[], None]) -> None:
        """Allow other callers to take the permit. A caller that takes it calls `abort`."""
        if self.lock is not None:
            self._semaphore.suspend(self, abort)

    def resume(self) -> bool:
        """Keep the permit from now on; return False if another caller took it."""
        return not self.is_shared or self._semaphore.resume(self)

    def release(self, *, aborted: bool = False) -> None:
        """Return the permit, unless another caller took it.

        Args:
            aborted: Whether the connection was aborted, which the service notices only later.
        """
        if self.lock is not None:
            self._semaphore.release(self, aborted=aborted)

    def __del__(self) -> None:
        if (lock := self.lock) is not None:
            self._semaphore.reclaim(lock)


class _Cooling:
    """Lock whose last connection was aborted. It is not used until the service has noticed."""

    def __init__(self, lock: FileLock, seconds: float) -> None:
        self.lock = lock
        self.seconds = seconds


class ProcessSemaphore:
    """Semaphore of one endpoint, shared by the processes of a user.

    Time is counted by polls instead of a clock, since users freeze clocks in tests.

    Args:
        path: The common beginning of the paths of its files.
        limit: The number of permits.
    """

    def __init__(self, path: Path, limit: int) -> None:
        self._locks = [FileLock(Path(f"{path}-{number}.lock")) for number in range(limit)]
        self._signal = Path(f"{path}.waiting")
        self._last_signal = 0
        self._has_warned = False
        self.after_fork()
        renew_after_fork(self)

    def after_fork(self) -> None:
        """Start without permits: those held, awaited or suspended belong to the parent."""
        self._lock = RLock()
        self._free = [*self._locks]
        self._cooling: list[_Cooling] = []
        self._collected = deque[FileLock]()
        self._queue = deque[Future[ProcessPermit]]()
        self._suspended = WeakSet[ProcessPermit]()
        self._is_watched = False

    def acquire(self, waiter: Waiter) -> EffectGen[ProcessPermit]:
        """Take a permit; wait if all are held."""
        permit = self.try_acquire() or (yield from self._wait_in_queue(waiter))
        try:
            if permit.wait:
                yield from Sleep(permit.wait, waiter.deadline)
        except BaseException:
            permit.release(aborted=True)
            raise
        return permit

    def try_acquire(self) -> ProcessPermit | None:
        """Return a permit; None if all are held."""
        with self._lock:
            return None if self._queue else self._next()

    def suspend(self, permit: ProcessPermit, abort: Callable[[], None]) -> None:
        """See `ProcessPermit.suspend`."""
        with self._lock:
            permit.abort, permit.suspended_seconds = abort, 0.0
            self._suspended.add(permit)
            self._watch()

    def resume(self, permit: ProcessPermit) -> bool:
        """See `ProcessPermit.resume`."""
        with self._lock:
            permit.abort = None
            self._suspended.discard(permit)
            return permit.lock is not None

    def release(self, permit: ProcessPermit, *, aborted: bool) -> None:
        """See `ProcessPermit.release`."""
        with self._lock:
            self._release(permit, aborted=aborted)
            if self._cooling or self._queue:
                self._watch()

    def reclaim(self, lock: FileLock) -> None:
        """Take back the lock of a collected permit.

        The garbage collector may call this at any line, so it acquires no lock.
        """
        self._collected.append(lock)
        _watcher.watch(self)

    def poll(self, seconds: float) -> float | None:
        """Release, grant and preempt permits; return the seconds until the next poll, None if none is needed.

        Args:
            seconds: Seconds since the last poll.
        """
        with self._lock:
            self._cool_down(seconds)
            while self._queue and (permit := self._next()):
                self._queue.popleft().set_result(permit)
                del permit  # the waiting caller must hold the only reference
            abort = self._preempt(seconds)
            if self._queue:
                self._signal_waiting()
            pause = (
                _WAIT_POLL_SECONDS
                if self._queue or self._cooling
                else _SUSPENDED_POLL_SECONDS
                if self._suspended
                else None
            )
            self._is_watched = pause is not None
        if abort:
            abort()
        return pause

    def _watch(self) -> None:
        """Have the watcher poll, unless it does already: streams are suspended with every batch of records."""
        if not self._is_watched:
            self._is_watched = True
            _watcher.watch(self)

    def _cool_down(self, seconds: float) -> None:
        while self._collected:
            self._cooling.append(_Cooling(self._collected.popleft(), COOLDOWN_SECONDS))
        for cooling in [*self._cooling]:
            cooling.seconds -= seconds
            if cooling.seconds <= 0:
                self._cooling.remove(cooling)
                self._free_lock(cooling.lock)

    def _next(self) -> ProcessPermit | None:
        for lock in [*self._free]:
            try:
                acquired = lock.acquire()
            except OSError as error:
                self._warn(error)
                return ProcessPermit(self, None)
            if acquired:
                self._free.remove(lock)
                return ProcessPermit(self, lock)
        if self._cooling:
            cooling = self._cooling.pop(0)
            return ProcessPermit(self, cooling.lock, cooling.seconds)
        return None

    def _release(self, permit: ProcessPermit, *, aborted: bool) -> None:
        lock, permit.lock, permit.abort = permit.lock, None, None
        self._suspended.discard(permit)
        if lock is None:
            return
        if aborted:
            self._cooling.append(_Cooling(lock, COOLDOWN_SECONDS))
        else:
            self._free_lock(lock)

    def _free_lock(self, lock: FileLock) -> None:
        with suppress(OSError):
            lock.release()
        if lock not in self._free:
            self._free.append(lock)

    def _preempt(self, seconds: float) -> Callable[[], None] | None:
        """Take the permit that was suspended longest if a caller waits; return the function that aborts its stream."""
        has_waiting_callers = self._is_signaled() or bool(self._queue)
        for permit in self._suspended:
            permit.suspended_seconds += seconds
        candidates = [permit for permit in self._suspended if permit.suspended_seconds >= PREEMPTION_SECONDS]
        if not (has_waiting_callers and candidates):
            return None
        permit = max(candidates, key=lambda each: each.suspended_seconds)
        abort = permit.abort
        self._release(permit, aborted=True)
        return abort

    def _wait_in_queue(self, waiter: Waiter) -> EffectGen[ProcessPermit]:
        future = Future[ProcessPermit]()
        with self._lock:
            self._queue.append(future)
            self._watch()
        try:
            while True:
                with suppress(TimeoutError):
                    return (yield from waiter.wait(future, PREEMPTION_SECONDS))
        except BaseException:
            self._leave_queue(future)
            raise

    def _leave_queue(self, future: Future[ProcessPermit]) -> None:
        """Leave the queue; return a permit that was granted in the meantime."""
        with self._lock, suppress(ValueError):
            self._queue.remove(future)
        if future.done():
            future.result().release()

    def _signal_waiting(self) -> None:
        """Signal other processes that a caller waits here."""
        with suppress(OSError):
            self._signal.touch(mode=0o600)

    def _is_signaled(self) -> bool:
        """Return whether a caller in any process has waited since the last poll."""
        try:
            signal = self._signal.stat().st_mtime_ns
        except OSError:
            return False
        before, self._last_signal = self._last_signal, signal
        return before not in (0, signal)

    def _warn(self, error: OSError) -> None:
        if not self._has_warned:
            self._has_warned = True
            folder, reason = self._signal.parent, error.strerror or error
            log.warning(
                "the limit of concurrent calls is not shared with other processes: cannot use %s: %s", folder, reason
            )


class ProcessLimits:
    """Semaphores of one client of the service, one per endpoint.

    Args:
        folder: The folder of the lock files of all clients.
        key: The identity of the client; only its hash is stored.
    """

    def __init__(self, folder: Path, key: str) -> None:
        self._folder = folder
        self._key = key
        self.after_fork()
        renew_after_fork(self)

    def after_fork(self) -> None:
        """Renew the lock, which another thread of the parent may have held."""
        self._lock = RLock()
        self._semaphores: dict[str, ProcessSemaphore] = {}

    def get(self, endpoint: str, limit: int) -> ProcessSemaphore:
        """Return the semaphore of an endpoint."""
        with self._lock:
            if (found := self._semaphores.get(endpoint)) is None:
                found = self._semaphores[endpoint] = ProcessSemaphore(self._path(endpoint), limit)
            return found

    def _path(self, endpoint: str) -> Path:
        from hashlib import sha256  # slow to import

        with suppress(OSError):  # reported when a lock is taken
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self._folder / sha256(f"{self._key}\n{endpoint}".encode()).hexdigest()[:32]


class _Watcher:
    """Thread that polls semaphores with waiting callers, suspended permits or cooling locks; without any, it ends."""

    def __init__(self) -> None:
        self.after_fork()
        renew_after_fork(self)

    def after_fork(self) -> None:
        """Start without a thread: the running one belongs to the parent."""
        self._lock = RLock()
        self._inbox = SimpleQueue[ProcessSemaphore]()  # reentrant: the garbage collector may put into it at any line
        self._thread: Thread | None = None

    def watch(self, semaphore: ProcessSemaphore) -> None:
        """Poll a semaphore from now on."""
        self._inbox.put(semaphore)
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
            pauses = {semaphore: semaphore.poll(seconds) for semaphore in watched}
            watched = {semaphore for semaphore, each in pauses.items() if each is not None}
            pause = min((each for each in pauses.values() if each is not None), default=0.0)
            with self._lock:
                if not watched and inbox.empty():
                    self._thread = None
                    return


_watcher = _Watcher()
