"""Memory use is bounded for any number of records. Each case runs in a process of its own, to measure its peak."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.support.exhaustive import first
from tests.support.fake_server import ClientConnection, HttpRequest
from tests.support.fixtures import Serve
from tests.support.http_responses import END, chunk, head

MEGABYTES = 32
"""How long the body is."""
ROOM = 12.0
"""How many megabytes a process may grow by while it handles it."""

# `resource` would report the peak of the process that started this one, if that was higher.
pytestmark = pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="no other system reports the peak so well"
)

BLOCK = b",\n".join(
    b'{"timestamp":%d,"site_id":981,"wellhead_pressure":%d.25,"slurry_rate":80.%d,"valve":"O"}'
    % (1_758_196_800 + second, 7000 + second % 997, second)
    for second in range(10_900)
)
FIRST = b'{"timestamp":1758196800,"site_id":981}'

READING = """
import asyncio, sys
from datastore_sdk.data import Data, DataAsync, DataQuery
from datastore_sdk.client import Client

def peak():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM"))

async def adrained(data):
    count = 0
    async for _ in data:
        count += 1
    return count

mode, url, path = sys.argv[1:]
client = Client("t0ken", base_url=url)
query = DataQuery(source="site", id=981)
next(iter(Data(client, [query])))
before = peak()
if mode == "iterate":
    print(sum(1 for _ in Data(client, [query])))
elif mode == "async":
    print(asyncio.run(adrained(DataAsync(client, [query]))))
else:
    Data(client, [query]).save(path + mode.removeprefix("resumable"), resume=mode.startswith("resumable"))
    print(0)
print(peak() - before)
"""

WRITING = """
import random, sys
from datastore_sdk.data.writers.csv_writer import CsvWriter

def peak():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM"))

chance = random.Random(7)
names = [f"field_{number}" for number in range(52)]

def batch():
    rows = (",".join(f'"{name}":1' for name in chance.sample(names, 20)) for _ in range(500))
    return CsvWriter.codec.decode(("[{" + "},{".join(rows) + "}]").encode())

with open(sys.argv[1], "wb") as file, CsvWriter(file) as writer:
    for number in range(100):
        if number == 20:
            before = peak()
        writer.write(batch())
    writer.finish()
print(peak() - before)
"""


def outcome(program: str, *arguments: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), *arguments],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        timeout=60,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def long(line: ClientConnection, _: HttpRequest) -> None:
    line.send(head(transfer_encoding="chunked") + chunk(b"[" + FIRST))
    for _megabyte in range(MEGABYTES):
        line.send(chunk(b",\n" + BLOCK))
    line.send(chunk(b"]") + END)


def long_compressed(line: ClientConnection, _: HttpRequest) -> None:
    packed = gzip.compress(b"[" + FIRST + (b",\n" + BLOCK) * MEGABYTES + b"]", 1)
    line.send(head(content_length=len(packed), content_encoding="gzip") + packed)


@pytest.mark.parametrize("mode", first(1, ["async", ".csv", "resumable.json", "iterate", ".json", "resumable.csv"]))
def test_download_uses_bounded_memory(mode: str, serve: Serve, tmp_path: Path) -> None:
    count, growth = outcome(READING, mode, serve(long).url, str(tmp_path / "records"))
    assert float(growth) < ROOM
    assert int(count) in (0, MEGABYTES * 10_900 + 1)


@pytest.mark.exhaustive
def test_compressed_download_uses_bounded_memory(serve: Serve, tmp_path: Path) -> None:
    count, growth = outcome(READING, "iterate", serve(long_compressed).url, str(tmp_path))
    assert float(growth) < ROOM
    assert int(count) == MEGABYTES * 10_900 + 1


@pytest.mark.exhaustive
def test_records_with_different_fields_use_bounded_memory(tmp_path: Path) -> None:
    """The memory of a CSV writer for each kind of record must not grow with the records."""
    (growth,) = outcome(WRITING, str(tmp_path / "records.csv"))
    assert float(growth) < 12
