"""Nothing lost, nothing doubled: the logic alone, over a simulated service."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Any

import pytest

from datastore_sdk.data.query import DataQuery
from datastore_sdk.realtime.gaps import Gap
from tests.realtime.simulated_listener import Listener, positions
from tests.realtime.simulated_service import BEGIN, LOST, World, closed
from tests.support.exhaustive import first


def at(*counts: int) -> Any:
    """Breaks once so many messages were told."""
    left = [*counts]

    def ending(count: int) -> Exception | None:
        if left and count >= left[0]:
            left.pop(0)
            return LOST
        return None

    return ending


def whole(world: World, seconds: int) -> list[tuple[int, int]]:
    return positions(world.records(BEGIN + 1, BEGIN + seconds))


def is_whole(world: World, heard: list[dict[str, Any]], seconds: int) -> None:
    """Nothing is missing, nothing doubled, and it goes on for so many seconds at least."""
    last = heard[-1]["timestamp"] - BEGIN
    assert positions(heard) == whole(world, last)
    assert last >= seconds


def outage(world: World, loses: int = 1000) -> World:
    """The connection breaks after ten seconds, and cannot be made again for five."""
    end = BEGIN + 16

    def ending(_: int) -> Exception | None:
        return LOST if BEGIN + 10 <= world.clock.time < end else None

    world.endings, world.is_down, world.loses = ending, lambda now: BEGIN + 10 <= now < end, lambda: loses
    return world


def test_every_record_once() -> None:
    world = World(sites=(981, 982))
    is_whole(world, Listener(world).listen(20.5), 20)
    assert world.asked == []


def test_what_is_told_again_is_left_out() -> None:
    world = World(endings=at(10, 15), replays=lambda: 7)
    listener = Listener(world)
    is_whole(world, listener.listen(30.5), 30)
    assert world.asked == []
    assert listener.counts.doubled == 14
    assert listener.counts.reconnections == 2


def test_what_is_lost_is_fetched_and_comes_in_order() -> None:
    world = outage(World(sites=(981, 982)), loses=1000)
    listener = Listener(world)
    is_whole(world, listener.listen(60.5), 60)
    assert listener.counts.filled == 2 * sum(last - first + 1 for first, last in world.asked if last is not None) > 0
    assert [*listener.gaps.found] == []


def test_what_the_queue_kept_is_not_fetched() -> None:
    world = outage(World(sites=(981, 982)), loses=0)
    is_whole(world, Listener(world).listen(60.5), 60)
    assert world.asked == []


def test_two_sources_of_which_one_lags() -> None:
    """One source's last record was lost with the connection, the other's was not."""
    listener = Listener(World(sites=(981, 982)))
    sources = listener.sources
    first = [{"timestamp": s, "site_id": i} for s in range(100, 110) for i in (981, 982)][:-1]
    assert sources.new_of(first, stop=True)[0] == first
    sources.broken()
    new, lost, rest = sources.new_of(
        [{"timestamp": 110, "site_id": 981}, {"timestamp": 110, "site_id": 982}], stop=True
    )
    assert positions(new) == [(110, 981)]
    assert lost == range(109, 110)
    assert positions(rest) == [(110, 982)]


def test_a_source_that_was_asked_about_up_to_its_last_record() -> None:
    """What it tells afterwards can be lost with the next connection all the same."""
    sources = Listener(World()).sources
    records = [{"timestamp": second, "site_id": 981} for second in range(100, 120)]
    sources.new_of(records[:10])
    sources.broken()
    _, lost, rest = sources.new_of(records[14:15], stop=True)
    assert lost == range(110, 114)
    sources.new_of(records[10:14])
    sources.asked(lost[0], lost[-1])
    sources.heard(records[10:14])
    sources.broken()
    assert sources.new_of(records[15:16], stop=True)[1] == range(114, 115)
    assert rest == records[14:15]


SINCE = DataQuery(source="pad", id=681, is_routed=True, start=datetime.fromtimestamp(BEGIN + 1, tz=UTC))


def beginning_lost(**options: Any) -> World:
    """The first connection breaks at once, and the queue has lost the beginning when it can be made again."""
    world = World(sites=(981, 982), endings=at(0), **options)
    world.loses = lambda: 3 if world.handshakes[1:] else 0
    world.is_down = lambda now: now < BEGIN + 5 and len(world.handshakes) > 1
    return world


def test_what_is_lost_before_anything_was_told() -> None:
    """The time of the beginning is known."""
    world = beginning_lost()
    is_whole(world, Listener(world, query=SINCE).listen(30.5), 20)
    assert world.asked == [(BEGIN + 1, BEGIN + 4)]


def test_what_is_lost_of_the_very_first_second() -> None:
    """Of one site it was told, of another it was lost with the first connection."""
    world = World(sites=(981, 982), endings=at(0))
    told = World._message
    world._message = lambda record: (  # type: ignore[method-assign]
        b"null" if (record["timestamp"], record["site_id"]) == (BEGIN + 1, 981) else told(world, record)
    )
    heard = Listener(world, query=SINCE).listen(30.5)
    assert sorted(positions(heard)) == whole(world, heard[-1]["timestamp"] - BEGIN)


def test_what_is_lost_before_anything_was_told_and_cannot_be_had() -> None:
    world = beginning_lost(archive_fails=True)
    listener = Listener(world, query=SINCE)
    listener.listen(60)
    (gap,) = listener.gaps.found
    assert (gap.start.timestamp() - BEGIN, gap.seconds, gap.source) == (1, 3, None)
    assert "500" in gap.reason


def test_a_session_that_goes_on_does_not_begin_again() -> None:
    """It goes on where it was left, which may be long after the beginning of the query."""
    world = beginning_lost()
    heard = Listener(world, query=SINCE, resumed=True).listen(30.5)
    assert heard[0]["timestamp"] == BEGIN + 4
    assert world.asked == []


def test_a_history_that_begins_later_is_not_asked_for() -> None:
    world = World(is_measured=lambda second: second > BEGIN + 20)
    is_whole(world, Listener(world, query=SINCE).listen(60.5), 60)
    assert len(world.asked) <= 1  # the room was silent for long


def test_a_room_that_tells_no_history_is_dead() -> None:
    world = World()
    world.told = lambda _: len(world.handshakes) > 1
    is_whole(world, Listener(world, query=SINCE).listen(120), 100)
    assert len(world.handshakes) == 2


@pytest.mark.parametrize("slow", ["nothing", "reader", "line"])
def test_a_hole_in_what_the_queue_had_kept(slow: str) -> None:
    """It is told bit by bit, perhaps to a reader who holds it up for longer than a connection takes to be settled."""
    world = World(endings=at(10), is_down=lambda now: BEGIN + 10 <= now < BEGIN + 600, at_a_time=20)
    world.told = lambda second: not BEGIN + 300 < second <= BEGIN + 400
    world.drips = 5.0 if slow == "line" else 0.0
    world.takes = lambda: 90.0 if slow == "reader" and BEGIN + 600 < world.clock.time < BEGIN + 800 else 0.0
    is_whole(world, Listener(world).listen(1200), 1000)
    assert world.asked[:1] == [(BEGIN + 301, BEGIN + 400)]


def test_a_late_record_that_a_break_loses_is_fetched() -> None:
    """The service had held it back, and then the connection broke: no hole after the break tells of it."""
    world = World(endings=at(20), sites=(981,))
    world.told = lambda second: second != BEGIN + 15
    listener = Listener(world)
    heard = listener.listen(60.5)
    assert sorted(positions(heard)) == whole(world, 60)
    assert world.asked == [(BEGIN + 15, BEGIN + 20)]
    assert listener.counts.filled == listener.counts.late == 1


def test_an_old_hole_is_no_late_record() -> None:
    world = World(endings=at(100))
    world.told = lambda second: second != BEGIN + 15
    heard = positions(Listener(world).listen(120.5))
    assert {*whole(world, 120)} - {*heard} == {(BEGIN + 15, 981)}
    assert world.asked == []


def test_a_late_record_below_what_was_asked_for() -> None:
    """Something was fetched of another site meanwhile."""
    sources = Listener(World()).sources
    for second in range(100, 110):
        sources.new_of([{"timestamp": second, "site_id": site} for site in (1, 2) if (second, site) != (105, 1)])
    sources.asked(106, 107)
    sources.broken()
    sources.new_of([{"timestamp": 110, "site_id": 1}])
    assert sources.take_awaited()[0] == 105


def test_holes_before_a_break_are_asked_for_once() -> None:
    world = World(endings=at(20, 40, 45), is_measured=lambda second: second - BEGIN not in {5, 15})
    listener = Listener(world)
    is_whole(world, listener.listen(60.5), 60)
    assert world.asked == [(BEGIN + 5, BEGIN + 21)]
    assert [*listener.gaps.found] == []


def test_a_gap_that_the_archive_cannot_fill_is_reported() -> None:
    found: list[Gap] = []
    world = outage(World(is_measured=lambda second: not BEGIN + 11 <= second <= BEGIN + 13))
    listener = Listener(world, on_gap=found.append)
    is_whole(world, listener.listen(60.5), 60)
    assert [*listener.gaps.found] == found
    (gap,) = found
    assert (gap.source, gap.seconds) == (981, 3)
    assert int(gap.start.timestamp()) == BEGIN + 11
    assert "no record" in gap.reason


def test_a_broken_on_gap_does_no_harm() -> None:
    def fail(_: Gap) -> None:
        raise ZeroDivisionError

    world = outage(World(archive_fails=True))
    listener = Listener(world, on_gap=fail)
    assert listener.listen(300)[-1]["timestamp"] > BEGIN + 200
    assert len(listener.gaps.found) == 1


def test_the_archive_that_fails_is_the_reason() -> None:
    listener = Listener(outage(World(archive_fails=True)))
    listener.listen(300)
    (gap,) = listener.gaps.found
    assert "500" in gap.reason
    assert gap.seconds >= 5


def test_late_records_that_the_archive_was_not_asked_for_are_reported() -> None:
    """The connection broke before they came, and then the archive failed."""
    world = World(endings=at(20), archive_fails=True, is_measured=lambda second: second != BEGIN + 16)
    world.told = lambda second: second not in {BEGIN + 12, BEGIN + 15}
    listener = Listener(world)
    listener.listen(300)
    found = [(gap.start.timestamp() - BEGIN, gap.seconds) for gap in listener.gaps.found]
    assert found == [(12, 1), (15, 2)]
    assert all("500" in gap.reason for gap in listener.gaps.found)


def test_gaps_that_are_not_filled_are_reported() -> None:
    world = outage(World())
    listener = Listener(world, query=None)
    heard = listener.listen(60)
    assert world.asked == []
    (gap,) = listener.gaps.found
    assert "not filled" in gap.reason
    missing = set(range(BEGIN + 1, heard[-1]["timestamp"])) - {r["timestamp"] for r in heard}
    assert missing == set(range(int(gap.start.timestamp()), int(gap.end.timestamp()) + 1))


def test_an_archive_that_lags_is_asked_again() -> None:
    world = outage(World(lag=3))
    listener = Listener(world)
    is_whole(world, listener.listen(60.5), 60)
    assert [*listener.gaps.found] == []
    assert len(world.asked) > 1


def test_a_hole_within_a_connection_is_one_in_the_data() -> None:
    world = World(is_measured=lambda second: second % 10 != 0)
    listener = Listener(world)
    heard = listener.listen(60.5)
    is_whole(world, heard, 59)
    assert world.asked == []
    assert [*listener.gaps.found] == []


def test_the_tail_of_a_source_that_ends_with_the_connection() -> None:
    """The room tells nothing after the break, but the archive knows more."""
    world = World(is_measured=lambda second: second <= BEGIN + 25)
    listener = Listener(world)

    def ending(count: int) -> Exception | None:
        return LOST if count == 20 and len(world.handshakes) == 1 else None

    world.endings = ending
    world.told = lambda second: second <= BEGIN + 20
    heard = listener.listen(120)
    assert positions(heard) == whole(world, 25)
    assert all(last is None for _, last in world.asked)


def test_the_tail_of_a_source_that_ends_while_others_go_on() -> None:
    """No hole tells of it, and the room is not silent."""
    world = World(sites=(981, 982), ends={982: BEGIN + 20}, replays=lambda: 1)
    listener = Listener(world)
    world.endings = at(39)  # the last record of the one that ends is lost
    world.loses = lambda: 0
    lost = {"timestamp": BEGIN + 20, "site_id": 982, "rate": (BEGIN + 20) % 7}
    told = World._message
    world._message = lambda record: b"null" if record == lost else told(world, record)  # type: ignore[method-assign]
    heard = listener.listen(600)
    assert sorted(positions(heard)) == whole(world, heard[-1]["timestamp"] - BEGIN)
    assert listener.counts.filled == 1
    assert len(world.asked) == 1


def test_a_source_that_has_told_less_than_others_before_a_break_has_not_ended() -> None:
    sources = Listener(World()).sources
    for second in range(100, 110):
        sources.new_of([{"timestamp": second, "site_id": site} for site in (981, 982) if site == 981 or second < 108])
    sources.broken()
    assert not sources.take_ended()
    assert sources.new_of([{"timestamp": 110, "site_id": 982}], stop=True)[1] == range(108, 110)


def test_a_room_that_answers_but_tells_nothing_is_entered_again() -> None:
    world = World()
    world.told = lambda second: second <= BEGIN + 20 or len(world.handshakes) > 1
    heard = Listener(world).listen(120)
    assert positions(heard) == whole(world, len(heard))
    assert len(world.handshakes) == 2
    assert len(heard) > 100


def test_late_records_that_a_dead_room_does_not_tell() -> None:
    """The silence goes on for so long that they would not be asked for after it."""
    world = World()
    world.told = lambda second: second <= BEGIN + 20 and second != BEGIN + 15
    listener = Listener(world)
    heard = listener.listen(60)
    assert sorted(positions(heard)) == whole(world, heard[-1]["timestamp"] - BEGIN)
    assert listener.counts.late == 1


def test_a_room_that_dies_in_the_middle_of_a_second() -> None:
    """Of some sites it has told a record that it does not tell of others."""
    sources = Listener(World()).sources
    sources.new_of([{"timestamp": 100, "site_id": 1}, {"timestamp": 100, "site_id": 2}])
    sources.new_of([{"timestamp": 101, "site_id": 1}])
    assert sources.next_second == 101
    sources.new_of([{"timestamp": 900, "site_id": 1}])
    assert sources.next_second == 840  # what is late may come, but not what has long been inactive


def test_a_quiet_well_is_not_asked_about_all_the_time() -> None:
    world = World(is_measured=lambda second: second <= BEGIN + 20)
    Listener(world).listen(3600)
    assert len(world.handshakes) == 1
    assert 1 <= len(world.asked) < 15


def test_records_out_of_order() -> None:
    world = World()
    world.messages = [world._message(record) for record in reversed(world.records(BEGIN + 1, BEGIN + 5))]
    listener = Listener(world)
    world._next = BEGIN + 6
    assert positions(listener.listen(1.5)) == whole(world, 5)  # what comes together is put in order
    assert listener.counts.late == 0


def test_a_late_record_is_handed_over_when_it_comes() -> None:
    sources = Listener(World()).sources
    for second, expected in ((1, True), (2, True), (4, True), (3, True), (3, False), (4, False), (0, True), (-2, True)):
        new, _, _ = sources.new_of([{"timestamp": second, "site_id": 1}], stop=True)
        assert bool(new) is expected, second
    assert sources.late == 3
    assert [bool(sources.new_of([{"timestamp": -1}])[0]), bool(sources.new_of([{"timestamp": -1}])[0])] == [True, False]
    assert sources.new_of([{"site_id": 1}] * 2)[0] == [{"site_id": 1}] * 2  # no time, no double


@pytest.mark.parametrize("second", [None, True, "1758196801", 1.5, -(10**12), 10**12, 10**18, 1 << 70, [1], {"a": 1}])
def test_timestamps_that_are_none(second: Any) -> None:
    """They are handed over as they come, and nothing is looked for after them."""
    world = World(endings=at(20))
    strange = {"timestamp": second, "site_id": 981}
    world.messages = [world._message(record) for record in (strange, strange)]
    listener = Listener(world)
    world.told = lambda told: told <= BEGIN + 30
    world.is_measured = world.told
    heard = listener.listen(120)
    assert heard[0]["site_id"] == heard[1]["site_id"] == 981
    assert positions(heard[2:]) == whole(world, 30)


def test_a_record_from_the_future_hides_no_loss() -> None:
    world = outage(World())
    future = {"timestamp": BEGIN + 10**7, "site_id": 981}
    told = World._message

    def strangely(record: dict[str, Any]) -> bytes:
        if record["timestamp"] == BEGIN + 5 and future not in world.emitted:
            world.messages = [told(world, future)]
        return told(world, record)

    world._message = strangely  # type: ignore[method-assign]
    listener = Listener(world)
    heard = listener.listen(60.5)
    assert heard.count(future) == 1
    heard.remove(future)
    is_whole(world, heard, 60)
    assert listener.counts.filled > 0


@pytest.mark.parametrize("seed", first(2, range(5)))
def test_hours_of_chance(seed: int) -> None:
    """Two hours, a break every minute or so, with all that can happen at one: each record once, in order."""
    chance = random.Random(seed)
    world = World(
        sites=(981, 982, 983),
        replays=lambda: chance.randrange(10),
        loses=lambda: chance.choice((0, 0, 1, 5, 100)),
        is_measured=lambda second: second % 611 > 3,
        lag=chance.choice((0, 0, 2)),
    )

    def ending(_: int) -> Exception | None:
        if chance.random() > 1 / 60:
            return None
        world.refusals = [LOST] * chance.choice((0, 0, 1, 3))
        return chance.choice((LOST, closed()))

    world.endings = ending
    listener = Listener(world)
    heard = positions(listener.listen(7200))
    assert listener.counts.reconnections > 50
    assert len(heard) == len(set(heard))
    last = heard[-1][0]
    missing = set(positions(world.records(BEGIN + 1, last - 1))) - set(heard)
    assert missing == set()
    for site in world.sites:
        seconds = [second for second, name in heard if name == site]
        assert seconds == sorted(seconds)
