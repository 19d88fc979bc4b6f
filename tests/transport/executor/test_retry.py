"""Which calls are retried, after how long, and how often."""

from __future__ import annotations

import gzip
import logging
from typing import Any

import pytest

from datastore_sdk._io.timeouts import Timeouts
from datastore_sdk.exceptions import (
    APIConnectionError,
    APITimeoutError,
    AuthenticationError,
    BadRequestError,
    CallError,
    CorruptBodyError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    ResponseValidationError,
    ServerError,
    TruncatedBodyError,
)
from datastore_sdk.transport.executor.retry import RetryPolicy
from restream_api.api.pads import create_pad_parameters, list_pads
from tests.support.fake_server import ClientConnection
from tests.support.fixtures import ClientOf, Serve
from tests.support.http_responses import Reply, chunk, head, http_response, respond_always, respond_in_turn, send_then
from tests.support.jumping_clock import JumpingClock
from tests.support.sync_async_clients import Form
from tests.support.threads import start_thread

POLICY = RetryPolicy()
CREATE = create_pad_parameters(7, body=[], validate_only=True)
"""Not idempotent: it may be retried only if it certainly was not carried out."""
VALID = http_response(200, {"valid": True})


def error_of(kind: type[CallError], **details: Any) -> CallError:
    return kind("It failed.", method="GET", url="https://restream.test/", **details)


NEVER, IDEMPOTENT, ALWAYS = "never", "idempotent", "always"

RULES: list[tuple[CallError, str]] = [
    (error_of(RateLimitError, retry_after=None), ALWAYS),
    (error_of(RateLimitError, retry_after=3.0), ALWAYS),
    (error_of(APIConnectionError, sent=False), ALWAYS),
    (error_of(APITimeoutError, sent=False), ALWAYS),
    (error_of(APIConnectionError, sent=True), IDEMPOTENT),
    (error_of(APITimeoutError, sent=True), IDEMPOTENT),
    (error_of(ServerError, retry_after=None), IDEMPOTENT),
    (error_of(ServerError, retry_after=3.0), IDEMPOTENT),
    (error_of(TruncatedBodyError, offset=7), IDEMPOTENT),
    (error_of(CorruptBodyError, offset=7), NEVER),
    (error_of(ResponseValidationError), NEVER),
    (error_of(BadRequestError), NEVER),
    (error_of(AuthenticationError), NEVER),
    (error_of(PermissionDeniedError), NEVER),
    (error_of(NotFoundError), NEVER),
]


@pytest.mark.parametrize(("error", "rule"), RULES, ids=[f"{type(error).__name__} {rule}" for error, rule in RULES])
def test_what_may_be_made_again(error: CallError, rule: str) -> None:
    assert (POLICY.wait_after(error, attempt=1, idempotent=True) is not None) == (rule != NEVER)
    assert (POLICY.wait_after(error, attempt=1, idempotent=False) is not None) == (rule == ALWAYS)
    assert POLICY.wait_after(error, attempt=POLICY.max_attempts, idempotent=True) is None


def test_waits_double_up_to_the_longest_and_differ() -> None:
    policy = RetryPolicy(max_attempts=10_000, initial_wait=1.0, max_wait=20.0)
    error = error_of(APIConnectionError, sent=False)
    for attempt, longest in [(1, 1), (2, 2), (3, 4), (5, 16), (6, 20), (60, 20), (5000, 20)]:
        waits = [policy.wait_after(error, attempt=attempt, idempotent=True) for _ in range(200)]
        assert all(wait is not None and 0 <= wait <= longest for wait in waits)
        assert max(wait or 0 for wait in waits) > 0.8 * longest
        assert min(wait or 0 for wait in waits) < 0.2 * longest


@pytest.mark.parametrize("kind", [RateLimitError, ServerError])
def test_retry_after_is_the_minimum_wait(kind: type[CallError]) -> None:
    for _ in range(100):
        wait = POLICY.wait_after(error_of(kind, retry_after=9.0), attempt=4, idempotent=True)
        assert wait is not None
        assert 9.0 <= wait <= POLICY.max_wait
    assert POLICY.wait_after(error_of(kind, retry_after=POLICY.max_wait), attempt=1, idempotent=True) is not None
    assert POLICY.wait_after(error_of(kind, retry_after=POLICY.max_wait + 1), attempt=1, idempotent=True) is None


@pytest.mark.parametrize("attempts", [0, -1])
def test_max_attempts_must_be_positive(attempts: int) -> None:
    with pytest.raises(ValueError, match="max_attempts must be positive"):
        RetryPolicy(max_attempts=attempts)


PASSING: dict[str, Reply] = {
    "503": http_response(503),
    "500": http_response(500, b"<html>"),
    "429": http_response(429),
    "broken off": send_then(head(content_length=9) + b"[", ClientConnection.close),
    "broken off in a chunk": send_then(head(transfer_encoding="chunked") + chunk(b"["), ClientConnection.close),
    "reset": send_then(b"", ClientConnection.reset),
    "gzip cut off": http_response(200, gzip.compress(b"[]")[:-3], content_encoding="gzip"),
    "silent": send_then(b"", ClientConnection.stall),
}


@pytest.mark.parametrize("reply", PASSING.values(), ids=PASSING)
def test_what_passes_is_waited_for(
    reply: Reply, serve: Serve, client_of: ClientOf, clock: JumpingClock, form: Form
) -> None:
    server = serve(respond_in_turn(reply, reply, http_response(200, b"[]")))
    assert (
        form.run(client_of(server, timeout=Timeouts(read=0.2 if reply is PASSING["silent"] else 20)), list_pads()) == []
    )
    assert len(server.received) == 3
    first, second = clock.sleeps
    assert 0 <= first <= POLICY.initial_wait
    assert 0 <= second <= 2 * POLICY.initial_wait


@pytest.mark.parametrize("reply", PASSING.values(), ids=PASSING)
def test_what_may_have_been_carried_out_is_not_sent_again(
    reply: Reply, serve: Serve, client_of: ClientOf, clock: JumpingClock
) -> None:
    server = serve(respond_in_turn(reply, VALID))
    client = client_of(server, timeout=Timeouts(read=0.2 if reply is PASSING["silent"] else 20))
    if reply == PASSING["429"]:
        client.request(CREATE)
        assert len(server.received) == 2
    else:
        with pytest.raises(CallError):
            client.request(CREATE)
        assert len(server.received) == 1
        assert clock.sleeps == []


def test_a_body_is_sent_again_with_the_call(serve: Serve, client_of: ClientOf, form: Form) -> None:
    server = serve(respond_in_turn(http_response(429), http_response(429), VALID))
    form.run(client_of(server), CREATE)
    assert [request.content for request in server.received] == [b"[]"] * 3
    assert {request.headers["content-length"] for request in server.received} == {"2"}


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 302])
def test_what_does_not_pass_is_not_waited_for(
    status: int, serve: Serve, client_of: ClientOf, clock: JumpingClock, form: Form
) -> None:
    server = serve(respond_in_turn(http_response(status)))
    with pytest.raises(CallError, match=f"returned {status}"):
        form.run(client_of(server), list_pads())
    assert clock.sleeps == []


def test_attempts_come_to_an_end(serve: Serve, client_of: ClientOf, clock: JumpingClock, form: Form) -> None:
    server = serve(respond_always(http_response(503, {"detail": "Down."})))
    with pytest.raises(ServerError, match="Down"):
        form.run(client_of(server, retries=RetryPolicy(max_attempts=3)), list_pads())
    assert len(server.received) == 3
    assert len(clock.sleeps) == 2


def test_the_last_error_is_the_one_raised(serve: Serve, client_of: ClientOf, form: Form) -> None:
    server = serve(respond_in_turn(http_response(503), send_then(b"", ClientConnection.close), http_response(404)))
    with pytest.raises(NotFoundError):
        form.run(client_of(server), list_pads())


def test_retry_after_is_waited_for(serve: Serve, client_of: ClientOf, clock: JumpingClock, form: Form) -> None:
    server = serve(
        respond_in_turn(
            http_response(429, retry_after=7), http_response(503, retry_after=11), http_response(200, b"[]")
        )
    )
    form.run(client_of(server), list_pads())
    first, second = clock.sleeps
    assert 7 <= first <= 8
    assert 11 <= second <= 12


def test_a_retry_after_that_is_too_long_is_not_waited_for(
    serve: Serve, client_of: ClientOf, clock: JumpingClock, form: Form
) -> None:
    server = serve(respond_in_turn(http_response(429, retry_after=3600)))
    with pytest.raises(RateLimitError) as caught:
        form.run(client_of(server), list_pads())
    assert caught.value.retry_after == 3600
    assert clock.sleeps == []


def test_each_attempt_is_logged(
    caplog: pytest.LogCaptureFixture, serve: Serve, client_of: ClientOf, clock: JumpingClock
) -> None:
    caplog.set_level(logging.WARNING)
    server = serve(respond_in_turn(http_response(503), http_response(429), http_response(200, b"[]")))
    client_of(server).request(list_pads())
    lines = [record.getMessage() for record in caplog.records if record.name == "datastore_sdk.retry"]
    call = f"GET {server.url}{server.paths[0]}"
    first, second = clock.sleeps
    assert lines == [
        f"{call} returned 503: the service failed; attempt 2 of 5 in {first:.1f} s",
        f"{call} returned 429: too many calls at a time; attempt 3 of 5 in {second:.1f} s",
    ]


def test_no_slot_is_held_while_waiting(serve: Serve, client_of: ClientOf) -> None:
    """Or three calls in trouble would keep a healthy one from its turn."""

    class RequestingClock(JumpingClock):
        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            meanwhile.append(client.request(list_pads()))

    meanwhile: list[object] = []
    server = serve(respond_in_turn(*[http_response(503)] * 4, *[http_response(200, b"[]")] * 5))
    client = client_of(server, clock=RequestingClock())
    assert start_thread(lambda: client.request(list_pads())).result(5) == []
    assert meanwhile == [[]] * 4
