"""CPU time and memory of a process with all its descendants, on Linux."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread

_INTERVAL = 0.2
"""Seconds between two samples."""
_TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
_CPU_FIELDS = slice(11, 13)
"""User and system time, in the values of `stat` after the name."""


class ProcessTree:
    """Sampler of a process and its descendants: engines have workers, servers and virtual machines.

    Memory that processes share counts once (PSS). CPU time counts the last sample of each process.

    Args:
        pid: The process.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._cpu: dict[int, float] = {}
        self.peak_mb = 0.0
        """Peak memory of all processes together in MB."""
        self._stopped = Event()
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop sampling."""
        self._stopped.set()
        self._thread.join()

    @property
    def descendants_cpu_seconds(self) -> float:
        """CPU time of all processes but the first one."""
        return sum(seconds for pid, seconds in self._cpu.items() if pid != self._pid)

    def _run(self) -> None:
        while not self._stopped.wait(_INTERVAL):
            stats = _read_stats()
            tree = {self._pid}
            while more := {pid for pid, (parent, _) in stats.items() if parent in tree} - tree:
                tree |= more
            self._cpu |= {pid: stats[pid][1] for pid in tree if pid in stats}
            self.peak_mb = max(self.peak_mb, sum(map(_read_pss, tree)) * 1024 / 1e6)


def _read_stats() -> dict[int, tuple[int, float]]:
    """Return the parent and the CPU seconds of each process."""
    found: dict[int, tuple[int, float]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, IndexError):
            values = path.read_text().rpartition(")")[2].split()
            found[int(path.parent.name)] = int(values[1]), sum(map(int, values[_CPU_FIELDS])) / _TICKS
    return found


def _read_pss(pid: int) -> int:
    """Return the memory of a process in KB; 0 if it has ended."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0
