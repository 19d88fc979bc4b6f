"""Injected faults of WebSocket rooms."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from websockets.exceptions import ConnectionClosed, ConnectionClosedError, ConnectionClosedOK

from datastore_sdk.sandbox import Sandbox, faults
from datastore_sdk.sandbox.faults.serialization import fault_json, faults_from
from tests.sandbox.websocket_client import (
    NOON,
    NOW,
    UNMODIFIED,
    is_quiet,
    message,
    open_room,
    seconds,
    until_closed,
)
from tests.support.waiting import wait_until

SITE = "/sites/981/data/"
KEY = "0123456789abcdef" * 2


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with Sandbox(now=NOW, days=1, rooms=UNMODIFIED) as running:
        yield running


@pytest.fixture
def sandbox(running: Sandbox) -> Iterator[Sandbox]:
    yield running
    running.reset()


def test_drop_ends_the_connection(sandbox: Sandbox) -> None:
    begin = sandbox.field.now()
    sandbox.faults.add(faults.Drop(skip=3))
    with open_room(sandbox, SITE, session_key=KEY) as room:
        sandbox.advance(1)
        assert seconds(room, 1) == [begin + 1]
        sandbox.advance(1)
        assert seconds(room, 1) == [begin + 2]
        sandbox.advance(1)
        assert seconds(room, 1) == [begin + 3]
        sandbox.advance(10)
        with pytest.raises(ConnectionClosedError) as ended:
            message(room)
    assert ended.value.rcvd is None  # without a close frame
    with open_room(sandbox, SITE, session_key=KEY) as room:
        assert seconds(room, 10) == list(range(begin + 4, begin + 14))


@pytest.mark.parametrize("lost", [1, 4, 25])
def test_drop_with_losses_skips_messages(sandbox: Sandbox, lost: int) -> None:
    begin = sandbox.field.now()
    sandbox.faults.add(faults.Drop(lost=lost))
    with open_room(sandbox, SITE, session_key=KEY) as room:
        sandbox.advance(10)
        with pytest.raises(ConnectionClosedError):
            message(room)
    with open_room(sandbox, SITE, session_key=KEY) as room:
        sandbox.advance(20)
        assert seconds(room, 30 - lost) == list(range(begin + lost + 1, begin + 31))


def test_drop_by_chance_is_deterministic(sandbox: Sandbox) -> None:
    def count_by_connection() -> list[int]:
        """Return the number of messages of each of some connections."""
        with sandbox.faults.during(faults.Close(probability=1 / 20, times=None, seed=5)):
            return [count_messages(sandbox) for _ in range(20)]

    first = count_by_connection()
    sandbox.reset()
    assert count_by_connection() == first
    assert len(set(first)) > 5


def count_messages(sandbox: Sandbox) -> int:
    with open_room(sandbox, SITE, session_key=KEY, start_datetime="2025-09-18 00:00:00") as room:
        return sum(1 for _ in until_closed(room))


def test_silence_sends_nothing(sandbox: Sandbox) -> None:
    sandbox.faults.add(faults.Silence(skip=1))
    with open_room(sandbox, SITE, session_key=KEY) as room:
        assert room.ping().wait(5)
        sandbox.advance(2)
        message(room)
        assert is_quiet(room)
        assert not room.ping().wait(0.1)
    wait_until(lambda: is_free(sandbox))
    with open_room(sandbox, SITE, session_key=KEY) as room:
        assert seconds(room, 1) == [sandbox.field.now()]


def is_free(sandbox: Sandbox) -> bool:
    try:
        with open_room(sandbox, SITE):
            return True
    except Exception:  # noqa: BLE001 - however it is refused
        return False


@pytest.mark.parametrize(
    ("code", "kind"), [(1000, ConnectionClosedOK), (1012, ConnectionClosedError), (4321, ConnectionClosedError)]
)
def test_close_sends_its_code(sandbox: Sandbox, code: int, kind: type[ConnectionClosed]) -> None:
    sandbox.faults.add(faults.Close(code=code, reason="because"))
    with open_room(sandbox, SITE, session_key=KEY) as room:
        sandbox.advance(1)
        with pytest.raises(kind) as ended:
            message(room)
    assert ended.value.rcvd
    assert (ended.value.rcvd.code, ended.value.rcvd.reason) == (code, "because")
    with open_room(sandbox, SITE, session_key=KEY) as room:
        assert seconds(room, 1) == [sandbox.field.now()]


def test_duplicates_repeat_messages(sandbox: Sandbox) -> None:
    begin = sandbox.field.now()
    sandbox.faults.add(faults.Duplicate(copies=2, skip=1))
    with open_room(sandbox, SITE) as room:
        sandbox.advance(3)
        assert [second - begin for second in seconds(room, 5)] == [1, 2, 2, 2, 3]


def test_out_of_order_swaps_messages(sandbox: Sandbox) -> None:
    begin = sandbox.field.now()
    sandbox.faults.add(faults.Late(by=2), faults.Late(skip=3), faults.Late(by=9, skip=4), faults.Close(skip=5))
    with open_room(sandbox, SITE) as room:
        sandbox.advance(20)
        count_messages = [orjson.loads(text)["message"]["timestamp"] - begin for text in until_closed(room)]
    assert count_messages == [2, 3, 1, 4, 6, 5, 8, 7]  # the last was late by less, or would never have come


@pytest.mark.parametrize(
    ("kind", "received"),
    [("text", "<html>Bad Gateway"), ("object", '{"detail":"no message"}'), ("binary", b"\x00\x01\x02\x03")],
)
def test_garbage_is_sent_between_messages(sandbox: Sandbox, kind: Any, received: str | bytes) -> None:
    sandbox.faults.add(faults.Garbage(kind=kind, skip=1))
    with open_room(sandbox, SITE) as room:
        sandbox.advance(2)
        message(room)
        assert room.recv(5) == received
        assert seconds(room, 1) == [sandbox.field.now()]


@pytest.mark.parametrize(("kind", "code"), [("encoding", 1007), ("frame", 1002)])
def test_garbage_invalid_frame_ends_the_connection(sandbox: Sandbox, kind: Any, code: int) -> None:
    sandbox.faults.add(faults.Garbage(kind=kind))
    with open_room(sandbox, SITE) as room:
        sandbox.advance(1)
        with pytest.raises(ConnectionClosedError) as ended:
            room.recv(5)
    assert ended.value.sent
    assert ended.value.sent.code == code


def test_huge_frame_is_sent(sandbox: Sandbox) -> None:
    sandbox.faults.add(faults.HugeFrame(size=3_000_000))
    with open_room(sandbox, SITE) as room:
        sandbox.advance(1)
        text = room.recv(20)
        assert len(text) == 3_000_000
        assert orjson.loads(text) is None
        message(room)


@pytest.mark.parametrize("path", ["/sites/981/", "/sites/984/data_changes/"])
def test_faults_apply_to_every_room(path: str) -> None:
    with Sandbox(now=NOW, days=2, rooms=UNMODIFIED) as sandbox:
        sandbox.faults.add(faults.Duplicate(path=path), faults.Drop(path=path, lost=1))
        with open_room(sandbox, path) as room, open_room(sandbox, SITE) as other:
            sandbox.advance(20_000)
            assert message(room) == message(room)
            assert seconds(other, 1) == [NOON + 1]
            with pytest.raises(ConnectionClosedError):
                message(room)


def test_disconnect_ends_connections(sandbox: Sandbox) -> None:
    for code, kind in ((None, ConnectionClosedError), (1001, ConnectionClosedOK)):
        with open_room(sandbox, SITE, session_key=KEY) as room, open_room(sandbox, "/pads/681/") as other:
            sandbox.close_websockets(code)
            for each in (room, other):
                with pytest.raises(kind):
                    each.recv(5)
        with open_room(sandbox, SITE, session_key=KEY) as room:
            sandbox.advance(1)
            assert seconds(room, 1) == [sandbox.field.now()]


def test_disconnect_without_connections_returns_zero() -> None:
    sandbox = Sandbox(now=NOW)
    sandbox.close_websockets()
    with sandbox:
        sandbox.close_websockets()


@pytest.mark.parametrize(
    "fault",
    [
        faults.Drop(lost=2, probability=0.1, times=None),
        faults.Silence(),
        faults.Close(code=1012),
        faults.Duplicate(copies=3),
        faults.Late(by=4),
        faults.Garbage(kind="binary"),
        faults.HugeFrame(size=10),
    ],
)
def test_fault_json_round_trip(fault: faults.RoomFault) -> None:
    count_messages = {name: value for name, value in fault_json(fault, 1).items() if name != "left"}
    assert list(faults_from(orjson.dumps(count_messages))) == [fault]


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        (faults.Drop, {"lost": -1}),
        (faults.Close, {"code": 1006}),
        (faults.Late, {"by": 0}),
        (faults.HugeFrame, {"size": 3}),
    ],
)
def test_fault_invalid_arguments_are_refused(kind: Any, wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        kind(**wrong)
