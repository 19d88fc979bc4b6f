"""File systems with missing features: a complete file is never deleted."""

from __future__ import annotations

import errno
import json
import logging
import os
from pathlib import Path
from typing import Any

import pytest

from datastore_sdk.data import Data
from datastore_sdk.data.saving import atomic_file, synced_file
from datastore_sdk.data.saving.files import open_atomic, validate_target
from datastore_sdk.data.saving.scratch_folder import HIDDEN_SUFFIX
from datastore_sdk.data.saving.synced_file import open_scratch_file
from tests.data.fake_record_service import RecordService, records_of
from tests.data.saving.limited_folders import refuse_with
from tests.data.saving.test_invalid_targets import SITE
from tests.support.fake_server import ClientConnection, HttpRequest
from tests.support.fixtures import ClientOf, Serve
from tests.support.http_responses import http_response
from tests.support.leak_checks import read_files
from tests.support.sync_async_clients import Form

RECORDS = records_of(50)
SUFFIXES = ["json", "ndjson", "csv", "csv.gz", "parquet", "arrow"]


@pytest.fixture(params=["nameless", "hidden"])
def draft(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "hidden":
        monkeypatch.setattr(atomic_file, "_UnnamedFile", refuse_with(errno.EOPNOTSUPP))


def write(target: Path, content: bytes, *, keep_unfinished: bool = False, overwrite: bool = True) -> None:
    with open_atomic(target, overwrite=overwrite, keep_unfinished=keep_unfinished) as file:
        file.write(content)


@pytest.mark.usefixtures("draft")
@pytest.mark.parametrize("keep_unfinished", [False, True])
@pytest.mark.parametrize("code", [errno.EPERM, errno.EACCES, errno.ENOTSUP])
def test_save_with_refused_chmod_succeeds(
    code: int, keep_unfinished: bool, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "chmod", refuse_with(code))
    write(target, b"new", keep_unfinished=keep_unfinished)
    assert read_files(target.parent) == {"records.json": b"new"}


@pytest.mark.usefixtures("draft")
@pytest.mark.parametrize("code", [errno.EINVAL, errno.ENOSYS, errno.ENOTSUP])
def test_save_without_fsync_support_succeeds(code: int, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", refuse_with(code))
    write(target, b"new")
    assert read_files(target.parent) == {"records.json": b"new"}


@pytest.mark.usefixtures("draft")
@pytest.mark.parametrize("keep_unfinished", [False, True])
@pytest.mark.parametrize("code", [errno.EBUSY, errno.EPERM, errno.EACCES, errno.EXDEV, errno.ENOSYS])
def test_busy_target_is_overwritten_in_place(
    code: int, keep_unfinished: bool, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = target.stat().st_ino
    monkeypatch.setattr(os, "replace", refuse_with(code))
    write(target, b"new", keep_unfinished=keep_unfinished)
    assert read_files(target.parent) == {"records.json": b"new"}
    assert target.stat().st_ino == number


@pytest.mark.usefixtures("draft")
@pytest.mark.parametrize("links", [True, False])
def test_locked_target_is_saved_beside_it(links: bool, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Excel on Windows allows neither. Files that were saved beside it before are kept."""
    opens = Path.open

    def open_path(path: Path, mode: str = "r", *others: Any, **options: Any) -> Any:
        if path == target and "r" not in mode:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return opens(path, mode, *others, **options)

    if not links:
        monkeypatch.setattr(os, "link", refuse_with(errno.EPERM))
    monkeypatch.setattr(os, "replace", refuse_with(errno.EACCES))
    monkeypatch.setattr(Path, "open", open_path)
    for number in (1, 2):
        beside = target.with_name(f"records-{number}.json")
        with pytest.raises(PermissionError, match=f"Permission denied; the complete file is saved as {beside}: '"):
            write(target, b"new")
        assert beside.read_bytes() == b"new"
    assert target.read_bytes().startswith(b"old")
    assert len(read_files(target.parent)) == 3


@pytest.mark.usefixtures("draft")
def test_folder_turned_read_only_is_saved_in_temporary_folder(
    target: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mount becomes read-only during the download."""
    opens, os_open = Path.open, os.open

    def open_path(path: Path, mode: str = "r", *others: Any, **options: Any) -> Any:
        if path.parent == target.parent and mode != "rb":
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))
        return opens(path, mode, *others, **options)

    def low_level(path: Any, flags: int, *others: Any, **options: Any) -> int:
        if Path(path).parent == target.parent and flags & os.O_CREAT:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))
        return os_open(path, flags, *others, **options)

    def download() -> None:
        with monkeypatch.context() as mount, open_atomic(target) as file:
            file.write(b"new")
            for name in ("replace", "link"):
                mount.setattr(os, name, refuse_with(errno.EROFS))
            mount.setattr(os, "open", low_level)
            mount.setattr(Path, "open", open_path)

    with pytest.raises(OSError, match=r"Read-only.*; the complete file is saved as .*temporary"):
        download()
    assert read_files(temporary) == {"records-1.json": b"new"}
    assert target.read_bytes().startswith(b"old")


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("old", [None, b"old"])
def test_write_once_mount_gets_complete_file(
    old: bytes | None,
    suffix: str,
    write_once: Path,
    temporary: Path,
    form: Form,
    serve: Serve,
    client_of: ClientOf,
    tmp_path: Path,
) -> None:
    path = write_once / f"shift.{suffix}"
    if old:
        path.write_bytes(old)
    records = RecordService(RECORDS)

    def service(line: ClientConnection, request: HttpRequest) -> None:
        if request.path.endswith("/fields/"):
            line.send(http_response(200, b"[]"))
        else:
            records(line, request)

    client = client_of(serve(service))
    form.save(client, [SITE], path, overwrite=bool(old))
    Data(client, [SITE]).save(tmp_path / path.name)
    assert path.read_bytes() == (tmp_path / path.name).read_bytes()
    assert read_files(temporary) == {}
    left = {name: content for name, content in read_files(write_once).items() if name.startswith(".")}
    assert not any(left.values())  # folders that cannot be removed are empty


@pytest.mark.usefixtures("write_once")
def test_drafts_of_killed_saves_leave_the_temporary_folder(target: Path, temporary: Path) -> None:
    (temporary / f".records.json.0{HIDDEN_SUFFIX}").write_bytes(b"half")
    write(target, b"new")
    assert read_files(temporary) == {}


@pytest.mark.skipif(not hasattr(os, "O_TMPFILE"), reason="the system has no unnamed files")
def test_append_only_folder_keeps_no_second_copy(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As after `chattr +a`: the folder takes hard links, and neither renames nor deletes."""
    for name in ("replace", "rename", "unlink"):
        monkeypatch.setattr(os, name, refuse_with(errno.EPERM))
    write(target, b"new")
    assert target.read_bytes() == b"new"
    assert [file.stat().st_size for file in target.parent.iterdir() if file != target] == [0]


@pytest.mark.usefixtures("temporary")
def test_write_once_mount_keeps_existing_file(write_once: Path, target: Path) -> None:
    with pytest.raises(FileExistsError, match=r"exists already|was created meanwhile.*saved as"):
        write(target, b"new", overwrite=False)
    assert target.read_bytes().startswith(b"old")
    assert (write_once / "records-1.json").read_bytes() == b"new"


@pytest.mark.parametrize("keep_unfinished", [False, True])
@pytest.mark.parametrize("ends", [False, True])
def test_draft_where_only_the_target_is_writable(
    ends: bool, keep_unfinished: bool, target: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file mounted into a container whose user can write nothing else."""

    def no_new_file(path: Any, mode: str, opener: Any = None) -> Any:
        if Path(path).parent == target.parent:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return synced_file.open_synced_file(path, mode, opener)

    opens = Path.open

    def open_path(path: Path, mode: str = "r", *others: Any, **options: Any) -> Any:
        if path.parent == target.parent and "x" in mode:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return opens(path, mode, *others, **options)

    monkeypatch.setattr(atomic_file, "open_synced_file", no_new_file)
    monkeypatch.setattr(Path, "open", open_path)
    if ends:
        write(target, b"new", keep_unfinished=keep_unfinished)
        assert read_files(temporary) == {}
        assert read_files(target.parent) == {"records.json": b"new"}
        return

    def fail() -> None:
        with open_atomic(target, keep_unfinished=keep_unfinished) as file:
            file.write(b"new")
            assert Path(file.name).stat().st_mode & 0o777 == 0o600
            raise ValueError("half way")

    with pytest.raises(ValueError, match="half way"):
        fail()
    assert [*read_files(temporary).values()] == [b"new"] * keep_unfinished
    assert target.read_bytes().startswith(b"old")


def test_draft_that_cannot_be_deleted_is_logged(
    target: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(atomic_file, "_UnnamedFile", refuse_with(errno.EOPNOTSUPP))
    unlink = os.unlink
    with caplog.at_level(logging.WARNING, "datastore_sdk"), open_atomic(target) as file:
        file.write(b"new")
        monkeypatch.setattr(os, "replace", refuse_with(errno.EBUSY))
        monkeypatch.setattr(os, "unlink", refuse_with(errno.EPERM))
    monkeypatch.setattr(os, "unlink", unlink)
    assert target.read_bytes() == b"new"
    assert "which is no longer needed: Operation not permitted" in caplog.text


def test_scratch_file_falls_back_to_temporary_folder(tmp_path: Path, temporary: Path) -> None:
    with open_scratch_file(tmp_path) as file:
        assert os.fstat(file.fileno()).st_dev == tmp_path.stat().st_dev
    with open_scratch_file(tmp_path / "missing") as file:
        file.write(b"rows")
        assert temporary.exists()


URLS = [
    ("s3://bucket/x.csv", "save to a local file, then copy it there"),
    ("S3A://bucket/x.csv", "save to a local file"),
    ("gs://bucket/x.parquet", "save to a local file"),
    ("abfss://container@account/x.csv", "save to a local file"),
    ("https://host/x.csv", "save to a local file"),
    ("simplecache::s3://bucket/x.csv", "save to a local file"),
    ("dbfs:/mnt/x.csv", "pass the path of the mount, such as '/dbfs/mnt/x.csv'"),
    ("file:///tmp/x.csv", "pass its path without the scheme"),
    (Path("s3://bucket/x.csv"), "save to a local file"),
]


class CloudPath:
    """A path object like those of cloudpathlib: `os.fspath` makes a local copy."""

    def __fspath__(self) -> str:
        raise AssertionError("made a local copy")

    def __str__(self) -> str:
        return "az://bucket/x.csv"


class UniversalPath:
    """A path object like those of universal_pathlib."""

    def __init__(self, protocol: str) -> None:
        self.protocol = protocol

    def __fspath__(self) -> str:
        return "/x.csv"

    def __str__(self) -> str:
        return f"{self.protocol}:///x.csv"


@pytest.mark.parametrize(("path", "method"), URLS)
def test_url_is_refused_with_advice(
    path: Any,
    method: str,
    form: Form,
    serve: Serve,
    client_of: ClientOf,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    service = RecordService(RECORDS)
    with pytest.raises(ValueError, match=f"is not a local path.*{method}"):
        form.save(client_of(serve(service)), [SITE], path)
    assert service.request_count == 0
    assert read_files(tmp_path) == {}


class BucketPath:
    """A path object like those of s3path, which are paths of this machine to `os.fspath`."""

    def __fspath__(self) -> str:
        return "/bucket/x.csv"

    def as_uri(self) -> str:
        return "s3://bucket/x.csv"


class MemoryPath:
    """A path object like those of newer universal_pathlib, which have no `os.fspath`."""

    protocol = "memory"

    def __str__(self) -> str:
        return "memory://x.csv"


@pytest.mark.parametrize("path", [CloudPath(), UniversalPath("s3"), BucketPath(), MemoryPath()])
def test_remote_path_object_is_refused(path: Any) -> None:
    with pytest.raises(ValueError, match=r"x\.csv' is not a local path"):
        validate_target(path, overwrite=False)


@pytest.mark.parametrize("path", [None, 5, b"x.csv", open])
def test_invalid_path_type_is_refused(path: Any) -> None:
    with pytest.raises(TypeError, match=r"path must be a str or a pathlib\.Path, not "):
        validate_target(path, overwrite=False)


@pytest.mark.parametrize("protocol", ["", "file", "local"])
def test_local_path_of_other_libraries_is_accepted(protocol: str) -> None:
    assert validate_target(UniversalPath(protocol), overwrite=False) == Path("/x.csv")


@pytest.mark.parametrize("path", ["C:/x.csv", "./s3:/x.csv", "12:30.csv", "a:b.csv", "run: 5.csv"])
def test_local_name_with_colon_is_accepted(path: str) -> None:
    assert validate_target(path, overwrite=False) == Path(path)


def test_paths_of_upath_are_recognized() -> None:
    upath = pytest.importorskip("upath")
    for url in ("memory://bucket/x.csv", "https://host/x.csv"):
        with pytest.raises(ValueError, match="is not a local path"):
            validate_target(upath.UPath(url), overwrite=False)
    assert validate_target(upath.UPath("/nowhere/x.csv"), overwrite=False) == Path("/nowhere/x.csv")


@pytest.mark.usefixtures("temporary")
def test_write_once_mount_gets_sent_records(serve: Serve, client_of: ClientOf, write_once: Path) -> None:
    """The content on a write-once mount equals the records."""
    Data(client_of(serve(RecordService(RECORDS))), [SITE]).save(write_once / "x.json")
    assert json.loads((write_once / "x.json").read_bytes()) == RECORDS
