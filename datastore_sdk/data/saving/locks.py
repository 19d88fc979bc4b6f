"""Locks on files, which end with the process that has them, however it ends."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import IO, Any


def lock(file: IO[Any]) -> bool:
    """Keeps others from locking a file until it is unlocked, or this process has ended; whether the system can.

    Raises:
        BlockingIOError: It is locked.
    """
    try:
        from fcntl import LOCK_EX, LOCK_NB, flock
    except ImportError:  # on Windows
        return False
    try:
        flock(file, LOCK_EX | LOCK_NB)
    except BlockingIOError:
        raise
    except OSError:  # a file system without locks
        return False
    return True


def unlock(file: IO[Any]) -> None:
    """Lets others lock a file, even where a forked process has it open too."""
    with suppress(ImportError, OSError):
        from fcntl import LOCK_UN, flock

        flock(file, LOCK_UN)


def is_at(file: IO[Any], path: Path) -> bool:
    """Whether a file that is open still lies at its path: else somebody removed it between opening and locking."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False
