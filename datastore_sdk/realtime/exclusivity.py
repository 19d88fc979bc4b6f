"""What one listener at a time may listen to in this process."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from threading import Lock

from datastore_sdk._io.fork_safety import renew_after_fork
from datastore_sdk.exceptions import RoomInUseError


class RoomRegistry:
    """Rooms and session keys that have their listener."""

    def __init__(self) -> None:
        self.after_fork()
        renew_after_fork(self)

    def after_fork(self) -> None:
        """Threads, and what they listen to, stay with the parent."""
        self._lock = Lock()
        self._things: set[Hashable] = set()

    def take(self, things: Mapping[str, Hashable]) -> RoomClaim:
        """Takes things, by their names for the message; all or none.

        Raises:
            RoomInUseError: One is taken.
        """
        with self._lock:
            for name, thing in things.items():
                if thing in self._things:
                    raise RoomInUseError(
                        f"{name} is listened to already, and one connection at a time may do so: read from that one, "
                        "or close it first"
                    )
            self._things.update(things.values())
        return RoomClaim(self, things.values())

    def give_back(self, things: set[Hashable]) -> None:
        """Others may take these now."""
        with self._lock:
            self._things -= things


class RoomClaim:
    """Things that are taken."""

    def __init__(self, taken: RoomRegistry, things: Iterable[Hashable]) -> None:
        self._taken = taken
        self._things: set[Hashable] = {*things}
        self._more: RoomClaim | None = None
        self._released = False

    def also(self, things: Mapping[str, Hashable]) -> RoomClaim:
        """Takes more, in the place of what was taken so before, to be given back with these or earlier.

        Raises:
            RoomInUseError: It is taken.
        """
        more = self._taken.take(things)
        self._more = more
        if self._released:  # from another thread
            more.release()
        return more

    def release(self) -> None:
        """Gives them back; once more does nothing."""
        self._released = True
        self._taken.give_back(self._things)
        self._things = set[Hashable]()
        if self._more is not None:
            self._more.release()


TAKEN = RoomRegistry()
"""Those of this process."""
