"""How long a call may take: budgets of attempts and of time, services that drip, clocks that jump, workers that must
not wait."""

from __future__ import annotations

import asyncio
import gzip
from email.utils import formatdate
from typing import Any

import httpx
import pytest

from datastore_sdk._io.clock import Clock
from datastore_sdk._io.timeouts import MAX_SECONDS, Timeouts
from datastore_sdk.data import DataQuery
from datastore_sdk.exceptions import (
    APIConnectionError,
    APITimeoutError,
    CallError,
    NotFoundError,
    RateLimitError,
    ServerError,
)
from datastore_sdk.transport.executor.retry import RetryPolicy
from restream_api.api.pads import create_pad_parameters, list_pads
from tests.support.fake_server import ClientConnection, Handler, HttpRequest
from tests.support.fixtures import ClientOf, Serve
from tests.support.http_responses import (
    chunk,
    head,
    http_response,
    respond_always,
    respond_by_path,
    respond_in_turn,
    send_then,
)
from tests.support.jumping_clock import START, JumpingClock
from tests.support.slow_services import COMPRESSED, SLOW_SERVICES, drip
from tests.support.sync_async_clients import FORMS, Form
from tests.support.threads import start_thread
from tests.support.waiting import wait_until

IDLE = RetryPolicy(wait=False)
CREATE = create_pad_parameters(7, body=[], validate_only=True)


@pytest.mark.parametrize("handler", SLOW_SERVICES.values(), ids=SLOW_SERVICES)
def test_a_service_that_drips_does_not_hold_a_call(
    handler: Handler, serve: Serve, client_of: ClientOf, form: Form
) -> None:
    client = client_of(serve(handler), timeout=Timeouts(total=0.15), clock=Clock())
    with pytest.raises(APITimeoutError, match=r"did not finish within 0\.15 s \(Timeouts\.total\)") as caught:
        start_thread(lambda: form.run(client, list_pads())).result(10)
    assert caught.value.sent


UNENDING = {
    **SLOW_SERVICES,
    "an error's own end": drip(head(404, transfer_encoding="chunked") + b"2\r\n[]\r\n0\r\n", b"X-Drop: x\r\n"),
    "behind the compressed body": drip(COMPRESSED, chunk(b"!")),
    "compressed bodies of nothing": drip(COMPRESSED, chunk(gzip.compress(b""))),
}


@pytest.mark.parametrize("handler", UNENDING.values(), ids=UNENDING)
def test_nor_one_that_has_no_total(handler: Handler, serve: Serve, client_of: ClientOf, form: Form) -> None:
    """Counted from the first byte of a response, whether or not the dripping bytes are content."""
    timeouts, once = Timeouts(read=5, response=0.1), RetryPolicy(max_attempts=1)
    client = client_of(serve(handler), timeout=timeouts, retries=once, clock=Clock())
    with pytest.raises(CallError) as caught:
        start_thread(lambda: form.run(client, list_pads())).result(10)
    assert isinstance(caught.value, NotFoundError) or "0.1 s (Timeouts.response)" in str(caught.value)


@pytest.mark.parametrize("part", ["status line", "headers"])
def test_nor_the_head_of_a_stream(part: str, serve: Serve, client_of: ClientOf, form: Form) -> None:
    timeouts, once = Timeouts(first_byte=0.1), RetryPolicy(max_attempts=1)
    client = client_of(serve(SLOW_SERVICES[part]), timeout=timeouts, retries=once, clock=Clock())
    with pytest.raises(APITimeoutError, match=r"0\.1 s \(Timeouts\.first_byte\)"):
        start_thread(lambda: form.records(client, [DataQuery(source="site", id=981)], [])).result(10)


@pytest.mark.parametrize("handler", [SLOW_SERVICES["body"], SLOW_SERVICES["trailers"]])
def test_nor_over_an_httpx_client_of_the_program(handler: Handler, serve: Serve, client_of: ClientOf) -> None:
    with httpx.Client() as mine:
        client = client_of(serve(handler), timeout=Timeouts(total=0.08), clock=Clock(), http=mine)
        with pytest.raises(APITimeoutError):
            start_thread(lambda: client.request(list_pads())).result(10)


@pytest.mark.parametrize("handler", SLOW_SERVICES.values(), ids=SLOW_SERVICES)
def test_nor_over_an_async_one(handler: Handler, serve: Serve, client_of: ClientOf) -> None:
    async def main() -> None:
        async with httpx.AsyncClient() as mine:
            client = client_of(serve(handler), timeout=Timeouts(total=0.08), clock=Clock(), async_http=mine)
            with pytest.raises(APITimeoutError):
                await client.arequest(list_pads())

    start_thread(lambda: asyncio.run(main())).result(10)


def test_nor_does_the_token_endpoint(serve: Serve, client_of: ClientOf, form: Form) -> None:
    server = serve(respond_by_path({"/o/token/": drip(head(content_length=1 << 20), b" ")}))
    client = client_of(
        server, None, client_id="crew", client_secret="s3cret", timeout=Timeouts(total=0.08), clock=Clock()
    )
    with pytest.raises(APITimeoutError):
        start_thread(lambda: form.run(client, list_pads())).result(10)


@pytest.mark.parametrize(
    "slow", [SLOW_SERVICES["body"], send_then(b"", ClientConnection.stall)], ids=["drips", "stalls"]
)
def test_short_deadline_of_one_caller_does_not_fail_another(
    slow: Handler, serve: Serve, client_of: ClientOf, form: Form
) -> None:
    """Of two callers that need a token, the one that requests it runs out of time; the other has more."""
    granted = http_response(200, {"access_token": "t0ken", "expires_in": 3600, "token_type": "Bearer", "scope": "read"})
    server = serve(respond_by_path({"/o/token/": respond_in_turn(slow, granted), "/pads/": http_response(200, b"[]")}))
    patient = client_of(server, None, client_id="crew", client_secret="s3cret", clock=Clock())
    impatient = patient.with_options(timeout=Timeouts(total=0.3))
    first = start_thread(lambda: form.run(impatient, list_pads()))
    wait_until(lambda: len(server.received) >= 1)
    assert form.run(patient, list_pads()) == []
    assert isinstance(first.exception(5), APITimeoutError)


def test_dripping_response_without_a_total_timeout_ends_too(serve: Serve, client_of: ClientOf, form: Form) -> None:
    class Ticking(JumpingClock):
        """Each look at it takes a minute."""

        def monotonic(self) -> float:
            self.time += 60
            return super().monotonic()

    server = serve(SLOW_SERVICES["body"])
    client = client_of(server, clock=Ticking(), retries=RetryPolicy(max_attempts=1))
    with pytest.raises(APITimeoutError, match=r"the response was still incomplete after 600\.0 s"):
        start_thread(lambda: form.run(client, list_pads())).result(10)


def test_a_call_in_time_is_left_alone(serve: Serve, client_of: ClientOf, form: Form) -> None:
    server = serve(respond_in_turn(http_response(503), http_response(200, b"[]"), http_response(200, b"[]")))
    client = client_of(server, timeout=Timeouts(total=60))
    assert form.run(client, list_pads()) == []
    assert form.run(client, list_pads()) == []


def test_attempts_and_waits_count_for_the_total(
    serve: Serve, client_of: ClientOf, clock: JumpingClock, form: Form
) -> None:
    server = serve(respond_always(http_response(503, retry_after=3)))
    with pytest.raises(ServerError) as caught:
        form.run(client_of(server, timeout=Timeouts(total=10)), list_pads())
    assert len(clock.sleeps) == 3
    assert sum(clock.sleeps) <= 10
    assert caught.value.attempts == 4


def test_waiting_for_others_counts_too(serve: Serve, client_of: ClientOf, form: Form) -> None:
    gate = Gate()
    server = serve(gate)
    client = client_of(server, clock=Clock())
    others = [start_thread(lambda: client.request(list_pads())) for _ in range(3)]
    wait_until(lambda: len(server.received) >= 3)
    with pytest.raises(APITimeoutError) as caught:
        form.run(client.with_options(timeout=Timeouts(total=0.1)), list_pads())
    assert not caught.value.sent
    assert len(server.received) == 3
    gate.open = True
    assert [other.result(5) for other in others] == [[]] * 3


def test_a_budget_of_time(serve: Serve, client_of: ClientOf, clock: JumpingClock, form: Form) -> None:
    server = serve(respond_always(http_response(503, retry_after=10)))
    policy = RetryPolicy(max_attempts=100, max_seconds=35)
    with pytest.raises(ServerError) as caught:
        form.run(client_of(server, retries=policy), list_pads())
    assert sum(clock.sleeps) <= 35
    assert caught.value.attempts == len(server.received) == len(clock.sleeps) + 1 == 4


def test_budgets_for_one_call(serve: Serve, client_of: ClientOf) -> None:
    server = serve(respond_always(http_response(503)))
    client = client_of(server)
    with pytest.raises(ServerError):
        client.with_options(retries=RetryPolicy(max_attempts=2)).request(list_pads())
    assert len(server.received) == 2
    with pytest.raises(ServerError) as caught:
        client.request(list_pads())
    assert caught.value.attempts == len(server.received) - 2 == 5


def test_attempts_at_a_token_count_for_themselves(serve: Serve, client_of: ClientOf, form: Form) -> None:
    server = serve(respond_by_path({"/o/token/": respond_always(http_response(503))}))
    with pytest.raises(ServerError) as caught:
        form.run(client_of(server, None, client_id="crew", client_secret="s3cret"), list_pads())
    assert caught.value.attempts == len(server.received) == 3


@pytest.mark.parametrize(
    ("reply", "error", "min_wait", "max_wait"),
    [
        (http_response(429, retry_after=7), RateLimitError, 7, 30),
        (http_response(429), RateLimitError, 0, 0.5),
        (http_response(503, retry_after=7), ServerError, 7, 30),
        (send_then(b"", ClientConnection.close), APIConnectionError, 0, 0.5),
    ],
)
def test_waiting_turned_into_an_error(
    reply: Any,
    error: type[RateLimitError],
    min_wait: float,
    max_wait: float,
    serve: Serve,
    client_of: ClientOf,
    clock: JumpingClock,
    form: Form,
) -> None:
    server = serve(respond_in_turn(reply))
    with pytest.raises(error) as caught:
        form.run(client_of(server, retries=IDLE), list_pads())
    assert caught.value.retry_after is not None
    assert min_wait <= caught.value.retry_after <= max_wait
    assert clock.sleeps == []


def test_an_error_that_would_not_be_waited_for_has_no_such_hint(serve: Serve, client_of: ClientOf) -> None:
    with pytest.raises(APIConnectionError) as caught:
        client_of(serve(send_then(b"", ClientConnection.close)), retries=IDLE).request(CREATE)
    assert caught.value.retry_after is None


def test_waiting_for_others_turned_into_an_error(
    serve: Serve, client_of: ClientOf, form: Form, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("datastore_sdk.transport.executor.call._GRACE_SECONDS", 0.02)
    gate = Gate()
    server = serve(gate)
    client = client_of(server)
    others = [start_thread(lambda: client.request(list_pads())) for _ in range(3)]
    wait_until(lambda: len(server.received) >= 3)
    impatient = client.with_options(retries=IDLE)
    for _ in range(3):
        with pytest.raises(RateLimitError, match="was not sent: the service's limit of concurrent calls") as caught:
            form.run(impatient, list_pads())
        assert caught.value.status == 429
        assert caught.value.retry_after is not None
    assert len(server.received) == 3
    gate.open = True
    assert [other.result(5) for other in others] == [[]] * 3
    assert form.run(impatient, list_pads()) == []


class Gate:
    """Responds as soon as it is open."""

    open = False

    def __call__(self, line: ClientConnection, _: HttpRequest) -> None:
        while not self.open:
            line.stall(0.01)
        line.send(http_response(200, b"[]"))


class Erratic(JumpingClock):
    """Its wall clock is set forward and back a day at every look; what it measures time by is not."""

    def now(self) -> float:
        self.looks += 1
        return self.time + (86_400 if self.looks % 2 else -86_400)

    looks = 0


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_wall_clock_that_jumps(serve: Serve, client_of: ClientOf, form: Form) -> None:
    clock = Erratic()
    granted = http_response(200, {"access_token": "t0ken", "expires_in": 3600, "token_type": "Bearer", "scope": "read"})
    pads = respond_in_turn(http_response(503), http_response(503), *[http_response(200, b"[]")] * 5)
    server = serve(respond_by_path({"/o/token/": granted, "/pads/": pads}))
    client = client_of(server, None, client_id="crew", client_secret="s3cret", clock=clock, timeout=Timeouts(total=100))
    for _ in range(5):
        assert form.run(client, list_pads()) == []
    assert sum(clock.sleeps) <= 1.5
    assert server.paths.count("/o/token/") == 1


def test_a_date_to_wait_until_goes_by_the_wall_clock(serve: Serve, client_of: ClientOf, clock: JumpingClock) -> None:
    server = serve(
        respond_in_turn(http_response(429, retry_after=formatdate(START + 7, usegmt=True)), http_response(200, b"[]"))
    )
    client_of(server).request(list_pads())
    assert 7 <= sum(clock.sleeps) <= 8


@pytest.mark.parametrize("offset", [86_400, -86_400])
def test_a_date_that_a_wrong_wall_clock_makes_absurd(offset: int, serve: Serve, client_of: ClientOf) -> None:
    """Too far off: the call fails and says so. Long past: the usual wait."""
    clock = JumpingClock()
    server = serve(
        respond_in_turn(
            http_response(429, retry_after=formatdate(START + offset, usegmt=True)), http_response(200, b"[]")
        )
    )
    client = client_of(server, clock=clock)
    if offset > 0:
        with pytest.raises(RateLimitError) as caught:
            client.request(list_pads())
        assert caught.value.retry_after == offset
    else:
        assert client.request(list_pads()) == []
        assert sum(clock.sleeps) <= 0.5


@pytest.mark.parametrize(
    ("setting", "value", "error"),
    [
        ("max_attempts", 0, ValueError),
        ("max_attempts", True, TypeError),
        ("max_attempts", 2.5, TypeError),
        ("initial_wait", -1, ValueError),
        ("max_wait", float("nan"), ValueError),
        ("max_wait", float("inf"), ValueError),
        ("max_wait", "30", TypeError),
        ("max_seconds", -1, ValueError),
        ("max_seconds", MAX_SECONDS * 2, ValueError),
        ("wait", "no", TypeError),
    ],
)
def test_policies_that_make_no_sense(setting: str, value: object, error: type[Exception]) -> None:
    with pytest.raises(error, match=setting):
        RetryPolicy(**{setting: value})  # type: ignore[arg-type]
