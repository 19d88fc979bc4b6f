"""Limits of concurrent calls per endpoint, and of WebSocket connections per room."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Lock
from typing import Any, Protocol

from datastore_sdk._io.effects import EffectGen
from datastore_sdk._io.fork_safety import renew_after_fork
from datastore_sdk._io.semaphore import Semaphore, Waiter
from datastore_sdk.transport.executor.process_limits import ProcessLimits

MAX_CALLS_PER_ENDPOINT = 3
"""Maximum number of concurrent calls that the service allows per client and endpoint."""
MAX_CONNECTIONS_PER_ROOM = 1
"""Maximum number of WebSocket connections that the service allows per client and room."""


class HeldPermit(Protocol):
    """Permit of a call: one, or several that are held together."""

    def suspend(self, abort: Callable[[], None]) -> None:
        """See `Permit.suspend`."""
        ...

    def resume(self) -> bool:
        """See `Permit.resume`."""
        ...

    def release(self, *, aborted: bool = False) -> None:
        """See `Permit.release`."""
        ...


class ConcurrencyLimit(Protocol):
    """Limit of concurrent calls."""

    def acquire(self, waiter: Waiter) -> EffectGen[Any]:
        """Take a permit; wait if all are held."""
        ...


class EndpointSemaphores:
    """Semaphores of the endpoints, created when needed.

    Args:
        limit: The number of permits per endpoint.
    """

    def __init__(self, limit: int = MAX_CALLS_PER_ENDPOINT) -> None:
        self.limit = limit
        self.after_fork()
        renew_after_fork(self)

    def after_fork(self) -> None:
        """Forget the semaphores of the parent, whose permits its threads hold."""
        self._semaphores: dict[str, Semaphore] = {}
        self._lock = Lock()

    def get(self, endpoint: str, limit: int | None = None) -> Semaphore:
        """Return the semaphore of an endpoint.

        Args:
            endpoint: The endpoint.
            limit: The number of its permits, if different from that of the others.
        """
        with self._lock:
            if (found := self._semaphores.get(endpoint)) is None:
                found = self._semaphores[endpoint] = Semaphore(limit or self.limit)
            return found


class ConcurrencyLimits:
    """Limits of concurrent calls of a client.

    Args:
        shared: The limit of the service, shared by all clients of this process with the same credentials.
        own: A lower limit of this client.
        processes: The limit of the service, shared by all processes of the user; None: not shared.
    """

    def __init__(
        self, shared: EndpointSemaphores, own: EndpointSemaphores | None = None, processes: ProcessLimits | None = None
    ) -> None:
        self._shared = shared
        self._own = own
        self._processes = processes

    def get_room_semaphore(self, path: str) -> Semaphore:
        """Return the semaphore of a room."""
        return self._shared.get(path, MAX_CONNECTIONS_PER_ROOM)

    def acquire_room(self, path: str) -> EffectGen[HeldPermit | None]:
        """Take the permit of a room; return None if another process is connected to it."""
        permit = yield from self.get_room_semaphore(path).acquire()
        if self._processes is None:
            return permit
        process_permit = self._processes.get(path, MAX_CONNECTIONS_PER_ROOM).try_acquire()
        if process_permit is None:
            permit.release()
            return None
        return _CombinedPermit((permit, process_permit))

    def acquire(self, endpoint: str, waiter: Waiter) -> EffectGen[HeldPermit]:
        """Take a permit for an endpoint; wait if all are held."""
        limits: list[ConcurrencyLimit] = [self._shared.get(endpoint)]
        if self._own is not None:
            limits.insert(0, self._own.get(endpoint))
        if self._processes is not None:
            limits.append(self._processes.get(endpoint, self._shared.limit))
        permits: list[HeldPermit] = []
        try:
            for limit in limits:
                permits.append((yield from limit.acquire(waiter)))  # noqa: PERF401 - a comprehension cannot yield
        except BaseException:
            for permit in permits:
                permit.release()
            raise
        return permits[0] if len(permits) == 1 else _CombinedPermit(permits)


class _CombinedPermit:
    """Several permits held as one."""

    def __init__(self, permits: Sequence[HeldPermit]) -> None:
        self._permits = permits

    def suspend(self, abort: Callable[[], None]) -> None:
        def preempt() -> None:
            abort()
            self.release(aborted=True)

        for permit in self._permits:
            permit.suspend(preempt)

    def resume(self) -> bool:
        held = [permit.resume() for permit in self._permits]
        return all(held)

    def release(self, *, aborted: bool = False) -> None:
        for permit in self._permits:
            permit.release(aborted=aborted)
