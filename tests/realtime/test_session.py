"""When a session reconnects, when not, and after which wait: the logic alone, over a simulated service."""

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
from datastore_sdk.realtime.options import StreamOptions
from datastore_sdk.transport.executor.retry import RetryPolicy
from tests.realtime.simulated_listener import SimulatedListener, positions
from tests.realtime.simulated_service import CONNECTION_LOST, START_SECOND, SimulatedService, normal_close


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


def tokens(service: SimulatedService) -> list[str]:
    return [request.headers["Authorization"].removeprefix("Bearer ") for request in service.handshakes]


def waits(service: SimulatedService) -> list[float]:
    """Return the waits between handshakes, which take a short time themselves."""
    return [round(later - before, 1) for before, later in itertools.pairwise(service.handshake_times)]


def disconnect_at(*counts: int, by: Exception = CONNECTION_LOST) -> Any:
    """Return a function that ends the connection after so many messages, each time."""
    left = [*counts]

    def ending(count: int) -> Exception | None:
        if left and count >= left[0]:
            left.pop(0)
            return by
        return None

    return ending


def return_maximum(_: float, max_wait: float) -> float:
    return max_wait


@pytest.mark.parametrize("by", [CONNECTION_LOST, normal_close()], ids=["lost", "closed"])
def test_reconnect_at_once_after_data(by: Exception) -> None:
    service = SimulatedService(disconnect=disconnect_at(5, 10, 15, by=by))
    session = SimulatedListener(service)
    session.listen(30)
    assert waits(service) == pytest.approx([5, 5, 5], abs=1.1)
    assert session.counters.reconnections == 3
    assert session.counters.duplicates == 0


@pytest.mark.parametrize("by", [CONNECTION_LOST, normal_close()], ids=["lost", "closed"])
def test_waits_grow_without_data(by: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("random.uniform", return_maximum)
    service = SimulatedService(disconnect=lambda _: by)
    SimulatedListener(service).listen(200)
    assert waits(service) == pytest.approx([0.5, 1, 2, 4, 8, 16, 30, 30, 30, 30, 30], abs=0.11)


def test_waits_are_jittered() -> None:
    service = SimulatedService(disconnect=lambda _: CONNECTION_LOST, retries=RetryPolicy(initial_wait=10))
    SimulatedListener(service).listen(300)
    assert len(set(waits(service))) > 5


def test_repeated_messages_are_not_new() -> None:
    """The client waits before it reconnects to a service that sends the same messages and closes the connection, over
    and over."""
    service = SimulatedService(replayed_seconds=lambda: 5)
    service.disconnect = lambda count: CONNECTION_LOST if count >= 5 and service.clock.time > START_SECOND + 5 else None
    service.is_sent = lambda second: second <= START_SECOND + 5
    SimulatedListener(service, query=None).listen(600)
    assert len(service.handshakes) < 100  # about 45, since waits are random; many hundreds if they did not grow


def test_first_handshake_is_retried_like_a_call() -> None:
    service = SimulatedService(refusals=[CONNECTION_LOST] * 100)
    with pytest.raises(APIConnectionError) as raised:
        SimulatedListener(service).listen(1000)
    assert raised.value.attempts == len(service.handshakes) == RetryPolicy().max_attempts


def test_room_that_was_entered_is_retried_forever() -> None:
    service = SimulatedService(is_down=lambda now: START_SECOND + 10 < now < START_SECOND + 36_000)
    service.disconnect = lambda _: (
        CONNECTION_LOST if START_SECOND + 10 < service.clock.time < START_SECOND + 36_000 else None
    )
    session = SimulatedListener(service)
    received = session.listen(36_100)
    assert received[-1]["timestamp"] > START_SECOND + 36_000
    assert positions(received) == positions(service.records(START_SECOND + 1, received[-1]["timestamp"]))


def test_give_up_after() -> None:
    service = SimulatedService(is_down=lambda now: now > START_SECOND + 10)
    service.disconnect = lambda _: CONNECTION_LOST if service.clock.time > START_SECOND + 10 else None
    with pytest.raises(APIConnectionError):
        SimulatedListener(service, options=StreamOptions(give_up_after=60)).listen(1000)
    assert service.clock.time - START_SECOND == pytest.approx(55, abs=20)


@pytest.mark.parametrize(
    ("status", "error"),
    [(400, BadRequestError), (401, AuthenticationError), (403, PermissionDeniedError), (404, NotFoundError)],
)
def test_permanent_errors_end_the_session(status: int, error: type[CallError]) -> None:
    service = SimulatedService(refusals=[status])
    with pytest.raises(error, match="/pads/681/data/"):
        SimulatedListener(service).listen(60)
    assert len(service.handshakes) == 1


def test_bad_request_after_success_is_retried() -> None:
    """The service may take the connection that was lost for one that is alive, and its session for one in use."""
    service = SimulatedService()

    def ending(count: int) -> Exception | None:
        if count == 5 and len(service.handshakes) == 1:
            service.refusals = [400, 400]
            return CONNECTION_LOST
        return None

    service.disconnect = ending
    received = SimulatedListener(service).listen(30)
    assert positions(received) == positions(service.records(START_SECOND + 1, received[-1]["timestamp"]))
    assert len(service.handshakes) == 4


@pytest.mark.parametrize("status", [401, 403])
def test_a_token_is_renewed_once(status: int) -> None:
    service = SimulatedService(credentials=Renewable(), refusals=[status])
    assert SimulatedListener(service).listen(10)
    assert tokens(service) == ["token-0", "token-1"]


@pytest.mark.parametrize(("status", "error"), [(401, AuthenticationError), (403, PermissionDeniedError)])
def test_a_renewed_token_that_is_refused_too(status: int, error: type[CallError]) -> None:
    service = SimulatedService(credentials=Renewable(), refusals=[status, status])
    with pytest.raises(error):
        SimulatedListener(service).listen(10)
    assert tokens(service) == ["token-0", "token-1"]


def test_each_refusal_may_renew_the_token() -> None:
    service = SimulatedService(credentials=Renewable(), disconnect=disconnect_at(5, 10))
    service.is_sent = lambda _: bool(refuse()) or True

    def refuse() -> bool:
        service.refusals = service.refusals or [401]
        return True

    SimulatedListener(service).listen(30)
    assert tokens(service) == ["token-0", "token-0", "token-1", "token-1", "token-2"]


@pytest.mark.parametrize(("status", "error"), [(429, RateLimitError), (503, ServerError)])
def test_retry_after(status: int, error: type[CallError]) -> None:
    service = SimulatedService(disconnect=disconnect_at(5))
    service.refusals = []

    def ending(count: int) -> Exception | None:
        if count == 5 and len(service.handshakes) == 1:
            service.refusals = [(status, {"retry-after": "45"})]
            return CONNECTION_LOST
        return None

    service.disconnect = ending
    SimulatedListener(service).listen(120)
    assert waits(service)[-1] == pytest.approx(45, abs=0.2)
    with pytest.raises(error):
        SimulatedListener(SimulatedService(refusals=[status] * 9, retries=RetryPolicy(max_attempts=1))).listen(120)


def test_restart_on_error_off() -> None:
    service = SimulatedService(disconnect=disconnect_at(5))
    with pytest.raises(APIConnectionError):
        SimulatedListener(service, options=StreamOptions(restart_on_error=False)).listen(60)
    assert len(service.handshakes) == 1
    closing = SimulatedService(disconnect=disconnect_at(5, by=normal_close()))
    assert len(SimulatedListener(closing, options=StreamOptions(restart_on_error=False)).listen(20)) > 10


def test_restart_on_close_off() -> None:
    service = SimulatedService(disconnect=disconnect_at(5, by=normal_close()))
    assert len(SimulatedListener(service, options=StreamOptions(restart_on_close=False)).listen(60)) == 5
    lost = SimulatedService(disconnect=disconnect_at(5))
    assert len(SimulatedListener(lost, options=StreamOptions(restart_on_close=False)).listen(20)) > 10


def silence(service: SimulatedService) -> Iterator[int]:
    """Return the seconds at which handshakes were made."""
    return (int(time - START_SECOND) for time in service.handshake_times)


@pytest.mark.parametrize("stale_after", [4.0, 30.0])
def test_dead_peer_is_detected(stale_after: float) -> None:
    service = SimulatedService(sends_pongs=False)
    service.is_sent = lambda second: second <= START_SECOND + 10 or len(service.handshakes) > 1
    session = SimulatedListener(service, query=None, options=StreamOptions(stale_after=stale_after))
    assert session.listen(120)[-1]["timestamp"] == START_SECOND + 120 - 1
    assert [*silence(service)][1] == pytest.approx(10 + stale_after, abs=1.1)


def test_peer_with_pongs_is_alive() -> None:
    service = SimulatedService(is_measured=lambda second: second <= START_SECOND + 10)
    SimulatedListener(service).listen(600)
    assert len(service.handshakes) == 1
    assert service.pings > 10


def test_pings_are_sent_only_in_silence() -> None:
    service = SimulatedService()
    SimulatedListener(service).listen(600)
    assert service.pings == 0


def test_unreadable_messages_are_counted_and_left_out(caplog: pytest.LogCaptureFixture) -> None:
    service = SimulatedService()
    bad = [b"nonsense", b'{"session_key": "k"}', b"[1, 2]", b'{"message": 5}', b"\xff\xfe", b"[" * 100_000]
    service.messages = [b"", *bad, b"null", b'""', b'{"message": null}', b'{"message": []}']
    session = SimulatedListener(service)
    received = session.listen(20.5)
    assert positions(received) == positions(service.records(START_SECOND + 1, START_SECOND + 20))
    logged = sum("left out" in record.message for record in caplog.records)
    assert session.counters.unreadable == logged == len(bad) + 1  # the items of an array are messages
    assert len(service.handshakes) == 1
