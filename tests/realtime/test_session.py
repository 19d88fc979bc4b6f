"""When a room is entered again, when not, and after how long: the logic alone, over a simulated service."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from datastore_sdk._io.deadline import Deadline
from datastore_sdk._io.effects import EffectGen
from datastore_sdk.auth.providers import Credentials, TokenFetcher
from datastore_sdk.exceptions import (
    APIConnectionError,
    AuthenticationError,
    BadRequestError,
    CallError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    ServerError,
)
from datastore_sdk.realtime.manners import StreamOptions
from datastore_sdk.transport.executor.retry import RetryPolicy
from tests.realtime.simulated_listener import Listener, positions
from tests.realtime.simulated_service import BEGIN, LOST, World, closed


class Renewable(Credentials):
    """Tokens that can be renewed, by the name of their number."""

    kind = "renewable"

    def __init__(self) -> None:
        self.renewed = 0

    @property
    def identity(self) -> tuple[str, ...]:
        return ("renewable",)

    def token(self, fetch: TokenFetcher, deadline: Deadline | None = None) -> EffectGen[str]:  # noqa: ARG002 - it knows them all
        yield from ()
        return f"token-{self.renewed}"

    def renew(self, rejected: str) -> bool:
        self.renewed += rejected == f"token-{self.renewed}"
        return True


def tokens(world: World) -> list[str]:
    return [request.headers["Authorization"].removeprefix("Bearer ") for request in world.handshakes]


def waits(world: World) -> list[float]:
    """How long it was waited between handshakes, which take a moment themselves."""
    return [round(later - before, 1) for before, later in itertools.pairwise(world.handshake_times)]


def breaking(*counts: int, by: Exception = LOST) -> Any:
    """Ends the connection after so many messages, each time."""
    left = [*counts]

    def ending(count: int) -> Exception | None:
        if left and count >= left[0]:
            left.pop(0)
            return by
        return None

    return ending


def longest(_: float, most: float) -> float:
    return most


@pytest.mark.parametrize("by", [LOST, closed()], ids=["lost", "closed"])
def test_at_once_after_a_break_that_followed_data(by: Exception) -> None:
    world = World(endings=breaking(5, 10, 15, by=by))
    listener = Listener(world)
    listener.listen(30)
    assert waits(world) == pytest.approx([5, 5, 5], abs=1.1)
    assert listener.counts.reconnections == 3
    assert listener.counts.doubled == 0


@pytest.mark.parametrize("by", [LOST, closed()], ids=["lost", "closed"])
def test_waits_grow_where_nothing_comes(by: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("random.uniform", longest)
    world = World(endings=lambda _: by)
    Listener(world).listen(200)
    assert waits(world) == pytest.approx([0.5, 1, 2, 4, 8, 16, 30, 30, 30, 30, 30], abs=0.11)


def test_waits_are_jittered() -> None:
    world = World(endings=lambda _: LOST, retries=RetryPolicy(first_wait=10))
    Listener(world).listen(300)
    assert len(set(waits(world))) > 5


def test_what_is_only_told_again_is_no_news() -> None:
    """A service that tells the same over and over before it hangs up is not come back to at once."""
    world = World(replays=lambda: 5)
    world.endings = lambda count: LOST if count >= 5 and world.clock.time > BEGIN + 5 else None
    world.told = lambda second: second <= BEGIN + 5
    Listener(world, query=None).listen(600)
    assert len(world.handshakes) < 60


def test_the_first_time_is_tried_as_often_as_any_call() -> None:
    world = World(refusals=[LOST] * 100)
    with pytest.raises(APIConnectionError) as raised:
        Listener(world).listen(1000)
    assert raised.value.attempts == len(world.handshakes) == RetryPolicy().max_attempts


def test_once_entered_it_is_come_back_to_for_ever() -> None:
    world = World(is_down=lambda now: BEGIN + 10 < now < BEGIN + 36_000)
    world.endings = lambda _: LOST if BEGIN + 10 < world.clock.time < BEGIN + 36_000 else None
    listener = Listener(world)
    heard = listener.listen(36_100)
    assert heard[-1]["timestamp"] > BEGIN + 36_000
    assert positions(heard) == positions(world.records(BEGIN + 1, heard[-1]["timestamp"]))


def test_give_up_after() -> None:
    world = World(is_down=lambda now: now > BEGIN + 10)
    world.endings = lambda _: LOST if world.clock.time > BEGIN + 10 else None
    with pytest.raises(APIConnectionError):
        Listener(world, manners=StreamOptions(give_up_after=60)).listen(1000)
    assert world.clock.time - BEGIN == pytest.approx(55, abs=20)


@pytest.mark.parametrize(
    ("status", "error"),
    [(400, BadRequestError), (401, AuthenticationError), (403, PermissionDeniedError), (404, NotFoundError)],
)
def test_what_coming_back_would_not_change(status: int, error: type[CallError]) -> None:
    world = World(refusals=[status])
    with pytest.raises(error, match="/pads/681/data/"):
        Listener(world).listen(60)
    assert len(world.handshakes) == 1


def test_a_request_that_was_good_before_is_made_again() -> None:
    """The service may take the connection that was lost for one that is alive, and its session for one in use."""
    world = World()

    def ending(count: int) -> Exception | None:
        if count == 5 and len(world.handshakes) == 1:
            world.refusals = [400, 400]
            return LOST
        return None

    world.endings = ending
    heard = Listener(world).listen(30)
    assert positions(heard) == positions(world.records(BEGIN + 1, heard[-1]["timestamp"]))
    assert len(world.handshakes) == 4


@pytest.mark.parametrize("status", [401, 403])
def test_a_token_is_renewed_once(status: int) -> None:
    world = World(credentials=Renewable(), refusals=[status])
    assert Listener(world).listen(10)
    assert tokens(world) == ["token-0", "token-1"]


@pytest.mark.parametrize(("status", "error"), [(401, AuthenticationError), (403, PermissionDeniedError)])
def test_a_renewed_token_that_is_refused_too(status: int, error: type[CallError]) -> None:
    world = World(credentials=Renewable(), refusals=[status, status])
    with pytest.raises(error):
        Listener(world).listen(10)
    assert tokens(world) == ["token-0", "token-1"]


def test_each_refusal_may_be_answered_by_a_renewal() -> None:
    world = World(credentials=Renewable(), endings=breaking(5, 10))
    world.told = lambda _: bool(refuse()) or True

    def refuse() -> bool:
        world.refusals = world.refusals or [401]
        return True

    Listener(world).listen(30)
    assert tokens(world) == ["token-0", "token-0", "token-1", "token-1", "token-2"]


@pytest.mark.parametrize(("status", "error"), [(429, RateLimitError), (503, ServerError)])
def test_retry_after(status: int, error: type[CallError]) -> None:
    world = World(endings=breaking(5))
    world.refusals = []

    def ending(count: int) -> Exception | None:
        if count == 5 and len(world.handshakes) == 1:
            world.refusals = [(status, {"retry-after": "45"})]
            return LOST
        return None

    world.endings = ending
    Listener(world).listen(120)
    assert waits(world)[-1] == pytest.approx(45, abs=0.2)
    with pytest.raises(error):
        Listener(World(refusals=[status] * 9, retries=RetryPolicy(max_attempts=1))).listen(120)


def test_restart_on_error_off() -> None:
    world = World(endings=breaking(5))
    with pytest.raises(APIConnectionError):
        Listener(world, manners=StreamOptions(restart_on_error=False)).listen(60)
    assert len(world.handshakes) == 1
    closing = World(endings=breaking(5, by=closed()))
    assert len(Listener(closing, manners=StreamOptions(restart_on_error=False)).listen(20)) > 10


def test_restart_on_close_off() -> None:
    world = World(endings=breaking(5, by=closed()))
    assert len(Listener(world, manners=StreamOptions(restart_on_close=False)).listen(60)) == 5
    lost = World(endings=breaking(5))
    assert len(Listener(lost, manners=StreamOptions(restart_on_close=False)).listen(20)) > 10


def silence(world: World) -> Iterator[int]:
    """The seconds at which handshakes were made."""
    return (int(time - BEGIN) for time in world.handshake_times)


@pytest.mark.parametrize("stale_after", [4.0, 30.0])
def test_a_dead_peer_is_noticed(stale_after: float) -> None:
    world = World(alive=False)
    world.told = lambda second: second <= BEGIN + 10 or len(world.handshakes) > 1
    listener = Listener(world, query=None, manners=StreamOptions(stale_after=stale_after))
    assert listener.listen(120)[-1]["timestamp"] == BEGIN + 120 - 1
    assert [*silence(world)][1] == pytest.approx(10 + stale_after, abs=1.1)


def test_a_peer_that_answers_is_alive() -> None:
    world = World(is_measured=lambda second: second <= BEGIN + 10)
    Listener(world).listen(600)
    assert len(world.handshakes) == 1
    assert world.pings > 10


def test_signs_of_life_are_asked_for_only_in_silence() -> None:
    world = World()
    Listener(world).listen(600)
    assert world.pings == 0


def test_bad_messages_are_counted_and_left_out(caplog: pytest.LogCaptureFixture) -> None:
    world = World()
    bad = [b"nonsense", b'{"session_key": "k"}', b"[1, 2]", b'{"message": 5}', b"\xff\xfe", b"[" * 100_000]
    world.messages = [b"", *bad, b"null", b'""', b'{"message": null}', b'{"message": []}']
    listener = Listener(world)
    heard = listener.listen(20.5)
    assert positions(heard) == positions(world.records(BEGIN + 1, BEGIN + 20))
    told = sum("left out" in record.message for record in caplog.records)
    assert listener.counts.unreadable == told == len(bad) + 1  # the items of an array are messages
    assert len(world.handshakes) == 1
