"""Times as users of scenarios write them."""

from __future__ import annotations

from datetime import datetime

from datastore_sdk._utils.validation import validate_datetime


def second_of(moment: datetime, name: str) -> int:
    """The unix second of a moment.

    Args:
        moment: The moment.
        name: What to call it in an error.

    Raises:
        TypeError: It is no datetime.
        ValueError: It has no time zone, or falls between two seconds.
    """
    known = validate_datetime(moment, name)
    if known is None:
        raise TypeError(f"{name} must be a datetime, not None")
    if known.microsecond:
        raise ValueError(f"{name} must be a whole second, as everything in a field: {known}")
    return int(known.timestamp())


def interval_of(start: datetime, end: datetime) -> tuple[int, int]:
    """The first and the last second of an interval.

    Raises:
        TypeError: One is no datetime.
        ValueError: One has no time zone or is no whole second, or the end lies before the start.
    """
    first, last = second_of(start, "start"), second_of(end, "end")
    if last < first:
        raise ValueError(f"end lies before start: {end} is before {start}")
    return first, last
