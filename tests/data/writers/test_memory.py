"""Files of any size are written in little memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.exhaustive import first
from tests.support.paths import PYTHONPATH

WRITE = """
import resource, sys
from pathlib import Path

from datastore_sdk.data.saving.files import open_atomic
from datastore_sdk.data.writers.registry import find_writer

path = Path(sys.argv[1])
slow = b"".join(b',"slow_%d":0.%d' % (number, 7**number) for number in range(20))
kind = find_writer(path)


def batch(start: int) -> bytes:
    records = (
        b'{"timestamp":%d,"slurry_rate":0.%d,"valve":"O"%b}' % (second, second**3, b"" if second % 10 else slow)
        for second in range(start, start + 500)
    )
    return b"[" + b",".join(records) + b"]"


def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> (20 if sys.platform == "darwin" else 10)


before = peak()
with open_atomic(path) as file, kind(file) as writer:
    for start in range(0, 300_000, 500):
        for effect in writer.write(writer.codec.decode(batch(start))) or ():
            effect.function()
    writer.finish()
print(peak() - before)
"""


@pytest.mark.parametrize(
    "case",
    first(1, [(".parquet", 150), (".csv", 40), (".json.zst", 40), (".arrow", 100), (".ndjson", 20)]),
)
def test_memory_stays_small(tmp_path: Path, case: tuple[str, int]) -> None:
    suffix, megabytes = case
    path = tmp_path / f"data{suffix}"
    environment = {"PYTHONPATH": PYTHONPATH}
    done = subprocess.run(
        [sys.executable, "-c", WRITE, path], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < megabytes
    assert [each.name for each in tmp_path.iterdir()] == [path.name]
    assert path.stat().st_size > 500_000
