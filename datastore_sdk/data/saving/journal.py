"""The `.partial` file of a save, from which another process can resume.

A journal only grows. Its first line names the format. Blocks follow, each a header and a body. The body of the first
block is the fingerprint of the save, as JSON. The other blocks hold records of one query, as a sequence of JSON texts
(RFC 7464), one a line, each as it was received. A block without records marks its query as complete.

A block's header is one line of fixed length: number of the query, number of records, length of the body, checksum of
the body, and a checksum of the header and its offset. So an incomplete block differs from a changed one, and a deleted
block is noticed.

A killed process can leave its last block incomplete; that block is cut off. Any other damage is an edit.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import IO
from zlib import crc32

import msgspec

from datastore_sdk._io.file_lock import is_at_path, lock_file, unlock_file
from datastore_sdk.data.saving.files import add_path_to_errors
from datastore_sdk.data.saving.fingerprint import Fingerprint, describe_differences
from datastore_sdk.data.saving.scratch_folder import is_own_file
from datastore_sdk.data.saving.synced_file import sync_file
from datastore_sdk.exceptions import ResumeError

SUFFIX = ".partial"
_MAGIC = b"restream-partial "
_FORMAT = _MAGIC + b"1\n"
_BEFORE, _BETWEEN, _BEHIND = b"\x1e", b"\n\x1e", b"\n"
_HEADER = re.compile(rb"(\d{6}) (\d{9}) (\d{12}) ([0-9a-f]{8}) ([0-9a-f]{8})\n")
_HEADER_BYTES = 48
_CHECKSUM_BYTES = 10
"""Length of a header's checksum, with the space before it and the line break after it."""
_READ_BYTES = 1 << 20
"""Number of bytes that are read at a time."""
_MAX_UNSYNCED_BYTES = 1 << 25
"""Maximum number of bytes that a power cut can cost."""


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """Some records of a query."""

    query: int
    """Index of the query."""
    texts: list[msgspec.Raw]
    """The JSON texts of the records; empty if the query is complete."""
    start: int
    """Offset of the entry in the file."""
    end: int
    """Offset of its end."""


class Journal:
    """A journal, open for reading and appending, and locked against other processes if the file system has locks.

    Args:
        path: The file. An existing journal is resumed.
        fingerprint: The requested data.
        check_owner: Whether a file of another user is refused: the folder is one in which anybody can create files.

    Raises:
        ResumeError: Another process has the file open, it has another fingerprint, or it was edited.
        OSError: The file cannot be opened or written.
    """

    def __init__(self, path: Path, fingerprint: Fingerprint, *, check_owner: bool = False) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = _open_locked(path, check_owner=check_owner)
        self._end = self._synced = 0
        try:
            self.first_offset = self._read_or_write_header(fingerprint)
            """Offset of the first entry."""
        except BaseException:
            self._release()
            if not path.stat().st_size:
                path.unlink()
            raise
        self._end = self._synced = path.stat().st_size

    @property
    def end_offset(self) -> int:
        """Offset of the next entry."""
        return self._end

    @property
    def is_sync_due(self) -> bool:
        """Whether enough was appended since the last sync that the file should be synced."""
        return self._end - self._synced >= _MAX_UNSYNCED_BYTES

    def read(self, start: int) -> list[JournalEntry]:
        """Return some entries from an offset on; an empty list if no complete entry follows.

        Raises:
            ResumeError: The file was edited.
        """
        entries: list[JournalEntry] = []
        with self.path.open("rb") as file:
            end = file.seek(start)
            while end - start < _READ_BYTES and (block := self._read_block(file)):
                entries.append(JournalEntry(block.query, block.texts(), end, file.tell()))
                end = file.tell()
        return entries

    def append(self, query: int, texts: Sequence[msgspec.Raw]) -> None:
        """Append records of a query; no records mark the query as complete.

        Raises:
            OSError: The disk is full or fails. Earlier entries stay valid.
        """
        body = _BEFORE + _BETWEEN.join(texts) + _BEHIND if texts else b""
        self._write(_Block(query, len(texts), body).to_bytes(self._end))

    def sync(self) -> None:
        """Wait until the file is on the disk."""
        self._synced = self._end
        with add_path_to_errors(self.path):
            sync_file(self._file)

    def truncate(self, end: int) -> None:
        """Cut the file off at an offset, where the next entry is then appended."""
        with add_path_to_errors(self.path):
            self._file.truncate(end)
        self._end = self._synced = end

    def close(self) -> None:
        """Close the file, and delete it if it holds no records."""
        is_empty = self._file.seek(0, os.SEEK_END) <= self.first_offset  # Ctrl-C may have come before `_end` was set
        self._release()
        if is_empty:
            with suppress(OSError):  # the next save starts an empty journal again
                self.path.unlink(missing_ok=True)

    def build_edited_error(self) -> ResumeError:
        """Return the error for a file that was edited."""
        return self._build_error("is damaged or was edited, so the save cannot resume from it")

    def _read_or_write_header(self, fingerprint: Fingerprint) -> int:
        """Check what precedes the entries, or write it, and return the offset of the first entry."""
        file = self._file  # on Windows, no other handle can read the locked first byte
        file.seek(0)
        magic = file.read(len(_FORMAT))
        if magic == _FORMAT and (block := self._read_block(file)):
            previous: Fingerprint = json.loads(block.body)
            if previous == fingerprint:
                return file.tell()
            if file.read(1):
                differences = describe_differences(fingerprint, previous)
                raise self._build_error(f"holds the records of a different request: {differences}")
        elif magic != _FORMAT[: len(magic)]:
            other = "another version of this SDK" if magic.startswith(_MAGIC) else "another program"
            raise self._build_error(f"is a file of {other}, so the save cannot resume from it")
        self.truncate(0)  # it holds no records
        body = json.dumps(fingerprint, indent=1).encode() + b"\n"
        self._write(_FORMAT + _Block(0, 0, body).to_bytes(len(_FORMAT)))
        return self._end

    def _release(self) -> None:
        unlock_file(self._file)
        self._file.close()

    def _read_block(self, file: IO[bytes] | FileIO) -> _Block | None:
        try:
            return _Block.read(file)
        except _DamagedBlockError:
            raise self.build_edited_error() from None

    def _write(self, data: bytes) -> None:
        unwritten = memoryview(data)
        try:
            with add_path_to_errors(self.path):
                while unwritten:
                    unwritten = unwritten[self._file.write(unwritten) :]
        except BaseException:
            with suppress(OSError):
                if self._file.seek(0, os.SEEK_END) < self._end + len(data):
                    self._file.truncate(self._end)
                else:  # Ctrl-C came after the last byte
                    self._end += len(data)
            raise
        self._end += len(data)

    def _build_error(self, reason: str) -> ResumeError:
        return ResumeError(f"{self.path} {reason}; delete it to start again, or save to another path", path=self.path)


def read_fingerprint(path: Path) -> Fingerprint | None:
    """Return the fingerprint of a journal, without opening it for a save; None if there is no readable one."""
    try:
        with path.open("rb") as file:
            block = _Block.read(file) if file.read(len(_FORMAT)) == _FORMAT else None
        return json.loads(block.body) if block else None
    except (OSError, ValueError, _DamagedBlockError):
        return None


class _DamagedBlockError(Exception):
    """A block was changed."""


@dataclass(frozen=True, slots=True)
class _Block:
    """A block of a journal."""

    query: int
    """Index of the query; 0 for the fingerprint."""
    count: int
    """Number of records in the body."""
    body: bytes

    @classmethod
    def read(cls, file: IO[bytes] | FileIO) -> _Block | None:
        """Read the next block of a file; None at the end of the file, or if the last block is incomplete.

        Raises:
            _DamagedBlockError: The block was changed.
        """
        offset = file.tell()
        header = file.read(_HEADER_BYTES) or b""
        if len(header) < _HEADER_BYTES:
            return None
        fields = _HEADER.fullmatch(header)
        if fields is None or _header_checksum(header[:-_CHECKSUM_BYTES], offset) != int(fields[5], 16):
            raise _DamagedBlockError
        query, count, length = map(int, fields.groups()[:3])
        body = file.read(length) or b""
        if len(body) < length:
            return None
        if crc32(body) != int(fields[4], 16):
            if file.read(1):
                raise _DamagedBlockError
            return None
        return cls(query, count, body)

    def to_bytes(self, offset: int) -> bytes:
        """Return the block as bytes, for an offset in the file."""
        header = b"%06d %09d %012d %08x" % (self.query, self.count, len(self.body), crc32(self.body))
        return b"%b %08x\n%b" % (header, _header_checksum(header, offset), self.body)

    def texts(self) -> list[msgspec.Raw]:
        """Return the JSON texts of the records."""
        texts = self.body[len(_BEFORE) : -len(_BEHIND)].split(_BETWEEN) if self.count else []
        return [*map(msgspec.Raw, texts)]


def _header_checksum(header: bytes, offset: int) -> int:
    return crc32(header, crc32(b"%d" % offset))


def _open_locked(path: Path, *, check_owner: bool) -> FileIO:
    """Open a journal for reading and appending, and lock it."""
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise _build_foreign_file_error(path)
    while True:
        file = open(path, "a+b", buffering=0, opener=_open_private)  # noqa: SIM115 - the caller closes it
        if check_owner and not is_own_file(os.fstat(file.fileno())):
            file.close()
            raise _build_foreign_file_error(path)
        try:
            lock_file(file)
        except BlockingIOError:
            file.close()
            raise ResumeError(
                f"{path} is in use: another process runs the same save; wait for its end, or save to another path",
                path=path,
            ) from None
        if is_at_path(file, path):
            return file
        file.close()  # its last holder deleted it just before it was locked


def _open_private(name: str, flags: int) -> int:
    """Open a file that other users cannot read: only the target's permissions say who can read the records."""
    return os.open(name, flags | getattr(os, "O_NOFOLLOW", 0), 0o600)


def _build_foreign_file_error(path: Path) -> ResumeError:
    return ResumeError(f"{path} is not a file of this SDK; delete it, or save to another path", path=path)
