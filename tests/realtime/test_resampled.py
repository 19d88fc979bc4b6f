"""Coarser resolutions: each record once, and only complete intervals are fetched."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Any

import pytest

from datastore_sdk.data.query import DataQuery
from datastore_sdk.enums import DataAggregations, DataResolutions
from datastore_sdk.realtime.gaps import Gap
from tests.realtime.simulated_listener import SimulatedListener, positions
from tests.realtime.simulated_service import CONNECTION_LOST, START_SECOND, SimulatedService, normal_close
from tests.support.exhaustive import first

STEPS = {
    DataResolutions.TEN_SECOND: 10,
    DataResolutions.MINUTE: 60,
    DataResolutions.TEN_MINUTE: 600,
    DataResolutions.HOUR: 3600,
}


@pytest.fixture(params=STEPS, ids=[*map(str, STEPS.values())])
def resolution(request: pytest.FixtureRequest) -> DataResolutions:
    resolution: DataResolutions = request.param
    return resolution


def build_query(resolution: DataResolutions, **more: Any) -> DataQuery:
    return DataQuery(source="pad", id=681, is_routed=True, resolution=resolution, **more)


def outage(step: int, first: int = 10, last: int = 15, **more: Any) -> SimulatedService:
    """Return a service whose connection breaks after some intervals; the queue keeps nothing until it can reconnect."""
    service = SimulatedService(step=step, sites=(981, 982), lost_seconds=lambda: 1 << 30, **more)

    def broken(_: int = 0) -> bool:
        return first <= (service.clock.time - START_SECOND) / step < last

    service.disconnect = lambda _: CONNECTION_LOST if broken() else None
    service.is_down = broken
    return service


def is_whole(service: SimulatedService, received: list[dict[str, Any]]) -> None:
    last = received[-1]["timestamp"]
    assert received == service.records(START_SECOND + 1, last)


def test_lost_intervals_are_fetched_whole_in_order(resolution: DataResolutions) -> None:
    step = STEPS[resolution]
    service = outage(step)
    session = SimulatedListener(service, query=build_query(resolution, aggregation=DataAggregations.MEAN))
    received = session.listen(40.5 * step)
    is_whole(service, received)
    assert received[-1]["timestamp"] >= START_SECOND + 38 * step
    assert session.counters.backfilled >= 8
    assert [*session.gaps.gaps] == []


def test_gaps_that_are_not_filled_are_reported(resolution: DataResolutions) -> None:
    step = STEPS[resolution]
    found: list[Gap] = []
    service = outage(step)
    received = SimulatedListener(service, query=None, on_gap=found.append).listen(40.5 * step)
    missing = {*positions(service.records(START_SECOND + 1, received[-1]["timestamp"]))} - {*positions(received)}
    assert len(missing) >= 8
    reported = {
        (second, gap.source)
        for gap in found
        for second in range(int(gap.start.timestamp()), int(gap.end.timestamp()) + 1, step)
    }
    assert reported == missing
    assert {gap.seconds % step for gap in found} == {0}


@pytest.mark.exhaustive
def test_intervals_missing_in_the_archive_are_reported(resolution: DataResolutions) -> None:
    step = STEPS[resolution]
    lost = {START_SECOND + 12 * step, START_SECOND + 13 * step}

    def is_measured(second: int) -> bool:
        return second not in lost

    service = outage(step, is_measured=is_measured)
    session = SimulatedListener(service, query=build_query(resolution))
    is_whole(service, session.listen(40.5 * step))
    assert {(gap.source, gap.start.timestamp(), gap.seconds) for gap in session.gaps.gaps} == {
        (site, START_SECOND + 12 * step, 2 * step) for site in (981, 982)
    }
    assert all("no record" in gap.reason for gap in session.gaps.gaps)


def test_unfinished_interval_is_not_fetched(resolution: DataResolutions) -> None:
    """The room dies silently; what it does not tell is fetched, but never a part of an interval."""
    step = STEPS[resolution]
    service = SimulatedService(step=step, archive_lag=20)
    service.is_sent = lambda second: second <= START_SECOND + 5 * step
    received = SimulatedListener(service, query=build_query(resolution)).listen(60 * step)
    is_whole(service, received)
    assert received[-1]["timestamp"] >= START_SECOND + 20 * step


def test_due_interval_is_fetched_soon(resolution: DataResolutions) -> None:
    step = STEPS[resolution]
    service = SimulatedService(step=step)
    service.is_sent = lambda second: second <= START_SECOND + 5 * step
    received = SimulatedListener(service, query=build_query(resolution)).listen(7 * step + 60 + 45)
    assert received[-1]["timestamp"] >= START_SECOND + 6 * step


def test_no_request_before_the_next_record_is_due(resolution: DataResolutions) -> None:
    service = SimulatedService(step=STEPS[resolution])
    SimulatedListener(service, query=build_query(resolution)).listen(20 * STEPS[resolution])
    assert service.fetched_ranges == []


def test_late_record_lost_by_a_break_is_fetched(resolution: DataResolutions) -> None:
    step = STEPS[resolution]
    service = SimulatedService(step=step)
    service.is_sent = lambda second: second != START_SECOND + 9 * step
    service.disconnect = lambda _: (
        CONNECTION_LOST if len(service.handshakes) == 1 and service.clock.time >= START_SECOND + 11.5 * step else None
    )
    session = SimulatedListener(service, query=build_query(resolution))
    received = session.listen(20.5 * step)
    assert sorted(received, key=lambda record: record["timestamp"]) == service.records(
        START_SECOND + 1, received[-1]["timestamp"]
    )
    assert session.counters.backfilled == 1


def test_queued_records_are_not_fetched(resolution: DataResolutions) -> None:
    service = outage(STEPS[resolution], last=12)
    service.lost_seconds = lambda: 0
    is_whole(service, SimulatedListener(service, query=build_query(resolution)).listen(20.5 * STEPS[resolution]))
    assert service.fetched_ranges == []


def test_hole_within_a_connection_is_not_fetched(resolution: DataResolutions) -> None:
    step = STEPS[resolution]
    service = SimulatedService(step=step, is_measured=lambda second: second // step % 7 != 0)
    session = SimulatedListener(service, query=build_query(resolution))
    is_whole(service, session.listen(40.5 * step))
    assert session.counters.backfilled == 0
    assert [*session.gaps.gaps] == []


def test_records_off_the_interval_grid_are_not_fetched() -> None:
    """The archive's value for a part of an interval is not a record."""
    sources = SimulatedListener(SimulatedService(step=60)).tracker
    session = SimulatedListener(SimulatedService(step=60), query=build_query(DataResolutions.MINUTE))
    session.tracker = sources
    for minute in range(5):
        sources.filter_new([{"timestamp": 60 * minute + 7, "site_id": 981}])
    service = session.service
    service.messages = [service._message({"timestamp": 60 * 9 + 7, "site_id": 981})]
    sources.on_disconnect()
    assert positions(session.listen(1)) == [(60 * 9 + 7, 981)]
    assert service.fetched_ranges == []
    (gap,) = session.gaps.gaps
    assert (gap.seconds, gap.reason) == (240, "the records do not begin with the intervals of the resolution")


def test_records_more_often_than_intervals_are_delivered() -> None:
    sources = SimulatedListener(SimulatedService(step=60)).tracker
    seconds = [*range(100, 160), 130, *range(160, 170), 200, 180]
    received = [new for second in seconds for new in sources.filter_new([{"timestamp": second, "site_id": 1}])[0]]
    assert [record["timestamp"] for record in received] == [*range(100, 170), 200, 180]
    sources.on_disconnect()
    sources.filter_new([{"timestamp": 290, "site_id": 1}])
    assert sources.pop_missing() == []


@pytest.mark.parametrize("step", [1, 60])
def test_hole_after_the_end_of_the_query_is_fetched(step: int) -> None:
    """The end bounds the history; the records that the room sends after it must be as complete."""
    resolution = DataResolutions.SECOND if step == 1 else DataResolutions.MINUTE
    service = outage(step)
    end = datetime.fromtimestamp(START_SECOND + 5 * step, tz=UTC)
    session = SimulatedListener(service, query=build_query(resolution, end=end))
    is_whole(service, session.listen(40.5 * step))
    assert [*session.gaps.gaps] == []


def test_no_record_is_expected_after_the_end() -> None:
    service = SimulatedService()
    service.is_sent = lambda second: second <= START_SECOND + 20
    end = datetime.fromtimestamp(START_SECOND + 20, tz=UTC)
    session = SimulatedListener(service, query=build_query(DataResolutions.SECOND, end=end))
    assert positions(session.listen(3600)) == positions(service.records(START_SECOND + 1, START_SECOND + 20))
    assert len(service.handshakes) == 1
    assert service.fetched_ranges == []


def test_dead_room_after_the_end_of_the_query() -> None:
    service = SimulatedService()
    service.is_sent = lambda second: second <= START_SECOND + 20
    end = datetime.fromtimestamp(START_SECOND + 15, tz=UTC)
    is_whole(service, SimulatedListener(service, query=build_query(DataResolutions.SECOND, end=end)).listen(120))
    assert len(service.handshakes) > 1


@pytest.mark.parametrize("seed", first(1, range(3)))
def test_days_of_chance(resolution: DataResolutions, seed: int) -> None:
    step, chance = STEPS[resolution], random.Random(seed)
    service = SimulatedService(
        step=step,
        sites=(981, 982, 983),
        replayed_seconds=lambda: chance.randrange(10) * step,
        lost_seconds=lambda: chance.choice((0, 0, step, 5 * step, 100 * step)),
        is_measured=lambda second: second // step % 61 > 3,
        archive_lag=chance.choice((0, 0, 2, 9)),
    )

    def ending(_: int) -> Exception | None:
        if chance.random() > 1 / 40:
            return None
        service.refusals = [CONNECTION_LOST] * chance.choice((0, 0, 1, 3))
        return chance.choice((CONNECTION_LOST, normal_close()))

    service.disconnect = ending
    session = SimulatedListener(service, query=build_query(resolution))
    received = session.listen(min(1000 * step, 80_000))
    assert session.counters.reconnections > 10
    assert received == sorted(received, key=_order)
    last = received[-1]["timestamp"]
    assert [record for record in received if record["timestamp"] < last] == service.records(START_SECOND + 1, last - 1)


def _order(record: dict[str, Any]) -> tuple[int, int]:
    return record["timestamp"], record["site_id"]
