"""Saves whose process is really killed, and which another process resumes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from datastore_sdk.data import Data, DataQuery
from datastore_sdk.exceptions import ResumeError
from tests.data.fake_record_service import Break, RecordService, datetime_at, records_of
from tests.support.exhaustive import first
from tests.support.fake_server import TIMEOUT_SECONDS, ClientConnection, Server
from tests.support.fixtures import ClientOf, Serve
from tests.support.http_responses import http_response, respond_by_path
from tests.support.leak_checks import read_files
from tests.support.paths import PYTHONPATH
from tests.support.waiting import wait_until

QUERY = (
    "DataQuery(source='pad', id=681, start=datetime_at(0), end=datetime_at(7999), is_routed=True, parallel={parallel})"
)
PROGRAM = """
import asyncio, sys
from datastore_sdk import Client
from datastore_sdk.data import Data, DataAsync, DataQuery
from datastore_sdk.data.streaming import parallel
from tests.data.fake_record_service import datetime_at
from datetime import timedelta

parallel.MAX_SLICE = timedelta(seconds=2000)
url, path, how = sys.argv[1:]
with Client("t0ken-0123456789", base_url=url) as client:
    if how == "sync":
        Data(client, [{query}]).save(path, resume={resume}, overwrite={overwrite})
    else:
        asyncio.run(DataAsync(client, [{query}]).asave(path, resume={resume}, overwrite={overwrite}))
"""


def begin(
    server: Server, path: Path, how: str, parallel: int = 1, *, resume: bool = True, overwrite: bool = False
) -> subprocess.Popen[bytes]:
    program = PROGRAM.format(query=QUERY.format(parallel=parallel), resume=resume, overwrite=overwrite)
    environment = os.environ | {"PYTHONPATH": PYTHONPATH}
    command = [sys.executable, "-c", program, server.url, str(path), how]
    return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE)


def wait_while_running(process: subprocess.Popen[bytes], holds: Callable[[], bool]) -> None:
    """Wait until a condition holds; fail if the process ends by itself."""

    def has_come() -> bool:
        assert process.poll() is None, "the process ended by itself"
        return holds()

    wait_until(has_come)


def size_of(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


class Stall:
    """A stream that stalls until the client closes the connection."""

    def __init__(self) -> None:
        self.started = threading.Event()
        self.disconnected = False

    def __call__(self, line: ClientConnection) -> None:
        self.started.set()
        self.disconnected = line.stall()


@pytest.mark.parametrize(
    ("how", "suffix", "parallel"), first(1, [("sync", ".csv", 3), ("async", ".csv.gz", 1), ("sync", ".json", 1)])
)
def test_save_killed_repeatedly_completes(
    how: str, suffix: str, parallel: int, serve: Serve, client_of: ClientOf, tmp_path: Path
) -> None:
    records = records_of(8000, [981, 982])
    service = RecordService(records, [Break(0.3, ClientConnection.stall)] * 6, piece=5000)
    server = serve(service)
    path = tmp_path / f"records{suffix}"
    left = path.with_name(f"{path.name}.partial")
    data = Data(
        client_of(server),
        [DataQuery(source="pad", id=681, start=datetime_at(0), end=datetime_at(7999), is_routed=True)],
    )
    for more in (50_000, 60_000):
        process = begin(server, path, how, parallel)
        try:
            before = size_of(left)
            wait_while_running(process, lambda before=before, more=more: size_of(left) > before + more)  # type: ignore[misc]
            with pytest.raises(ResumeError, match="is in use"):
                data.save(path, resume=True)
        finally:
            process.kill()
            process.communicate()
        assert process.returncode == -signal.SIGKILL
        assert not path.exists()
    service._breaks.clear()
    earlier = service.request_count
    process = begin(server, path, how, parallel)
    assert process.communicate(timeout=TIMEOUT_SECONDS)[1] == b""
    assert process.returncode == 0
    *remaining, check = map(str, service.starts[earlier:])
    assert min(remaining) > "2025-09-18 12:05:00", "only the remaining records were requested"
    assert check < min(remaining), "and once more what lies before, for records that come late"
    assert min(map(str, service.starts)) == "2025-09-18 12:00:00"
    undisturbed = tmp_path / f"undisturbed{suffix}"
    data.save(undisturbed)
    assert path.read_bytes() == undisturbed.read_bytes()
    assert {each.name for each in tmp_path.iterdir()} == {path.name, undisturbed.name}


@pytest.mark.parametrize(("suffix", "old"), first(1, [(".csv.gz", b"old"), (".json", None), (".parquet", None)]))
def test_killed_save_leaves_nothing(suffix: str, old: bytes | None, serve: Serve, tmp_path: Path) -> None:
    path = tmp_path / f"records{suffix}"
    if old:
        path.write_bytes(old)
    stall = Stall()
    service = RecordService(records_of(8000), [Break(0.5, stall)], piece=5000)
    server = serve(respond_by_path({"/data/": service, "/fields/": http_response(200, b"[]")}))
    process = begin(server, path, "sync", resume=False, overwrite=True)
    try:
        wait_while_running(process, stall.started.is_set)
    finally:
        process.kill()
        process.communicate()
    assert read_files(tmp_path) == ({path.name: old} if old else {})


@pytest.mark.parametrize("how", ["sync", "async"])
@pytest.mark.parametrize("resume", first(1, [True, False]))
def test_interrupted_save_leaves_no_partial_target(how: str, resume: bool, serve: Serve, tmp_path: Path) -> None:
    """Ctrl-C: no file is incomplete, and the connection is closed."""
    stall, left = Stall(), tmp_path / "records.json.partial"
    service = RecordService(records_of(8000), [Break(0.5, stall)], piece=5000)
    server = serve(service)
    process = begin(server, tmp_path / "records.json", how, resume=resume)
    try:
        wait_while_running(process, lambda: stall.started.is_set() and (not resume or size_of(left) > 50_000))
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=TIMEOUT_SECONDS)
    finally:
        process.kill()
        process.communicate()
    assert b"\nKeyboardInterrupt\n" in said
    server.wait_for_connections()
    assert stall.disconnected
    assert [each.name for each in tmp_path.iterdir()] == ["records.json.partial"] * resume
    assert (b"records are kept in" in said) is resume
