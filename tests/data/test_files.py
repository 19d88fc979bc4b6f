"""Files that are whole or not there, whatever happens while they are written."""

from __future__ import annotations

import errno
import os
import resource
import stat
from pathlib import Path

import pytest

from datastore_sdk.data.files import checked_target, replacing
from tests.support.leaks import files_in


def write(target: Path, content: bytes) -> None:
    with replacing(target) as file:
        file.write(content)


def test_a_new_file(tmp_path: Path) -> None:
    write(tmp_path / "records.json", b"[]")
    assert files_in(tmp_path) == {"records.json": b"[]"}


def test_a_file_that_is_there_is_replaced_at_the_end(tmp_path: Path) -> None:
    target = tmp_path / "records.json"
    target.write_bytes(b"old")
    with replacing(target) as file:
        file.write(b"new" * 100_000)
        file.flush()
        assert target.read_bytes() == b"old"
    assert files_in(tmp_path) == {"records.json": b"new" * 100_000}


def fail_half_way(target: Path, error: type[BaseException]) -> None:
    with replacing(target) as file:
        file.write(b"half")
        raise error


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, GeneratorExit, MemoryError])
@pytest.mark.parametrize("old", [None, b"old"])
def test_a_failure_leaves_everything_as_it_was(tmp_path: Path, error: type[BaseException], old: bytes | None) -> None:
    target = tmp_path / "records.json"
    if old is not None:
        target.write_bytes(old)
    before = files_in(tmp_path)
    with pytest.raises(error):
        fail_half_way(target, error)
    assert files_in(tmp_path) == before


@pytest.mark.parametrize("step", ["fsync", "replace", "chmod"])
def test_a_disk_that_fails(tmp_path: Path, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    target = tmp_path / "records.json"
    target.write_bytes(b"old")
    monkeypatch.setattr(os if step == "fsync" else Path, step, fail)
    with pytest.raises(OSError, match="No space left"):
        write(target, b"new")
    monkeypatch.undo()
    assert files_in(tmp_path) == {"records.json": b"old"}


def test_a_full_disk(tmp_path: Path) -> None:
    """What the file still holds finds no room when it is closed either."""
    target = tmp_path / "records.json"
    target.write_bytes(b"old")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        with pytest.raises(OSError, match=f"File too large: '{target}'"):
            write(target, b"new" * 1000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert files_in(tmp_path) == {"records.json": b"old"}


def test_a_folder_that_cannot_be_synced_is_no_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sync = os.fsync

    def files_only(number: int) -> None:
        if stat.S_ISDIR(os.fstat(number).st_mode):
            raise OSError(errno.EINVAL, "not on this file system")
        sync(number)

    monkeypatch.setattr(os, "fsync", files_only)
    write(tmp_path / "records.json", b"[]")
    assert files_in(tmp_path) == {"records.json": b"[]"}


def test_folders_are_made(tmp_path: Path) -> None:
    write(tmp_path / "a" / "b" / "records.json", b"[]")
    assert files_in(tmp_path / "a" / "b") == {"records.json": b"[]"}


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"old")
    with pytest.raises((NotADirectoryError, FileExistsError)):
        write(tmp_path / "file" / "records.json", b"[]")
    assert files_in(tmp_path) == {"file": b"old"}


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o666, 0o755])
def test_permissions_are_kept(tmp_path: Path, mode: int) -> None:
    target = tmp_path / "records.json"
    target.write_bytes(b"old")
    target.chmod(mode)
    write(target, b"new")
    assert target.stat().st_mode & 0o777 == mode


@pytest.mark.parametrize("mask", [0o022, 0o077, 0o002])
def test_a_new_file_gets_the_usual_permissions(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        write(tmp_path / "records.json", b"[]")
        (tmp_path / "other").write_bytes(b"")
        assert os.umask(mask) == mask
    finally:
        os.umask(before)
    assert (tmp_path / "records.json").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_a_symbolic_link_stays_one(tmp_path: Path) -> None:
    store = tmp_path / "store"
    store.mkdir()
    (store / "records.json").write_bytes(b"old")
    link = tmp_path / "latest.json"
    link.symlink_to(store / "records.json")
    write(link, b"new")
    assert link.is_symlink()
    assert files_in(store) == {"records.json": b"new"}


def test_a_symbolic_link_to_nothing(tmp_path: Path) -> None:
    link = tmp_path / "latest.json"
    link.symlink_to(tmp_path / "store" / "records.json")
    write(link, b"new")
    assert (tmp_path / "store" / "records.json").read_bytes() == b"new"


def test_long_names(tmp_path: Path) -> None:
    """As long as the file system takes; the file that is written first must not be longer."""
    name = "r" * 250 + ".json"
    write(tmp_path / name, b"[]")
    assert files_in(tmp_path) == {name: b"[]"}


def test_the_file_that_is_written_lies_beside_its_target_and_out_of_sight(tmp_path: Path) -> None:
    """Beside it, because only within a file system renaming is one step; hidden, so that no pattern picks it up."""
    with replacing(tmp_path / "records.json"):
        (name,) = files_in(tmp_path)
        assert name.startswith(".")
        assert not name.endswith(".json")


def test_two_at_a_time(tmp_path: Path) -> None:
    target = tmp_path / "records.json"
    with replacing(target) as one, replacing(target) as two:
        one.write(b"one")
        two.write(b"two")
    assert files_in(tmp_path) == {"records.json": b"one"}


def test_targets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    existing = tmp_path / "records.json"
    existing.write_bytes(b"old")
    assert checked_target(tmp_path / "new.json", overwrite=False) == tmp_path / "new.json"
    assert checked_target(str(existing), overwrite=True) == existing
    assert checked_target("~/new.json", overwrite=False) == tmp_path / "new.json"
    with pytest.raises(FileExistsError, match="pass overwrite=True"):
        checked_target(existing, overwrite=False)
    for overwrite in (False, True):
        with pytest.raises(IsADirectoryError, match="name a file in it"):
            checked_target(tmp_path, overwrite=overwrite)
