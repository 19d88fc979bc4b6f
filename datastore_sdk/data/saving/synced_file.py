"""Files whose bytes go to the disk while they are written, so that the final sync is short; and scratch files."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from contextlib import suppress
from io import BufferedWriter, FileIO
from pathlib import Path
from typing import IO, Any

BUFFER_BYTES = 1 << 20
"""Size of a write in bytes: writing 1 MiB at a time takes a quarter less time than writing each batch of records."""
WRITEBACK_BYTES = 1 << 24
"""Number of bytes after which written bytes are sent to the disk."""

_SYNC_UNSUPPORTED = {
    errno.EINVAL,
    errno.ENOSYS,
    errno.ENOTSUP,
    errno.EOPNOTSUPP,
    errno.ENOTTY,
    errno.EPERM,
    errno.EACCES,
}
"""Errors of file systems that cannot sync. A disk that fails or is full reports EIO, ENOSPC or EDQUOT."""


def sync_file(file: IO[bytes]) -> None:
    """Wait until a file is on the disk, if its file system can sync.

    Raises:
        OSError: The disk is full or fails.
    """
    try:
        os.fsync(file.fileno())
    except OSError as error:
        if error.errno not in _SYNC_UNSUPPORTED:
            raise


def open_synced_file(path: Path, mode: str, opener: Callable[[str, int], int] | None = None) -> BufferedWriter:
    """Open a file for writing; the mode is "wb" or "xb"."""
    return BufferedWriter(_SyncedFile(str(path), mode, opener=opener), BUFFER_BYTES)


def open_scratch_file(folder: Path | None = None, *, buffer: int = BUFFER_BYTES) -> IO[bytes]:
    """Open a temporary file in a folder, or in the temporary folder if that folder cannot hold it.

    Raises:
        OSError: Neither folder can hold it.
    """
    from tempfile import TemporaryFile  # slow to import

    with suppress(OSError):
        return TemporaryFile(dir=folder, buffering=buffer)
    return TemporaryFile(buffering=buffer)


class _SyncedFile(FileIO):
    """A file that makes the system store every `WRITEBACK_BYTES`. Otherwise most systems wait half a minute."""

    _stored = 0
    _end = 0

    def write(self, data: Any, /) -> int:
        count = super().write(data)
        self._end += count
        if self._end - self._stored >= WRITEBACK_BYTES:
            self._start_writeback()
        return count

    def _start_writeback(self) -> None:
        """Start to store the bytes written since the last call, if the system can."""
        with suppress(OSError, AttributeError):
            # DONTNEED drops these bytes from the cache. They are not stored yet, so the system first stores them.
            os.posix_fadvise(self.fileno(), self._stored, self._end - self._stored, os.POSIX_FADV_DONTNEED)
        self._stored = self._end
