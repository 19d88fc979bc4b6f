"""Live saves that were killed: what they leave, and how a complete file is made of it."""

from __future__ import annotations

import gzip
import json
import logging
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.feather as pa_feather
import pyarrow.parquet as pq
import pytest

from datastore_sdk import Client, LiveData, LiveDataAsync, Site
from datastore_sdk.sandbox import Sandbox
from tests.conftest import NOW
from tests.support.exhaustive import first
from tests.support.fake_server import TIMEOUT_SECONDS
from tests.support.waiting import wait_until

SITE = 981
RECORDS = [
    {"timestamp": 1_758_196_800, "site_id": SITE, "slurry_rate": 5},
    {"timestamp": 1_758_196_801, "site_id": SITE, "stage": "frac, é"},
    {"timestamp": 1_758_196_802, "site_id": SITE, "slurry_rate": 5.25, "running": True},
]
LINES = b"".join(json.dumps(record).encode() + b"\n" for record in RECORDS)


def read_json(path: Path) -> list[dict[str, Any]]:
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    if "ndjson" in path.name:
        return [json.loads(line) for line in content.splitlines()]
    records: list[dict[str, Any]] = json.loads(content)
    return records


def read_table(path: Path) -> list[dict[str, Any]]:
    readers: dict[str, Callable[[Path], pa.Table]] = {
        ".parquet": pq.read_table,  # pyright: ignore[reportUnknownMemberType]
        ".arrow": pa_feather.read_table,  # pyright: ignore[reportUnknownMemberType]
        ".feather": pa_feather.read_table,  # pyright: ignore[reportUnknownMemberType]
    }
    table = readers.get(path.suffix, pa_csv.read_csv)(path)
    return [
        {name: _to_seconds(value) for name, value in row.items() if value not in {None, ""}}
        for row in table.to_pylist()
    ]


def _to_seconds(value: Any) -> Any:
    return int(value.timestamp()) if isinstance(value, datetime) else value


TEXT_FORMATS = ["json", "json.gz", "ndjson", "ndjson.gz"]
TABLE_FORMATS = ["csv", "csv.gz", "parquet", "arrow", "feather"]


def read(path: Path) -> list[dict[str, Any]]:
    return read_json(path) if "json" in path.name else read_table(path)


@pytest.mark.parametrize("suffix", [*TEXT_FORMATS, *TABLE_FORMATS])
@pytest.mark.parametrize("cut_off", first(2, [b"", b'{"timestamp": 17581', b"\0" * 100 + b"\n"]))
def test_recover_writes_every_whole_record(
    suffix: str, cut_off: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    target = tmp_path / f"shift.{suffix}"
    (tmp_path / f"shift.{suffix}.unfinished").write_bytes(LINES + cut_off)
    with caplog.at_level(logging.WARNING):
        assert LiveData.recover(target) == len(RECORDS)
    assert read(target) == RECORDS
    assert [*tmp_path.iterdir()] == [target]
    assert ("incomplete record" in caplog.text) is bool(cut_off)


def test_recover_joins_several_saves_oldest_first(tmp_path: Path) -> None:
    lines = LINES.splitlines(keepends=True)
    for age, (name, line) in enumerate([("-3", lines[2]), ("", lines[1]), ("-2", lines[0])]):
        path = tmp_path / f"shift.json.unfinished{name}"
        path.write_bytes(line)
        os.utime(path, (1000 - age, 1000 - age))
    (tmp_path / "shift.json.unfinished-old").write_text("kept by the user")
    assert LiveDataAsync.recover(str(tmp_path / "shift.json")) == 3
    assert read(tmp_path / "shift.json") == RECORDS
    assert {path.name for path in tmp_path.iterdir()} == {"shift.json", "shift.json.unfinished-old"}


def test_recover_one_file_under_another_name(tmp_path: Path) -> None:
    for name in ("", "-2"):
        (tmp_path / f"shift.parquet.unfinished{name}").write_bytes(LINES)
    assert LiveData.recover(tmp_path / "night.csv", tmp_path / "shift.parquet.unfinished") == 3
    assert {path.name for path in tmp_path.iterdir()} == {"night.csv", "shift.parquet.unfinished-2"}


def test_recover_refusals_leave_everything(tmp_path: Path) -> None:
    target, unfinished = tmp_path / "shift.json", tmp_path / "shift.json.unfinished"
    with pytest.raises(FileNotFoundError, match=r"shift\.json\.unfinished"):
        LiveData.recover(target)
    target.write_text("old")
    unfinished.write_bytes(LINES)
    with pytest.raises(FileExistsError):
        LiveData.recover(target)
    with pytest.raises(ValueError, match="suffix"):
        LiveData.recover(tmp_path / "shift.xml", unfinished)
    assert (target.read_text(), unfinished.read_bytes()) == ("old", LINES)
    assert LiveData.recover(target, overwrite=True) == 3


def test_recover_many_records_in_bounded_pieces(tmp_path: Path) -> None:
    (tmp_path / "shift.parquet.unfinished").write_bytes(LINES * 20_000)
    assert LiveData.recover(tmp_path / "shift.parquet") == 60_000
    assert pq.read_table(tmp_path / "shift.parquet").num_rows == 60_000  # pyright: ignore[reportUnknownMemberType]


UNHANDLED = """
    from datastore_sdk import Site
    live, _ = Site({site}).get_realtime_measurements_data()
    live.save("{name}")
"""
HANDLED = """
    import signal
    from datastore_sdk import Site
    live, _ = Site({site}).get_realtime_measurements_data()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: live.close())
    live.save("{name}")
"""
ASYNC_HANDLED = """
    import asyncio, signal
    from datastore_sdk import Site
    async def main():
        live, _ = await Site({site}).aget_realtime_measurements_data()
        for number in (signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, live.close)
        await live.asave("{name}")
    asyncio.run(main())
"""
SIGNALS = [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL]


@contextmanager
def saving(folder: Path, name: str, program: str) -> Generator[tuple[subprocess.Popen[bytes], list[Any]]]:
    """Run a program that saves live data, until it has saved 20 records."""
    paths = os.pathsep.join(path for path in sys.path if path)
    program = textwrap.dedent(program).format(site=SITE, name=name)
    unfinished = folder / f"{name}.unfinished"
    with Sandbox(now=NOW, days=1) as sandbox, Client(sandbox.token, base_url=sandbox.url) as client:
        environment = {**os.environ, **sandbox.environment, "PYTHONPATH": paths}
        with subprocess.Popen([sys.executable, "-c", program], cwd=folder, env=environment) as process:
            try:
                wait_until(lambda: any(request.status == 101 for request in sandbox.requests))
                sandbox.advance(20)
                wait_until(lambda: unfinished.exists() and unfinished.read_bytes().count(b"\n") == 20)
                start = NOW + timedelta(seconds=1)
                yield process, [*Site(SITE, client=client).get_data(start_datetime=start)][-20:]
            finally:
                process.kill()


def seconds(records: list[dict[str, Any]]) -> list[Any]:
    return [record["timestamp"] for record in records]


@pytest.mark.usefixtures("default_sighup")
@pytest.mark.parametrize(
    ("number", "name", "program"),
    first(
        2,
        [
            (signal.SIGTERM, "shift.csv.gz", HANDLED),
            (signal.SIGHUP, "shift.parquet", ASYNC_HANDLED),
            (signal.SIGHUP, "shift.csv", HANDLED),
            (signal.SIGTERM, "shift.json", ASYNC_HANDLED),
        ],
    ),
)
def test_handled_signal_completes_the_file(number: signal.Signals, name: str, program: str, tmp_path: Path) -> None:
    with saving(tmp_path, name, program) as (process, records):
        process.send_signal(number)
        assert process.wait(TIMEOUT_SECONDS) == 0
    assert seconds(read(tmp_path / name)) == seconds(records)
    assert [*tmp_path.iterdir()] == [tmp_path / name]


@pytest.mark.usefixtures("default_sighup")
@pytest.mark.parametrize(
    ("number", "suffix"),
    first(
        4,
        dict.fromkeys(
            [
                (signal.SIGTERM, "csv"),
                (signal.SIGHUP, "csv.gz"),
                (signal.SIGKILL, "parquet"),
                (signal.SIGKILL, "ndjson"),
                *product(SIGNALS, [*TEXT_FORMATS, *TABLE_FORMATS]),
            ]
        ),
    ),
)
def test_killed_save_is_recovered(number: signal.Signals, suffix: str, tmp_path: Path) -> None:
    name = f"shift.{suffix}"
    with saving(tmp_path, name, UNHANDLED) as (process, records):
        process.send_signal(number)
        assert process.wait(TIMEOUT_SECONDS) == -number
    assert not (tmp_path / name).exists()
    assert LiveData.recover(tmp_path / name) == 20
    assert seconds(read(tmp_path / name)) == seconds(records)
    assert [*tmp_path.iterdir()] == [tmp_path / name]
