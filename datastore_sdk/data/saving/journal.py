"""The file that a save keeps beside its target while it runs, so that another process can go on from it.

A journal only grows. It begins with a line that names its format; then come blocks. The first one says what was asked
for, as JSON; the others hold records as a sequence of JSON texts (RFC 7464), one a line, each as it was sent, and the
number of the query that they belong to. A block without records says that its query has no more.

A process that is killed may leave its last block unfinished; that is cut off. Whatever else is wrong with the file was
done to it by somebody.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import IO

import msgspec

from datastore_sdk.data.saving.blocks import DamagedBlockError, JournalBlock, next_block
from datastore_sdk.data.saving.files import naming
from datastore_sdk.data.saving.fingerprint import Asked, differences
from datastore_sdk.data.saving.locks import is_at, lock, unlock
from datastore_sdk.data.saving.storing import sync
from datastore_sdk.exceptions import ResumeError

SUFFIX = ".partial"
_KIND = b"restream-partial "
_FORMAT = _KIND + b"1\n"
_BEFORE, _BETWEEN, _BEHIND = b"\x1e", b"\n\x1e", b"\n"
_AT_A_TIME = 1 << 20
"""How many bytes are read at a time."""
_UNSYNCED = 1 << 25
"""How many bytes a power cut may cost."""


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """Some records of a query."""

    query: int
    """Which query they belong to."""
    texts: list[msgspec.Raw]
    """The JSON texts of the records; none where the query has no more."""
    start: int
    """Where the entry starts in the file."""
    end: int
    """Where it ends."""


class Journal:
    """A journal, open to be added to. No other process can open it meanwhile, where the system has locks.

    Args:
        path: Where it lies. One that is there is gone on with.
        wanted: What is asked for.

    Raises:
        ResumeError: Another process has it open, it is of another query, or somebody has edited it.
        OSError: It cannot be opened or written.
    """

    def __init__(self, path: Path, wanted: Asked) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = _opened(path)
        self._end = self._synced = 0
        try:
            self.first = self._begun(wanted)
            """Where the first entry is."""
        except BaseException:
            self._let_go()
            if not path.stat().st_size:
                path.unlink()
            raise
        self._end = self._synced = path.stat().st_size

    @property
    def end(self) -> int:
        """Where the next entry comes."""
        return self._end

    @property
    def sync_due(self) -> bool:
        """Whether so much was added that it should be made to last."""
        return self._end - self._synced >= _UNSYNCED

    def read(self, start: int) -> list[JournalEntry]:
        """Some entries from a place on; none where no more of them are whole.

        Raises:
            ResumeError: Somebody has edited the file.
        """
        entries: list[JournalEntry] = []
        with self.path.open("rb") as file:
            end = file.seek(start)
            while end - start < _AT_A_TIME and (block := self._next(file)):
                entries.append(JournalEntry(block.number, _texts(block), end, file.tell()))
                end = file.tell()
        return entries

    def append(self, query: int, texts: Sequence[msgspec.Raw]) -> None:
        """Adds records; none at all where the query has no more.

        Raises:
            OSError: The disk is full, or the like. What was there before stays good.
        """
        body = _BEFORE + _BETWEEN.join(texts) + _BEHIND if texts else b""
        self._write(JournalBlock(query, len(texts), body).packed(self._end))

    def sync(self) -> None:
        """Makes what was added last, even through a power cut."""
        self._synced = self._end
        with naming(self.path):
            sync(self._file)

    def cut(self, end: int) -> None:
        """Drops what is behind a place; the next entry comes there."""
        with naming(self.path):
            self._file.truncate(end)
        self._end = self._synced = end

    def close(self) -> None:
        """Lets go of the file, which stays if there are records in it."""
        self._let_go()
        if self._end == self.first:
            with suppress(OSError):  # a folder that removes nothing; a journal without records is begun anew
                self.path.unlink(missing_ok=True)

    def edited(self) -> ResumeError:
        """The error that says that somebody has edited the file."""
        return self._refused("is damaged or was edited, so the save cannot go on from it")

    def _begun(self, wanted: Asked) -> int:
        """Where entries begin, after a look at what stands before them."""
        with self.path.open("rb") as file:
            kind = file.read(len(_FORMAT))
            if kind == _FORMAT and (block := self._next(file)):
                then: Asked = json.loads(block.body)
                if then == wanted:
                    return file.tell()
                if file.read(1):
                    raise self._refused(f"holds records that were asked for differently: {differences(wanted, then)}")
            elif kind != _FORMAT[: len(kind)]:
                kind_of = "another version of this SDK" if kind.startswith(_KIND) else "something else"
                raise self._refused(f"is a file of {kind_of}, so the save cannot go on from it")
        self.cut(0)  # without a record in it, nothing is lost
        about = json.dumps(wanted, indent=1).encode() + b"\n"
        self._write(_FORMAT + JournalBlock(0, 0, about).packed(len(_FORMAT)))
        return self._end

    def _let_go(self) -> None:
        unlock(self._file)
        self._file.close()

    def _next(self, file: IO[bytes]) -> JournalBlock | None:
        try:
            return next_block(file)
        except DamagedBlockError:
            raise self.edited() from None

    def _write(self, data: bytes) -> None:
        left = memoryview(data)
        try:
            with naming(self.path):
                while left:
                    left = left[self._file.write(left) :]
        except BaseException:
            with suppress(OSError):
                self._file.truncate(self._end)
            raise
        self._end += len(data)

    def _refused(self, why: str) -> ResumeError:
        return ResumeError(f"{self.path} {why}; delete it to begin anew, or save elsewhere", path=self.path)


def _opened(path: Path) -> FileIO:
    """The file, locked, at its end."""
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise ResumeError(f"{path} is no file of this SDK's; remove it, or save elsewhere", path=path)
    while True:
        file = open(path, "ab", buffering=0, opener=_private)  # noqa: SIM115 - closed by whoever wants it
        try:
            lock(file)
            if is_at(file, path):  # else whoever had it has just removed it
                return file
        except BlockingIOError:
            file.close()
            raise ResumeError(
                f"{path} is in use: the same save is running already; wait for its end, or save elsewhere", path=path
            ) from None
        file.close()


def _private(name: str, flags: int) -> int:
    """Makes a file that nobody else can read: who may read the target is decided when it is there."""
    return os.open(name, flags, 0o600)


def _texts(block: JournalBlock) -> list[msgspec.Raw]:
    texts = block.body[len(_BEFORE) : -len(_BEHIND)].split(_BETWEEN) if block.count else []
    return [*map(msgspec.Raw, texts)]
