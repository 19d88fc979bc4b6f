"""Keep the JSON text of delivered records in bounded memory, to identify the records after a break.

To identify records takes about as long as to decode them, and is needed only after a break. Until then, their text is
kept. Texts that do not fit in memory go to a store on disk.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator, Sequence
from typing import IO, Protocol

MAX_MEMORY_BYTES = 4 << 20
"""Maximum size in bytes of the texts kept in memory."""
_MAX_BUFFERS = 512
"""Maximum number of texts written with one system call."""
_DISK_FOLDER = "/var/tmp"  # noqa: S108 - the file has no name
"""Folder for large temporary files: /tmp is in memory on many systems."""


class TextStore(Protocol):
    """Store for texts that do not fit in memory."""

    def append(self, texts: Sequence[bytes]) -> None:
        """Add texts.

        Raises:
            OSError: The disk is full or fails.
        """
        ...

    def skip(self, count: int) -> None:
        """Note that the next texts are no longer needed."""
        ...

    def read(self, first: int) -> Iterator[bytes]:
        """Yield the texts in order, from the one with a number on."""
        ...

    def clear(self) -> None:
        """Forget all texts."""
        ...


class DeliveredTexts:
    """The texts of delivered records: the latest in memory, earlier ones in a store.

    Args:
        store: Holds the earlier texts.
    """

    def __init__(self, store: TextStore) -> None:
        self._recent: deque[bytes] = deque()
        self._size = 0
        self._store = store
        self._failure: OSError | None = None
        self.spilled = 0
        """Number of texts in the store."""

    def append(self, text: bytes) -> None:
        """Add a JSON array of delivered records."""
        if self._failure is not None:
            return
        self._recent.append(text)
        self._size += len(text)
        if self._size > MAX_MEMORY_BYTES:
            try:
                self._spill()
            except OSError as error:
                self._failure = error
                self.clear()

    def take_recent(self) -> Iterator[bytes]:
        """Yield the texts in memory, oldest first, and forget them.

        Raises:
            OSError: Texts were lost, because the disk was full or failed.
        """
        if self._failure is not None:
            raise self._failure
        self._store.skip(len(self._recent))
        while self._recent:
            yield self._recent.popleft()
        self._size = 0

    def read_spilled(self, first: int = 0) -> Iterator[bytes]:
        """Yield the texts of the store, oldest first, from the one with a number on."""
        return self._store.read(first)

    def clear_spilled(self) -> None:
        """Forget the texts of the store."""
        self._store.clear()
        self.spilled = 0

    def clear(self) -> None:
        """Forget all texts."""
        self._recent.clear()
        self._size = 0
        self.clear_spilled()

    def _spill(self) -> None:
        """Move half of the texts in memory to the store, but never the latest text."""
        while self._size > MAX_MEMORY_BYTES // 2 and len(self._recent) > 1:
            moved: list[bytes] = []
            while self._size > MAX_MEMORY_BYTES // 2 and len(self._recent) > 1 and len(moved) < _MAX_BUFFERS:
                oldest = self._recent.popleft()
                moved.append(oldest)
                self._size -= len(oldest)
            self._store.append(moved)
            self.spilled += len(moved)


class TemporaryStore:
    """Texts in a temporary file."""

    def __init__(self) -> None:
        self._file: IO[bytes] | None = None
        self._lengths: list[int] = []

    def append(self, texts: Sequence[bytes]) -> None:
        """Add texts.

        Raises:
            OSError: The disk is full or fails.
        """
        if self._file is None:
            self._file = _open_temporary_file()
        self._file.seek(0, os.SEEK_END)
        _write_all(self._file, texts)
        self._lengths += map(len, texts)

    def skip(self, count: int) -> None:
        """Do nothing: the next texts are not in this store."""

    def read(self, first: int) -> Iterator[bytes]:
        """Yield the texts in order, from the one with a number on."""
        if (file := self._file) is not None:
            file.seek(sum(self._lengths[:first]))
            for length in self._lengths[first:]:
                yield file.read(length)

    def clear(self) -> None:
        """Forget all texts."""
        self._lengths.clear()
        if self._file is not None:
            self._file.close()
            self._file = None


def _open_temporary_file() -> IO[bytes]:
    from tempfile import TemporaryFile  # slow to import

    on_disk = "TMPDIR" not in os.environ and os.access(_DISK_FOLDER, os.W_OK)
    return TemporaryFile(buffering=0, dir=_DISK_FOLDER if on_disk else None)


def _write_all(file: IO[bytes], texts: Sequence[bytes]) -> None:
    written = os.writev(file.fileno(), texts) if hasattr(os, "writev") else 0
    if written < sum(map(len, texts)):
        left = memoryview(b"".join(texts))[written:]
        while left:
            left = left[file.write(left) :]
