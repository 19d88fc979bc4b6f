"""A file whose bytes go to the disk while it is written, so that its end need not wait for all of them."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from contextlib import suppress
from io import BufferedWriter, FileIO
from pathlib import Path
from typing import IO, Any

BUFFER = 1 << 20
"""Bytes that are written at a time: the system takes a quarter less time for them than for a batch of records each."""
STORED_AT_A_TIME = 1 << 24

_CANNOT_SYNC = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOTTY, errno.EPERM, errno.EACCES}
"""Errors by which file systems say that they do not sync. A disk that fails or is full says EIO, ENOSPC, EDQUOT."""


def sync(file: IO[bytes]) -> None:
    """Wait until a file is on the disk, if its file system can tell.

    Raises:
        OSError: The disk is full, or fails.
    """
    try:
        os.fsync(file.fileno())
    except OSError as error:
        if error.errno not in _CANNOT_SYNC:
            raise


def opened_to_store(path: Path, mode: str, opener: Callable[[str, int], int] | None = None) -> BufferedWriter:
    """Opens a file to be written, in one of the modes "wb" and "xb"."""
    return BufferedWriter(_Storing(str(path), mode, opener=opener), BUFFER)


def scratch_file(folder: Path | None = None, *, buffer: int = BUFFER) -> IO[bytes]:
    """Open a temporary file in a folder, or in that of temporary files if the folder cannot hold it.

    Raises:
        OSError: Neither of them can.
    """
    from tempfile import TemporaryFile  # takes long to import

    with suppress(OSError):
        return TemporaryFile(dir=folder, buffering=buffer)
    return TemporaryFile(buffering=buffer)


class _Storing(FileIO):
    """Asks the system, now and then, to store what it has. Else most systems wait for half a minute."""

    _begun = 0
    _end = 0

    def write(self, data: Any, /) -> int:
        count = super().write(data)
        self._end += count
        if self._end - self._begun >= STORED_AT_A_TIME:
            self._store()
        return count

    def _store(self) -> None:
        """Begins to store what was written since, where the system can; other places are left to the end."""
        with suppress(OSError, AttributeError):
            # Says that these bytes may be forgotten. They are not stored yet, so the system begins with that.
            os.posix_fadvise(self.fileno(), self._begun, self._end - self._begun, os.POSIX_FADV_DONTNEED)
        self._begun = self._end
