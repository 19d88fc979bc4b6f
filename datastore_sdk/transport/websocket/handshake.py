"""How a room is entered: the service's WebSockets, over which it tells what happens. Pure: it yields effects."""

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
"""Where the rooms are."""
POLICY_VIOLATION = 1008
"""Close code of a server that refuses the client, for want of a better one."""
_STATUS_CODES = 4000
"""Close codes of servers that refuse a client are, by custom, an HTTP status from here on."""
REFUSAL_CLOSE_CODES = frozenset({POLICY_VIOLATION, *range(_STATUS_CODES + 400, _STATUS_CODES + 500)})
"""Close codes that refuse the client."""
_TAKEN = (
    "The service lets a client into a room once at a time. Another program of yours may be in it, or one that ended "
    "without closing it, until the service notices: end the one, or wait a minute for the other"
)


class RoomClosed(Exception):  # noqa: N818 - not an error: the service may close a connection at any time
    """The service closed the connection normally."""


class RoomRefusedError(APIConnectionError):
    """The service closed the connection with a code that refuses the client: 1008, or 4400 to 4499."""

    code: int
    """The close code."""

    @property
    def status(self) -> int:
        """The HTTP status that says the same of a handshake."""
        return int(HTTPStatus.FORBIDDEN) if self.code == POLICY_VIOLATION else self.code - _STATUS_CODES


class RoomConnection:
    """A room that was entered. Holds its slot until it is left."""

    def __init__(self, request: Request, answer: Response, lease: HeldPermit) -> None:
        self.request = request
        self.response = answer
        self._lease = lease

    def close(self) -> EffectGen[None]:
        """Closes the connection, and gives the slot back."""
        try:
            yield from CloseResponse(self.response)
        finally:
            self._lease.release()


def build_room_operation(path: str, query: Mapping[str, QueryValue]) -> Operation[None]:
    """The call that enters a room, such as `/sites/981/data/`."""
    return Operation(
        name="enter_room",
        method="GET",
        endpoint=PREFIX + path,
        path=PREFIX + path,
        parse=nothing,
        query=encode_query(query),
        success=frozenset({int(HTTPStatus.SWITCHING_PROTOCOLS)}),
    )


def enter_room(exchange: RequestExecutor, operation: Operation[None]) -> EffectGen[RoomConnection]:
    """Enters a room. A token that the service refuses is renewed once where it can be.

    Raises:
        AuthenticationError: The token is refused (401).
        PermissionDeniedError: The token is refused, or gives no access (403).
        CallError: The room was not entered for another reason.
    """
    lease = yield from exchange.limits.acquire_room(operation.path)
    if lease is None:
        raise _elsewhere(exchange, operation)
    try:
        request, answer = yield from _admitted(exchange, operation)
        return RoomConnection(request, answer, lease)
    except BaseException:
        lease.release()
        raise


def _elsewhere(exchange: RequestExecutor, operation: Operation[None]) -> RateLimitError:
    url = exchange.base_url + operation.path
    message = f"{operation.method} {url} was not sent: another process on this machine is in the room. {_TAKEN}"
    details: dict[str, Any] = {"status": int(HTTPStatus.TOO_MANY_REQUESTS), "body": "", "request_id": None}
    return RateLimitError(message, method=operation.method, url=url, **details)


def build_close_error(
    exchange: RequestExecutor, operation: Operation[None], room: RoomConnection, closed: RoomRefusedError
) -> CallError:
    """Return the error for a refusal that came as a close code, as of a handshake that was refused."""
    answer = Response(closed.status, {}, None, abort=lambda: None)
    error = build_error(operation, room.request, answer, b"", now=exchange.clock.now())
    error.add_note(str(closed))
    return error


def _admitted(exchange: RequestExecutor, operation: Operation[None]) -> EffectGen[tuple[Request, Response]]:
    request = _request(exchange, operation, (yield from exchange.access_token()))
    try:
        return request, (yield from _asked(exchange, operation, request))
    except (AuthenticationError, PermissionDeniedError):
        renewed = _request(exchange, operation, (yield from exchange.access_token(rejected=request.token)))
        if renewed.token == request.token:
            raise
    log.info("The room %s refused the token; entering it with a new one", operation.path)
    return renewed, (yield from _asked(exchange, operation, renewed))


def _request(exchange: RequestExecutor, operation: Operation[None], token: str) -> Request:
    return Request(
        operation.method,
        exchange.base_url + operation.target,
        {**exchange.headers, "Authorization": f"Bearer {token}"},
        timeouts=exchange.timeouts,
    )


def _asked(exchange: RequestExecutor, operation: Operation[None], request: Request) -> EffectGen[Response]:
    answer = yield from ConnectWebSocket(request)
    if answer.status in operation.success:
        return answer
    raise (yield from _refusal(exchange, operation, request, answer))


def _refusal(
    exchange: RequestExecutor, operation: Operation[None], request: Request, answer: Response
) -> EffectGen[CallError]:
    """The error that an answer stands for."""
    body = b""
    try:
        with suppress(CallError):
            body = yield from ReadChunk(answer)
    finally:
        yield from CloseResponse(answer)
    error = build_error(operation, request, answer, body, now=exchange.clock.now())
    if isinstance(error, RateLimitError):
        error.add_note(_TAKEN)
    return error
