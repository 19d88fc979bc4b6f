"""Locks shared by processes. The operating system releases a lock when the process that holds it ends.

`FileLock` locks a path that serves only as a lock. `lock_file` locks an open file that holds data: a draft or a
journal. Both get the lock itself from `filelock`, for POSIX and Windows.
"""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from datastore_sdk._io.fork_safety import renew_after_fork


class FileLock:
    """Lock on a file, held by one process at a time.

    `filelock.FileLock` is not used: a forked child must close the descriptor without releasing the parent's lock, and
    the lock file must stay on disk, since another process may be about to lock it.

    Args:
        path: The lock file, which is created if missing and never deleted.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None
        renew_after_fork(self)

    def after_fork(self) -> None:
        """Close the parent's lock file in the child; otherwise the child would keep the lock after its release."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def acquire(self) -> bool:
        """Take the lock and return True; return False at once if another process holds it.

        Raises:
            OSError: The file cannot be created or locked.
        """
        from filelock import lock_descriptor  # slow to import

        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            acquired = lock_descriptor(descriptor, blocking=False)
        except BaseException:
            os.close(descriptor)
            raise
        if acquired:
            self._descriptor = descriptor
        else:
            os.close(descriptor)
        return acquired

    def release(self) -> None:
        """Release the lock."""
        from filelock import unlock_descriptor

        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            try:
                unlock_descriptor(descriptor)
            finally:
                os.close(descriptor)


def lock_file(file: IO[Any]) -> bool:
    """Lock an open file without waiting, until it is unlocked or closed or this process ends.

    Windows locks the first byte, which no other handle can read or write meanwhile.

    Returns:
        False if the file system has no locks.

    Raises:
        BlockingIOError: Another process, or another handle of this one, holds the lock.
    """
    from filelock import lock_descriptor  # slow to import

    try:
        is_locked = lock_descriptor(file.fileno(), blocking=False)
    except OSError:
        return False
    if not is_locked:
        raise BlockingIOError(errno.EWOULDBLOCK, os.strerror(errno.EWOULDBLOCK))
    return True


def unlock_file(file: IO[Any]) -> None:
    """Release a lock, even if a forked process inherited the open file."""
    from filelock import unlock_descriptor  # slow to import

    with suppress(OSError):
        unlock_descriptor(file.fileno())


def is_at_path(file: IO[Any], path: Path) -> bool:
    """Return whether an open file is still at its path: another process can remove it before it is locked."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False
