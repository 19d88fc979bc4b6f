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
        self._claimed: set[Hashable] = set()

    def claim(self, things: Mapping[str, Hashable]) -> RoomClaim:
        """Takes things, by their names for the message; all or none.

        Raises:
            RoomInUseError: One is taken.
        """
        with self._lock:
            for name, thing in things.items():
                if thing in self._claimed:
                    raise RoomInUseError(
                        f"{name} is listened to already, and one connection at a time may do so: read from that one, "
                        "or close it first"
                    )
            self._claimed.update(things.values())
        return RoomClaim(self, things.values())

    def release(self, things: set[Hashable]) -> None:
        """Others may take these now."""
        with self._lock:
            self._claimed -= things


class RoomClaim:
    """Things that are taken."""

    def __init__(self, registry: RoomRegistry, things: Iterable[Hashable]) -> None:
        self._registry = registry
        self._keys: set[Hashable] = {*things}
        self._extension: RoomClaim | None = None
        self._released = False

    def extend(self, things: Mapping[str, Hashable]) -> RoomClaim:
        """Takes more, in the place of what was taken so before, to be given back with these or earlier.

        Raises:
            RoomInUseError: It is taken.
        """
        more = self._registry.claim(things)
        self._extension = more
        if self._released:  # from another thread
            more.release()
        return more

    def release(self) -> None:
        """Gives them back; once more does nothing."""
        self._released = True
        self._registry.release(self._keys)
        self._keys = set[Hashable]()
        if self._extension is not None:
            self._extension.release()


ROOM_REGISTRY = RoomRegistry()
"""Those of this process."""
