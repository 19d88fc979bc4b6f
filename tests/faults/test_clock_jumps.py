"""A clock on the wall that jumps: tokens live as long as they live, and waits stay bounded."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from datastore_sdk import Client, Pad, RetryPolicy
from datastore_sdk.exceptions import RateLimitError
from datastore_sdk.sandbox import Sandbox, faults
from tests.faults.conftest import ClientOf
from tests.faults.public_calls import END, PAD, START
from tests.support.jumping_clock import START as NOW
from tests.support.jumping_clock import JumpingClock

DAY = 24 * 3600.0
JUMPS = [DAY, -DAY]


class WallClock(JumpingClock):
    """The time of day can be set; monotonic time continues unaffected."""

    def __init__(self) -> None:
        super().__init__()
        self.jumped = 0.0
        self.jump_while_asleep = 0.0

    def now(self) -> float:
        return super().now() + self.jumped

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        self.jumped += self.jump_while_asleep


@pytest.fixture
def clock() -> WallClock:
    return WallClock()


def tokens(service: Sandbox) -> int:
    return len([request for request in service.requests if request.path == "/o/token/"])


@pytest.mark.parametrize("jump", JUMPS)
def test_token_survives_a_clock_jump(service: Sandbox, client_of: ClientOf, clock: WallClock, jump: float) -> None:
    client = client_of(None)
    first = client.get_access_token()
    clock.jumped = jump
    assert Pad.get_models(client=client)
    assert client.get_access_token() == asyncio.run(client.aget_access_token()) == first
    assert tokens(service) == 1
    clock.time += service._credentials.token_lifetime
    assert client.get_access_token() != first
    assert tokens(service) == 2


@pytest.mark.parametrize("jump", JUMPS)
@pytest.mark.parametrize("retry_after", [7, datetime.fromtimestamp(NOW, UTC) + timedelta(seconds=7)])
def test_retry_wait_survives_a_clock_jump(
    service: Sandbox, client_of: ClientOf, clock: WallClock, jump: float, retry_after: float | datetime
) -> None:
    client = client_of()
    clock.jump_while_asleep = jump
    with service.faults.during(faults.Status(429, retry_after=retry_after)):
        assert Pad.get_model(PAD, client=client).id == PAD
    assert [7 <= seconds <= 30 for seconds in clock.sleeps] == [True]


@pytest.mark.parametrize("jump", JUMPS)
def test_retry_after_date_with_a_wrong_clock(
    service: Sandbox, client_of: ClientOf, clock: WallClock, jump: float
) -> None:
    """A clock that is late sees a day to wait, which is too long; one that is early sees nothing to wait for."""
    client, clock.jumped = client_of(), jump
    later = datetime.fromtimestamp(NOW, UTC) + timedelta(seconds=7)
    service.faults.add(faults.Status(429, retry_after=later))
    if jump < 0:
        with pytest.raises(RateLimitError) as caught:
            Pad.get_model(PAD, client=client)
        assert caught.value.retry_after == pytest.approx(DAY + 7)
        assert clock.sleeps == []
    else:
        assert Pad.get_model(PAD, client=client).id == PAD
        assert sum(clock.sleeps) <= RetryPolicy().max_wait


@pytest.mark.parametrize("jump", JUMPS)
def test_stream_survives_a_clock_jump(service: Sandbox, client_of: ClientOf, clock: WallClock, jump: float) -> None:
    client: Client = client_of(None)
    data = Pad(PAD, client=client).get_data(START, END)
    expected = list(data)
    records = iter(data)
    first = [next(records)]
    clock.jumped, clock.jump_while_asleep = jump, jump
    assert [*first, *records] == expected
    with service.faults.during(
        faults.Reset("body", at=2000, path="/data/", times=3), faults.Status(503, path="/data/")
    ):
        assert list(data) == expected
    assert tokens(service) == 1
