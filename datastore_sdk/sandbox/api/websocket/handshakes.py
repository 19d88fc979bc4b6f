"""ASGI middleware for WebSocket handshakes: request log and faults."""

from __future__ import annotations

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from datastore_sdk.sandbox.api.connection import connection_of
from datastore_sdk.sandbox.api.errors import build_forbidden
from datastore_sdk.sandbox.api.fault_middleware import status_response
from datastore_sdk.sandbox.api.request_log import ReceivedRequest
from datastore_sdk.sandbox.api.responses import json_response
from datastore_sdk.sandbox.faults.http_faults import Delay, ExpireToken, HandshakeFault, Reset, Status
from datastore_sdk.sandbox.faults.registry import FaultRegistry

_METHOD = "GET"
_SWITCHING_PROTOCOLS = 101


class HandshakeMiddleware:
    """ASGI middleware that records each handshake and applies its fault.

    `ExpireToken` gets a 403, as every invalid token is here.
    """

    def __init__(self, app: ASGIApp, received: list[ReceivedRequest], faults: FaultRegistry) -> None:
        self._app = app
        self._received = received
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one handshake, or pass it on."""
        if scope["type"] != "websocket":
            await self._app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        entry = ReceivedRequest(_METHOD, scope["path"], tuple(connection.query_params.multi_items()))
        self._received.append(entry)

        async def noting(message: Message) -> None:
            if message["type"] == "websocket.accept":
                entry.status = _SWITCHING_PROTOCOLS
            elif message["type"] == "websocket.http.response.start":
                entry.status = message["status"]
            await send(message)

        fault = self._fault_of(connection)
        entry.fault = fault.name if fault else None
        if fault is None or await self._passes(fault, scope, receive, noting):
            await self._app(scope, receive, noting)

    def _fault_of(self, connection: HTTPConnection) -> HandshakeFault | None:
        token = connection.headers.get("authorization", "")
        fault = self._faults.next_for(_METHOD, connection.scope["path"], HandshakeFault)
        if isinstance(fault, ExpireToken):
            self._faults.expire(token)
        return fault or (ExpireToken() if self._faults.is_expired(token) else None)

    @staticmethod
    async def _passes(fault: HandshakeFault, scope: Scope, receive: Receive, send: Send) -> bool:
        match fault:
            case Status():
                await status_response(fault)(scope, receive, send)
            case ExpireToken():
                error = build_forbidden()
                await json_response(error.status, error.body)(scope, receive, send)
            case Delay():
                await connection_of(scope).silence(fault.seconds)
                return True
            case Reset():
                await connection_of(scope).reset()
            case _:
                raise NotImplementedError(fault)
        return False
