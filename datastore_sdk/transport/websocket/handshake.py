"""Handshake of the WebSockets of the service, which it calls rooms. Sans-I/O: it yields effects."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from datastore_sdk._io.effects import CloseResponse, ConnectWebSocket, EffectGen, ReadChunk, Request, Response
from datastore_sdk._io.responses import build_error
from datastore_sdk.exceptions import (
    APIConnectionError,
    AuthenticationError,
    CallError,
    PermissionDeniedError,
    RateLimitError,
)
from datastore_sdk.instrumentation.logs import get_logger
from datastore_sdk.transport.executor.concurrency import HeldPermit
from datastore_sdk.transport.executor.executor import RequestExecutor
from restream_api.types import Operation, QueryValue, encode_query, nothing

log = get_logger("realtime")

PREFIX = "/external/thirdparty/v2/ws"
"""Common prefix of the paths of rooms."""
POLICY_VIOLATION = 1008
"""Close code with which servers refuse a client for any reason."""
_STATUS_CODES = 4000
"""By convention, a server refuses a client with 4000 plus an HTTP status as close code."""
REFUSAL_CLOSE_CODES = frozenset({POLICY_VIOLATION, *range(_STATUS_CODES + 400, _STATUS_CODES + 500)})
"""Close codes that mean the client is refused."""
_IN_USE = (
    "The service allows one connection per client and room. End the program that has it; if that program ended without "
    "closing the connection, wait a minute until the service notices"
)


class RoomClosed(Exception):  # noqa: N818 - not an error: the service may close a connection at any time
    """The service closed the connection normally."""


class RoomRefusedError(APIConnectionError):
    """The service closed the connection with a code that refuses the client: 1008, or 4400 to 4499."""

    code: int
    """The close code."""

    @property
    def status(self) -> int:
        """The HTTP status with the same meaning."""
        return int(HTTPStatus.FORBIDDEN) if self.code == POLICY_VIOLATION else self.code - _STATUS_CODES


class RoomConnection:
    """Open connection to a room. It holds its permit until it is closed."""

    def __init__(self, request: Request, response: Response, permit: HeldPermit) -> None:
        self.request = request
        self.response = response
        self._permit = permit

    def close(self) -> EffectGen[None]:
        """Close the connection and release the permit."""
        try:
            yield from CloseResponse(self.response)
        finally:
            self._permit.release()


def build_room_operation(path: str, query: Mapping[str, QueryValue]) -> Operation[None]:
    """Return the operation that connects to a room, such as `/sites/981/data/`."""
    return Operation(
        name="enter_room",
        method="GET",
        endpoint=PREFIX + path,
        path=PREFIX + path,
        parse=nothing,
        query=encode_query(query),
        success=frozenset({int(HTTPStatus.SWITCHING_PROTOCOLS)}),
    )


def enter_room(executor: RequestExecutor, operation: Operation[None]) -> EffectGen[RoomConnection]:
    """Connect to a room. A token that the service rejects is renewed once, if possible.

    Raises:
        AuthenticationError: The token is rejected (401).
        PermissionDeniedError: The token is rejected, or has no access (403).
        CallError: Connecting failed for another reason.
    """
    permit = yield from executor.limits.acquire_room(operation.path)
    if permit is None:
        raise _build_in_use_error(executor, operation)
    try:
        request, response = yield from _connect_with_renewal(executor, operation)
        return RoomConnection(request, response, permit)
    except BaseException:
        permit.release()
        raise


def _build_in_use_error(executor: RequestExecutor, operation: Operation[None]) -> RateLimitError:
    url = executor.base_url + operation.path
    message = (
        f"{operation.method} {url} was not sent: another process on this machine is connected to the room. {_IN_USE}"
    )
    details: dict[str, Any] = {"status": int(HTTPStatus.TOO_MANY_REQUESTS), "body": "", "request_id": None}
    return RateLimitError(message, method=operation.method, url=url, **details)


def build_close_error(
    executor: RequestExecutor, operation: Operation[None], room: RoomConnection, closed: RoomRefusedError
) -> CallError:
    """Return the error for a close code that refuses the client: that of a handshake with the same status."""
    response = Response(closed.status, {}, None, abort=lambda: None)
    error = build_error(operation, room.request, response, b"", now=executor.clock.now())
    error.add_note(str(closed))
    return error


def _connect_with_renewal(executor: RequestExecutor, operation: Operation[None]) -> EffectGen[tuple[Request, Response]]:
    request = _build_request(executor, operation, (yield from executor.access_token()))
    try:
        return request, (yield from _connect(executor, operation, request))
    except (AuthenticationError, PermissionDeniedError):
        renewed = _build_request(executor, operation, (yield from executor.access_token(rejected=request.token)))
        if renewed.token == request.token:
            raise
    log.info("The room %s rejected the token; connecting with a new one", operation.path)
    return renewed, (yield from _connect(executor, operation, renewed))


def _build_request(executor: RequestExecutor, operation: Operation[None], token: str) -> Request:
    return Request(
        operation.method,
        executor.base_url + operation.target,
        {**executor.headers, "Authorization": f"Bearer {token}"},
        timeouts=executor.timeouts,
    )


def _connect(executor: RequestExecutor, operation: Operation[None], request: Request) -> EffectGen[Response]:
    response = yield from ConnectWebSocket(request)
    if response.status in operation.success:
        return response
    raise (yield from _read_error(executor, operation, request, response))


def _read_error(
    executor: RequestExecutor, operation: Operation[None], request: Request, response: Response
) -> EffectGen[CallError]:
    """Return the error that a response stands for."""
    body = b""
    try:
        with suppress(CallError):
            body = yield from ReadChunk(response)
    finally:
        yield from CloseResponse(response)
    error = build_error(operation, request, response, body, now=executor.clock.now())
    if isinstance(error, RateLimitError):
        error.add_note(_IN_USE)
    return error
