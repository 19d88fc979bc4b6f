"""Tokens issued for client credentials: cached, renewed, and requested rarely."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import pytest

from datastore_sdk.auth.client_credentials import FAILURE_HOLD_SECONDS, MAX_RENEWALS
from datastore_sdk.client import Client
from datastore_sdk.exceptions import (
    APIConnectionError,
    AuthenticationError,
    BadRequestError,
    CallError,
    ResponseValidationError,
    ServerError,
)
from restream_api.api.pads import list_pads
from tests.support.fake_server import ClientConnection, HttpRequest, Server
from tests.support.fixtures import ClientOf, Serve
from tests.support.http_responses import Reply, http_response, send_reply, send_then
from tests.support.jumping_clock import JumpingClock
from tests.support.sync_async_clients import Form
from tests.support.threads import run_in_threads

EXPIRES_IN = 3600


class Issuer:
    """A service that issues tokens and refuses those that are not good any more."""

    def __init__(self) -> None:
        self.issued: list[str] = []
        self.good: set[str] = set()
        self.refusal: Reply | None = None
        """Response of the token endpoint in place of a token."""
        self.delay = 0.0
        """Seconds that the token endpoint takes."""
        self.expires_in: float = EXPIRES_IN
        self.accepting = True
        """Whether good tokens are accepted."""
        self.seen: list[str | None] = []
        """The tokens of all other calls."""
        self.token_requests = 0
        self.at_a_time = self.max_at_a_time = 0
        self._lock = threading.Lock()

    def __call__(self, line: ClientConnection, request: HttpRequest) -> None:
        if request.path == "/o/token/":
            self._issue(line, request)
            return
        with self._lock:
            self.seen.append(request.token)
            good = self.accepting and request.token in self.good
        line.send(http_response(200, b"[]") if good else http_response(401, {"detail": "Invalid token."}))

    def revoke(self) -> None:
        self.good.clear()

    def _issue(self, line: ClientConnection, request: HttpRequest) -> None:
        with self._lock:
            self.token_requests += 1
            self.at_a_time += 1
            self.max_at_a_time = max(self.max_at_a_time, self.at_a_time)
        line.stall(self.delay)
        with self._lock:
            self.at_a_time -= 1
            reply = self.refusal or self._new_token()
        send_reply(reply, line, request)

    def _new_token(self) -> bytes:
        token = f"issued-{len(self.issued) + 1}"
        self.issued.append(token)
        self.good.add(token)
        granted = {"access_token": token, "expires_in": self.expires_in, "token_type": "Bearer", "scope": "read"}
        return http_response(200, granted)


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
def server(issuer: Issuer, serve: Serve) -> Server:
    return serve(issuer)


@pytest.fixture
def client(server: Server, client_of: ClientOf) -> Client:
    return client_of(server, None, client_id="crew", client_secret="a&b=c d")


Together = Callable[[Client, int], list[Any]]


def in_threads(client: Client, count: int) -> list[Any]:
    return run_in_threads([lambda: _outcome(client)] * count)


def in_tasks(client: Client, count: int) -> list[Any]:
    async def main() -> list[Any]:
        async with client:
            calls = [client.arequest(list_pads()) for _ in range(count)]
            return await asyncio.gather(*calls, return_exceptions=True)

    return asyncio.run(main())


def _outcome(client: Client) -> Any:
    try:
        return client.request(list_pads())
    except CallError as error:
        return error


together = pytest.mark.parametrize("together", [in_threads, in_tasks])


def test_the_request_is_a_form_without_a_token(client: Client, server: Server, form: Form) -> None:
    form.run(client, list_pads())
    request = server.received[0]
    assert (request.method, request.target) == ("POST", "/o/token/")
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert "authorization" not in request.headers
    assert parse_qs(request.content.decode()) == {
        "client_id": ["crew"],
        "client_secret": ["a&b=c d"],
        "grant_type": ["client_credentials"],
    }


def test_a_token_is_kept_until_ten_seconds_before_it_expires(
    client: Client, issuer: Issuer, clock: JumpingClock, form: Form
) -> None:
    start = clock.time
    for seconds, issued in [(0, 1), (1, 1), (EXPIRES_IN - 10.1, 1), (EXPIRES_IN - 10, 2), (EXPIRES_IN + 100, 2)]:
        clock.time = start + seconds
        form.run(client, list_pads())
        assert issuer.token_requests == issued, seconds
    assert issuer.seen == ["issued-1"] * 3 + ["issued-2"] * 2


def test_expiry_counts_from_the_request_not_the_response(client: Client, issuer: Issuer, clock: JumpingClock) -> None:
    def slow(line: ClientConnection, request: HttpRequest) -> None:
        clock.time += 600
        issuer.refusal = None
        issuer._issue(line, request)

    issuer.refusal = slow
    client.request(list_pads())
    clock.time += EXPIRES_IN - 600 - 5
    client.request(list_pads())
    assert len(issuer.issued) == 2


@together
def test_one_request_is_under_way_at_a_time(client: Client, issuer: Issuer, together: Together) -> None:
    issuer.delay = 0.1
    assert together(client, 50) == [[]] * 50
    assert issuer.token_requests == 1
    assert issuer.seen == ["issued-1"] * 50


def test_one_request_for_threads_and_tasks_together(client: Client, issuer: Issuer) -> None:
    issuer.delay = 0.1
    run_in_threads([lambda: in_tasks(client, 20), lambda: in_threads(client, 20), lambda: in_tasks(client, 20)])
    assert issuer.token_requests == 1


@together
@pytest.mark.parametrize("status", [401, 403])
def test_callers_that_waited_for_a_refusal_do_not_retry(
    client: Client, issuer: Issuer, status: int, together: Together
) -> None:
    issuer.refusal = http_response(status, {"error": "invalid_client"})
    issuer.delay = 0.2
    outcomes = together(client, 3)
    assert {type(each) for each in outcomes} == {AuthenticationError}
    assert all("client id or the client secret" in str(each) for each in outcomes)
    assert len({id(each) for each in outcomes}) == 3, "each caller has an error of his own"
    assert issuer.token_requests == 1
    assert issuer.seen == []


@together
def test_many_waiting_callers_send_one_token_request_each_round(
    client: Client, issuer: Issuer, together: Together
) -> None:
    """Three callers at a time reach the token; the others wait for their turn at the endpoint and come later."""
    issuer.refusal = http_response(401)
    issuer.delay = 0.05
    assert {type(each) for each in together(client, 12)} == {AuthenticationError}
    assert issuer.token_requests <= 12 / 3
    assert issuer.max_at_a_time == 1


@pytest.mark.parametrize("status", [401, 503])
def test_failure_pauses_token_requests_for_some_seconds(
    client: Client, issuer: Issuer, clock: JumpingClock, status: int, form: Form
) -> None:
    issuer.refusal = http_response(status)
    for _ in range(20):
        with pytest.raises(CallError) as raised:
            form.run(client, list_pads())
        assert getattr(raised.value, "status", None) == status
    assert issuer.token_requests == (1 if status == 401 else 3)
    issuer.refusal = None
    clock.time += FAILURE_HOLD_SECONDS
    assert form.run(client, list_pads()) == []


def test_service_that_refuses_every_token_gets_few_requests(client: Client, issuer: Issuer, form: Form) -> None:
    issuer.accepting = False
    for _ in range(10):
        with pytest.raises(AuthenticationError):
            form.run(client, list_pads())
    assert issuer.token_requests == 1 + MAX_RENEWALS


FAULTS: dict[str, tuple[Reply, type[CallError]]] = {
    "503": (http_response(503), ServerError),
    "429": (http_response(429), CallError),
    "broken off": (send_then(b"", ClientConnection.close), APIConnectionError),
}


@pytest.mark.parametrize(("refusal", "kind"), FAULTS.values(), ids=FAULTS)
def test_call_sends_no_more_than_three_token_requests(
    client: Client, issuer: Issuer, refusal: Reply, kind: type[CallError], form: Form
) -> None:
    issuer.refusal = refusal
    with pytest.raises(kind):
        form.run(client, list_pads())
    assert issuer.token_requests == 3
    assert issuer.seen == []


@together
def test_those_who_waited_for_a_failure_do_not_add_to_it(client: Client, issuer: Issuer, together: Together) -> None:
    issuer.refusal = http_response(503)
    issuer.delay = 0.05
    assert {type(each) for each in together(client, 3)} == {ServerError}
    assert issuer.token_requests == 3


def test_temporary_failure_is_retried(client: Client, issuer: Issuer, clock: JumpingClock, form: Form) -> None:
    def once(line: ClientConnection, _: HttpRequest) -> None:
        issuer.refusal = None
        line.send(http_response(503))

    issuer.refusal = once
    assert form.run(client, list_pads()) == []
    assert issuer.token_requests == 2
    assert len(clock.sleeps) == 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"expires_in": 5, "token_type": "Bearer"},
        {"access_token": None, "expires_in": 5, "token_type": "Bearer"},
        [],
        b"<html>",
    ],
)
def test_response_without_a_token(client: Client, issuer: Issuer, body: object, form: Form) -> None:
    issuer.refusal = http_response(200, body)
    with pytest.raises(ResponseValidationError, match="/o/token/"):
        form.run(client, list_pads())
    assert issuer.token_requests == 1


@pytest.mark.parametrize("token", ["", "two words", "line\r\nbreak: yes", "t\u00f6ken"])
def test_an_issued_token_that_could_not_stand_in_a_header(
    client: Client, issuer: Issuer, token: str, form: Form
) -> None:
    issuer.refusal = http_response(200, {"access_token": token, "expires_in": 3600, "token_type": "Bearer"})
    with pytest.raises(ResponseValidationError, match="/o/token/"):
        form.run(client, list_pads())
    assert issuer.seen == []


def test_bad_token_request_is_reported_as_such(client: Client, issuer: Issuer, form: Form) -> None:
    issuer.refusal = http_response(400, {"error": "unsupported_grant_type"})
    with pytest.raises(BadRequestError, match="unsupported_grant_type"):
        form.run(client, list_pads())
    assert issuer.token_requests == 1


def test_a_token_that_is_refused_is_renewed_once(client: Client, issuer: Issuer, form: Form) -> None:
    form.run(client, list_pads())
    issuer.revoke()
    assert form.run(client, list_pads()) == []
    assert issuer.seen == ["issued-1", "issued-1", "issued-2"]


def test_a_new_token_that_is_refused_too_is_not_renewed_again(client: Client, issuer: Issuer, form: Form) -> None:
    issuer.accepting = False
    with pytest.raises(AuthenticationError, match="token is missing, invalid or expired"):
        form.run(client, list_pads())
    assert issuer.token_requests == 2
    assert len(issuer.seen) == 2


@together
def test_one_caller_renews_for_all(client: Client, issuer: Issuer, together: Together) -> None:
    assert together(client, 1) == [[]]
    issuer.revoke()
    issuer.delay = 0.05
    assert together(client, 30) == [[]] * 30
    assert issuer.token_requests == 2
    assert issuer.seen.count("issued-2") == 30


def test_token_renewed_by_another_caller_is_not_renewed_again(client: Client, issuer: Issuer, server: Server) -> None:
    """Two calls leave with the old token; the refusal of one comes when the other has a new one already."""
    client.request(list_pads())
    issuer.revoke()
    both, renewed = threading.Barrier(2), threading.Event()
    turns = iter(("first", "second"))

    def late(line: ClientConnection, request: HttpRequest) -> None:
        if request.token == "issued-1":
            turn = next(turns)
            both.wait(5)
            assert turn == "first" or renewed.wait(5)
        issuer(line, request)
        if request.token == "issued-2":
            renewed.set()

    server.handler = late
    assert in_threads(client, 2) == [[]] * 2
    assert issuer.token_requests == 2


def test_a_token_of_the_user_is_never_renewed(server: Server, issuer: Issuer, client_of: ClientOf, form: Form) -> None:
    client = client_of(server, "from-tally")
    for _ in range(2):
        with pytest.raises(AuthenticationError, match="token is missing, invalid or expired"):
            form.run(client, list_pads())
    assert issuer.seen == ["from-tally"] * 2
    assert issuer.token_requests == 0


def test_cancelled_while_waiting_for_a_token(client: Client, issuer: Issuer) -> None:
    issuer.delay = 0.2

    async def main() -> None:
        async with client:
            first, second = (asyncio.create_task(client.arequest(list_pads())) for _ in range(2))
            await asyncio.sleep(0.05)
            first.cancel()
            with pytest.raises(asyncio.CancelledError):
                await first
            async with asyncio.timeout(5):
                assert await second == []
                assert await client.arequest(list_pads()) == []

    asyncio.run(main())
    assert issuer.seen == [issuer.issued[-1]] * 2


@pytest.mark.parametrize("lasts", [0, 1, 5, 10, 19])
def test_short_lived_token_is_not_requested_with_each_call(
    lasts: int, issuer: Issuer, client: Client, clock: JumpingClock
) -> None:
    issuer.expires_in = lasts
    for _ in range(20):
        client.request(list_pads())
    assert issuer.token_requests == 1
    clock.time += max(lasts, 2) / 2 + 0.1
    client.request(list_pads())
    assert issuer.token_requests == 2
