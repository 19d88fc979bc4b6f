"""Session keys: a client that reconnects with one continues where it stopped."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import orjson
import pytest

from datastore_sdk.sandbox import RoomOptions, Sandbox, faults
from datastore_sdk.sandbox.api.data import DataQueryResult, RecordFormat
from datastore_sdk.sandbox.api.errors import RequestError
from datastore_sdk.sandbox.api.websocket.records import LiveRecordFeed
from datastore_sdk.sandbox.api.websocket.sessions import MeasurementSession, RoomSubject, SessionRegistry
from datastore_sdk.sandbox.simulation.selection import Selection
from tests.sandbox.websocket_client import (
    NOON,
    NOW,
    UNMODIFIED,
    is_quiet,
    message,
    open_room,
    refusal,
    seconds,
    until_closed,
)
from tests.support.waiting import wait_until

SITE = "/sites/981/data/"
KEY, OTHER = "0123456789abcdef" * 2, "f" * 32
MORNING = {"session_key": KEY, "start_datetime": "2025-09-18 11:00:00"}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(now=NOW, days=1, rooms=UNMODIFIED) as running:
        yield running


def read_until_closed(sandbox: Sandbox, **query: str) -> list[int]:
    """Return the timestamps that one connection sends before it is closed."""
    with open_room(sandbox, SITE, **query) as room:
        return [orjson.loads(text)["message"]["timestamp"] for text in until_closed(room)]


def test_session_queues_messages_while_disconnected(sandbox: Sandbox) -> None:
    for begin in (1, 16):
        with open_room(sandbox, SITE, session_key=KEY) as room:
            sandbox.advance(5)
            assert seconds(room, 5) == list(range(NOON + begin, NOON + begin + 5))
        sandbox.advance(10)
        with open_room(sandbox, SITE, session_key=KEY) as room:
            assert seconds(room, 10) == list(range(NOON + begin + 5, NOON + begin + 15))
            assert is_quiet(room)


def test_session_without_key_starts_over(sandbox: Sandbox) -> None:
    for query in ({"session_key": KEY}, {}, {"session_key": OTHER}):
        sandbox.advance(10)
        with open_room(sandbox, SITE, **query) as room:
            assert is_quiet(room)
            sandbox.advance(1)
            assert len(message(room)["session_key"]) == 32


def test_session_resumes_history() -> None:
    options = RoomOptions(empty_every=0, array_every=0, replays=0, close_after_messages=777)
    with Sandbox(now=NOW, days=1, rooms=options) as sandbox:
        sandbox.advance(100)
        received = [second for _ in range(4) for second in read_until_closed(sandbox, **MORNING)]
        assert received == list(range(NOON - 3600, NOON - 3600 + 4 * 777))


def test_session_repeats_some_messages() -> None:
    options = RoomOptions(empty_every=0, array_every=0, replays=3, close_after_messages=20)
    with Sandbox(now=NOW, days=1, rooms=options) as sandbox:
        breaks = [read_until_closed(sandbox, **MORNING) for _ in range(30)]
    again = [before[-1] + 1 - after[0] for before, after in pairwise(breaks)]
    assert set(again) == {0, 1, 2, 3}
    assert all(received == list(range(received[0], received[0] + 20)) for received in breaks)


def test_session_queue_is_bounded() -> None:
    options = RoomOptions(empty_every=0, array_every=0, replays=0, kept_seconds=60)
    with Sandbox(now=NOW, days=1, rooms=options) as sandbox:
        for away, stored in ((61, 60), (10_000, 60), (30, 30)):
            with open_room(sandbox, SITE, session_key=KEY) as room:
                assert is_quiet(room)
            sandbox.advance(away)
            now = sandbox.field.now()
            with open_room(sandbox, SITE, session_key=KEY) as room:
                assert seconds(room, stored) == list(range(now - stored + 1, now + 1))
        with open_room(sandbox, SITE, session_key=KEY) as room:
            sandbox.advance(1000)  # who is there gets everything
            assert len(seconds(room, 1000)) == 1000


def test_session_key_is_unique_per_connection(sandbox: Sandbox) -> None:
    with open_room(sandbox, SITE, session_key=KEY):
        response = refusal(sandbox, "/sites/982/data/", session_key=KEY)
        assert response.status_code == 400
        assert b"Another connection" in response.body
        with open_room(sandbox, "/sites/982/data/", session_key=OTHER):
            pass
    with open_room(sandbox, "/sites/982/data/", session_key=KEY):
        pass


def test_session_key_with_another_query_starts_over(sandbox: Sandbox) -> None:
    with open_room(sandbox, SITE, session_key=KEY):
        pass
    sandbox.advance(10)
    with open_room(sandbox, SITE, session_key=KEY, start_datetime="2025-09-18 11:59:58") as room:
        assert seconds(room, 13) == list(range(NOON - 2, NOON + 11))


def test_reset_deletes_session_queues(sandbox: Sandbox) -> None:
    with open_room(sandbox, SITE, session_key=KEY):
        pass
    sandbox.reset()
    sandbox.advance(10)
    with open_room(sandbox, SITE, session_key=KEY) as room:
        assert is_quiet(room)


def test_session_allows_immediate_reconnect(sandbox: Sandbox) -> None:
    received: list[int] = []
    for _ in range(50):
        with open_room(sandbox, SITE, session_key=KEY) as room:
            sandbox.advance(1)
            received += seconds(room, 1)
    assert received == list(range(NOON + 1, NOON + 51))


def test_session_key_is_released_on_abrupt_disconnect(sandbox: Sandbox) -> None:
    with open_room(sandbox, SITE, session_key=KEY) as room:
        room.socket.shutdown(socket.SHUT_RDWR)
        wait_until(lambda: comes_in(sandbox))


def comes_in(sandbox: Sandbox) -> bool:
    try:
        with open_room(sandbox, SITE, session_key=KEY):
            return True
    except Exception:  # noqa: BLE001 - however it is refused
        return False


@pytest.mark.exhaustive
def test_session_loses_nothing_over_many_reconnects() -> None:
    options = RoomOptions(empty_every=10, array_every=10, replays=5)
    end = NOON + 5_000
    with Sandbox(now=NOW, days=1, rooms=options) as sandbox:
        sandbox.faults.add(faults.Close(probability=1 / 30, times=None, seed=4))
        sandbox.advance(end - NOON)
        received: list[int] = []
        while not received or received[-1] < end:
            for second in records_until_closed(sandbox, end):
                if not received or second > received[-1]:
                    received.append(second)
        measured = Selection(NOON - 3600, end, end)
        records = sandbox.field.operations[681].site_records(981, measured)
    assert received == [record["timestamp"] for record in records]
    assert len(sandbox.requests) > 200


def records_until_closed(sandbox: Sandbox, end: int) -> Iterator[int]:
    with open_room(sandbox, SITE, **MORNING) as room:
        for text in until_closed(room):
            content: Any = orjson.loads(text) if text else None
            if content is not None:
                records = content["message"] if isinstance(content["message"], list) else [content["message"]]
                yield from (record["timestamp"] for record in records)
                if records[-1]["timestamp"] == end:
                    return


def test_session_unused_expires(sandbox: Sandbox) -> None:
    sessions = SessionRegistry(UNMODIFIED, 7)
    subject = RoomSubject("token", SITE, ())
    operations = sandbox.field.operations[681]
    nothing = DataQueryResult(
        Selection(0, 0, 0), RecordFormat(), operations, lambda wanted: operations.site_records(981, wanted)
    )

    def enter(key: str) -> MeasurementSession:
        return sessions.enter(key, subject, NOON, lambda: LiveRecordFeed(nothing, NOON, history=False))

    enter("read")
    left = enter("left")
    left.close()
    again = enter("left")
    assert again is left
    left.close()
    for number in range(1000):
        enter(str(number))
    with pytest.raises(RequestError):
        enter("read")
    assert enter("left") is not left
