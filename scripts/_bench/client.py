"""Run one task with one client, the vendor's or the SDK, and print its figures as JSON.

    python client.py PACKAGE TASK FIRST LAST FILE

FIRST and LAST are the requested time range, in unix seconds.

This runs in the vendor's environment as well as in the project's: it imports the standard library and the package, and
nothing before the package that the package would have to import itself.
"""

from __future__ import annotations

import importlib
import sys
import time
from contextlib import aclosing, closing
from itertools import islice
from pathlib import Path
from typing import Any

SITE = 1111
"""Site of the records in `body.py`; records of another site would be left out."""
SMALL_CALLS = 500
SHARES = (0.5, 0.99, 1.0)
"""Quantiles of the delays that are reported: the median, the 99th percentile and the maximum."""
SENT = "sent"
"""Field with the time when a record was sent, by the clock that all processes share."""
TOKEN = "token"  # noqa: S105 - of a service that nobody else can reach
KEY = {"timestamp": "timestamp", "site_id": "int64"}
_SAMPLE = 1000
_MEGA = 1e6


class Job:
    """A task with the arguments of the command line."""

    def __init__(self, package: Any, first: str, last: str, file: str) -> None:
        self._package = package
        self._range = int(first), int(last)
        self._count = self._range[1] - self._range[0] + 1
        self._file = file
        self.figures: dict[str, float] = {}
        """Figures of a task besides its duration."""

    def iterate(self) -> int:
        """Iterate over the records as dicts."""
        return sum(1 for _ in self._data().data_fetcher)

    def batches(self) -> int:
        """Iterate over the records in lists of dicts."""
        return sum(map(len, self._data().batches()))

    def table(self) -> int:
        """Build an Arrow table of the records."""
        return int(self._data().to_arrow().num_rows)

    def frame(self) -> int:
        """Build a pandas frame from a list of the records, for a package without tables."""
        pandas: Any = importlib.import_module("pandas")
        return len(pandas.DataFrame(list(self._data().data_fetcher)))

    def save(self) -> None:
        """Save the records."""
        self._data().save(self._file)

    def save_schema(self) -> None:
        """Save the records with a schema for the fields of the first ones: texts and numbers."""
        fields: dict[str, str] = {}
        for record in self._data().head(_SAMPLE):
            for name, value in record.items():
                if name not in KEY and value is not None:
                    fields.setdefault(name, "string" if isinstance(value, str) else "float64")
        columns = tuple(self._package.Column(name=name, type=kind) for name, kind in (KEY | fields).items())
        self._data().save(self._file, schema=self._package.Schema(columns=columns))

    def save_parallel(self) -> None:
        """Save the records, with three time ranges downloaded at once."""
        self._data(parallel=3).save(self._file)

    def asave(self) -> None:
        """Save the records with the async form."""
        import asyncio

        async def run() -> None:
            data = await self._package.Site(id=SITE, auth_token=TOKEN).aget_data(**self._build_range())
            await data.asave(self._file)

        asyncio.run(run())

    def save_frame(self) -> None:
        """Save the records through a list and pandas, for a package without Parquet."""
        pandas: Any = importlib.import_module("pandas")
        pandas.DataFrame(list(self._data().data_fetcher)).to_parquet(self._file)

    def calls(self) -> int:
        """Make small calls, one after the other."""
        return sum(self._package.Pad.get_model(id=1, auth_token=TOKEN).id for _ in range(SMALL_CALLS))

    def listen(self) -> int:
        """Listen to live records."""
        with closing(self._live()) as records:
            return sum(1 for _ in islice(records, self._count))

    def alisten(self) -> int:
        """Listen with the async form."""
        import asyncio

        async def run() -> int:
            count = 0
            async with aclosing(await self._alive()) as records:
                async for _ in records:
                    count += 1
                    if count == self._count:
                        break
            return count

        return asyncio.run(run())

    def delays(self) -> int:
        """Listen, and measure the time from sending to delivery."""
        with closing(self._live()) as records:
            return self._note([time.monotonic() - record[SENT] for record in islice(records, self._count)])

    def adelays(self) -> int:
        """Measure the delays with the async form."""
        import asyncio

        async def run() -> list[float]:
            delays: list[float] = []
            async with aclosing(await self._alive()) as records:
                async for record in records:
                    delays.append(time.monotonic() - record[SENT])
                    if len(delays) == self._count:
                        break
            return delays

        return self._note(asyncio.run(run()))

    def nothing(self) -> None:
        """Do nothing after the import."""

    def _live(self) -> Any:
        return self._package.Site(id=SITE, auth_token=TOKEN).get_realtime_measurements_data()[0].data_fetcher

    async def _alive(self) -> Any:
        return (await self._package.Site(id=SITE, auth_token=TOKEN).aget_realtime_measurements_data())[0].data_fetcher

    def _note(self, delays: list[float]) -> int:
        delays.sort()
        self.figures = {str(share): delays[round(share * (len(delays) - 1))] for share in SHARES}
        return len(delays)

    def _data(self, **options: Any) -> Any:
        return self._package.Site(id=SITE, auth_token=TOKEN).get_data(**self._build_range(), **options)

    def _build_range(self) -> dict[str, Any]:
        from datetime import UTC, datetime

        first, last = (datetime.fromtimestamp(second, UTC) for second in self._range)
        return {"start_datetime": first, "end_datetime": last}


def peak() -> float:
    """Return the peak memory of this process so far, in MB.

    Linux keeps the peak of the process itself in /proc; `ru_maxrss` begins there with the size of the parent.
    """
    status = Path("/proc/self/status")
    if status.exists():
        (line,) = (line for line in status.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024 / _MEGA
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / _MEGA


def main() -> None:
    """Run the task named on the command line."""
    name, task, *arguments = sys.argv[1:]
    start = time.perf_counter()
    package = importlib.import_module(name)
    _ = package.Site  # the SDK imports its classes when they are first used
    imported, imported_peak = time.perf_counter(), peak()
    job = Job(package, *arguments)
    count = getattr(job, task)()
    end, end_peak = time.perf_counter(), peak()
    import json

    result = {
        "import_seconds": imported - start,
        "task_seconds": end - imported,
        "import_mb": imported_peak,
        "peak_mb": end_peak,
        "count": count,
        **job.figures,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
