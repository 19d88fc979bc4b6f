"""Admin interface: inject faults, read received requests, reset.

    GET, POST, DELETE  /__admin__/faults     list them; add one or an array of them; remove all
    GET, DELETE        /__admin__/requests   list received requests; forget them
    POST               /__admin__/reset      forget faults, requests, and what clients changed

Only for programs on the same machine that know the admin token, which is not one of the service's tokens.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from ipaddress import ip_address
from typing import Final

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from datastore_sdk.sandbox.api.context import HandlerResponse
from datastore_sdk.sandbox.api.errors import (
    RequestError,
    build_forbidden,
    build_method_not_allowed,
    build_not_found,
    build_unauthorized,
)
from datastore_sdk.sandbox.api.request_log import ReceivedRequest
from datastore_sdk.sandbox.api.responses import json_response
from datastore_sdk.sandbox.faults.registry import FaultRegistry
from datastore_sdk.sandbox.faults.serialization import fault_json, faults_from

ADMIN_PATH: Final = "/__admin__/"

Action = Callable[[bytes], HandlerResponse]
"""Function that handles a request body."""


@dataclass(frozen=True, slots=True)
class Admin:
    """State that the admin interface works on.

    Attributes:
        token: Token that the interface requires.
        faults: Active faults.
        received: Received requests.
        reset: Function that resets everything that clients changed.
    """

    token: str
    faults: FaultRegistry
    received: list[ReceivedRequest]
    reset: Callable[[], None]

    def actions(self, path: str) -> Mapping[str, Action]:
        """Return the actions of a path, by method."""
        known: dict[str, dict[str, Action]] = {
            "faults": {"GET": self._list_faults, "POST": self._add_faults, "DELETE": self._clear_faults},
            "requests": {"GET": self._list_requests, "DELETE": self._clear_requests},
            "reset": {"POST": self._reset},
        }
        return known.get(path.removeprefix(ADMIN_PATH), {})

    def _list_faults(self, _content: bytes) -> HandlerResponse:
        return HandlerResponse(200, [fault_json(fault, left) for fault, left in self.faults.pending()])

    def _add_faults(self, content: bytes) -> HandlerResponse:
        try:
            faults = faults_from(content)
        except ValueError as error:
            raise RequestError(400, {"detail": str(error)}) from error
        self.faults.add(*faults)
        return HandlerResponse(201, [fault_json(fault, fault.times) for fault in faults])

    def _clear_faults(self, _content: bytes) -> HandlerResponse:
        self.faults.clear()
        return HandlerResponse(204)

    def _list_requests(self, _content: bytes) -> HandlerResponse:
        return HandlerResponse(200, [asdict(request) for request in [*self.received]])

    def _clear_requests(self, _content: bytes) -> HandlerResponse:
        self.received.clear()
        return HandlerResponse(204)

    def _reset(self, _content: bytes) -> HandlerResponse:
        self.reset()
        return HandlerResponse(204)


class AdminInterface:
    """ASGI middleware for admin requests, and passes on everything else."""

    def __init__(self, app: ASGIApp, admin: Admin) -> None:
        self._app = app
        self._admin = admin

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http" or not scope["path"].startswith(ADMIN_PATH):
            await self._app(scope, receive, send)
            return
        try:
            result = await self._respond(Request(scope, receive))
            response = json_response(result.status, result.content)
        except RequestError as error:
            response = json_response(error.status, error.body, error.headers)
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> HandlerResponse:
        self._check(request)
        actions = self._admin.actions(request.url.path)
        if not actions:
            raise build_not_found()
        if request.method not in actions:
            raise build_method_not_allowed(request.method, ", ".join(actions))
        return actions[request.method](await request.body())

    def _check(self, request: Request) -> None:
        if request.client is None or not ip_address(request.client.host).is_loopback:
            raise build_forbidden()
        expected = f"Bearer {self._admin.token}"
        if not hmac.compare_digest(request.headers.get("authorization", "").encode(), expected.encode()):
            raise build_unauthorized("The admin interface needs the admin token, as a bearer token.")
