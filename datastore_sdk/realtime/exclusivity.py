"""Registry of rooms and session keys that this process reads from. Each may have one reader at a time."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from threading import Lock

from datastore_sdk._io.fork_safety import renew_after_fork
from datastore_sdk.exceptions import RoomInUseError


class RoomRegistry:
    """Rooms and session keys that are in use."""

    def __init__(self) -> None:
        self.after_fork()
        renew_after_fork(self)

    def after_fork(self) -> None:
        """Start empty in a forked process: reader threads stay with the parent."""
        self._lock = Lock()
        self._claimed: set[Hashable] = set()

    def claim(self, things: Mapping[str, Hashable]) -> RoomClaim:
        """Claim keys, given by their names for error messages. Either all are claimed or none.

        Raises:
            RoomInUseError: A key is in use.
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
        """Release keys, so that others may claim them."""
        with self._lock:
            self._claimed -= things


class RoomClaim:
    """Claimed keys."""

    def __init__(self, registry: RoomRegistry, things: Iterable[Hashable]) -> None:
        self._registry = registry
        self._keys: set[Hashable] = {*things}
        self._extension: RoomClaim | None = None
        self._released = False

    def extend(self, things: Mapping[str, Hashable]) -> RoomClaim:
        """Claim more keys in place of an earlier extension. They are released with this claim, or earlier.

        Raises:
            RoomInUseError: A key is in use.
        """
        more = self._registry.claim(things)
        self._extension = more
        if self._released:  # from another thread
            more.release()
        return more

    def release(self) -> None:
        """Release all keys. Calling it again does nothing."""
        self._released = True
        self._registry.release(self._keys)
        self._keys = set[Hashable]()
        if self._extension is not None:
            self._extension.release()


ROOM_REGISTRY = RoomRegistry()
"""The registry of this process."""
