"""Spark streams whose driver is killed at random, and batch reads whose workers are, compared with the plain SDK."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import Empty, Queue
from typing import Any, Literal, Self

import pyarrow.parquet as pq

from datastore_sdk import Client, Site
from datastore_sdk.sandbox import Sandbox, faults
from tests.engines.spark_driver import BATCHES
from tests.mirror.oracle import Comparison, canonical, compare
from tests.support.paths import ROOT

KillKind = Literal["stream", "batches"]

KILLS = 10
"""How often the processes of a case are killed."""
LONGEST = 300
"""Seconds after which a driver hangs."""
SITES = (981, 982)
FIELDS = ("slurry_rate", "upper_master_valve", "wl_ccl")
HOURS = timedelta(hours=4)


@dataclass
class Outcome:
    """The outcome of a case."""

    seed: int
    kind: KillKind
    kills: int = 0
    """Number of drivers that were killed; of workers, if batches are read."""
    worker_kills: int = 0
    """Number of workers of streams that were killed, while their driver continued."""
    faults: int = 0
    batches: int = 0
    """Number of batches at the end."""
    comparison: Comparison = field(default_factory=Comparison)
    problems: list[str] = field(default_factory=list[str])

    @property
    def sound(self) -> bool:
        return self.comparison.is_equal and not self.problems


def run_killed(seed: int, kind: KillKind, kills: int = KILLS) -> Outcome:
    """Read, kill, read again; then compare.

    Args:
        seed: Seed of everything random.
        kind: Stream or batches.
        kills: How often a process is killed. A stream that is complete is killed no more.
    """
    now = datetime(2025, 9, 18, 12, tzinfo=UTC)
    outcome = Outcome(seed, kind)
    with (
        tempfile.TemporaryDirectory() as folder,
        Sandbox(now=now, days=2, untidy=seed if seed % 2 else None) as sandbox,
    ):
        _Case(sandbox, Path(folder), random.Random(f"{seed} {kind}"), outcome).run(kills)
    return outcome


class _Case:
    def __init__(self, sandbox: Sandbox, folder: Path, chance: random.Random, outcome: Outcome) -> None:
        self._sandbox = sandbox
        self._folder = folder
        self._chance = chance
        self._outcome = outcome
        self._start = datetime(2025, 9, 17, chance.randrange(0, 20), chance.randrange(60), tzinfo=UTC)
        self._end = self._start + HOURS - timedelta(seconds=1)
        self._seconds = chance.choice([120, 300, 900])
        self._max_seconds = chance.choice([420, 600, 1200])

    def run(self, kills: int) -> None:
        """Kill until there were enough kills or all is read, then read the rest, and compare."""
        read = self._read_stream if self._outcome.kind == "stream" else self._read_batches
        is_complete = False
        while not is_complete and self._outcome.kills < kills:
            self._add_faults()
            is_complete = read(kills)
        self._sandbox.faults.clear()
        if not is_complete:
            with self._launch() as driver:
                driver.wait(LONGEST)
                if driver.returncode:
                    self._outcome.problems.append(f"the last driver ended with {driver.returncode}: {driver.errors}")
        self._compare()

    def _read_stream(self, kills: int) -> bool:  # noqa: ARG002 - one kill ends it
        """Read a stream until its driver is killed; return whether it was complete before."""
        with self._launch() as driver:
            for _ in range(self._chance.choice([1, 2, 3])):  # `started`, and the first batches
                driver.wait_for_line(LONGEST)
            while not driver.wait(self._chance.choice([0.05, 0.4, 1.5]) * self._chance.uniform(0, 2)):
                if self._chance.random() < 0.3:
                    self._outcome.worker_kills += driver.kill_workers()
                    continue
                driver.kill()
                self._outcome.kills += 1
                return False
            return self._check(driver)

    def _read_batches(self, kills: int) -> bool:
        """Read batches while workers are killed; return whether all were read."""
        with self._launch() as driver:
            driver.wait_for_line(LONGEST)
            while not driver.wait(self._chance.uniform(0.2, 3)):
                if self._outcome.kills < kills:
                    self._outcome.kills += driver.kill_workers()
            return self._check(driver)

    def _check(self, driver: _Driver) -> bool:
        if driver.returncode:
            self._outcome.problems.append(f"the driver ended with {driver.returncode}: {driver.errors}")
        return True

    def _launch(self) -> _Driver:
        options = {
            "sites": ",".join(map(str, SITES)),
            "start": self._start.isoformat(),
            "end": self._end.isoformat(),
            "fields": ",".join(FIELDS),
            "seconds": self._seconds,
            **({"max_seconds": self._max_seconds} if self._outcome.kind == "stream" else {}),
        }
        module = [sys.executable, "-m", "tests.engines.spark_driver", self._outcome.kind, str(self._folder)]
        command = [*module, *(f"{name}={value}" for name, value in options.items())]
        return _Driver(command, {**self._sandbox.environment, "PYSPARK_PYTHON": sys.executable})

    def _add_faults(self) -> None:
        """Let responses take time, so that kills hit them, and let some of them fail."""
        chance = self._chance
        self._sandbox.faults.clear()
        self._sandbox.faults.add(faults.Stall(at=0, seconds=chance.choice([0.05, 0.3]), path="/data/", times=200))
        while chance.random() < 0.6:
            fault: faults.Fault = chance.choice(
                [
                    faults.Status(chance.choice([429, 500, 503]), path="/data/"),
                    faults.Reset(when="body", at=chance.choice([0, 900, 20_000]), path="/data/"),
                    faults.Truncate(at=chance.choice([1, 5000, 50_000]), path="/data/"),
                ]
            )
            self._sandbox.faults.add(fault)
            self._outcome.faults += 1

    def _compare(self) -> None:
        """Compare the batches of each site with the records that the plain SDK reads."""
        paths = sorted(self._folder.glob("out/batch=*/*.parquet"))
        found: list[dict[str, Any]] = [row for path in paths for row in pq.ParquetFile(path).read().to_pylist()]
        self._outcome.batches = len({path.parent for path in paths})
        times = BATCHES if self._outcome.kind == "batches" else 1
        with Client(self._sandbox.token, base_url=self._sandbox.url) as client:
            for site in SITES:
                data = Site(id=site, client=client).get_data(self._start, self._end, fields=FIELDS)
                expected = Counter(canonical(record) for record in data for _ in range(times))
                stored = Counter(
                    canonical({**row, "timestamp": row["timestamp"].timestamp()})
                    for row in found
                    if row["site_id"] == site
                )
                self._outcome.comparison += compare(expected, stored)


class _Driver:
    """Process of `spark_driver`, with its Java process and its workers."""

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        self._lines = Queue[str]()
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed with the process
        self._process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **environment, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "generated")])},
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read_lines)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self._reader.join()
        if self._process.stdout:
            self._process.stdout.close()
        self._errors.close()

    @property
    def returncode(self) -> int | None:
        return self._process.returncode

    @property
    def errors(self) -> str:
        """The end of what it wrote to standard error."""
        self._errors.seek(0)
        return self._errors.read()[-2000:]

    def wait(self, seconds: float) -> bool:
        """Return whether it ended within some seconds."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def wait_for_line(self, seconds: float) -> None:
        """Wait until it prints another line, or ends."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and self._process.poll() is None:
            try:
                self._lines.get(timeout=0.1)
            except Empty:
                continue
            return

    def kill(self) -> None:
        """Kill it and its Java process. The daemon of the workers ends by itself."""
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        self._process.wait()

    def kill_workers(self) -> int:
        """Kill its workers, and return how many there were."""
        workers = find_workers(self._process.pid)
        for pid in workers:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        return len(workers)

    def _read_lines(self) -> None:
        for line in self._process.stdout or ():
            self._lines.put(line)


def find_workers(driver: int) -> list[int]:
    """Return the Python workers that run tasks of a driver: the children of a daemon, which lives on.

    Others make the plan of a query. Spark fails the query if one of them is killed.
    """
    parents: dict[int, int] = {}
    daemons: set[int] = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            pid = int(folder.name)
            parents[pid] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if b"daemon\0pyspark.worker\0" in (folder / "cmdline").read_bytes():
                daemons.add(pid)
        except OSError:
            continue

    def descends(pid: int) -> bool:
        while pid in parents:
            if pid == driver:
                return True
            pid = parents[pid]
        return False

    return sorted(pid for pid in daemons if parents[pid] in daemons and descends(pid))
