"""ASGI middleware that applies faults: before the call, instead of its response, or to its body."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime
from http import HTTPStatus
from typing import Final

import orjson
from msgspec import UNSET
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from datastore_sdk.sandbox.api.connection import connection_of
from datastore_sdk.sandbox.api.fault_streams import apply_fault, rewrites_body
from datastore_sdk.sandbox.api.request_log import get_request_entry
from datastore_sdk.sandbox.api.responses import JSON
from datastore_sdk.sandbox.faults.http_faults import CallFault, Delay, ExpireToken, Reset, Status
from datastore_sdk.sandbox.faults.registry import FaultRegistry

_WITHOUT_BODY: Final = {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}
_EXPIRED: Final = Status(
    HTTPStatus.UNAUTHORIZED,
    body={"detail": "Token has expired."},
    headers={"WWW-Authenticate": 'Bearer realm="api"'},
)


class FaultInjection:
    """ASGI middleware that applies faults to calls; other calls pass through."""

    def __init__(self, app: ASGIApp, faults: FaultRegistry) -> None:
        self._app = app
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request, or pass it on."""
        request = Request(scope, receive) if scope["type"] == "http" else None
        fault = self._fault_of(request) if request else None
        if request is None or fault is None:
            await self._app(scope, receive, send)
            return
        get_request_entry(scope).fault = fault.name
        await self._apply(fault, request, send)

    def _fault_of(self, request: Request) -> CallFault | None:
        token = request.headers.get("authorization", "")
        fault = self._faults.next_for(request.method, request.url.path, CallFault)
        if isinstance(fault, ExpireToken):
            self._faults.expire(token)
        return fault or (ExpireToken() if self._faults.is_expired(token) else None)

    async def _apply(self, fault: CallFault, request: Request, send: Send) -> None:
        scope, receive, line = request.scope, request.receive, connection_of(request.scope)
        match fault:
            case ExpireToken():
                await status_response(_EXPIRED)(scope, receive, send)
            case Status():
                await (self._carry_out(request) if fault.processed else request.body())
                await status_response(fault)(scope, receive, send)
            case Reset(when="request"):
                await request.body()
                await line.reset()
            case Reset(when="processed"):
                await self._carry_out(request)
                await line.reset()
            case Delay():
                if await line.silence(fault.seconds):
                    await self._app(scope, receive, send)
            case _:
                compressed = fault.compressed and not rewrites_body(fault)
                scope = scope if compressed else _without_compression(scope)
                await self._app(scope, receive, apply_fault(fault, line, send))

    async def _carry_out(self, request: Request) -> None:
        await self._app(request.scope, request.receive, _nowhere)


async def _nowhere(_message: Message) -> None:
    """Discard a response."""


def _without_compression(scope: Scope) -> Scope:
    """Return the same call without `Accept-Encoding`."""
    return {**scope, "headers": [header for header in scope["headers"] if header[0] != b"accept-encoding"]}


def status_response(fault: Status) -> Response:
    """Build the response of a `Status` fault."""
    headers = dict(fault.headers)
    if fault.retry_after is not None:
        headers["Retry-After"] = _retry_after(fault.retry_after)
    if fault.status in _WITHOUT_BODY:
        return Response(None, fault.status, headers)
    if isinstance(fault.body, str):
        return Response(fault.body, fault.status, headers)
    content = {"detail": _phrase(fault.status)} if fault.body is UNSET else fault.body
    return Response(orjson.dumps(content), fault.status, headers, media_type=JSON)


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase if status in set(HTTPStatus) else "Unknown"


def _retry_after(timestamp: float | datetime) -> str:
    if isinstance(timestamp, datetime):
        return format_datetime(timestamp.astimezone(UTC), usegmt=True)
    return f"{timestamp:g}"
