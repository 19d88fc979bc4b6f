"""How many calls a client may have under way at a time to each endpoint."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Lock
from typing import Any, Protocol

from datastore_sdk._io.effects import EffectGen
from datastore_sdk._io.fork_safety import renew_after_fork
from datastore_sdk._io.semaphore import Semaphore, Waiter
from datastore_sdk.transport.executor.process_limits import ProcessLimits

MAX_CALLS_PER_ENDPOINT = 3
"""The service's limit of calls at a time, per client and endpoint."""
MAX_CONNECTIONS_PER_ROOM = 1
"""The service's limit of WebSocket connections at a time, per client and room."""


class HeldPermit(Protocol):
    """A slot, or more than one, held as one."""

    def suspend(self, drop: Callable[[], None]) -> None:
        """See `Lease.rest`."""
        ...

    def resume(self) -> bool:
        """See `Lease.wake`."""
        ...

    def release(self, *, dropped: bool = False) -> None:
        """See `Lease.release`."""
        ...


class ConcurrencyLimit(Protocol):
    """So many may be held at a time."""

    def acquire(self, waiter: Waiter) -> EffectGen[Any]:
        """Take a permit; wait if all are held."""
        ...


class EndpointSemaphores:
    """So many slots for each endpoint."""

    def __init__(self, limit: int = MAX_CALLS_PER_ENDPOINT) -> None:
        self.limit = limit
        self.after_fork()
        renew_after_fork(self)

    def after_fork(self) -> None:
        """Nobody holds a slot yet."""
        self._slots: dict[str, Semaphore] = {}
        self._lock = Lock()

    def get(self, endpoint: str, limit: int | None = None) -> Semaphore:
        """The slots of an endpoint, of which there may be another number."""
        with self._lock:
            if (found := self._slots.get(endpoint)) is None:
                found = self._slots[endpoint] = Semaphore(limit or self.limit)
            return found


class ConcurrencyLimits:
    """The limits that a client keeps to.

    Args:
        shared: The service's limit, which counts for everybody with the same credentials.
        own: The client's own, where it wants fewer calls at a time.
        processes: The service's limit over all processes; None: it is kept in this one only.
    """

    def __init__(
        self, shared: EndpointSemaphores, own: EndpointSemaphores | None = None, processes: ProcessLimits | None = None
    ) -> None:
        self._shared = shared
        self._own = own
        self._processes = processes

    def get_room_semaphore(self, path: str) -> Semaphore:
        """The slot of a room."""
        return self._shared.get(path, MAX_CONNECTIONS_PER_ROOM)

    def acquire_room(self, path: str) -> EffectGen[HeldPermit | None]:
        """Take the slot of a room; None if another process is in it."""
        lease = yield from self.get_room_semaphore(path).acquire()
        if self._processes is None:
            return lease
        permit = self._processes.get(path, MAX_CONNECTIONS_PER_ROOM).try_acquire()
        if permit is None:
            lease.release()
            return None
        return _CombinedPermit((lease, permit))

    def acquire(self, endpoint: str, waiter: Waiter) -> EffectGen[HeldPermit]:
        """Take a permit for an endpoint; wait if all are held."""
        limits: list[ConcurrencyLimit] = [self._shared.get(endpoint)]
        if self._own is not None:
            limits.insert(0, self._own.get(endpoint))
        if self._processes is not None:
            limits.append(self._processes.get(endpoint, self._shared.limit))
        leases: list[HeldPermit] = []
        try:
            for limit in limits:
                leases.append((yield from limit.acquire(waiter)))  # noqa: PERF401 - a comprehension cannot yield
        except BaseException:
            for lease in leases:
                lease.release()
            raise
        return leases[0] if len(leases) == 1 else _CombinedPermit(leases)


class _CombinedPermit:
    """Several slots: each is of no use without the others."""

    def __init__(self, leases: Sequence[HeldPermit]) -> None:
        self._leases = leases

    def suspend(self, drop: Callable[[], None]) -> None:
        def dropped() -> None:
            drop()
            self.release(dropped=True)

        for lease in self._leases:
            lease.suspend(dropped)

    def resume(self) -> bool:
        held = [lease.resume() for lease in self._leases]
        return all(held)

    def release(self, *, dropped: bool = False) -> None:
        for lease in self._leases:
            lease.release(dropped=dropped)
