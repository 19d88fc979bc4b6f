"""Rooms that accept, send something and close: how often the SDK reconnects, and when it gives up."""

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
from datastore_sdk.realtime.options import StreamOptions
from datastore_sdk.transport.websocket.handshake import RoomRefusedError
from tests.realtime.simulated_listener import SimulatedListener
from tests.realtime.simulated_service import CONNECTION_LOST, START_SECOND, SimulatedService, normal_close
from tests.realtime.test_session import Renewable, tokens, waits

HOUR = 3600


def room_sending(record: Callable[[int], Any], ending: Exception, **options: Any) -> SimulatedService:
    """Return a room that sends one record to each connection, and closes it."""
    service = SimulatedService(is_measured=lambda _: False, **options)
    connect = service._connect

    def connect_and_send(request: Any) -> Any:
        response = connect(request)
        service.messages = [json.dumps({"session_key": "k", "message": record(len(service.handshakes))}).encode()]
        return response

    service._connect = connect_and_send  # type: ignore[method-assign]
    service.disconnect = lambda _: ending
    return service


RECORDS: dict[str, Callable[[int], Any]] = {
    "the same": lambda _: {"timestamp": START_SECOND, "site_id": 981},
    "a new one": lambda connection: {"timestamp": START_SECOND + connection, "site_id": 981},
    "the same without timestamp": lambda _: {"site_id": 981, "rate": 5},
    "the same with a text for a timestamp": lambda _: {"timestamp": str(START_SECOND), "site_id": 981},
}


@pytest.mark.parametrize("ending", [CONNECTION_LOST, normal_close()], ids=["lost", "closed"])
@pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS)
def test_waits_grow_after_short_connections(record: Callable[[int], Any], ending: Exception) -> None:
    service = room_sending(record, ending)
    SimulatedListener(service, query=None).listen(HOUR)
    assert HOUR / 30 / 2 < len(service.handshakes) < 1.6 * HOUR / 15
    assert max(waits(service)) > 10


@pytest.mark.parametrize("ending", [CONNECTION_LOST, normal_close()], ids=["lost", "closed"])
@pytest.mark.parametrize("record", [name for name in RECORDS if name != "a new one"])
def test_give_up_after_counts_connections_without_new_data(record: str, ending: Exception) -> None:
    service = room_sending(RECORDS[record], ending)
    with pytest.raises(APIConnectionError):
        SimulatedListener(service, query=None, options=StreamOptions(give_up_after=120)).listen(HOUR)
    assert 80 < service.clock.time - START_SECOND < 130


def test_give_up_after_is_reset_by_new_data() -> None:
    service = room_sending(RECORDS["a new one"], normal_close())
    SimulatedListener(service, query=None, options=StreamOptions(give_up_after=120)).listen(HOUR)
    assert service.clock.time - START_SECOND >= HOUR


def test_give_up_after_a_long_silence_does_not_count() -> None:
    """A room may be silent for hours: the first break after that is not a reason to stop."""
    service = SimulatedService(is_measured=lambda second: second <= START_SECOND + 10 or second > START_SECOND + HOUR)
    service.disconnect = lambda _: (
        CONNECTION_LOST if service.clock.time > START_SECOND + HOUR / 2 and len(service.handshakes) == 1 else None
    )
    received = SimulatedListener(service, query=None, options=StreamOptions(give_up_after=60)).listen(HOUR + 60)
    assert received[-1]["timestamp"] > START_SECOND + HOUR + 50


@pytest.mark.parametrize("closes", [False, True])
def test_unreadable_messages_raise(closes: bool) -> None:
    service = SimulatedService(is_measured=lambda second: second <= START_SECOND + 30)
    service.disconnect = lambda _: normal_close() if closes and service.clock.time > START_SECOND + 40 else None
    original = service._receive

    def receive(seconds: float) -> list[bytes] | None:
        if service.clock.time > START_SECOND + 40 and not service.messages and service.random.random() < 0.7:
            service.clock.time += 5
            return [b'{"detail": "moved"}', b"null"]
        return original(seconds)

    service._receive = receive  # type: ignore[method-assign]
    with pytest.raises(ResponseValidationError, match="none of the last"):
        SimulatedListener(service, query=None).listen(HOUR)
    assert 100 <= service.clock.time - START_SECOND < 300


def test_garbage_between_records_does_not_raise() -> None:
    service = SimulatedService()
    original = service._message
    service._message = lambda record: original(record) if record["timestamp"] % 30 == 0 else b"<html>"  # type: ignore[method-assign]
    assert len(SimulatedListener(service, query=None).listen(600)) >= 19


def test_silence_after_garbage_does_not_raise() -> None:
    service = SimulatedService(is_measured=lambda _: False)
    service.messages = [b"<html>"] * 5
    assert SimulatedListener(service, query=None).listen(HOUR) == []


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
def test_refusing_close_code_ends_the_session(code: int, error: type[Exception]) -> None:
    service = SimulatedService(disconnect=lambda _: refusal(code))
    with pytest.raises(error) as raised:
        SimulatedListener(service).listen(HOUR)
    assert len(service.handshakes) == 1
    assert f"code {code}" in "".join(raised.value.__notes__)


def test_close_code_4429_is_retried_like_a_call() -> None:
    service = SimulatedService(disconnect=lambda _: refusal(4429))
    with pytest.raises(RateLimitError):
        SimulatedListener(service).listen(HOUR)
    assert len(service.handshakes) == service.retries.max_attempts


@pytest.mark.parametrize("code", [1008, 4401])
def test_close_code_for_a_token_renews_it_once(code: int) -> None:
    service = SimulatedService(credentials=Renewable(), disconnect=lambda _: refusal(code))
    with pytest.raises((AuthenticationError, PermissionDeniedError)):
        SimulatedListener(service).listen(HOUR)
    assert tokens(service) == ["token-0", "token-1"]
    service = SimulatedService(credentials=Renewable())
    service.disconnect = lambda _: refusal(code) if len(service.handshakes) == 1 else None
    assert len(SimulatedListener(service).listen(60)) > 50


@pytest.mark.parametrize("quiet", [False, True])
def test_close_code_after_data_or_silence_is_a_break(quiet: bool) -> None:
    service = SimulatedService(is_measured=lambda second: not quiet or second > START_SECOND + 200)
    service.disconnect = lambda _: (
        refusal(1008) if service.clock.time > START_SECOND + 100 and len(service.handshakes) == 1 else None
    )
    assert SimulatedListener(service).listen(300)[-1]["timestamp"] > START_SECOND + 290
