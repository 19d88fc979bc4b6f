"""Run one task of the bench of mirrors, and print its figures as JSON.

    python mirror_client.py TASK DAYS FOLDER

The service is that of RESTREAM_HOST.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from client import TOKEN, peak

PAD = 1
SITES = (1111, 1112, 1113, 1114)
CYCLES = 5
"""Number of cycles without news; the median counts."""


class Job:
    """A task in a folder."""

    def __init__(self, days: int, folder: Path) -> None:
        from datastore_sdk import Client, Hooks

        self._since = timedelta(days=days) + timedelta(minutes=1)
        self._folder = folder
        self._calls = 0
        self._client = Client(TOKEN, hooks=Hooks(on_request=self._count_call))

    def save(self) -> dict[str, Any]:
        """Save the records of each site to Parquet."""
        from datetime import UTC, datetime

        from datastore_sdk import Site

        now = datetime.now(UTC)
        for site in SITES:
            data = Site(site, client=self._client).get_data(start_datetime=now - self._since, end_datetime=now)
            data.save(self._folder / f"{site}.parquet", overwrite=True)
        return {}

    def fill(self) -> dict[str, Any]:
        """Fill a new mirror."""
        from datastore_sdk import Mirror, Pad

        with Mirror(self._folder / "field.duckdb", client=self._client) as mirror:
            mirror.add(Pad(PAD, client=self._client), since=self._since)
            return {"records": mirror.run().read}

    def follow(self) -> dict[str, Any]:
        """Run cycles without news, then one with a corrected hour, in the filled mirror."""
        from datastore_sdk import Mirror

        with Mirror(self._folder / "field.duckdb", client=self._client) as mirror:
            mirror.run()
            self._calls = 0
            idle = sorted(mirror.run().seconds for _ in range(CYCLES))[CYCLES // 2]
            calls = self._calls // CYCLES
            urlopen(Request(f"{os.environ['RESTREAM_HOST']}/correct/", method="POST")).close()
            store: Any = mirror._store  # the time within the store alone is not public
            updates: list[tuple[int, float]] = []
            store.apply = _measured(store.apply, updates)
            assert mirror.run().acknowledged == 1
        return {"idle_seconds": idle, "idle_calls": calls, "hour_seconds": max(updates)[1]}

    def _count_call(self, _: object) -> None:
        self._calls += 1


def _measured(apply: Callable[[Any], None], updates: list[tuple[int, float]]) -> Callable[[Any], None]:
    """Return the function, with the seconds of each update noted after the length of its spans."""

    def run(update: Any) -> None:
        start = time.perf_counter()
        apply(update)
        spans = update.records.spans if update.records else ()
        is_change = any(table.table.name == "data_changes" for table in update.tables)
        updates.append((sum(span.seconds for span in spans) if is_change else 0, time.perf_counter() - start))

    return run


def main() -> None:
    """Run the task named on the command line."""
    task, days, folder = sys.argv[1:]
    import datastore_sdk  # noqa: F401 - its memory is not that of the task

    imported = peak()
    started, cpu = time.perf_counter(), time.process_time()
    figures = getattr(Job(int(days), Path(folder)), task)()
    figures |= {
        "seconds": time.perf_counter() - started,
        "cpu_seconds": time.process_time() - cpu,
        "peak_mb": peak() - imported,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
