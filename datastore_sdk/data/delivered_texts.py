"""Keep the JSON text of delivered records in bounded memory, so that they can be identified if that is needed.

To identify records takes about as long as to read them. It is needed only after a break, so until then their text is
kept as it came. What does not fit in memory goes to a temporary file.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from typing import IO

MEMORY = 4 << 20
"""Maximum size in bytes of the texts kept in memory."""
_BUFFERS = 512
"""Maximum number of texts written with one system call."""


class DeliveredTexts:
    """The texts of delivered records: the latest in memory, those before them in a temporary file."""

    def __init__(self) -> None:
        self._recent: deque[bytes] = deque()
        self._size = 0
        self._file: IO[bytes] | None = None
        self._lengths: list[int] = []
        self._failure: OSError | None = None

    @property
    def spilled(self) -> int:
        """How many texts are in the file."""
        return len(self._lengths)

    def append(self, text: bytes) -> None:
        """Add a JSON array of records that are being delivered."""
        if self._failure is not None:
            return
        self._recent.append(text)
        self._size += len(text)
        if self._size > MEMORY:
            try:
                self._spill()
            except OSError as error:
                self._failure = error
                self.clear()

    def take_recent(self) -> Iterator[bytes]:
        """Yield the texts in memory, oldest first, and forget them.

        Raises:
            OSError: Not all texts could be kept, because the disk is full or the like.
        """
        if self._failure is not None:
            raise self._failure
        while self._recent:
            yield self._recent.popleft()
        self._size = 0

    def read_spilled(self, first: int = 0) -> Iterator[bytes]:
        """Yield the texts in the file, oldest first, from the one with a number on."""
        if (file := self._file) is not None:
            file.seek(sum(self._lengths[:first]))
            for length in self._lengths[first:]:
                yield file.read(length)

    def clear_spilled(self) -> None:
        """Forget the texts in the file."""
        self._lengths.clear()
        if self._file is not None:
            self._file.close()
            self._file = None

    def clear(self) -> None:
        """Forget all texts."""
        self._recent.clear()
        self._size = 0
        self.clear_spilled()

    def _spill(self) -> None:
        """Move half of what is in memory to the file, but for the latest text."""
        if self._file is None:
            from tempfile import TemporaryFile  # takes long to import

            self._file = TemporaryFile(buffering=0)  # noqa: SIM115 - closed by clear_spilled()
        self._file.seek(0, os.SEEK_END)
        while self._size > MEMORY // 2 and len(self._recent) > 1:
            moved: list[bytes] = []
            while self._size > MEMORY // 2 and len(self._recent) > 1 and len(moved) < _BUFFERS:
                oldest = self._recent.popleft()
                moved.append(oldest)
                self._size -= len(oldest)
            _write(self._file, moved)
            self._lengths += map(len, moved)


def _write(file: IO[bytes], texts: list[bytes]) -> None:
    written = os.writev(file.fileno(), texts) if hasattr(os, "writev") else 0
    if written < sum(map(len, texts)):
        left = memoryview(b"".join(texts))[written:]
        while left:
            left = left[file.write(left) :]
