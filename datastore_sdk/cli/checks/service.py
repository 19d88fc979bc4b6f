"""Checks of the service: response, clock, token and WebSocket rooms."""

from __future__ import annotations

from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import Final

from datastore_sdk._io.effects import CloseResponse, EffectGen, Request, Response, SendRequest
from datastore_sdk.cli.checks.result import CheckResult, good, skip, warning, wrong
from datastore_sdk.client import Client
from datastore_sdk.exceptions import (
    AuthenticationError,
    CallError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    ResponseValidationError,
    RestreamError,
    ServerError,
)
from datastore_sdk.transport.executor.executor import RequestExecutor
from datastore_sdk.transport.http.cancellation import Cancellation
from datastore_sdk.transport.websocket.handshake import build_room_operation, enter_room
from restream_api.api import pads

MAX_SKEW_SECONDS: Final = 30.0
"""Maximum difference of the clocks in seconds. Beyond it, programs request wrong times and use expired tokens."""
_TOKEN_PATH: Final = "/o/token/"  # noqa: S105 - a path
"""Path of the token endpoint."""


def check_service(client: Client, *, has_credentials: bool) -> Iterator[CheckResult]:
    """Send three cheap requests: one without the token, a list of pads, and a WebSocket handshake."""
    before = client._executor.clock.now()
    try:
        response = client._drive(_request_without_token(client._executor))
    except RestreamError as error:
        yield wrong("service", str(error), "see the results above; otherwise the service may be down: try again later")
        return
    yield good("service", f"responds ({response.status})", status=response.status)
    yield _check_clock(response, (before + client._executor.clock.now()) / 2)
    if not has_credentials:
        yield skip("token", "there are no credentials")
        return
    try:
        visible_pads = client._run(pads.list_pads())
    except RestreamError as error:
        yield _explain_refusal(error)
        return
    yield good(
        "token", f"is valid: {len(visible_pads)} pad{'s' * (len(visible_pads) != 1)} visible", pads=len(visible_pads)
    )
    ids = [pad["id"] for pad in visible_pads if isinstance(pad["id"], int)]
    yield _check_room(client, ids[0]) if ids else skip("rooms", "there is no pad to connect to")


def _request_without_token(exchange: RequestExecutor) -> EffectGen[Response]:
    """Send a request without a token. Only status and headers matter."""
    operation = pads.list_pads()
    url = exchange.base_url + operation.target
    response = yield from SendRequest(Request(operation.method, url, exchange.headers, timeouts=exchange.timeouts))
    yield from CloseResponse(response)
    return response


def _check_clock(response: Response, here: float) -> CheckResult:
    try:
        there = parsedate_to_datetime(response.headers["date"]).timestamp()
    except (KeyError, ValueError):
        return skip("clock", "the service sends no date")
    skew = here - there
    message = f"{abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} the service's"
    if abs(skew) > MAX_SKEW_SECONDS:
        return wrong(
            "clock",
            message,
            "set the clock of this machine, preferably by NTP: otherwise requests are for the wrong time",
        )
    return good("clock", message, skew=round(skew, 1))


def _explain_refusal(error: RestreamError) -> CheckResult:
    match error:
        case AuthenticationError() if error.url.endswith(_TOKEN_PATH):
            advice = "check that RESTREAM_CLIENT_ID and RESTREAM_CLIENT_SECRET are those from Tally"
        case AuthenticationError():
            advice = "check that the token is the intended one, or get a new token from Tally"
        case PermissionDeniedError():
            advice = "ask Tally for access with these credentials"
        case RateLimitError():
            return warning("token", str(error), "other programs use the same credentials: try again when they are idle")
        case NotFoundError():
            advice = "check that RESTREAM_HOST is a Restream service: this host has no pads"
        case ResponseValidationError():
            advice = "check that RESTREAM_HOST is a Restream service; datastore drift traffic --live shows details"
        case ServerError():
            advice = "the service has a problem: try again later, then contact Tally"
        case _:
            advice = "try again; datastore doctor --timeout 60 waits longer"
    return wrong("token", str(error), advice)


def _check_room(client: Client, pad_id: int) -> CheckResult:
    try:
        for _ in client._listen(_enter_room(client._executor, pad_id), Cancellation()):
            pass
    except RateLimitError:
        return good("rooms", "reachable: another program with these credentials is connected")
    except CallError as error:
        advice = "real-time data is not available: a proxy or firewall may block WebSockets"
        return wrong("rooms", str(error), advice)
    return good("rooms", "connected: real-time data is available")


def _enter_room(executor: RequestExecutor, pad_id: int) -> EffectGen[None]:
    connection = yield from enter_room(executor, build_room_operation(f"/pads/{pad_id}/", {}))
    yield from connection.close()
