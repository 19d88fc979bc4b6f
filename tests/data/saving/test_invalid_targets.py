"""Targets that cannot be written: a clear error, no new files, and old files unchanged."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from datastore_sdk.data import Data, DataQuery
from tests.data.fake_record_service import RecordService, datetime_at, records_of
from tests.support.fixtures import ClientOf, Serve
from tests.support.leak_checks import read_files
from tests.support.paths import PYTHONPATH
from tests.support.sync_async_clients import Form

SITE = DataQuery(source="site", id=981, start=datetime_at(0), end=datetime_at(3999))
RECORDS = records_of(4000)
"""About 400 kB."""

both = pytest.mark.parametrize("resume", [False, True], ids=["plain", "resume"])

PROGRAM = """
import asyncio, resource, sys
from datastore_sdk import Client
from datastore_sdk.data import Data, DataAsync, DataQuery
from tests.data.fake_record_service import datetime_at

url, path, room, resume, how = sys.argv[1:]
query = DataQuery(source="site", id=981, start=datetime_at(0), end=datetime_at(3999))
resource.setrlimit(resource.RLIMIT_FSIZE, (int(room), int(room)))
with Client("t0ken-0123456789", base_url=url) as client:
    try:
        if how == "sync":
            Data(client, [query]).save(path, overwrite=True, resume=resume == "True")
        else:
            asyncio.run(DataAsync(client, [query]).asave(path, overwrite=True, resume=resume == "True"))
    except OSError as error:
        print(error, *getattr(error, "__notes__", []), sep="\\n")
        sys.exit(3)
"""


def save_with_room(url: str, path: Path, room: int, how: str, *, resume: bool) -> str:
    """Save in a process with a maximum file size in bytes; return its messages."""
    environment = os.environ | {"PYTHONPATH": PYTHONPATH}
    command = [sys.executable, "-c", PROGRAM, url, str(path), str(room), str(resume), how]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 3, done
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize(("suffix", "how"), [(".json", "sync"), (".csv", "async")])
@both
def test_full_disk_raises_and_leaves_nothing(
    resume: bool, suffix: str, how: str, serve: Serve, client_of: ClientOf, tmp_path: Path
) -> None:
    server = serve(RecordService(RECORDS, piece=5000))
    path = tmp_path / f"records{suffix}"
    path.write_bytes(b"old")
    said = save_with_room(server.url, path, 100_000, how, resume=resume)
    assert f"File too large: '{tmp_path}/records{suffix}" in said
    assert sorted(read_files(tmp_path)) == [path.name, f"{path.name}.partial"][: 1 + resume]
    assert path.read_bytes() == b"old"
    if resume:
        assert f"records are kept in {path}.partial; save again with resume=True to use them" in said
        data = Data(client_of(server), [SITE])
        data.save(path, overwrite=True, resume=True)
        data.save(tmp_path / f"other{suffix}")
        assert path.read_bytes() == (tmp_path / f"other{suffix}").read_bytes()


@both
def test_unwritable_folder_raises(resume: bool, form: Form, serve: Serve, client_of: ClientOf) -> None:
    folder = Path("/sys/kernel")
    if not folder.is_dir():
        pytest.skip("needs a folder in which not even root can make a file")
    service = RecordService(RECORDS)
    with pytest.raises(OSError, match="/sys/kernel/"):
        form.save(client_of(serve(service)), [SITE], folder / "records.json", resume=resume)
    assert service.request_count == 0


def device(path: Path) -> None:
    path.symlink_to("/dev/null")


@both
@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("make", [os.mkfifo, device], ids=["pipe", "device"])
def test_target_that_is_not_a_file_is_refused(
    make: Any, overwrite: bool, resume: bool, form: Form, serve: Serve, client_of: ClientOf, tmp_path: Path
) -> None:
    """Replacing a device would break the system."""
    path = tmp_path / "records.json"
    make(path)
    service = RecordService(RECORDS)
    with pytest.raises(FileExistsError, match=r"records\.json is a device or a pipe, which cannot be replaced"):
        form.save(client_of(serve(service)), [SITE], path, overwrite=overwrite, resume=resume)
    assert service.request_count == 0
    assert [each.name for each in tmp_path.iterdir()] == ["records.json"]


@both
@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("records", ValueError, r"the format is chosen by the suffix.*, \.feather$"),
        ("records.xls", ValueError, r"the format is chosen by the suffix.*, not \.xls$"),
        ("records.2025.json.json", ValueError, r"the format is chosen by the suffix.*, not \.json\.json$"),
        ("records.parquet.gz", ValueError, r"the format is chosen by the suffix.*, not \.parquet\.gz$"),
        ("records.json.partial", ValueError, r"the format is chosen by the suffix.*, not \.partial$"),
        ("records.json/", IsADirectoryError, "is the name of a directory; name a file in it"),
        ("folder.json", IsADirectoryError, "is a directory; name a file in it"),
        ("old.json", FileExistsError, "exists already; pass overwrite=True"),
        ("old.json/records.json", OSError, "old.json"),
        (f"{'r' * 300}.json", OSError, "File name too long"),
    ],
)
def test_invalid_file_name_is_refused(
    name: str,
    error: type[Exception],
    message: str,
    resume: bool,
    form: Form,
    serve: Serve,
    client_of: ClientOf,
    tmp_path: Path,
) -> None:
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "old.json").write_bytes(b"old")
    service = RecordService(RECORDS)
    with pytest.raises(error, match=message):
        form.save(client_of(serve(service)), [SITE], f"{tmp_path}/{name}", resume=resume)
    assert service.request_count == 0
    assert sorted(each.name for each in tmp_path.iterdir()) == ["folder.json", "old.json"]
    assert (tmp_path / "old.json").read_bytes() == b"old"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"overwrite": "no"}, "overwrite must be"),
        ({"overwrite": 1}, "overwrite must be"),
        ({"resume": "no"}, "resume must be"),
        ({"resume": None}, "resume must be"),
        ({"progress": "yes"}, "progress must be"),
        ({"progress": 1}, "progress must be"),
    ],
)
def test_option_of_wrong_type_is_refused(
    options: dict[str, Any], message: str, form: Form, serve: Serve, client_of: ClientOf, tmp_path: Path
) -> None:
    """A string like "no" is true: the old file must not be replaced for that."""
    service, path = RecordService(RECORDS), tmp_path / "records.json"
    path.write_bytes(b"old")
    with pytest.raises(TypeError, match=message):
        form.save(client_of(serve(service)), [SITE], path, **{"overwrite": True, **options})
    assert service.request_count == 0
    assert read_files(tmp_path) == {"records.json": b"old"}


@both
def test_missing_extra_is_named(
    resume: bool,
    form: Form,
    serve: Serve,
    client_of: ClientOf,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "records.parquet").write_bytes(b"old")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    service = RecordService(RECORDS)
    with pytest.raises(ImportError, match=r"restream-datastore-sdk\[arrow\]"):
        form.save(client_of(serve(service)), [SITE], tmp_path / "records.parquet", overwrite=True, resume=resume)
    assert service.request_count == 0
    assert read_files(tmp_path) == {"records.parquet": b"old"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"parallel": 0}, "parallel must be from 1 to 3, not 0"),
        ({"parallel": 4}, "parallel must be from 1 to 3, not 4"),
        ({"parallel": 2, "end": None}, "parallel needs start_datetime and end_datetime"),
        ({"parallel": 2, "start": None}, "parallel needs start_datetime and end_datetime"),
        ({"parallel": 2, "resolution": "minute"}, "parallel works on unaggregated, unfilled 1-second data only"),
    ],
)
def test_invalid_parallel_is_refused(options: dict[str, Any], message: str) -> None:
    arguments: dict[str, Any] = {"source": "site", "id": 981, "start": datetime_at(0), "end": datetime_at(9), **options}
    with pytest.raises(ValueError, match=message):
        DataQuery(**arguments)


@pytest.mark.parametrize("parallel", ["2", 2.0, True, None])
def test_parallel_of_wrong_type_is_refused(parallel: Any) -> None:
    with pytest.raises(TypeError, match="parallel must be an int, not"):
        DataQuery(source="site", id=981, start=datetime_at(0), end=datetime_at(9), parallel=parallel)


def test_overwrite_replaces_old_file_at_the_end(form: Form, serve: Serve, client_of: ClientOf, tmp_path: Path) -> None:
    (tmp_path / "old.json").write_bytes(b"old")
    form.save(client_of(serve(RecordService(RECORDS))), [SITE], tmp_path / "old.json", overwrite=True)
    assert json.loads((tmp_path / "old.json").read_bytes()) == RECORDS
