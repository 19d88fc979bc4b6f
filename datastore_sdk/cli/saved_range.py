"""Time range of an interrupted download, for a command whose own range has moved since, as `--since 24h` does."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from datastore_sdk import Data
from datastore_sdk.cli.stage_range import Range
from datastore_sdk.data.saving.resumable import find_saved_request

_START, _END = "start_datetime", "end_datetime"
_TOLERANCE = timedelta(seconds=1)
"""Times are whole seconds, and the clock is read for the start and for the end."""


def find_saved_range(target: Path, data: Data) -> Range | None:
    """Return the range of the interrupted download to a file; None if it requested other data than its range.

    Args:
        target: The file.
        data: The data that the command requests now.
    """
    request = find_saved_request(target)
    if request is None or len(data.queries) != 1 or len(request["queries"]) != 1:
        return None
    saved, current = request["queries"][0], data.queries[0].arguments()
    return _get_range(saved) if _without_times(saved) == _without_times(current) else None


def is_same_range(saved: Range, data: Data) -> bool:
    """Return whether a range that moves with the time was an earlier one, when the command ran first.

    Then it begins at the same time or is as long.
    """
    (start, end), (later_start, later_end) = saved, _get_range(data.queries[0].arguments())
    if not (start and end and later_start and later_end) or later_end < end:
        return False
    return start == later_start or abs((end - start) - (later_end - later_start)) <= _TOLERANCE


def _without_times(arguments: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in arguments.items() if name not in {_START, _END}}


def _get_range(arguments: dict[str, Any]) -> Range:
    start, end = (arguments.get(name) for name in (_START, _END))
    return start and datetime.fromisoformat(start), end and datetime.fromisoformat(end)
