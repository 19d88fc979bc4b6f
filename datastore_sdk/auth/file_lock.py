"""A lock between processes. The system gives it back when its holder ends, however it ends."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from datastore_sdk._io.fork_safety import renew_after_fork

if sys.platform == "win32":
    import msvcrt

    def _take(number: int) -> None:
        msvcrt.locking(number, msvcrt.LK_NBLCK, 1)

    def _give_back(number: int) -> None:
        msvcrt.locking(number, msvcrt.LK_UNLCK, 1)

    _TAKEN: type[OSError] = PermissionError
else:
    import fcntl

    def _take(number: int) -> None:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _give_back(number: int) -> None:
        fcntl.flock(number, fcntl.LOCK_UN)

    _TAKEN: type[OSError] = BlockingIOError


class FileLock:
    """Held by one process at a time.

    Args:
        path: A file for this purpose alone, which is made where it is missing and never taken away.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._number: int | None = None
        renew_after_fork(self)

    def after_fork(self) -> None:
        """What the parent holds stays the parent's: the child must not keep it when the parent has given it back."""
        number, self._number = self._number, None
        if number is not None:
            os.close(number)

    def acquire(self) -> bool:
        """Takes the lock, or comes back with False at once where another holds it.

        Raises:
            OSError: The file cannot be made, or not be locked.
        """
        number = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _take(number)
        except _TAKEN:
            os.close(number)
            return False
        except BaseException:
            os.close(number)
            raise
        self._number = number
        return True

    def release(self) -> None:
        """Gives the lock back."""
        number, self._number = self._number, None
        if number is not None:
            try:
                _give_back(number)
            finally:
                os.close(number)
