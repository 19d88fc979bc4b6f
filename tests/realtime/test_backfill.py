"""No loss and no duplicates: the logic alone, over a simulated service."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Any

import pytest

from datastore_sdk.data.query import DataQuery
from datastore_sdk.realtime.gaps import Gap
from tests.realtime.simulated_listener import SimulatedListener, positions
from tests.realtime.simulated_service import CONNECTION_LOST, START_SECOND, SimulatedService, normal_close
from tests.support.exhaustive import first


def at(*counts: int) -> Any:
    """Return a function that breaks the connection after so many messages."""
    left = [*counts]

    def ending(count: int) -> Exception | None:
        if left and count >= left[0]:
            left.pop(0)
            return CONNECTION_LOST
        return None

    return ending


def whole(service: SimulatedService, seconds: int) -> list[tuple[int, int]]:
    return positions(service.records(START_SECOND + 1, START_SECOND + seconds))


def is_whole(service: SimulatedService, received: list[dict[str, Any]], seconds: int) -> None:
    """Assert that no record is missing or doubled, and that the stream continues for so many seconds at least."""
    last = received[-1]["timestamp"] - START_SECOND
    assert positions(received) == whole(service, last)
    assert last >= seconds


def outage(service: SimulatedService, loses: int = 1000) -> SimulatedService:
    """Return a service whose connection breaks after ten seconds and refuses new ones for five."""
    end = START_SECOND + 16

    def ending(_: int) -> Exception | None:
        return CONNECTION_LOST if START_SECOND + 10 <= service.clock.time < end else None

    service.disconnect, service.is_down, service.lost_seconds = (
        ending,
        lambda now: START_SECOND + 10 <= now < end,
        lambda: loses,
    )
    return service


def test_every_record_once() -> None:
    service = SimulatedService(sites=(981, 982))
    is_whole(service, SimulatedListener(service).listen(20.5), 20)
    assert service.fetched_ranges == []


def test_repeated_records_are_left_out() -> None:
    service = SimulatedService(disconnect=at(10, 15), replayed_seconds=lambda: 7)
    session = SimulatedListener(service)
    is_whole(service, session.listen(30.5), 30)
    assert service.fetched_ranges == []
    assert session.counters.duplicates == 14
    assert session.counters.reconnections == 2


def test_lost_records_are_fetched_in_order() -> None:
    service = outage(SimulatedService(sites=(981, 982)), loses=1000)
    session = SimulatedListener(service)
    is_whole(service, session.listen(60.5), 60)
    assert (
        session.counters.backfilled
        == 2 * sum(last - first + 1 for first, last in service.fetched_ranges if last is not None)
        > 0
    )
    assert [*session.gaps.gaps] == []


def test_queued_records_are_not_fetched() -> None:
    service = outage(SimulatedService(sites=(981, 982)), loses=0)
    is_whole(service, SimulatedListener(service).listen(60.5), 60)
    assert service.fetched_ranges == []


def test_two_sources_one_behind() -> None:
    """One source's last record was lost with the connection, the other's was not."""
    session = SimulatedListener(SimulatedService(sites=(981, 982)))
    sources = session.tracker
    first = [{"timestamp": s, "site_id": i} for s in range(100, 110) for i in (981, 982)][:-1]
    assert sources.filter_new(first, stop_at_hole=True)[0] == first
    sources.on_disconnect()
    new, lost, remaining = sources.filter_new(
        [{"timestamp": 110, "site_id": 981}, {"timestamp": 110, "site_id": 982}], stop_at_hole=True
    )
    assert positions(new) == [(110, 981)]
    assert lost == range(109, 110)
    assert positions(remaining) == [(110, 982)]


def test_fetched_source_can_lose_records_again() -> None:
    """Records received afterwards can still be lost with the next connection."""
    sources = SimulatedListener(SimulatedService()).tracker
    records = [{"timestamp": second, "site_id": 981} for second in range(100, 120)]
    sources.filter_new(records[:10])
    sources.on_disconnect()
    _, lost, remaining = sources.filter_new(records[14:15], stop_at_hole=True)
    assert lost == range(110, 114)
    sources.filter_new(records[10:14])
    sources.note_fetched(lost[0], lost[-1])
    sources.confirm_sources(records[10:14])
    sources.on_disconnect()
    assert sources.filter_new(records[15:16], stop_at_hole=True)[1] == range(114, 115)
    assert remaining == records[14:15]


SINCE = DataQuery(source="pad", id=681, is_routed=True, start=datetime.fromtimestamp(START_SECOND + 1, tz=UTC))


def service_losing_start(**options: Any) -> SimulatedService:
    """Return a service whose first connection breaks at once; the queue has lost the beginning when a new one is
    accepted."""
    service = SimulatedService(sites=(981, 982), disconnect=at(0), **options)
    service.lost_seconds = lambda: 3 if service.handshakes[1:] else 0
    service.is_down = lambda now: now < START_SECOND + 5 and len(service.handshakes) > 1
    return service


def test_loss_before_first_record_is_fetched() -> None:
    """The time of the beginning is known."""
    service = service_losing_start()
    is_whole(service, SimulatedListener(service, query=SINCE).listen(30.5), 20)
    assert service.fetched_ranges == [(START_SECOND + 1, START_SECOND + 4)]


def test_loss_within_first_second_is_fetched() -> None:
    """The first connection delivered a record of one site, and lost one of another."""
    service = SimulatedService(sites=(981, 982), disconnect=at(0))
    build_message = SimulatedService._message
    service._message = lambda record: (  # type: ignore[method-assign]
        b"null"
        if (record["timestamp"], record["site_id"]) == (START_SECOND + 1, 981)
        else build_message(service, record)
    )
    received = SimulatedListener(service, query=SINCE).listen(30.5)
    assert sorted(positions(received)) == whole(service, received[-1]["timestamp"] - START_SECOND)


def test_loss_before_first_record_is_reported() -> None:
    service = service_losing_start(archive_fails=True)
    session = SimulatedListener(service, query=SINCE)
    session.listen(60)
    (gap,) = session.gaps.gaps
    assert (gap.start.timestamp() - START_SECOND, gap.seconds, gap.source) == (1, 3, None)
    assert "500" in gap.reason


def test_resumed_session_does_not_fetch_its_start() -> None:
    """The stream resumes where it stopped, which may be long after the beginning of the query."""
    service = service_losing_start()
    received = SimulatedListener(service, query=SINCE, resumed=True).listen(30.5)
    assert received[0]["timestamp"] == START_SECOND + 4
    assert service.fetched_ranges == []


def test_history_that_starts_later_is_not_fetched() -> None:
    service = SimulatedService(is_measured=lambda second: second > START_SECOND + 20)
    is_whole(service, SimulatedListener(service, query=SINCE).listen(60.5), 60)
    assert len(service.fetched_ranges) <= 1  # the room was silent for long


def test_room_without_history_is_dead() -> None:
    service = SimulatedService()
    service.is_sent = lambda _: len(service.handshakes) > 1
    is_whole(service, SimulatedListener(service, query=SINCE).listen(120), 100)
    assert len(service.handshakes) == 2


@pytest.mark.parametrize("slow", ["nothing", "reader", "line"])
def test_hole_in_the_queue_is_fetched(slow: str) -> None:
    """Records arrive bit by bit, perhaps to a reader who delays them for longer than a connection takes to be
    settled."""
    service = SimulatedService(
        disconnect=at(10), is_down=lambda now: START_SECOND + 10 <= now < START_SECOND + 600, max_seconds_per_message=20
    )
    service.is_sent = lambda second: not START_SECOND + 300 < second <= START_SECOND + 400
    service.send_seconds = 5.0 if slow == "line" else 0.0
    service.reader_seconds = lambda: (
        90.0 if slow == "reader" and START_SECOND + 600 < service.clock.time < START_SECOND + 800 else 0.0
    )
    is_whole(service, SimulatedListener(service).listen(1200), 1000)
    assert service.fetched_ranges[:1] == [(START_SECOND + 301, START_SECOND + 400)]


def test_late_record_lost_by_a_break_is_fetched() -> None:
    """The service had held the record back, and then the connection broke: no hole after the break shows the loss."""
    service = SimulatedService(disconnect=at(20), sites=(981,))
    service.is_sent = lambda second: second != START_SECOND + 15
    session = SimulatedListener(service)
    received = session.listen(60.5)
    assert sorted(positions(received)) == whole(service, 60)
    assert service.fetched_ranges == [(START_SECOND + 15, START_SECOND + 20)]
    assert session.counters.backfilled == session.counters.late == 1


def test_old_hole_is_not_fetched() -> None:
    service = SimulatedService(disconnect=at(100))
    service.is_sent = lambda second: second != START_SECOND + 15
    received = positions(SimulatedListener(service).listen(120.5))
    assert {*whole(service, 120)} - {*received} == {(START_SECOND + 15, 981)}
    assert service.fetched_ranges == []


def test_late_record_before_the_fetched_range() -> None:
    """Something was fetched of another site meanwhile."""
    sources = SimulatedListener(SimulatedService()).tracker
    for second in range(100, 110):
        sources.filter_new([{"timestamp": second, "site_id": site} for site in (1, 2) if (second, site) != (105, 1)])
    sources.note_fetched(106, 107)
    sources.on_disconnect()
    sources.filter_new([{"timestamp": 110, "site_id": 1}])
    assert sources.pop_late_range()[0] == 105


def test_holes_before_a_break_are_fetched_once() -> None:
    service = SimulatedService(
        disconnect=at(20, 40, 45), is_measured=lambda second: second - START_SECOND not in {5, 15}
    )
    session = SimulatedListener(service)
    is_whole(service, session.listen(60.5), 60)
    assert service.fetched_ranges == [(START_SECOND + 5, START_SECOND + 21)]
    assert [*session.gaps.gaps] == []


def test_gap_that_the_archive_has_too_is_reported() -> None:
    found: list[Gap] = []
    service = outage(SimulatedService(is_measured=lambda second: not START_SECOND + 11 <= second <= START_SECOND + 13))
    session = SimulatedListener(service, on_gap=found.append)
    is_whole(service, session.listen(60.5), 60)
    assert [*session.gaps.gaps] == found
    (gap,) = found
    assert (gap.source, gap.seconds) == (981, 3)
    assert int(gap.start.timestamp()) == START_SECOND + 11
    assert "no record" in gap.reason


def test_failing_on_gap_does_not_end_the_stream() -> None:
    def fail(_: Gap) -> None:
        raise ZeroDivisionError

    service = outage(SimulatedService(archive_fails=True))
    session = SimulatedListener(service, on_gap=fail)
    assert session.listen(300)[-1]["timestamp"] > START_SECOND + 200
    assert len(session.gaps.gaps) == 1


def test_failing_archive_is_the_reason_of_the_gap() -> None:
    session = SimulatedListener(outage(SimulatedService(archive_fails=True)))
    session.listen(300)
    (gap,) = session.gaps.gaps
    assert "500" in gap.reason
    assert gap.seconds >= 5


def test_late_records_are_reported_if_the_archive_fails() -> None:
    """The connection broke before they came, and then the archive failed."""
    service = SimulatedService(
        disconnect=at(20), archive_fails=True, is_measured=lambda second: second != START_SECOND + 16
    )
    service.is_sent = lambda second: second not in {START_SECOND + 12, START_SECOND + 15}
    session = SimulatedListener(service)
    session.listen(300)
    found = [(gap.start.timestamp() - START_SECOND, gap.seconds) for gap in session.gaps.gaps]
    assert found == [(12, 1), (15, 2)]
    assert all("500" in gap.reason for gap in session.gaps.gaps)


def test_gaps_that_are_not_filled_are_reported() -> None:
    service = outage(SimulatedService())
    session = SimulatedListener(service, query=None)
    received = session.listen(60)
    assert service.fetched_ranges == []
    (gap,) = session.gaps.gaps
    assert "not filled" in gap.reason
    missing = set(range(START_SECOND + 1, received[-1]["timestamp"])) - {r["timestamp"] for r in received}
    assert missing == set(range(int(gap.start.timestamp()), int(gap.end.timestamp()) + 1))


def test_lagging_archive_is_requested_again() -> None:
    service = outage(SimulatedService(archive_lag=3))
    session = SimulatedListener(service)
    is_whole(service, session.listen(60.5), 60)
    assert [*session.gaps.gaps] == []
    assert len(service.fetched_ranges) > 1


def test_hole_within_a_connection_is_not_fetched() -> None:
    service = SimulatedService(is_measured=lambda second: second % 10 != 0)
    session = SimulatedListener(service)
    received = session.listen(60.5)
    is_whole(service, received, 59)
    assert service.fetched_ranges == []
    assert [*session.gaps.gaps] == []


def test_last_records_of_a_source_that_ends_with_the_break() -> None:
    """The room sends nothing after the break, but the archive has more records."""
    service = SimulatedService(is_measured=lambda second: second <= START_SECOND + 25)
    session = SimulatedListener(service)

    def ending(count: int) -> Exception | None:
        return CONNECTION_LOST if count == 20 and len(service.handshakes) == 1 else None

    service.disconnect = ending
    service.is_sent = lambda second: second <= START_SECOND + 20
    received = session.listen(120)
    assert positions(received) == whole(service, 25)
    assert all(last is None for _, last in service.fetched_ranges)


def test_last_records_of_a_source_that_ends_alone() -> None:
    """No hole shows the loss, and the room is not silent."""
    service = SimulatedService(sites=(981, 982), last_seconds={982: START_SECOND + 20}, replayed_seconds=lambda: 1)
    session = SimulatedListener(service)
    service.disconnect = at(39)  # the last record of the one that ends is lost
    service.lost_seconds = lambda: 0
    lost = {"timestamp": START_SECOND + 20, "site_id": 982, "rate": (START_SECOND + 20) % 7}
    build_message = SimulatedService._message
    service._message = lambda record: b"null" if record == lost else build_message(service, record)  # type: ignore[method-assign]
    received = session.listen(600)
    assert sorted(positions(received)) == whole(service, received[-1]["timestamp"] - START_SECOND)
    assert session.counters.backfilled == 1
    assert len(service.fetched_ranges) == 1


def test_source_behind_others_has_not_ended() -> None:
    sources = SimulatedListener(SimulatedService()).tracker
    for second in range(100, 110):
        sources.filter_new(
            [{"timestamp": second, "site_id": site} for site in (981, 982) if site == 981 or second < 108]
        )
    sources.on_disconnect()
    assert not sources.pop_ended_range()
    assert sources.filter_new([{"timestamp": 110, "site_id": 982}], stop_at_hole=True)[1] == range(108, 110)


def test_silent_room_with_pongs_is_reentered() -> None:
    service = SimulatedService()
    service.is_sent = lambda second: second <= START_SECOND + 20 or len(service.handshakes) > 1
    received = SimulatedListener(service).listen(120)
    assert positions(received) == whole(service, len(received))
    assert len(service.handshakes) == 2
    assert len(received) > 100


def test_late_records_of_a_dead_room_are_fetched() -> None:
    """The silence lasts so long that the records would not be requested after it."""
    service = SimulatedService()
    service.is_sent = lambda second: second <= START_SECOND + 20 and second != START_SECOND + 15
    session = SimulatedListener(service)
    received = session.listen(60)
    assert sorted(positions(received)) == whole(service, received[-1]["timestamp"] - START_SECOND)
    assert session.counters.late == 1


def test_room_that_dies_within_a_second() -> None:
    """The room has sent a record of some sites that it does not send of others."""
    sources = SimulatedListener(SimulatedService()).tracker
    sources.filter_new([{"timestamp": 100, "site_id": 1}, {"timestamp": 100, "site_id": 2}])
    sources.filter_new([{"timestamp": 101, "site_id": 1}])
    assert sources.first_unsure == 101
    sources.filter_new([{"timestamp": 900, "site_id": 1}])
    assert sources.first_unsure == 840  # late records may arrive, but not of sites that have long been inactive


def test_quiet_well_is_seldom_requested() -> None:
    service = SimulatedService(is_measured=lambda second: second <= START_SECOND + 20)
    SimulatedListener(service).listen(3600)
    assert len(service.handshakes) == 1
    assert 1 <= len(service.fetched_ranges) < 15


def test_records_out_of_order() -> None:
    service = SimulatedService()
    service.messages = [
        service._message(record) for record in reversed(service.records(START_SECOND + 1, START_SECOND + 5))
    ]
    session = SimulatedListener(service)
    service._next = START_SECOND + 6
    assert positions(session.listen(1.5)) == whole(service, 5)  # records that arrive together are put in order
    assert session.counters.late == 0


def test_late_record_is_delivered_on_arrival() -> None:
    sources = SimulatedListener(SimulatedService()).tracker
    for second, expected in ((1, True), (2, True), (4, True), (3, True), (3, False), (4, False), (0, True), (-2, True)):
        new, _, _ = sources.filter_new([{"timestamp": second, "site_id": 1}], stop_at_hole=True)
        assert bool(new) is expected, second
    assert sources.late == 3
    assert [bool(sources.filter_new([{"timestamp": -1}])[0]), bool(sources.filter_new([{"timestamp": -1}])[0])] == [
        True,
        False,
    ]
    assert sources.filter_new([{"site_id": 1}] * 2)[0] == [{"site_id": 1}] * 2  # no time, no double


@pytest.mark.parametrize("second", [None, True, "1758196801", 1.5, -(10**12), 10**12, 10**18, 1 << 70, [1], {"a": 1}])
def test_invalid_timestamps_are_delivered(second: Any) -> None:
    """Records are yielded as they arrive, and nothing is backfilled after them."""
    service = SimulatedService(disconnect=at(20))
    strange = {"timestamp": second, "site_id": 981}
    service.messages = [service._message(record) for record in (strange, strange)]
    session = SimulatedListener(service)
    service.is_sent = lambda build_message: build_message <= START_SECOND + 30
    service.is_measured = service.is_sent
    received = session.listen(120)
    assert received[0]["site_id"] == received[1]["site_id"] == 981
    assert positions(received[2:]) == whole(service, 30)


def test_record_from_the_future_hides_no_loss() -> None:
    service = outage(SimulatedService())
    future = {"timestamp": START_SECOND + 10**7, "site_id": 981}
    build_message = SimulatedService._message

    def strangely(record: dict[str, Any]) -> bytes:
        if record["timestamp"] == START_SECOND + 5 and future not in service.emitted:
            service.messages = [build_message(service, future)]
        return build_message(service, record)

    service._message = strangely  # type: ignore[method-assign]
    session = SimulatedListener(service)
    received = session.listen(60.5)
    assert received.count(future) == 1
    received.remove(future)
    is_whole(service, received, 60)
    assert session.counters.backfilled > 0


@pytest.mark.parametrize("seed", first(2, range(5)))
def test_hours_of_chance(seed: int) -> None:
    """Two hours, a break every minute or so, with all that can happen at one: each record once, in order."""
    chance = random.Random(seed)
    service = SimulatedService(
        sites=(981, 982, 983),
        replayed_seconds=lambda: chance.randrange(10),
        lost_seconds=lambda: chance.choice((0, 0, 1, 5, 100)),
        is_measured=lambda second: second % 611 > 3,
        archive_lag=chance.choice((0, 0, 2)),
    )

    def ending(_: int) -> Exception | None:
        if chance.random() > 1 / 60:
            return None
        service.refusals = [CONNECTION_LOST] * chance.choice((0, 0, 1, 3))
        return chance.choice((CONNECTION_LOST, normal_close()))

    service.disconnect = ending
    session = SimulatedListener(service)
    received = positions(session.listen(7200))
    assert session.counters.reconnections > 50
    assert len(received) == len(set(received))
    last = received[-1][0]
    missing = set(positions(service.records(START_SECOND + 1, last - 1))) - set(received)
    assert missing == set()
    for site in service.sites:
        seconds = [second for second, name in received if name == site]
        assert seconds == sorted(seconds)
