"""The service itself: its clock, the token, the WebSocket rooms."""

from __future__ import annotations

from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import Final

from datastore_sdk._io.effects import CloseResponse, EffectGen, Request, Response, SendRequest
from datastore_sdk.cli.checks.result import CheckResult, good, skipped, warning, wrong
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

MOST_SKEW: Final = 30.0
"""Seconds by which clocks may differ: more, and programs ask for the wrong time, and use tokens that have expired."""
_TOKENS: Final = "/o/token/"
"""Where tokens are asked for."""


def service(client: Client, *, has_credentials: bool) -> Iterator[CheckResult]:
    """Makes three cheap calls: one without the token, a list of pads, and a WebSocket handshake."""
    before = client._executor.clock.now()
    try:
        answer = client._drive(_asked(client._executor))
    except RestreamError as error:
        yield wrong("service", str(error), "see what was found above; else the service may be down: try again later")
        return
    yield good("service", f"answers ({answer.status})", status=answer.status)
    yield _clock(answer, (before + client._executor.clock.now()) / 2)
    if not has_credentials:
        yield skipped("token", "there are no credentials")
        return
    try:
        known = client._run(pads.list_pads())
    except RestreamError as error:
        yield _no_access(error)
        return
    yield good("token", f"is good: {len(known)} pad{'s' * (len(known) != 1)} can be seen", pads=len(known))
    ids = [pad["id"] for pad in known if isinstance(pad["id"], int)]
    yield _room(client, ids[0]) if ids else skipped("rooms", "there is no pad whose room could be entered")


def _asked(exchange: RequestExecutor) -> EffectGen[Response]:
    """Asks without a token: what is of interest are status and headers."""
    operation = pads.list_pads()
    url = exchange.base_url + operation.target
    answer = yield from SendRequest(Request(operation.method, url, exchange.headers, timeouts=exchange.timeouts))
    yield from CloseResponse(answer)
    return answer


def _clock(answer: Response, here: float) -> CheckResult:
    try:
        there = parsedate_to_datetime(answer.headers["date"]).timestamp()
    except (KeyError, ValueError):
        return skipped("clock", "the service does not tell its time")
    skew = here - there
    message = f"{abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} the service's"
    if abs(skew) > MOST_SKEW:
        return wrong(
            "clock", message, "set the clock of this machine, best by NTP: it is asked for the wrong time else"
        )
    return good("clock", message, skew=round(skew, 1))


def _no_access(error: RestreamError) -> CheckResult:
    match error:
        case AuthenticationError() if error.url.endswith(_TOKENS):
            advice = "look whether RESTREAM_CLIENT_ID and RESTREAM_CLIENT_SECRET are those that you have from Tally"
        case AuthenticationError():
            advice = "get a new token from Tally, or look whether the one that is set is the one you mean"
        case PermissionDeniedError():
            advice = "ask Tally for access with these credentials"
        case RateLimitError():
            return warning("token", str(error), "other programs use the same credentials: try again when they rest")
        case NotFoundError():
            advice = "look whether RESTREAM_HOST is a Restream service: it has no pads at this address"
        case ResponseValidationError():
            advice = "look whether RESTREAM_HOST is a Restream service; datastore drift traffic --live tells more"
        case ServerError():
            advice = "the service has a problem: try again later, then tell Tally"
        case _:
            advice = "try again; datastore doctor --timeout 60 waits longer"
    return wrong("token", str(error), advice)


def _room(client: Client, pad_id: int) -> CheckResult:
    try:
        for _ in client._listen(_visited(client._executor, pad_id), Cancellation()):
            pass
    except RateLimitError:
        return good("rooms", "can be reached: another program with these credentials is there already")
    except CallError as error:
        advice = "real-time data will not come: a proxy or firewall may not let WebSockets through"
        return wrong("rooms", str(error), advice)
    return good("rooms", "can be entered: real-time data can come")


def _visited(exchange: RequestExecutor, pad_id: int) -> EffectGen[None]:
    visit = yield from enter_room(exchange, build_room_operation(f"/pads/{pad_id}/", {}))
    yield from visit.close()
