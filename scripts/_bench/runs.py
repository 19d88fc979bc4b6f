"""Measure rows: whole processes, in turns, one at a time."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self

from _bench import client
from _bench.body import START, Body
from _bench.rows import VENDOR, Clock, Row, Run
from _bench.server import Server

LONGEST_RUN = 1800
"""Seconds after which a process is killed."""
_BLOCK = 1 << 24


class RunFailed(Exception):  # noqa: N818 - a possible result of a row
    """A process ended with an error, or did not do its task."""


@dataclass(frozen=True)
class Sample:
    """Seconds and MB of one process."""

    process_seconds: float
    import_seconds: float
    task_seconds: float
    import_mb: float
    peak_mb: float
    cpu_seconds: float = 0

    def seconds(self, clock: Clock) -> float:
        """Return the time by a clock, in seconds."""
        match clock:
            case Clock.PROCESS:
                return self.process_seconds
            case Clock.TASK:
                return self.task_seconds
            case Clock.IMPORT:
                return self.import_seconds
            case Clock.CPU:
                return self.cpu_seconds

    def memory(self, clock: Clock) -> float:
        """Return the memory in MB: of the whole process with `Clock.IMPORT`, otherwise the increase after import."""
        return self.peak_mb if clock is Clock.IMPORT else self.peak_mb - self.import_mb


@dataclass(frozen=True)
class Spread:
    """Median and range of some figures."""

    median: float
    lowest: float
    highest: float

    @classmethod
    def of(cls, figures: Iterable[float]) -> Spread:
        """Return the spread of one or more figures."""
        ordered = sorted(figures)
        return cls(median(ordered), ordered[0], ordered[-1])


@dataclass(frozen=True)
class Result:
    """A row with its samples, pair by pair, or with its error."""

    row: Row
    sdk: tuple[Sample, ...] = ()
    reference: tuple[Sample, ...] = ()
    failure: str | None = None
    is_comparable: bool = True
    """Whether the reference completed its task."""

    def ratio(self, clock: Clock | None = None) -> Spread:
        """Return the speed as a multiple of the reference, over all pairs."""
        clock = clock or self.row.clock
        pairs = zip(self.sdk, self.reference, strict=True)
        return Spread.of(
            self.row.work * reference.seconds(clock) / max(sdk.seconds(clock), 1e-9) for sdk, reference in pairs
        )

    def seconds(self, samples: Iterable[Sample]) -> Spread:
        """Return the time of samples in seconds."""
        return Spread.of(sample.seconds(self.row.clock) for sample in samples)

    def memory(self, samples: Iterable[Sample]) -> Spread:
        """Return the memory of samples in MB."""
        return Spread.of(sample.memory(self.row.clock) for sample in samples)

    def is_met(self, clock: Clock | None = None) -> bool:
        """Return whether the medians meet the targets."""
        row = self.row
        fast = row.min_ratio is None or self.ratio(clock).median >= row.min_ratio
        return fast and (row.peak_mb is None or self.memory(self.sdk).median <= row.peak_mb)

    @property
    def verdict(self) -> str:
        """Whether the row meets its targets, or would without start and import."""
        if self.failure is not None:
            return "FAILED" if self.is_comparable else "n/a"
        if self.is_met():
            return "yes"
        return "task alone" if self.row.clock is Clock.PROCESS and self.is_met(Clock.TASK) else "NO"


class Bench:
    """Runs processes. As a context manager, it ends its services and deletes saved files.

    Args:
        python_for: Returns the interpreter for a run.
        pairs: Number of pairs of runs for a row.
    """

    def __init__(self, python_for: Callable[[Run], Path], pairs: int) -> None:
        self._python_for = python_for
        self._warm: set[Path] = set()
        self._pairs = pairs
        self._servers: dict[Body, Server] = {}
        self._folder = TemporaryDirectory(prefix="bench-")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._serve(())
        self._folder.cleanup()

    def measure(self, row: Row) -> Result:
        """Measure a row."""
        self._serve({row.sdk.body, row.reference.body})
        for run in (row.reference, row.sdk):
            self._warm_up(run)
        sdk: list[Sample] = []
        reference: list[Sample] = []
        try:
            for _ in range(self._pairs):
                try:
                    reference.append(self._sample(row.reference))
                except RunFailed as failed:
                    self._sample(row.sdk)
                    return Result(row, failure=str(failed), is_comparable=row.reference.package != VENDOR)
                sdk.append(self._sample(row.sdk))
        except RunFailed as failed:
            return Result(row, failure=str(failed))
        return Result(row, tuple(sdk), tuple(reference))

    def figures(self, run: Run) -> dict[str, Any]:
        """Return the figures of one process.

        Raises:
            RunFailed: It ended with an error, or did not receive all records.
        """
        self._serve({run.body})
        self._warm_up(run)
        result = self._process(run, Path(), {"RESTREAM_HOST": self._servers[run.body].url})
        if result["count"] != run.body.records:
            raise RunFailed(f"{run.package} {run.task}: {result['count']} instead of {run.body.records}")
        return result

    def url(self, body: Body) -> str:
        """Return the URL of a body. It is served until a row is measured that does not need it."""
        if body not in self._servers:
            self._servers[body] = Server(body)
        return f"{self._servers[body].url}/data/"

    def _warm_up(self, run: Run) -> None:
        """Import a package once, so that no run has to compile it or read it from the disk."""
        python = self._python_for(run)
        if python not in self._warm:
            self._process(replace(run, task="nothing"), Path(), {})
            self._warm.add(python)

    def _serve(self, bodies: Iterable[Body]) -> None:
        """Start the services for these bodies, and stop all others to free their memory."""
        for body in self._servers.keys() - bodies:
            with self._servers.pop(body):
                pass
        for body in bodies:
            self.url(body)

    def _sample(self, run: Run) -> Sample:
        file = Path(self._folder.name) / f"records{run.suffix}"
        start, cpu = time.perf_counter(), _cpu_of_children()
        result = self._process(run, file, {"RESTREAM_HOST": self._servers[run.body].url})
        seconds, cpu = time.perf_counter() - start, _cpu_of_children() - cpu
        count = result.pop("count")
        if run.suffix:
            count = records_in(file, self._python_for(run))
            file.unlink()
        expected = {"nothing": None, "calls": client.SMALL_CALLS}.get(run.task, run.body.records)
        if count != expected:
            raise RunFailed(f"{run.package} {run.task}: {count} instead of {expected}")
        return Sample(process_seconds=seconds, cpu_seconds=cpu, **result)

    def _process(self, run: Run, file: Path, environment: Mapping[str, str]) -> dict[str, Any]:
        """Run a process, and return the figures that it printed."""
        requested = str(START), str(START + run.body.records - 1)
        done = subprocess.run(
            [str(self._python_for(run)), "-P", client.__file__, run.package, run.task, *requested, str(file)],
            cwd=self._folder.name,
            env={**bare_environment(), **environment},
            capture_output=True,
            text=True,
            timeout=LONGEST_RUN,
            check=False,
        )
        if done.returncode:
            lines = done.stderr.strip().splitlines() or [f"ended with {done.returncode}"]
            raise RunFailed(f"{run.package} {run.task}: {lines[-1]}")
        result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return result


def records_in(file: Path, python: Path) -> int:
    """Count the records of a saved file.

    Args:
        file: The file.
        python: An interpreter with pyarrow, which reads Parquet.
    """
    match file.suffix:
        case ".json":
            return _occurrences(file, b'"timestamp"')
        case ".ndjson":
            return _occurrences(file, b"\n")
        case ".csv":
            with file.open(encoding="utf-8", newline="") as opened:
                return sum(1 for _ in csv.reader(opened)) - 1
        case _:
            source = f"import pyarrow.parquet; print(pyarrow.parquet.read_metadata({str(file)!r}).num_rows)"
            return int(subprocess.run([python, "-c", source], capture_output=True, text=True, check=True).stdout)


def _cpu_of_children() -> float:
    """Return the CPU seconds of all processes that have ended."""
    times = os.times()
    return times.children_user + times.children_system


def _occurrences(file: Path, text: bytes) -> int:
    count, remaining = 0, b""
    with file.open("rb") as opened:
        while block := opened.read(_BLOCK):
            block = remaining + block
            count += block.count(text)
            remaining = block[len(block) - len(text) + 1 :]
    return count


def bare_environment() -> dict[str, str]:
    """Return this environment without tokens, hosts, proxies and PYTHON* variables."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "RESTREAM_", "TALLY_")) and not name.lower().endswith("_proxy")
    }
