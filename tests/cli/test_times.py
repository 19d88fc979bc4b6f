"""Times on the command line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from datastore_sdk.cli.errors import CommandError
from datastore_sdk.cli.ranges import resolve_range
from datastore_sdk.cli.times import duration_seconds, find_zone, format_time, parse_time
from tests.conftest import NOW

pytestmark = pytest.mark.usefixtures("at_now")

CENTRAL = ZoneInfo("US/Central")
SYDNEY = ZoneInfo("Australia/Sydney")


@pytest.mark.parametrize(
    ("text", "zone", "is_end", "expected"),
    [
        ("now", None, False, "2025-09-18T12:00:00Z"),
        ("24h", None, False, "2025-09-17T12:00:00Z"),
        ("90m", None, False, "2025-09-18T10:30:00Z"),
        ("1.5h", None, False, "2025-09-18T10:30:00Z"),
        ("45 s", None, False, "2025-09-18T11:59:15Z"),
        ("7d", None, False, "2025-09-11T12:00:00Z"),
        ("2W", None, False, "2025-09-04T12:00:00Z"),
        ("today", None, False, "2025-09-18T00:00:00Z"),
        ("Yesterday", None, False, "2025-09-17T00:00:00Z"),
        ("yesterday", None, True, "2025-09-17T23:59:59Z"),
        ("today", CENTRAL, False, "2025-09-18T05:00:00Z"),
        ("yesterday", CENTRAL, True, "2025-09-18T04:59:59Z"),
        ("today", SYDNEY, False, "2025-09-17T14:00:00Z"),
        ("2025-09-17T06:00:00Z", CENTRAL, True, "2025-09-17T06:00:00Z"),
        ("2025-09-17T06:00:00+02:00", None, False, "2025-09-17T04:00:00Z"),
        ("2025-09-17T06:00", CENTRAL, False, "2025-09-17T11:00:00Z"),
        ("2025-09-17", CENTRAL, False, "2025-09-17T05:00:00Z"),
        ("2025-09-17", CENTRAL, True, "2025-09-18T04:59:59Z"),
        ("2025-11-02", CENTRAL, True, "2025-11-03T05:59:59Z"),  # a day of 25 hours
    ],
)
def test_time_is_parsed(text: str, zone: ZoneInfo | None, is_end: bool, expected: str) -> None:
    assert parse_time(text, "--from", zone, is_end=is_end) == datetime.fromisoformat(expected)


@pytest.mark.parametrize(
    ("text", "zone", "message"),
    [
        ("2025-09-17T06:00:00", None, "has no time zone; append Z for UTC, or add --tz site"),
        ("2025-09-17", None, "has no time zone"),
        ("tomorrow", None, "is not a time; write 2025-09-17T06:00:00Z, 24h"),
        ("24x", None, "is not a time"),
        ("-24h", None, "is not a time"),
        ("", None, "is not a time"),
        ("9999999999h", None, "is before the year 1"),
        ("2025-03-09T02:30:00", CENTRAL, "does not exist in US/Central"),
        ("2025-11-02T01:30:00", CENTRAL, "occurs twice in US/Central"),
    ],
)
def test_invalid_time_is_explained(text: str, zone: ZoneInfo | None, message: str) -> None:
    with pytest.raises(CommandError, match=r"^--from: ") as caught:
        parse_time(text, "--from", zone)
    assert message in str(caught.value)


def test_range_ends_now_or_is_open() -> None:
    assert resolve_range("2h", None, None, None) == (NOW - timedelta(hours=2), NOW)
    assert resolve_range(None, "2h", "1h", None) == (NOW - timedelta(hours=2), NOW - timedelta(hours=1))
    assert resolve_range(None, None, None, None) == (None, None)
    assert resolve_range(None, "today", "today", None)[1] == NOW.replace(hour=23, minute=59, second=59)


def test_unknown_zone_is_explained() -> None:
    with pytest.raises(CommandError, match="did you mean 'US/Central'"):
        find_zone("US/Centrl")
    for name in ("..", "/etc/passwd", ""):
        with pytest.raises(CommandError, match="is not a time zone"):
            find_zone(name)
    assert find_zone("utc") is UTC


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("2025-09-17T06:00:00.5Z", "2025-09-17T01:00:00-05:00"),
        (1_758_088_800, "2025-09-17T01:00:00-05:00"),
        (None, ""),
        ("soon", "soon"),
        ("2025-09-17T06:00:00", "2025-09-17T06:00:00"),
        (10**20, "100000000000000000000"),
        (True, "True"),
    ],
)
def test_time_of_the_service_is_shown(value: object, shown: str) -> None:
    assert format_time(value, CENTRAL) == shown


def test_duration_needs_both_times() -> None:
    assert duration_seconds("2025-09-17T06:00:00Z", "2025-09-17T06:01:00Z") == 60
    assert duration_seconds("2025-09-17T06:00:00Z", None) is None
