"""Rooms that accept, tell something and close: how often they are entered again, and when that ends."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from datastore_sdk.exceptions import (
    APIConnectionError,
    AuthenticationError,
    BadRequestError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    ResponseValidationError,
)
from datastore_sdk.realtime.manners import StreamOptions
from datastore_sdk.transport.websocket.handshake import RoomRefusedError
from tests.realtime.simulated_listener import Listener
from tests.realtime.simulated_service import BEGIN, LOST, World, closed
from tests.realtime.test_session import Renewable, tokens, waits

HOUR = 3600


def telling(record: Callable[[int], Any], ending: Exception, **options: Any) -> World:
    """A room that tells one record whenever it is entered, and closes."""
    world = World(is_measured=lambda _: False, **options)
    connect = world._connect

    def connected(request: Any) -> Any:
        answer = connect(request)
        world.messages = [json.dumps({"session_key": "k", "message": record(len(world.handshakes))}).encode()]
        return answer

    world._connect = connected  # type: ignore[method-assign]
    world.endings = lambda _: ending
    return world


RECORDS: dict[str, Callable[[int], Any]] = {
    "the same": lambda _: {"timestamp": BEGIN, "site_id": 981},
    "a new one": lambda visit: {"timestamp": BEGIN + visit, "site_id": 981},
    "the same without timestamp": lambda _: {"site_id": 981, "rate": 5},
    "the same with a text for a timestamp": lambda _: {"timestamp": str(BEGIN), "site_id": 981},
}


@pytest.mark.parametrize("ending", [LOST, closed()], ids=["lost", "closed"])
@pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS)
def test_short_visits_in_a_row_waits_grow(record: Callable[[int], Any], ending: Exception) -> None:
    world = telling(record, ending)
    Listener(world, query=None).listen(HOUR)
    assert HOUR / 30 / 2 < len(world.handshakes) < 1.6 * HOUR / 15
    assert max(waits(world)) > 10


@pytest.mark.parametrize("ending", [LOST, closed()], ids=["lost", "closed"])
@pytest.mark.parametrize("record", [name for name in RECORDS if name != "a new one"])
def test_give_up_after_counts_visits_without_news(record: str, ending: Exception) -> None:
    world = telling(RECORDS[record], ending)
    with pytest.raises(APIConnectionError):
        Listener(world, query=None, manners=StreamOptions(give_up_after=120)).listen(HOUR)
    assert 80 < world.clock.time - BEGIN < 130


def test_give_up_after_goes_on_while_something_new_comes() -> None:
    world = telling(RECORDS["a new one"], closed())
    Listener(world, query=None, manners=StreamOptions(give_up_after=120)).listen(HOUR)
    assert world.clock.time - BEGIN >= HOUR


def test_give_up_after_a_long_silence_does_not_count() -> None:
    """A room may be silent for hours: the first break behind that is no reason to give up."""
    world = World(is_measured=lambda second: second <= BEGIN + 10 or second > BEGIN + HOUR)
    world.endings = lambda _: LOST if world.clock.time > BEGIN + HOUR / 2 and len(world.handshakes) == 1 else None
    heard = Listener(world, query=None, manners=StreamOptions(give_up_after=60)).listen(HOUR + 60)
    assert heard[-1]["timestamp"] > BEGIN + HOUR + 50


@pytest.mark.parametrize("closes", [False, True])
def test_messages_that_cannot_be_understood_raise(closes: bool) -> None:
    world = World(is_measured=lambda second: second <= BEGIN + 30)
    world.endings = lambda _: closed() if closes and world.clock.time > BEGIN + 40 else None
    told = world._receive

    def receive(seconds: float) -> list[bytes] | None:
        if world.clock.time > BEGIN + 40 and not world.messages and world.random.random() < 0.7:
            world.clock.time += 5
            return [b'{"detail": "moved"}', b"null"]
        return told(seconds)

    world._receive = receive  # type: ignore[method-assign]
    with pytest.raises(ResponseValidationError, match="none of the last"):
        Listener(world, query=None).listen(HOUR)
    assert 100 <= world.clock.time - BEGIN < 300


def test_garbage_between_records_does_not_raise() -> None:
    world = World()
    told = world._message
    world._message = lambda record: told(record) if record["timestamp"] % 30 == 0 else b"<html>"  # type: ignore[method-assign]
    assert len(Listener(world, query=None).listen(600)) >= 19


def test_silence_after_garbage_does_not_raise() -> None:
    world = World(is_measured=lambda _: False)
    world.messages = [b"<html>"] * 5
    assert Listener(world, query=None).listen(HOUR) == []


def refusal(code: int) -> RoomRefusedError:
    return RoomRefusedError(f"closed with the code {code} (no)", code=code, method="GET", url="", sent=True)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (1008, PermissionDeniedError),
        (4401, AuthenticationError),
        (4403, PermissionDeniedError),
        (4404, NotFoundError),
        (4400, BadRequestError),
    ],
)
def test_a_close_code_that_refuses_ends_it(code: int, error: type[Exception]) -> None:
    world = World(endings=lambda _: refusal(code))
    with pytest.raises(error) as raised:
        Listener(world).listen(HOUR)
    assert len(world.handshakes) == 1
    assert f"code {code}" in "".join(raised.value.__notes__)


def test_a_close_code_that_asks_for_patience_is_tried_like_a_call() -> None:
    world = World(endings=lambda _: refusal(4429))
    with pytest.raises(RateLimitError):
        Listener(world).listen(HOUR)
    assert len(world.handshakes) == world.retries.max_attempts


@pytest.mark.parametrize("code", [1008, 4401])
def test_a_close_code_that_refuses_a_token_renews_it_once(code: int) -> None:
    world = World(credentials=Renewable(), endings=lambda _: refusal(code))
    with pytest.raises((AuthenticationError, PermissionDeniedError)):
        Listener(world).listen(HOUR)
    assert tokens(world) == ["token-0", "token-1"]
    world = World(credentials=Renewable())
    world.endings = lambda _: refusal(code) if len(world.handshakes) == 1 else None
    assert len(Listener(world).listen(60)) > 50


@pytest.mark.parametrize("quiet", [False, True])
def test_a_close_code_after_news_or_long_silence_is_a_break(quiet: bool) -> None:
    world = World(is_measured=lambda second: not quiet or second > BEGIN + 200)
    world.endings = lambda _: refusal(1008) if world.clock.time > BEGIN + 100 and len(world.handshakes) == 1 else None
    assert Listener(world).listen(300)[-1]["timestamp"] > BEGIN + 290
