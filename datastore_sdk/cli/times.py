"""Times on the command line: ISO 8601, `24h`, `yesterday`, `today`, `now`."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any, NoReturn

from datastore_sdk._io.clock import Clock
from datastore_sdk.cli.errors import CommandError

_AGO = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_FORMS = "write 2025-09-17T06:00:00Z, 24h, 7d, 90m, yesterday, today or now"
_SECOND = timedelta(seconds=1)


def current_time() -> datetime:
    """Return the current time, in UTC."""
    return datetime.fromtimestamp(Clock().now(), tz=UTC)


def parse_time(text: str, option: str, zone: tzinfo | None, *, is_end: bool = False) -> datetime:
    """Return the time that a text stands for.

    Args:
        text: The text. A duration, such as `24h`, is that long ago.
        option: Name of the option, for messages.
        zone: Time zone of `--tz`: of days, and of ISO 8601 text without a zone; None if the option was not passed: days
            are in UTC, and text without a zone is refused.
        is_end: Whether the text is the end of a range: a day then stands for its last second, not for its first.

    Raises:
        CommandError: The text is not a time, has no zone, or does not exist or occurs twice in the time zone.
    """
    word, now = text.strip(), current_time()
    if word.lower() == "now":
        return now.replace(microsecond=0)
    if match := _AGO.fullmatch(word.lower()):
        try:
            return (now - timedelta(**{_UNITS[match[2]]: float(match[1])})).replace(microsecond=0)
        except OverflowError:
            raise CommandError(f"{option}: {text!r} is before the year 1; {_FORMS}") from None
    today = now.astimezone(zone or UTC).date()
    days = {"today": today, "yesterday": today - timedelta(days=1)}
    if word.lower() in days:
        return _to_second_of_day(days[word.lower()], zone or UTC, is_end=is_end)
    return _parse_iso(word, option, zone, is_end=is_end)


def is_relative(text: str) -> bool:
    """Return whether a text stands for a time that moves: `now` or a duration before now."""
    word = text.strip().lower()
    return word == "now" or _AGO.fullmatch(word) is not None


def _parse_iso(text: str, option: str, zone: tzinfo | None, *, is_end: bool) -> datetime:
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(f"{option}: {text!r} is not a time; {_FORMS}") from None
    if parsed.tzinfo is not None:
        return parsed
    if zone is None:
        raise CommandError(
            f"{option}: {text!r} has no time zone; append Z for UTC, or add --tz site or --tz US/Central"
        )
    if _DAY.fullmatch(text):
        return _to_second_of_day(parsed.date(), zone, is_end=is_end)
    first, second = (parsed.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if first.utcoffset() != second.utcoffset():
        exists = first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == parsed
        problem = "occurs twice" if exists else "does not exist"
        raise CommandError(
            f"{option}: {text} {problem} in {zone}, because of daylight saving time; append the offset, such as "
            f"{second.isoformat() if exists else first.isoformat()}"
        )
    return first


def _to_second_of_day(day: date, zone: tzinfo, *, is_end: bool) -> datetime:
    """Return the first or the last second of a day."""
    start = datetime(day.year, day.month, day.day, tzinfo=zone)
    if not is_end:
        return start.astimezone(UTC)
    following = day + timedelta(days=1)
    return datetime(following.year, following.month, following.day, tzinfo=zone).astimezone(UTC) - _SECOND


def parse_duration(text: str, option: str) -> timedelta:
    """Return the duration that a text stands for, such as `90s`, `10m`, `12h` or `7d`.

    Args:
        text: The text.
        option: Name of the option, for messages.

    Raises:
        CommandError: The text is not a duration.
    """
    match = _AGO.fullmatch(text.strip().lower())
    try:
        return timedelta(**{_UNITS[match[2]]: float(match[1])}) if match else _refuse_duration(text, option)
    except OverflowError:
        return _refuse_duration(text, option)


def _refuse_duration(text: str, option: str) -> NoReturn:
    raise CommandError(f"{option}: {text!r} is not a duration; write 60s, 10m, 12h or 7d")


def find_zone(name: str) -> tzinfo:
    """Return the time zone of a name, such as `US/Central`.

    Raises:
        CommandError: There is no such time zone.
    """
    from zoneinfo import ZoneInfo, available_timezones  # slow to import

    from datastore_sdk._utils.suggestions import suggest

    if name.upper() in {"UTC", "Z"}:
        return UTC
    try:
        return ZoneInfo(name)
    except (OSError, ValueError):  # ZoneInfoNotFoundError is a KeyError
        hint = ""
    except KeyError:
        hint = suggest(name, available_timezones())
    raise CommandError(f"--tz: {name!r} is not a time zone{hint or '; write a name such as US/Central, or site'}")


def format_option(value: datetime) -> str:
    """Return a time as ISO 8601 text, as options take it."""
    return value.isoformat().replace("+00:00", "Z")


def format_time(value: object, zone: tzinfo) -> str:
    """Return a time of the service as ISO 8601 text in a time zone; anything else as text.

    Args:
        value: ISO 8601 text with a zone, or unix seconds, as the service sends them.
        zone: The time zone.
    """
    found = _parse_service_time(value)
    if found is None:
        return "" if value is None else str(value)
    return format_option(found.astimezone(zone).replace(microsecond=0))


def _parse_service_time(value: Any) -> datetime | None:
    try:
        if isinstance(value, str):
            parsed = datetime.fromisoformat(value)
            return parsed if parsed.tzinfo else None
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, tz=UTC)
    except (ValueError, OverflowError, OSError):
        pass
    return None


def duration_seconds(start: object, end: object) -> float | None:
    """Return the seconds between two times of the service; None if one is missing."""
    first, last = _parse_service_time(start), _parse_service_time(end)
    return None if first is None or last is None else (last - first).total_seconds()
