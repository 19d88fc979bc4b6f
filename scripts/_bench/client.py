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
from pathlib import Path
from typing import Any

SMALL_CALLS = 500
TOKEN = "token"  # noqa: S105 - of a service that nobody else can reach
_MEGA = 1e6


class Job:
    """What the command line says."""

    def __init__(self, package: Any, first: str, last: str, file: str) -> None:
        self._package = package
        self._range = int(first), int(last)
        self._file = file

    def iterate(self) -> int:
        """Goes through the records as dicts."""
        return sum(1 for _ in self._data().data_fetcher)

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
            data = await self._package.Site(id=1, auth_token=TOKEN).aget_data(**self._asked())
            await data.asave(self._file)

        asyncio.run(saved())

    def save_frame(self) -> None:
        """Saves the records as one has to with a package that knows no Parquet: through a list and pandas."""
        pandas: Any = importlib.import_module("pandas")
        pandas.DataFrame(list(self._data().data_fetcher)).to_parquet(self._file)

    def calls(self) -> int:
        """Makes small calls, one after the other."""
        return sum(self._package.Pad.get_model(id=1, auth_token=TOKEN).id for _ in range(SMALL_CALLS))

    def nothing(self) -> None:
        """Leaves it at the import."""

    def _data(self, **options: Any) -> Any:
        return self._package.Site(id=1, auth_token=TOKEN).get_data(**self._asked(), **options)

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
    count = getattr(Job(package, *arguments), task)()
    end, end_peak = time.perf_counter(), peak()
    import json

    result = {
        "import_seconds": imported - start,
        "task_seconds": end - imported,
        "import_mb": imported_peak,
        "peak_mb": end_peak,
        "count": count,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
