"""Datetimes as people have them: text, hours that come twice or never, the ends of the calendar, NaT."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from datastore_sdk import Pad, Site
from datastore_sdk.entities.data_change import DataChange
from datastore_sdk.entities.stage import Stage
from datastore_sdk.sandbox import Sandbox
from tests.support.sync_async_calls import Form, list_requests

LOCAL = ZoneInfo("America/Chicago")
NOON = datetime(2025, 9, 18, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
TWICE = datetime(2025, 11, 2, 1, 50, tzinfo=LOCAL), datetime(2025, 11, 2, 1, 10, tzinfo=LOCAL, fold=1)
"""20 minutes apart, by clocks that were put back in between."""
NEVER = datetime(2025, 3, 9, 2, 30, tzinfo=LOCAL), datetime(2025, 3, 9, 3, 10, tzinfo=LOCAL)
"""In UTC the first one, which no clock shows, is 20 minutes after the second."""
SITE = Site(id=981)
sources = pytest.mark.parametrize("source", [SITE, Pad(id=681)], ids=["site", "pad"])


def query_of(source: Any, form: Form, **arguments: Any) -> dict[str, str]:
    (query,) = form(source, "get_data", **arguments).queries
    return dict(query.operation().query)


@pytest.mark.usefixtures("sandbox")
@sources
@pytest.mark.parametrize("names", [("start_datetime", "end_datetime"), ("start", "end")])
@pytest.mark.parametrize(("first", "last"), [TWICE, NEVER[::-1]], ids=["twice", "never"])
def test_order_is_that_of_utc(first: datetime, last: datetime, names: tuple[str, str], source: Any, form: Form) -> None:
    query = query_of(source, form, **dict(zip(names, (first, last), strict=True)))
    shown = [value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S") for value in (first, last)]
    assert [query["start_datetime"], query["end_datetime"]] == shown
    with pytest.raises(ValueError, match=rf"^{names[1]} \(.*\) is before {names[0]} \("):
        form(source, "get_data", **dict(zip(names, (last, first), strict=True)))


@pytest.mark.parametrize(
    ("names", "refused"),
    [
        (("start_date", "end_date"), "end_date"),
        (("start", "end"), "end_date"),
        (("start_datetime", "end_datetime"), "end_datetime"),
    ],
)
def test_stages_take_all_names(names: tuple[str, str], refused: str, sandbox: Sandbox, form: Form) -> None:
    lists = [
        form(SITE, "get_stages_metadata", **{names[0]: start, names[1]: end})
        for start, end in [(NOON - timedelta(hours=8), NOON), ("2025-09-18T04:00:00Z", "2025-09-18T07:00-05:00")]
    ]
    assert lists[0] == lists[1] != []
    assert len(set(list_requests(sandbox))) == 1
    with pytest.raises(ValueError, match=f"^{refused} .* is before "):
        form(SITE, "get_stages_metadata", **dict(zip(names, TWICE[::-1], strict=True)))
    with pytest.raises(ValueError, match="mean the same: pass one of them"):
        form(SITE, "get_stages_metadata", start_date=NOON, start_datetime=NOON)


@sources
def test_live_data_takes_all_names(source: Any, sandbox: Sandbox) -> None:
    for names in (("start_datetime", "end_datetime"), ("start", "end")):
        source.get_realtime_measurements_data(**{names[0]: "2025-09-18T11:00:00Z", names[1]: NOON})
        with pytest.raises(ValueError, match=f"^{names[1]} .* is before {names[0]} "):
            source.get_realtime_measurements_data(**dict(zip(names, TWICE[::-1], strict=True)))
    with pytest.raises(ValueError, match="start_datetime and start mean the same"):
        source.get_realtime_measurements_data(start=NOON, start_datetime=NOON)
    assert list_requests(sandbox) == []


@pytest.mark.usefixtures("sandbox")
@pytest.mark.parametrize(
    ("value", "sent"),
    [
        ("2025-09-18T12:00:00Z", "2025-09-18 12:00:00"),
        ("2025-09-18 07:00:00-05:00", "2025-09-18 12:00:00"),
        (" 2025-09-18T12:00:00+00:00 ", "2025-09-18 12:00:00"),
        (datetime(1, 1, 1, tzinfo=UTC), "0001-01-01 00:00:00"),
        (datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=5))), "0001-01-01 00:00:00"),
        (datetime(987, 6, 5, tzinfo=UTC), "0987-06-05 00:00:00"),
    ],
)
@sources
def test_starts_that_are_taken(value: Any, sent: str, source: Any, form: Form) -> None:
    for name in ("start_datetime", "start"):
        assert query_of(source, form, **{name: value})["start_datetime"] == sent


@pytest.mark.usefixtures("sandbox")
@pytest.mark.parametrize("zone", [UTC, LOCAL, ZoneInfo("Asia/Tokyo")], ids=str)
def test_an_end_for_ever_is_taken(zone: Any, form: Form) -> None:
    last = query_of(SITE, form, start=NOON, end=datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=zone))
    assert last["end_datetime"].startswith("9999-12-31 ")


NOT_TAKEN = [
    ("2025-09-18T12:00:00", "has no time zone"),
    ("2025-09-18", "has no time zone"),
    ("yesterday", "must be a datetime or ISO 8601 text, such as '2025-09-17T06:00:00Z', not 'yesterday'"),
    ("", "must be a datetime or ISO 8601 text"),
    (datetime(9999, 12, 31, 23, 59, 59, 1, tzinfo=UTC), "is later than any record can be"),
    (datetime(9999, 12, 31, 23, tzinfo=LOCAL), "is later than any record can be"),
]


@pytest.mark.parametrize(("value", "message"), NOT_TAKEN, ids=[repr(value) for value, _ in NOT_TAKEN])
def test_starts_that_are_refused(value: Any, message: str, sandbox: Sandbox, form: Form) -> None:
    with pytest.raises(ValueError, match=f"^start_datetime .*{message}"):
        form(SITE, "get_data", start_datetime=value)
    assert list_requests(sandbox) == []


@pytest.mark.usefixtures("sandbox")
@pytest.mark.parametrize("name", ["start_datetime", "end_datetime", "start", "end"])
def test_no_time_is_no_limit_nowhere(name: str, form: Form) -> None:
    """Treated as None, it would download everything."""
    numpy, pandas = pytest.importorskip("numpy"), pytest.importorskip("pandas")
    for nothing in (pandas.NaT, numpy.datetime64("NaT")):
        with pytest.raises(ValueError, match="which is not a time; omit it"):
            form(SITE, "get_data", **{name: nothing})


def test_a_range_within_a_second_is_refused(sandbox: Sandbox, form: Form) -> None:
    with pytest.raises(ValueError, match=r"there is no whole second between start_datetime .* and end_datetime"):
        form(SITE, "get_data", NOON + SECOND / 5, NOON + SECOND * 4 / 5)
    assert list_requests(sandbox) == []


@pytest.mark.usefixtures("sandbox")
def test_an_interval_of_the_service_within_a_second_is_widened() -> None:
    """One odd object does not end the download of all."""
    first, last = NOON + SECOND / 5, NOON + SECOND * 4 / 5
    change = DataChange(id=1, site=981, start_date=first, end_date=last)
    stage = Stage.model_construct(site=981, start=first, end=last)
    for data in (change.get_data(), stage.get_data()):
        assert data.queries[0].whole_seconds() == (NOON, NOON)
