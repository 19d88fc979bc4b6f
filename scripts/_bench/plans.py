"""Rows of plans: what a record costs with each engine, and whether ten times the records cost ten times as much."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from _environment import ROOT, project_environment

from _bench.body import Body, Framing
from _bench.process_tree import ProcessTree
from _bench.runs import LONGEST_RUN, bare_environment
from _bench.server import Server
from _bench.slices import FIELDS

ENGINES = ("to_arrow", "pyarrow", "polars", "DuckDB", "Dask", "Ray", "Spark")
"""All but `to_arrow` read plans; they are compared with it."""
_SHORT = 1_800
_LONG = 21_600
"""Lengths of slices in seconds: half an hour, and the default."""
_SITES = 10
"""The large plan has the same records for this number of sites; the small one for one site."""
MAX_COST = 1.5
"""Maximum CPU time of a record read by a plan, as a multiple of `to_arrow`."""
MAX_GROWTH = 1.15
"""Maximum time of a record of the large plan, as a multiple of the small one."""


@dataclass(frozen=True)
class PlanRow:
    """One engine and one length of slices."""

    engine: str
    slice_seconds: int

    @property
    def name(self) -> str:
        """Name in the table."""
        if self.engine == "to_arrow":
            return "plans: to_arrow, without a plan"
        return f"plans: {self.engine}, slices of {self.slice_seconds} s"


@dataclass(frozen=True)
class PlanFigures:
    """Figures of one process with its descendants."""

    records: int
    start_seconds: float
    seconds: float
    cpu_seconds: float
    """That of the task, and all of the processes that the engine started."""
    peak_mb: float

    @property
    def micros(self) -> float:
        """Microseconds of a record, without start."""
        return self.seconds / self.records * 1e6


@dataclass(frozen=True)
class PlanResult:
    """A small and a large plan, or the error."""

    row: PlanRow
    small: PlanFigures | None = None
    large: PlanFigures | None = None
    failure: str | None = None

    @property
    def cpu_micros(self) -> float:
        """CPU microseconds of one more record: the start does not count."""
        if self.small is None or self.large is None:
            return 0.0
        more = self.large.records - self.small.records
        return (self.large.cpu_seconds - self.small.cpu_seconds) / more * 1e6

    @property
    def growth(self) -> float:
        """Time of a record of the large plan, as a multiple of the small one."""
        return self.large.micros / self.small.micros if self.small and self.large else 0.0


def plan_rows(pattern: str) -> list[PlanRow]:
    """Return the rows whose names match."""
    rows = [PlanRow("to_arrow", _LONG), *(PlanRow(engine, _LONG) for engine in ENGINES[1:]), PlanRow("pyarrow", _SHORT)]
    return [row for row in rows if re.search(pattern, row.name, re.IGNORECASE)]


def measure_plans(pattern: str, records: int) -> Iterator[PlanResult]:
    """Measure the rows whose names match.

    Args:
        pattern: A regular expression.
        records: Number of records of the small plan.
    """
    if not (rows := plan_rows(pattern)):
        return
    python = project_environment(ROOT, ".venv-engines").ensure(
        "arrow", "dask", "engines", "pandas", "polars", "ray", "spark"
    )
    with Server(Body(records, Framing.SLICES)) as server:
        for row in rows:
            try:
                small, large = (_measure(python, server.url, row, sites, records) for sites in (1, _SITES))
                yield PlanResult(row, small, large)
            except (subprocess.SubprocessError, ValueError) as error:
                yield PlanResult(row, failure=str(error))


def _measure(python: Path, url: str, row: PlanRow, sites: int, records: int) -> PlanFigures:
    """Measure one process.

    Raises:
        ValueError: It failed, or did not read all records.
    """
    command = [str(python), "-m", "_bench.plan_client", row.engine, *map(str, (sites, records, row.slice_seconds))]
    environment = {
        **bare_environment(),
        "RESTREAM_HOST": url,
        "TALLY_AUTH_TOKEN": "token",
        "RAY_USAGE_STATS_ENABLED": "0",
        "PYTHONPATH": f"{ROOT / 'scripts'}",
    }
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        tree = ProcessTree(run.pid)
        output, errors = run.communicate(timeout=LONGEST_RUN)
        tree.stop()
    if run.returncode:
        raise ValueError((errors.strip().splitlines() or [f"ended with {run.returncode}"])[-1])
    found = json.loads(output.strip().splitlines()[-1])
    expected = sites * records
    if {found["totals"]["records"], found["totals"][FIELDS[-1]]} != {expected}:
        raise ValueError(f"{found['totals']['records']} records instead of {expected}")
    return PlanFigures(
        expected, found["start"], found["seconds"], found["cpu_seconds"] + tree.descendants_cpu_seconds, tree.peak_mb
    )
