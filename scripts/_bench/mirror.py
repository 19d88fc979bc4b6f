"""Speed and memory of a mirror in DuckDB: a first fill, cycles without news, a corrected hour."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from _bench import mirror_client
from _bench.environments import our_environment
from _bench.runs import LONGEST_RUN, bare_environment

DAYS = 7
"""Number of days of a first fill. With a record a second of four sites, these are 2.4 million records."""
NAMES = ("mirror, first fill", "mirror, cycle without news", "mirror, corrected hour")
_SCRIPTS = Path(__file__).parent.parent
_WIDTH = 44


@dataclass(frozen=True)
class Figure:
    """A figure of a mirror.

    Attributes:
        name: Name in the table.
        value: The figure; None if it could not be measured.
        unit: Its unit.
        target: Its maximum, or its minimum; None if it has no target.
        is_minimum: Whether the target is a minimum.
        failure: Why it could not be measured.
    """

    name: str
    value: float | None
    unit: str
    target: float | None = None
    is_minimum: bool = False
    failure: str | None = None

    @property
    def verdict(self) -> str:
        """Whether the target is met."""
        if self.value is None:
            return f"FAILED: {self.failure}"
        if self.target is None:
            return ""
        return "yes" if (self.value >= self.target if self.is_minimum else self.value <= self.target) else "NO"


def mirror_figures(pattern: str, days: int = DAYS) -> Iterator[Figure]:
    """Measure a mirror, if one of the names matches: it has to be filled for each of them."""
    if not any(re.search(pattern, name, re.IGNORECASE) for name in NAMES):
        return
    fill, cycle, hour = NAMES
    try:
        with TemporaryDirectory(prefix="bench-mirror-") as folder, _serve(days) as url:
            saved, filled, followed = (_run(task, days, folder, url) for task in ("save", "fill", "follow"))
    except subprocess.CalledProcessError as error:
        yield Figure(fill, None, "", failure=(error.stderr.strip().splitlines() or ["no message"])[-1])
        return
    yield Figure(f"{fill}, records", filled["records"], "")
    yield Figure(f"{fill}, speed against save", saved["seconds"] / filled["seconds"], "times", 0.5, is_minimum=True)
    yield Figure(f"{fill}, the same in CPU time", saved["cpu_seconds"] / filled["cpu_seconds"], "times")
    yield Figure(f"{fill}, memory", filled["peak_mb"], "MB", 300)
    yield Figure(f"{fill}, memory of save", saved["peak_mb"], "MB")
    yield Figure(f"{cycle}, with its calls", followed["idle_seconds"], "s", 0.3)
    yield Figure(f"{cycle}, the same in CPU time", followed["idle_cpu_seconds"], "s")
    yield Figure(f"{cycle}, calls", followed["idle_calls"], "")
    yield Figure(f"{hour}, replaced in the store", followed["hour_seconds"], "s", 0.1)


def mirror_heading() -> str:
    """Return the line above the figures."""
    return f"{'Mirror in DuckDB, of a pad with four sites':{_WIDTH}}{'':>12}{'':6}{'target':>10}  met"


def mirror_line(figure: Figure) -> str:
    """Return a figure as a line."""
    value = "" if figure.value is None else f"{figure.value:,.4g}" if figure.value < 1000 else f"{figure.value:,.0f}"  # noqa: PLR2004 - counts
    limit = "" if figure.target is None else f"{'>=' if figure.is_minimum else '<='} {figure.target:g}"
    return f"{figure.name:{_WIDTH}}{value:>12} {figure.unit:5}{limit:>10}  {figure.verdict}"


@contextmanager
def _serve(days: int) -> Generator[str]:
    """Run the service in a process of its own, and yield its URL."""
    command = [sys.executable, "-m", "_bench.mirror_service", str(days)]
    with subprocess.Popen(command, cwd=_SCRIPTS, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as service:
        try:
            yield f"http://127.0.0.1:{cast('Any', service.stdout).readline().strip()}"
        finally:
            service.terminate()


def _run(task: str, days: int, folder: str, url: str) -> dict[str, Any]:
    command = [str(our_environment().ensure("arrow", "mirror")), "-m", mirror_client.__name__, task, str(days), folder]
    done = subprocess.run(
        command,
        cwd=folder,
        env={**bare_environment(), "RESTREAM_HOST": url, "PYTHONPATH": str(_SCRIPTS)},
        capture_output=True,
        text=True,
        timeout=LONGEST_RUN,
        check=True,
    )
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures
