"""At coarser resolutions, too: each record once, and of what was lost only intervals that are over."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Any

import pytest

from datastore_sdk.data.query import DataQuery
from datastore_sdk.enums import DataAggregations, DataResolutions
from datastore_sdk.realtime.gaps import Gap
from tests.realtime.simulated_listener import Listener, positions
from tests.realtime.simulated_service import BEGIN, LOST, World, closed
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


def question(resolution: DataResolutions, **more: Any) -> DataQuery:
    return DataQuery(source="pad", id=681, is_routed=True, resolution=resolution, **more)


def outage(step: int, first: int = 10, last: int = 15, **more: Any) -> World:
    """The connection breaks after some intervals, and the queue keeps nothing until it can be made again."""
    world = World(step=step, sites=(981, 982), loses=lambda: 1 << 30, **more)

    def broken(_: int = 0) -> bool:
        return first <= (world.clock.time - BEGIN) / step < last

    world.endings = lambda _: LOST if broken() else None
    world.is_down = broken
    return world


def is_whole(world: World, heard: list[dict[str, Any]]) -> None:
    last = heard[-1]["timestamp"]
    assert heard == world.records(BEGIN + 1, last)


def test_what_is_lost_is_fetched_whole_and_in_order(resolution: DataResolutions) -> None:
    step = STEPS[resolution]
    world = outage(step)
    listener = Listener(world, query=question(resolution, aggregation=DataAggregations.MEAN))
    heard = listener.listen(40.5 * step)
    is_whole(world, heard)
    assert heard[-1]["timestamp"] >= BEGIN + 38 * step
    assert listener.counts.filled >= 8
    assert [*listener.gaps.found] == []


def test_gaps_that_are_not_filled_are_reported(resolution: DataResolutions) -> None:
    step = STEPS[resolution]
    found: list[Gap] = []
    world = outage(step)
    heard = Listener(world, query=None, on_gap=found.append).listen(40.5 * step)
    missing = {*positions(world.records(BEGIN + 1, heard[-1]["timestamp"]))} - {*positions(heard)}
    assert len(missing) >= 8
    told = {
        (second, gap.source)
        for gap in found
        for second in range(int(gap.start.timestamp()), int(gap.end.timestamp()) + 1, step)
    }
    assert told == missing
    assert {gap.seconds % step for gap in found} == {0}


def test_what_the_archive_has_not_either_is_reported(resolution: DataResolutions) -> None:
    step = STEPS[resolution]
    lost = {BEGIN + 12 * step, BEGIN + 13 * step}

    def is_measured(second: int) -> bool:
        return second not in lost

    world = outage(step, is_measured=is_measured)
    listener = Listener(world, query=question(resolution))
    is_whole(world, listener.listen(40.5 * step))
    assert {(gap.source, gap.start.timestamp(), gap.seconds) for gap in listener.gaps.found} == {
        (site, BEGIN + 12 * step, 2 * step) for site in (981, 982)
    }
    assert all("no record" in gap.reason for gap in listener.gaps.found)


def test_an_interval_is_not_asked_for_before_it_is_over(resolution: DataResolutions) -> None:
    """The room dies silently; what it does not tell is fetched, but never a part of an interval."""
    step = STEPS[resolution]
    world = World(step=step, lag=20)
    world.told = lambda second: second <= BEGIN + 5 * step
    heard = Listener(world, query=question(resolution)).listen(60 * step)
    is_whole(world, heard)
    assert heard[-1]["timestamp"] >= BEGIN + 20 * step


def test_it_is_asked_for_soon_after_it_was_due(resolution: DataResolutions) -> None:
    step = STEPS[resolution]
    world = World(step=step)
    world.told = lambda second: second <= BEGIN + 5 * step
    heard = Listener(world, query=question(resolution)).listen(7 * step + 60 + 45)
    assert heard[-1]["timestamp"] >= BEGIN + 6 * step


def test_a_room_whose_next_record_is_not_due_is_not_asked_about(resolution: DataResolutions) -> None:
    world = World(step=STEPS[resolution])
    Listener(world, query=question(resolution)).listen(20 * STEPS[resolution])
    assert world.asked == []


def test_a_late_record_that_a_break_loses_is_fetched(resolution: DataResolutions) -> None:
    step = STEPS[resolution]
    world = World(step=step)
    world.told = lambda second: second != BEGIN + 9 * step
    world.endings = lambda _: LOST if len(world.handshakes) == 1 and world.clock.time >= BEGIN + 11.5 * step else None
    listener = Listener(world, query=question(resolution))
    heard = listener.listen(20.5 * step)
    assert sorted(heard, key=lambda record: record["timestamp"]) == world.records(BEGIN + 1, heard[-1]["timestamp"])
    assert listener.counts.filled == 1


def test_what_the_queue_kept_is_not_fetched(resolution: DataResolutions) -> None:
    world = outage(STEPS[resolution], last=12)
    world.loses = lambda: 0
    is_whole(world, Listener(world, query=question(resolution)).listen(20.5 * STEPS[resolution]))
    assert world.asked == []


def test_a_hole_within_a_connection_is_one_in_the_data(resolution: DataResolutions) -> None:
    step = STEPS[resolution]
    world = World(step=step, is_measured=lambda second: second // step % 7 != 0)
    listener = Listener(world, query=question(resolution))
    is_whole(world, listener.listen(40.5 * step))
    assert listener.counts.filled == 0
    assert [*listener.gaps.found] == []


def test_records_that_do_not_begin_with_their_intervals_are_not_asked_for() -> None:
    """What the archive would answer for a part of an interval is no record."""
    sources = Listener(World(step=60)).sources
    listener = Listener(World(step=60), query=question(DataResolutions.MINUTE))
    listener.sources = sources
    for minute in range(5):
        sources.new_of([{"timestamp": 60 * minute + 7, "site_id": 981}])
    world = listener.world
    world.messages = [world._message({"timestamp": 60 * 9 + 7, "site_id": 981})]
    sources.broken()
    assert positions(listener.listen(1)) == [(60 * 9 + 7, 981)]
    assert world.asked == []
    (gap,) = listener.gaps.found
    assert (gap.seconds, gap.reason) == (240, "the records do not begin with the intervals of the resolution")


def test_records_that_come_oftener_than_that_are_handed_over() -> None:
    sources = Listener(World(step=60)).sources
    seconds = [*range(100, 160), 130, *range(160, 170), 200, 180]
    heard = [new for second in seconds for new in sources.new_of([{"timestamp": second, "site_id": 1}])[0]]
    assert [record["timestamp"] for record in heard] == [*range(100, 170), 200, 180]
    sources.broken()
    sources.new_of([{"timestamp": 290, "site_id": 1}])
    assert sources.take_missing() == []


@pytest.mark.parametrize("step", [1, 60])
def test_a_hole_behind_the_end_of_the_query_is_fetched_too(step: int) -> None:
    """The end bounds the history; what the room goes on to tell must be as whole as that."""
    resolution = DataResolutions.SECOND if step == 1 else DataResolutions.MINUTE
    world = outage(step)
    end = datetime.fromtimestamp(BEGIN + 5 * step, tz=UTC)
    listener = Listener(world, query=question(resolution, end=end))
    is_whole(world, listener.listen(40.5 * step))
    assert [*listener.gaps.found] == []


def test_behind_the_end_of_the_query_nothing_is_expected() -> None:
    world = World()
    world.told = lambda second: second <= BEGIN + 20
    end = datetime.fromtimestamp(BEGIN + 20, tz=UTC)
    listener = Listener(world, query=question(DataResolutions.SECOND, end=end))
    assert positions(listener.listen(3600)) == positions(world.records(BEGIN + 1, BEGIN + 20))
    assert len(world.handshakes) == 1
    assert world.asked == []


def test_what_a_dead_room_does_not_tell_behind_the_end_of_the_query() -> None:
    world = World()
    world.told = lambda second: second <= BEGIN + 20
    end = datetime.fromtimestamp(BEGIN + 15, tz=UTC)
    is_whole(world, Listener(world, query=question(DataResolutions.SECOND, end=end)).listen(120))
    assert len(world.handshakes) > 1


@pytest.mark.parametrize("seed", first(1, range(3)))
def test_days_of_chance(resolution: DataResolutions, seed: int) -> None:
    step, chance = STEPS[resolution], random.Random(seed)
    world = World(
        step=step,
        sites=(981, 982, 983),
        replays=lambda: chance.randrange(10) * step,
        loses=lambda: chance.choice((0, 0, step, 5 * step, 100 * step)),
        is_measured=lambda second: second // step % 61 > 3,
        lag=chance.choice((0, 0, 2, 9)),
    )

    def ending(_: int) -> Exception | None:
        if chance.random() > 1 / 40:
            return None
        world.refusals = [LOST] * chance.choice((0, 0, 1, 3))
        return chance.choice((LOST, closed()))

    world.endings = ending
    listener = Listener(world, query=question(resolution))
    heard = listener.listen(min(1000 * step, 80_000))
    assert listener.counts.reconnections > 10
    assert heard == sorted(heard, key=_order)
    last = heard[-1]["timestamp"]
    assert [record for record in heard if record["timestamp"] < last] == world.records(BEGIN + 1, last - 1)


def _order(record: dict[str, Any]) -> tuple[int, int]:
    return record["timestamp"], record["site_id"]
