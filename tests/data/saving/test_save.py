"""Saves: validation before the first request, and the files left by a failure."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import threading
from pathlib import Path

import pytest

from datastore_sdk.data import DataAsync, DataQuery
from datastore_sdk.data.writers.base import Writer
from datastore_sdk.data.writers.csv_writer import CsvWriter
from datastore_sdk.data.writers.json_writer import JsonWriter
from tests.data.fake_record_service import RecordService, datetime_at, records_of
from tests.support.fake_server import ClientConnection
from tests.support.fixtures import ClientOf, Serve
from tests.support.http_responses import chunk, head, respond_always, send_then
from tests.support.leak_checks import read_files
from tests.support.sync_async_clients import Form

SITE = DataQuery(source="site", id=981, start=datetime_at(0))

formats = pytest.mark.parametrize(("suffix", "writer"), [(".json", JsonWriter), (".csv", CsvWriter)])


def test_path_is_validated_before_the_first_request(
    form: Form, serve: Serve, client_of: ClientOf, tmp_path: Path
) -> None:
    service = RecordService(records_of(10))
    client = client_of(serve(service))
    (tmp_path / "there.json").write_bytes(b"old")
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(FileExistsError, match="overwrite=True"):
        form.save(client, [SITE], tmp_path / "there.json")
    with pytest.raises(IsADirectoryError):
        form.save(client, [SITE], tmp_path / "folder.json", overwrite=True)
    with pytest.raises(ValueError, match="suffix"):
        form.save(client, [SITE], tmp_path / "records.xls")
    with pytest.raises(ValueError, match="suffix"):
        form.save(client, [SITE], tmp_path / "records")
    with pytest.raises(OSError, match="file"):
        form.save(client, [SITE], tmp_path / "file" / "records.json")
    assert service.request_count == 0
    assert not (tmp_path / "records.xls").exists()


@pytest.mark.parametrize("name", ["records.json", "RECORDS.JSON", "a.b.json"])
def test_any_valid_file_name_is_written(
    name: str, form: Form, serve: Serve, client_of: ClientOf, tmp_path: Path
) -> None:
    records = records_of(10)
    form.save(client_of(serve(RecordService(records))), [SITE], tmp_path / "new" / name)
    assert json.loads((tmp_path / "new" / name).read_bytes()) == records


@formats
@pytest.mark.parametrize("step", ["write", "finish"])
@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()], ids=repr)
def test_disk_error_is_raised_and_leaves_nothing(
    suffix: str,
    writer: type[Writer],
    step: str,
    error: BaseException,
    form: Form,
    serve: Serve,
    client_of: ClientOf,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object) -> None:
        raise error

    path = tmp_path / f"records{suffix}"
    path.write_bytes(b"old")
    client = client_of(serve(RecordService(records_of(2000))))
    monkeypatch.setattr(writer, step, fail)
    with pytest.raises(type(error)):
        form.save(client, [SITE], path, overwrite=True)
    assert read_files(tmp_path) == {path.name: b"old"}
    monkeypatch.undo()
    form.save(client, [SITE], path, overwrite=True)
    assert len(path.read_bytes()) > 10_000


@pytest.mark.parametrize("suffix", [".json", ".csv"])
def test_cancel_while_downloading_leaves_nothing(
    suffix: str, serve: Serve, client_of: ClientOf, tmp_path: Path
) -> None:
    path = tmp_path / f"records{suffix}"
    path.write_bytes(b"old")
    first_part = head(transfer_encoding="chunked") + chunk(b'[{"timestamp": 1}, {"timestamp": 2}')
    sent = threading.Event()

    def stall(line: ClientConnection) -> None:
        sent.set()
        line.stall()

    async def main() -> None:
        async with client_of(serve(respond_always(send_then(first_part, stall)))) as client:
            saving = asyncio.create_task(DataAsync(client, [SITE]).asave(path, overwrite=True))
            await asyncio.to_thread(sent.wait)
            saving.cancel()
            with pytest.raises(asyncio.CancelledError):
                await saving

    asyncio.run(main())
    assert read_files(tmp_path) == {path.name: b"old"}


@formats
def test_cancel_while_completing_keeps_old_file(
    suffix: str,
    writer: type[Writer],
    serve: Serve,
    client_of: ClientOf,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The thread that completes the file continues; the old file stays anyway."""
    path = tmp_path / f"records{suffix}"
    path.write_bytes(b"old")
    completing, cancelled = threading.Event(), threading.Event()
    finish = writer.finish

    def slowly(self: Writer) -> None:
        completing.set()
        assert cancelled.wait(5)
        finish(self)

    monkeypatch.setattr(writer, "finish", slowly)

    async def main() -> None:
        async with client_of(serve(RecordService(records_of(100)))) as client:
            saving = asyncio.create_task(DataAsync(client, [SITE]).asave(path, overwrite=True))
            assert await asyncio.to_thread(completing.wait, 5)
            saving.cancel()
            with pytest.raises(asyncio.CancelledError):
                await saving
            cancelled.set()
            await asyncio.sleep(0.1)

    asyncio.run(main())
    assert read_files(tmp_path) == {path.name: b"old"}


def test_cancel_while_syncing_leaves_one_complete_file(
    serve: Serve, client_of: ClientOf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old or the new file, complete, and no other."""
    path = tmp_path / "records.json"
    path.write_bytes(b"old")
    syncing, cancelled = threading.Event(), threading.Event()
    sync = os.fsync

    def slowly(number: int) -> None:
        syncing.set()
        assert cancelled.wait(5)
        sync(number)

    monkeypatch.setattr(os, "fsync", slowly)

    async def main() -> None:
        async with client_of(serve(RecordService(records_of(100)))) as client:
            saving = asyncio.create_task(DataAsync(client, [SITE]).asave(path, overwrite=True))
            assert await asyncio.to_thread(syncing.wait, 5)
            saving.cancel()
            asyncio.get_running_loop().call_later(0.05, cancelled.set)
            with pytest.raises(asyncio.CancelledError):
                await saving
            await asyncio.sleep(0.1)

    asyncio.run(main())
    (content,) = read_files(tmp_path).values()
    assert content == b"old" or json.loads(content) == records_of(100)


def test_target_created_meanwhile_is_kept(
    form: Form, serve: Serve, client_of: ClientOf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without overwrite=True, no file is replaced, even if it is created during the download."""
    path = tmp_path / "records.json"
    finish = JsonWriter.finish

    def late(self: JsonWriter) -> None:
        path.write_bytes(b"of somebody else")
        finish(self)

    monkeypatch.setattr(JsonWriter, "finish", late)
    with pytest.raises(FileExistsError):
        form.save(client_of(serve(RecordService(records_of(10)))), [SITE], path)
    left = read_files(tmp_path)
    assert left.pop("records.json") == b"of somebody else"
    assert [*left] == ["records-1.json"]  # the download is not thrown away
