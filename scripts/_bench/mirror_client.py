"""Run one task of the bench of mirrors, and print its figures as JSON.

    python -m _bench.mirror_client TASK DAYS FOLDER

RESTREAM_HOST is the URL of the service.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from _bench.client import TOKEN, peak

PAD = 1
SITES = (1111, 1112, 1113, 1114)
CYCLES = 5
"""Number of cycles without news; the median counts."""


class Job:
    """A task with a mirror in a folder."""

    def __init__(self, days: int, folder: Path) -> None:
        from datastore_sdk import Client, Hooks

        self._since = timedelta(days=days)
        self._folder = folder
        self._calls = 0
        self._client = Client(TOKEN, hooks=Hooks(on_request=self._count_call))

    def save(self) -> dict[str, Any]:
        """Save the records of each site to Parquet."""
        from datastore_sdk import Site

        now = datetime.now(UTC)
        for site in SITES:
            data = Site(site, client=self._client).get_data(start_datetime=now - self._since, end_datetime=now)
            data.save(self._folder / f"{site}.parquet")
        return {}

    def fill(self) -> dict[str, Any]:
        """Fill a new mirror."""
        from datastore_sdk import Mirror, Pad

        with Mirror(self._folder / "field.duckdb", client=self._client) as mirror:
            mirror.add(Pad(PAD, client=self._client), since=self._since)
            return {"records": mirror.run().read}

    def follow(self) -> dict[str, Any]:
        """Run cycles without news, then one with a corrected hour, in a mirror that is filled."""
        import httpx

        from datastore_sdk import Mirror

        with Mirror(self._folder / "field.duckdb", client=self._client) as mirror:
            mirror.run()
            self._calls = 0
            cpu = time.process_time()
            idle_seconds = median(mirror.run().seconds for _ in range(CYCLES))
            idle_cpu_seconds = (time.process_time() - cpu) / CYCLES
            calls = self._calls // CYCLES
            httpx.post(f"{os.environ['RESTREAM_HOST']}/correct/").raise_for_status()
            store: Any = mirror._store  # noqa: SLF001 - the time within the store is not public
            changes: list[float] = []
            store.apply = _measure_changes(store.apply, changes)
            if mirror.run().acknowledged != 1:
                sys.exit("The data change was not applied")
        return {
            "idle_seconds": idle_seconds,
            "idle_cpu_seconds": idle_cpu_seconds,
            "idle_calls": calls,
            "hour_seconds": max(changes),
        }

    def _count_call(self, _: object) -> None:
        self._calls += 1


def _measure_changes(apply: Callable[[Any], None], seconds: list[float]) -> Callable[[Any], None]:
    """Return the function that carries out updates. It notes the seconds of those that replace records for a change."""

    def apply_measured(update: Any) -> None:
        start = time.perf_counter()
        apply(update)
        if update.records is not None and any(table.table.name == "data_changes" for table in update.tables):
            seconds.append(time.perf_counter() - start)

    return apply_measured


def main() -> None:
    """Run the task named on the command line."""
    task, days, folder = sys.argv[1:]
    job = Job(int(days), Path(folder))
    imported, start, cpu = peak(), time.perf_counter(), time.process_time()
    figures = getattr(job, task)()
    figures |= {
        "seconds": time.perf_counter() - start,
        "cpu_seconds": time.process_time() - cpu,
        "peak_mb": peak() - imported,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
