"""How many calls a client may have under way at a time to each endpoint."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Protocol

from datastore_sdk.transport.effects import Steps
from datastore_sdk.transport.forking import renew_after_fork
from datastore_sdk.transport.slots import Lease, Slots

CALLS_PER_ENDPOINT = 3
"""The service's limit of calls at a time, per client and endpoint."""
CONNECTIONS_PER_ROOM = 1
"""The service's limit of WebSocket connections at a time, per client and room."""


class Held(Protocol):
    """A slot, or more than one, held as one."""

    def rest(self, drop: Callable[[], None]) -> None:
        """See `Lease.rest`."""
        ...

    def wake(self) -> bool:
        """See `Lease.wake`."""
        ...

    def release(self, *, dropped: bool = False) -> None:
        """See `Lease.release`."""
        ...


class EndpointSlots:
    """So many slots for each endpoint."""

    def __init__(self, limit: int = CALLS_PER_ENDPOINT) -> None:
        self.limit = limit
        self.after_fork()
        renew_after_fork(self)

    def after_fork(self) -> None:
        """Nobody holds a slot yet."""
        self._slots: dict[str, Slots] = {}
        self._lock = Lock()

    def of(self, endpoint: str, limit: int | None = None) -> Slots:
        """The slots of an endpoint, of which there may be another number."""
        with self._lock:
            if (found := self._slots.get(endpoint)) is None:
                found = self._slots[endpoint] = Slots(limit or self.limit)
            return found


class Limits:
    """The limits that a client keeps to.

    Args:
        shared: The service's limit, which counts for everybody with the same credentials.
        own: The client's own, where it wants fewer calls at a time.
    """

    def __init__(self, shared: EndpointSlots, own: EndpointSlots | None = None) -> None:
        self._shared = shared
        self._own = own

    def room(self, path: str) -> Slots:
        """The slot of a room."""
        return self._shared.of(path, CONNECTIONS_PER_ROOM)

    def acquire(self, endpoint: str) -> Steps[Held]:
        """Takes a slot of an endpoint, waiting for one where all are held."""
        if self._own is None:
            return (yield from self._shared.of(endpoint).acquire())
        own = yield from self._own.of(endpoint).acquire()
        try:
            return _Both(own, (yield from self._shared.of(endpoint).acquire()))
        except BaseException:
            own.release()
            raise


class _Both:
    """Two slots: what is taken is of no use without the other."""

    def __init__(self, own: Lease, shared: Lease) -> None:
        self._leases = own, shared

    def rest(self, drop: Callable[[], None]) -> None:
        for lease in self._leases:
            lease.rest(drop)

    def wake(self) -> bool:
        held = [lease.wake() for lease in self._leases]
        return all(held)

    def release(self, *, dropped: bool = False) -> None:
        for lease in self._leases:
            lease.release(dropped=dropped)
