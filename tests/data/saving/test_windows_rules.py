"""Windows' rules for open files, simulated: an open file is neither renamed nor deleted, a locked one is not read."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from datastore_sdk.data.saving import atomic_file
from datastore_sdk.data.saving.files import open_atomic
from datastore_sdk.data.saving.journal import Journal
from datastore_sdk.data.saving.scratch_folder import HIDDEN_SUFFIX
from tests.data.saving.limited_folders import forbid_new_files, refuse_with
from tests.support.leak_checks import read_files

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc/self/fd")


def is_open(path: Any) -> bool:
    """Return whether this process has a file open."""
    wanted = os.path.realpath(path)
    return any(os.path.realpath(link) == wanted for link in Path("/proc/self/fd").iterdir())


@pytest.fixture(autouse=True)
def windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse to rename or delete open files, and to read open drafts."""
    opens = Path.open

    def guard(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(path: Any, *others: Any, **options: Any) -> Any:
            if is_open(path):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
            return real(path, *others, **options)

        return call

    def open_path(path: Path, mode: str = "r", *others: Any, **options: Any) -> Any:
        if "r" in mode and path.suffix == HIDDEN_SUFFIX and is_open(path):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return opens(path, mode, *others, **options)

    for name in ("replace", "rename", "unlink"):
        monkeypatch.setattr(os, name, guard(getattr(os, name)))
    monkeypatch.setattr(Path, "open", open_path)
    monkeypatch.setattr(atomic_file, "_IS_WINDOWS", True)
    monkeypatch.setattr(atomic_file, "_UnnamedFile", refuse_with(errno.EOPNOTSUPP))


@pytest.mark.parametrize("keep_unfinished", [False, True])
@pytest.mark.parametrize("overwrite", [False, True])
def test_draft_is_closed_before_it_is_renamed(keep_unfinished: bool, overwrite: bool, tmp_path: Path) -> None:
    target = tmp_path / "records.json"
    if overwrite:
        target.write_bytes(b"old")
    with open_atomic(target, overwrite=overwrite, keep_unfinished=keep_unfinished) as file:
        file.write(b"new")
    assert read_files(tmp_path) == {"records.json": b"new"}


@pytest.mark.usefixtures("temporary")
def test_fallback_draft_is_closed_before_it_is_copied(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forbid_new_files(target.parent, monkeypatch)
    with open_atomic(target) as file:
        file.write(b"new")
    assert target.read_bytes() == b"new"


def test_abandoned_draft_is_closed_before_it_is_deleted(tmp_path: Path) -> None:
    abandoned = tmp_path / f".records.json.0{HIDDEN_SUFFIX}"
    abandoned.write_bytes(b"half")
    with open_atomic(tmp_path / "records.json") as file:
        file.write(b"new")
    assert read_files(tmp_path) == {"records.json": b"new"}


def test_journal_reads_locked_byte_through_own_handle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "records.json.partial"
    with closing(Journal(path, {"queries": []})) as journal:
        journal.append(0, [msgspec.Raw(b"{}")])
    opens = Path.open

    class Handle:
        """A handle that cannot read the first byte."""

        def __init__(self, file: Any) -> None:
            self._file = file

        def __enter__(self) -> Any:
            return self

        def __exit__(self, *_: object) -> None:
            self._file.close()

        def read(self, size: int) -> bytes:
            if self._file.tell() == 0:
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
            content: bytes = self._file.read(size)
            return content

        def __getattr__(self, name: str) -> Any:
            return getattr(self._file, name)

    def open_path(path: Path, mode: str = "r", *others: Any, **options: Any) -> Any:
        return Handle(opens(path, mode, *others, **options))

    monkeypatch.setattr(Path, "open", open_path)
    with closing(Journal(path, {"queries": []})) as journal:
        (entry,) = journal.read(journal.first_offset)
        assert [*map(bytes, entry.texts)] == [b"{}"]
        journal.truncate(journal.first_offset)
    assert not path.exists()
