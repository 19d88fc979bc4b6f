"""Without a start only live records arrive, for every replay and every clock."""

from __future__ import annotations

import warnings
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from datastore_sdk import Client, Pad, Site
from datastore_sdk.data.streaming.codecs import DICTS
from datastore_sdk.realtime.history_filter import HistoryFilter, parse_service_time, warn_of_start_ahead
from datastore_sdk.sandbox import Sandbox
from tests.conftest import NOW
from tests.realtime.live_reader import LiveReader
from tests.support.waiting import wait_until

NOON = 1_758_196_800
SITE = 981


def records(first: int, last: int, site: int = SITE, step: int = 1) -> list[dict[str, Any]]:
    return [{"timestamp": NOON + second, "site_id": site} for second in range(first, last, step)]


def seconds(found: list[dict[str, Any]]) -> list[int]:
    return [record["timestamp"] - NOON for record in found]


@pytest.fixture
def history() -> HistoryFilter[Any]:
    history = HistoryFilter[Any](DICTS.position)
    history.set_service_time(NOON)
    return history


@pytest.mark.parametrize("order", [1, -1], ids=["oldest first", "newest first"])
@pytest.mark.parametrize("together", [1, 50])
def test_history_is_left_out(history: HistoryFilter[Any], order: int, together: int) -> None:
    past = [*records(-5000, 0), *records(-5000, 0, 982)][::order]
    found: list[dict[str, Any]] = []
    for index in range(0, len(past), together):
        found += history.filter_live(past[index : index + together], index / 1000)
    assert seconds(found) in ([-2, -1] * 2, [-1, -2] * 2)
    live = [history.filter_live(records(second, second + 1), 10.0 + second) for second in range(30)]
    assert [len(each) for each in live] == [1] * 30
    assert history.filter_live(records(-5000, -2), 50.0) == [], "it is replayed again after a break"


def test_a_replay_that_stalls_is_left_out(history: HistoryFilter[Any]) -> None:
    found = history.filter_live(records(-5000, -4999), 0.0)
    for stall in range(1, 20):
        start = -5000 + 40 * stall
        found += history.filter_live(records(start, start + 40), 40.0 * stall * 0.5)
    assert found == []


@pytest.mark.parametrize("lag", [30, 3600])
@pytest.mark.parametrize("replayed", [0, 3000])
def test_a_source_that_lags_is_live_all_the_same(history: HistoryFilter[Any], lag: int, replayed: int) -> None:
    """Nothing of it is lost but what may be history."""
    history.filter_live(records(-lag - replayed, -lag), 0.0)
    found: list[dict[str, Any]] = []
    for second in range(60):
        found += history.filter_live(
            [*records(second - lag, second - lag + 1), *records(second, second + 1, 982)], 1.0 + second
        )
    of_site = [record for record in found if record["site_id"] == SITE]
    last = seconds(of_site)[-1]
    assert last == 59 - lag
    assert seconds(of_site) == [*range(seconds(of_site)[0], last + 1)]
    assert lag < 60 or seconds(of_site)[0] >= -lag - 6
    assert len(of_site) >= 60 or lag < 60
    assert history.filter_live(records(-lag - 5000, -lag - 100), 70.0) == []


def test_records_without_timestamp_pass(history: HistoryFilter[Any]) -> None:
    assert history.filter_live([{"site_id": SITE}], 0.0) == [{"site_id": SITE}]


def test_the_clock_is_that_of_the_service() -> None:
    assert parse_service_time({"date": "Thu, 18 Sep 2025 12:00:00 GMT"}, 5.0) == NOON
    for headers in ({}, {"date": "yesterday"}, {"date": ""}):
        assert parse_service_time(headers, 5.0) == 5.0


@pytest.mark.parametrize(
    ("form", "filters", "kind"),
    [("sync", {"fields": ["slurry_rate"]}, Site), ("async", {"end_datetime": NOW + timedelta(days=1)}, Pad)],
)
def test_filters_without_start_bring_live_records(form: str, filters: dict[str, Any], kind: Any) -> None:
    now = NOW.replace(hour=0, minute=10)  # shortly after the start of the history, which is read completely
    with Sandbox(now=now, days=0.01) as sandbox, Client(sandbox.token, base_url=sandbox.url) as client:
        entity = kind(id=SITE if kind is Site else 681, client=client)
        live, _ = entity.get_realtime_measurements_data(**filters)
        reader = LiveReader(live._stream.plan, form)
        wait_until(lambda: reader.live.statistics.received > 100)
        sandbox.advance(5)
        reader.wait_for_items(5)
        received = reader.close()
    assert min(record["timestamp"] for record in received) >= now.timestamp() - 2
    assert max(record["timestamp"] for record in received) > now.timestamp()


def test_start_ahead_of_the_service_warns() -> None:
    with Sandbox(now=NOW, days=1) as sandbox, Client(sandbox.token, base_url=sandbox.url) as client:
        live, _ = Site(id=SITE, client=client).get_realtime_measurements_data(start_datetime=NOW + timedelta(days=300))
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            reader = LiveReader(live._stream.plan, "sync")
            wait_until(lambda: bool(caught))
            live.close()
            reader.close()
    assert "2026-07-15" in str(caught[0].message)
    assert "ahead of the service's clock 2025-09-18 12:00" in str(caught[0].message)


def test_start_at_about_now_does_not_warn() -> None:
    now = datetime.now(UTC).timestamp()
    for start in (now - 1e6, now, now + 50):
        warn_of_start_ahead(start, now, "live data")
