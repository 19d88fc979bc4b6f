"""Does one task with one client, the vendor's or ours, and prints as JSON what it took.

    python client.py PACKAGE TASK FIRST LAST FILE

FIRST and LAST are the time asked for, in unix seconds.

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
"""The site of the records in `body.py`; records of another one would be left out."""
SMALL_CALLS = 500
SHARES = (0.5, 0.99, 1.0)
"""Which delays are told: that of the record in the middle, the one that only a hundredth exceed, and the longest."""
SENT = "sent"
"""The field of a record that says when it was sent, by the clock that all processes share."""
TOKEN = "token"  # noqa: S105 - of a service that nobody else can reach
_MEGA = 1e6


class Job:
    """What the command line says."""

    def __init__(self, package: Any, first: str, last: str, file: str) -> None:
        self._package = package
        self._range = int(first), int(last)
        self._count = self._range[1] - self._range[0] + 1
        self._file = file
        self.figures: dict[str, float] = {}
        """What a task found out beside the time that it took."""

    def iterate(self) -> int:
        """Goes through the records as dicts."""
        return sum(1 for _ in self._data().data_fetcher)

    def batches(self) -> int:
        """Goes through the records in lists of dicts."""
        return sum(map(len, self._data().batches()))

    def table(self) -> int:
        """Makes an Arrow table of the records."""
        return int(self._data().to_arrow().num_rows)

    def frame(self) -> int:
        """Makes a table of the records with a package that knows none: a data frame, through a list."""
        pandas: Any = importlib.import_module("pandas")
        return len(pandas.DataFrame(list(self._data().data_fetcher)))

    def save(self) -> None:
        """Saves the records."""
        self._data().save(self._file)

    def save_parallel(self) -> None:
        """Saves the records, three slices of the time at once."""
        self._data(parallel=3).save(self._file)

    def asave(self) -> None:
        """Saves the records by the async form."""
        import asyncio

        async def saved() -> None:
            data = await self._package.Site(id=SITE, auth_token=TOKEN).aget_data(**self._asked())
            await data.asave(self._file)

        asyncio.run(saved())

    def save_frame(self) -> None:
        """Saves the records as one has to with a package that knows no Parquet: through a list and pandas."""
        pandas: Any = importlib.import_module("pandas")
        pandas.DataFrame(list(self._data().data_fetcher)).to_parquet(self._file)

    def calls(self) -> int:
        """Makes small calls, one after the other."""
        return sum(self._package.Pad.get_model(id=1, auth_token=TOKEN).id for _ in range(SMALL_CALLS))

    def listen(self) -> int:
        """Listens to records as they come."""
        with closing(self._live()) as records:
            return sum(1 for _ in islice(records, self._count))

    def alisten(self) -> int:
        """Listens by the async form."""
        import asyncio

        async def listened() -> int:
            count = 0
            async with aclosing(await self._alive()) as records:
                async for _ in records:
                    count += 1
                    if count == self._count:
                        break
            return count

        return asyncio.run(listened())

    def delays(self) -> int:
        """Listens, and finds out how long records are on their way."""
        with closing(self._live()) as records:
            return self._note([time.monotonic() - record[SENT] for record in islice(records, self._count)])

    def adelays(self) -> int:
        """The same by the async form."""
        import asyncio

        async def listened() -> list[float]:
            delays: list[float] = []
            async with aclosing(await self._alive()) as records:
                async for record in records:
                    delays.append(time.monotonic() - record[SENT])
                    if len(delays) == self._count:
                        break
            return delays

        return self._note(asyncio.run(listened()))

    def nothing(self) -> None:
        """Leaves it at the import."""

    def _live(self) -> Any:
        return self._package.Site(id=SITE, auth_token=TOKEN).get_realtime_measurements_data()[0].data_fetcher

    async def _alive(self) -> Any:
        return (await self._package.Site(id=SITE, auth_token=TOKEN).aget_realtime_measurements_data())[0].data_fetcher

    def _note(self, delays: list[float]) -> int:
        delays.sort()
        self.figures = {str(share): delays[round(share * (len(delays) - 1))] for share in SHARES}
        return len(delays)

    def _data(self, **options: Any) -> Any:
        return self._package.Site(id=SITE, auth_token=TOKEN).get_data(**self._asked(), **options)

    def _asked(self) -> dict[str, Any]:
        from datetime import UTC, datetime

        first, last = (datetime.fromtimestamp(second, UTC) for second in self._range)
        return {"start_datetime": first, "end_datetime": last}


def peak() -> float:
    """The most memory that this process has had so far, in MB.

    Linux keeps the peak of the process itself in /proc; `ru_maxrss` begins there with the size of the parent.
    """
    status = Path("/proc/self/status")
    if status.exists():
        (line,) = (line for line in status.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024 / _MEGA
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / _MEGA


def main() -> None:
    """Does the task named on the command line."""
    name, task, *arguments = sys.argv[1:]
    start = time.perf_counter()
    package = importlib.import_module(name)
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
