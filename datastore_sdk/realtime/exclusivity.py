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

    def claim(self, keys: Mapping[str, Hashable]) -> RoomClaim:
        """Claim keys, given by their names for error messages. Either all are claimed or none.

        Raises:
            RoomInUseError: A key is in use.
        """
        with self._lock:
            for name, key in keys.items():
                if key in self._claimed:
                    raise RoomInUseError(
                        f"{name} is already in use, and only one reader at a time is allowed: use that one, "
                        "or close it first"
                    )
            self._claimed.update(keys.values())
        return RoomClaim(self, keys.values())

    def release(self, keys: set[Hashable]) -> None:
        """Release keys, so that others may claim them."""
        with self._lock:
            self._claimed -= keys


class RoomClaim:
    """Claimed keys."""

    def __init__(self, registry: RoomRegistry, keys: Iterable[Hashable]) -> None:
        self._registry = registry
        self._keys: set[Hashable] = {*keys}
        self._extension: RoomClaim | None = None
        self._released = False

    def extend(self, keys: Mapping[str, Hashable]) -> RoomClaim:
        """Claim more keys in place of an earlier extension. They are released with this claim, or earlier.

        Raises:
            RoomInUseError: A key is in use.
        """
        extension = self._registry.claim(keys)
        self._extension = extension
        if self._released:  # released by another thread meanwhile
            extension.release()
        return extension

    def release(self) -> None:
        """Release all keys. Calling it again does nothing."""
        self._released = True
        self._registry.release(self._keys)
        self._keys = set[Hashable]()
        if self._extension is not None:
            self._extension.release()


ROOM_REGISTRY = RoomRegistry()
"""The registry of this process."""
