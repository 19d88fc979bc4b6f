"""Conversion of datetimes in scenarios to unix seconds."""

from __future__ import annotations

from datetime import datetime

from datastore_sdk._utils.validation import validate_datetime


def to_second(timestamp: datetime, name: str) -> int:
    """Convert a datetime to unix seconds.

    Args:
        timestamp: The datetime.
        name: Name of the argument in error messages.

    Raises:
        TypeError: It is not a datetime.
        ValueError: It has no time zone, or is not a whole second.
    """
    known = validate_datetime(timestamp, name)
    if known is None:
        raise TypeError(f"{name} must be a datetime, not None")
    if known.microsecond:
        raise ValueError(f"{name} must be a whole second, as all times of a field are: {known}")
    return int(known.timestamp())


def to_interval(start: datetime, end: datetime) -> tuple[int, int]:
    """Convert the first and the last second of an interval.

    Raises:
        TypeError: One is not a datetime.
        ValueError: One has no time zone or is not a whole second, or the end is before the start.
    """
    first, last = to_second(start, "start"), to_second(end, "end")
    if last < first:
        raise ValueError(f"end must not be before start: {end} is before {start}")
    return first, last
