"""Validation of time zones."""

from __future__ import annotations

from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from datastore_sdk._utils.suggestions import suggest

SITE = "site"
"""Stands for the time zone of the well."""


def validate_time_zone(value: object, what: str = "tz") -> str:
    """Return the IANA name of a time zone, such as `US/Central`; `site` is returned as it is.

    Args:
        value: The name, a `ZoneInfo`, or `datetime.UTC`.
        what: The name of the argument.

    Raises:
        TypeError: The value is neither a name nor a ZoneInfo.
        ValueError: There is no such time zone.
    """
    if isinstance(value, ZoneInfo) and value.key:
        return value.key
    if value is UTC:
        return "UTC"
    if not isinstance(value, str):
        kind = "a fixed offset" if isinstance(value, tzinfo) else type(value).__name__
        raise TypeError(
            f"{what} must be the name of a time zone, such as 'US/Central', or 'site', not {kind}: {value!r}"
        )
    if value != SITE and not is_time_zone(value):
        known = available_timezones()
        if not known:
            raise ValueError(f"{what}: this system has no time zones, so {value!r} is unknown; run: pip install tzdata")
        hint = suggest(value, known) or "; pass an IANA name, such as 'US/Central', or 'site'"
        raise ValueError(f"{what} is not a time zone: {value!r}{hint}")
    return value


def is_time_zone(name: str) -> bool:
    """Return whether a time zone of this name exists."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a folder of the time zone database is an OSError
        return False
    return True
