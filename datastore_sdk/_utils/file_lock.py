"""Locks on open files. The system releases a lock when its process ends, however it ends.

The lock itself comes from `filelock`, for POSIX and Windows. `filelock.FileLock` takes a path and keeps a lock file of
its own; scratch files are locked themselves instead (`lock_descriptor`), so that nothing is left beside them.
"""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path
from typing import IO, Any


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
