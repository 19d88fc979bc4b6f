"""Atomic files: complete or unchanged, for any failure while they are written."""

from __future__ import annotations

import errno
import fcntl
import os
import resource
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from datastore_sdk._io.file_lock import is_at_path
from datastore_sdk.data.saving import atomic_file
from datastore_sdk.data.saving.files import open_atomic, validate_target
from tests.support.leak_checks import read_files
from tests.support.paths import PYTHONPATH


def no_nameless(*_: object) -> None:
    raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))


@pytest.fixture(params=["nameless", "hidden"], autouse=True)
def draft(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Use unnamed drafts, as on Linux, or hidden ones, as elsewhere."""
    if request.param == "hidden":
        monkeypatch.setattr(atomic_file, "_UnnamedFile", no_nameless)


nameless = pytest.mark.parametrize("draft", ["nameless"], indirect=True)
hidden = pytest.mark.parametrize("draft", ["hidden"], indirect=True)


def write(target: Path, content: bytes) -> None:
    with open_atomic(target) as file:
        file.write(content)


def test_new_file_is_written(tmp_path: Path) -> None:
    write(tmp_path / "records.json", b"[]")
    assert read_files(tmp_path) == {"records.json": b"[]"}


def test_existing_file_is_replaced_at_the_end(tmp_path: Path) -> None:
    target = tmp_path / "records.json"
    target.write_bytes(b"old")
    with open_atomic(target) as file:
        file.write(b"new" * 100_000)
        file.flush()
        assert target.read_bytes() == b"old"
    assert read_files(tmp_path) == {"records.json": b"new" * 100_000}


def fail_half_way(target: Path, error: type[BaseException]) -> None:
    with open_atomic(target) as file:
        file.write(b"half")
        raise error


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, GeneratorExit, MemoryError])
@pytest.mark.parametrize("old", [None, b"old"])
def test_failed_write_changes_nothing(tmp_path: Path, error: type[BaseException], old: bytes | None) -> None:
    target = tmp_path / "records.json"
    if old is not None:
        target.write_bytes(old)
    before = read_files(tmp_path)
    with pytest.raises(error):
        fail_half_way(target, error)
    assert read_files(tmp_path) == before


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_failing_disk_keeps_old_file(tmp_path: Path, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    target = tmp_path / "records.json"
    target.write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match=f"{os.strerror(code)}: '{target}'$"):
        write(target, b"new")
    assert read_files(tmp_path) == {"records.json": b"old"}


def test_full_disk_keeps_old_file(tmp_path: Path) -> None:
    """The buffered bytes do not fit when the file is closed either."""
    target = tmp_path / "records.json"
    target.write_bytes(b"old")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        with pytest.raises(OSError, match=f"File too large: '{target}'"):
            write(target, b"new" * 1000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert read_files(tmp_path) == {"records.json": b"old"}


def test_folder_without_sync_is_accepted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sync = os.fsync

    def files_only(number: int) -> None:
        if stat.S_ISDIR(os.fstat(number).st_mode):
            raise OSError(errno.EINVAL, "not on this file system")
        sync(number)

    monkeypatch.setattr(os, "fsync", files_only)
    write(tmp_path / "records.json", b"[]")
    assert read_files(tmp_path) == {"records.json": b"[]"}


def test_missing_folders_are_created(tmp_path: Path) -> None:
    write(tmp_path / "a" / "b" / "records.json", b"[]")
    assert read_files(tmp_path / "a" / "b") == {"records.json": b"[]"}


def test_folder_that_cannot_be_created_raises(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"old")
    with pytest.raises((NotADirectoryError, FileExistsError)):
        write(tmp_path / "file" / "records.json", b"[]")
    assert read_files(tmp_path) == {"file": b"old"}


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o666, 0o755])
def test_permissions_of_target_are_copied(tmp_path: Path, mode: int) -> None:
    target = tmp_path / "records.json"
    target.write_bytes(b"old")
    target.chmod(mode)
    write(target, b"new")
    assert target.stat().st_mode & 0o777 == mode


@pytest.mark.parametrize("mask", [0o022, 0o077, 0o002])
def test_new_file_has_default_permissions(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        write(tmp_path / "records.json", b"[]")
        (tmp_path / "other").write_bytes(b"")
        assert os.umask(mask) == mask
    finally:
        os.umask(before)
    assert (tmp_path / "records.json").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_symbolic_link_target_is_replaced(tmp_path: Path) -> None:
    store = tmp_path / "store"
    store.mkdir()
    (store / "records.json").write_bytes(b"old")
    link = tmp_path / "latest.json"
    link.symlink_to(store / "records.json")
    write(link, b"new")
    assert link.is_symlink()
    assert read_files(store) == {"records.json": b"new"}


def test_dangling_symbolic_link_creates_its_target(tmp_path: Path) -> None:
    link = tmp_path / "latest.json"
    link.symlink_to(tmp_path / "store" / "records.json")
    write(link, b"new")
    assert (tmp_path / "store" / "records.json").read_bytes() == b"new"


def test_longest_file_name_is_accepted(tmp_path: Path) -> None:
    """The draft must not need a longer name than the target."""
    name = "r" * 250 + ".json"
    write(tmp_path / name, b"[]")
    assert read_files(tmp_path) == {name: b"[]"}


def test_target_created_meanwhile_is_kept(tmp_path: Path) -> None:
    target = tmp_path / "records.json"
    with pytest.raises(FileExistsError, match=f"^{target} was created meanwhile; pass overwrite=True to replace it"):
        come_late(target)
    assert read_files(tmp_path) == {"records.json": b"other", "records-1.json": b"mine"}


def come_late(target: Path) -> None:
    with open_atomic(target, overwrite=False) as file:
        file.write(b"mine")
        target.write_bytes(b"other")


@nameless
def test_unnamed_draft_is_invisible(tmp_path: Path) -> None:
    """Nothing is left if its process is killed."""
    with open_atomic(tmp_path / "records.json") as file:
        file.write(b"new")
        file.flush()
        assert read_files(tmp_path) == {}
        assert Path(file.name).parent == tmp_path


@hidden
def test_hidden_draft_is_beside_its_target(tmp_path: Path) -> None:
    """A rename is atomic only within a file system. Hidden, so that patterns like `*.json` do not match it."""
    with open_atomic(tmp_path / "records.json"):
        (name,) = read_files(tmp_path)
        assert name.startswith(".records.json.")
        assert name.endswith(".restream-part")


KILLED = """
import os, signal, sys
from pathlib import Path
from datastore_sdk.data.saving import atomic_file, files

atomic_file._UnnamedFile = lambda target: os.open(target / "nothing", os.O_RDONLY)
with files.open_atomic(Path(sys.argv[1])) as file:
    file.write(b"half")
    file.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""


@hidden
def test_drafts_of_killed_processes_are_deleted(tmp_path: Path) -> None:
    target = tmp_path / "records.json"
    environment = os.environ | {"PYTHONPATH": PYTHONPATH}
    dead = subprocess.run([sys.executable, "-c", KILLED, str(target)], env=environment, check=False)
    assert dead.returncode == -signal.SIGKILL
    assert len(read_files(tmp_path)) == 1
    (tmp_path / ".records.json.part").write_bytes(b"somebody else's")
    with open_atomic(tmp_path / "other.json") as other:
        assert len(read_files(tmp_path)) == 3
        with open_atomic(target) as one, open_atomic(target) as two:
            assert len(read_files(tmp_path)) == 4
            one.write(b"one")
            two.write(b"two")
        other.write(b"other")
    assert read_files(tmp_path) == {
        "records.json": b"one",
        "other.json": b"other",
        ".records.json.part": b"somebody else's",
    }


@hidden
def test_drafts_without_locks_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They may be in use."""

    def fail(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", fail)
    target = tmp_path / "records.json"
    with open_atomic(target) as one, open_atomic(target) as two:
        one.write(b"one")
        two.write(b"two")
    assert read_files(tmp_path) == {"records.json": b"one"}


@hidden
def test_draft_deleted_before_its_lock_is_recreated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process locks and deletes it before its owner locks it."""
    seen: list[Path] = []

    def remove(file: Any, path: Path) -> bool:
        if not seen:
            path.unlink()
        seen.append(path)
        return is_at_path(file, path)

    monkeypatch.setattr(atomic_file, "is_at_path", remove)
    write(tmp_path / "records.json", b"[]")
    assert read_files(tmp_path) == {"records.json": b"[]"}
    assert len(seen) == 2


@pytest.mark.parametrize("overwrite", [False, True])
def test_draft_without_hard_links_is_copied(overwrite: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A download of hours must not be lost for that."""

    def fail(_: object, path: Any, **__: object) -> None:
        if (tmp_path / path).exists():
            raise FileExistsError
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", fail)
    target = tmp_path / "records.json"
    if overwrite:
        target.write_bytes(b"old")
    with open_atomic(target, overwrite=overwrite) as file:
        file.write(b"new" * 100_000)
    assert read_files(tmp_path) == {"records.json": b"new" * 100_000}
    with pytest.raises(FileExistsError, match="was created meanwhile"):
        come_late(tmp_path / "other.json")
    assert read_files(tmp_path) == {
        "records.json": b"new" * 100_000,
        "other.json": b"other",
        "other-1.json": b"mine",
    }


@nameless
@pytest.mark.parametrize("overwrite", [False, True])
def test_unfinished_file_is_visible_until_complete(overwrite: bool, tmp_path: Path) -> None:
    target = tmp_path / "shift.ndjson"
    if overwrite:
        target.write_bytes(b"old")
    with open_atomic(target, overwrite=overwrite, keep_unfinished=True) as file:
        file.write(b"new")
        file.flush()
        assert (tmp_path / "shift.ndjson.unfinished").read_bytes() == b"new"
    assert read_files(tmp_path) == {"shift.ndjson": b"new"}


@nameless
def test_unfinished_file_stays_after_failure(tmp_path: Path) -> None:
    target = tmp_path / "shift.ndjson"

    def fail_behind(content: bytes) -> None:
        with open_atomic(target, keep_unfinished=True) as file:
            file.write(content)
            raise OSError("full")

    for content in (b"first", b"second", b""):
        with pytest.raises(OSError, match="full") as failure:
            fail_behind(content)
        notes = getattr(failure.value, "__notes__", [])
        assert any("the records received so far are in" in note for note in notes) is bool(content)
    assert read_files(tmp_path) == {"shift.ndjson.unfinished": b"first", "shift.ndjson.unfinished-2": b"second"}


def test_concurrent_writes_do_not_mix(tmp_path: Path) -> None:
    target = tmp_path / "records.json"
    with open_atomic(target) as one, open_atomic(target) as two:
        one.write(b"one")
        two.write(b"two")
    assert read_files(tmp_path) == {"records.json": b"one"}


def test_error_names_the_target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(path: Any, *_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    monkeypatch.setattr(atomic_file, "open_synced_file", fail)
    with pytest.raises(PermissionError, match=rf"^\[Errno 13\] Permission denied: '{tmp_path}/records\.json'$"):
        write(tmp_path / "records.json", b"[]")


def test_validate_target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    existing = tmp_path / "records.json"
    existing.write_bytes(b"old")
    assert validate_target(tmp_path / "new.json", overwrite=False) == tmp_path / "new.json"
    assert validate_target(str(existing), overwrite=True) == existing
    assert validate_target("~/new.json", overwrite=False) == tmp_path / "new.json"
    with pytest.raises(FileExistsError, match="pass overwrite=True"):
        validate_target(existing, overwrite=False)
    for overwrite in (False, True):
        with pytest.raises(IsADirectoryError, match="name a file in it"):
            validate_target(tmp_path, overwrite=overwrite)
