"""The service as an ASGI application."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from datastore_sdk.sandbox.api.admin import Admin, AdminInterface
from datastore_sdk.sandbox.api.concurrency import ConcurrencyLimit, Slot
from datastore_sdk.sandbox.api.context import Answer, Call, Handler, Restream, Streamed
from datastore_sdk.sandbox.api.errors import RequestError, method_not_allowed, not_found
from datastore_sdk.sandbox.api.fault_middleware import FaultInjection
from datastore_sdk.sandbox.api.handlers import ENDPOINTS, TOKEN_PATH
from datastore_sdk.sandbox.api.query_params import Query
from datastore_sdk.sandbox.api.request_log import ReceivedRequest, note_received
from datastore_sdk.sandbox.api.responses import JSON, json_response
from datastore_sdk.sandbox.api.streaming import in_thread, json_chunks
from datastore_sdk.sandbox.api.untidy import Untidy
from datastore_sdk.sandbox.api.websocket.handshakes import Handshakes
from datastore_sdk.sandbox.api.websocket.routes import Rooms
from datastore_sdk.sandbox.faults.registry import Faults

_GZIP_LEVEL = 3


class _Endpoint:
    """One path of the service."""

    def __init__(
        self,
        path: str,
        handlers: Mapping[str, Handler],
        service: Restream,
        limit: ConcurrencyLimit,
        untidy: Untidy | None,
    ) -> None:
        self._path = path
        self._handlers = handlers
        self._service = service
        self._limit = limit
        self._untidy = untidy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            handler = self._handlers.get(request.method)
            if handler is None:
                raise method_not_allowed(request.method, ", ".join(self._handlers))
            client = self._client(request)
            slot = self._limit.take(client, self._path)
            try:
                result = await self._result(request, handler, client)
                await self._answer(result, scope, receive, _releasing(send, slot))
            finally:
                slot.release()
        except RequestError as error:
            await json_response(error.status, error.body, error.headers)(scope, receive, send)

    def _client(self, request: Request) -> str:
        if self._path == TOKEN_PATH:
            return request.client.host if request.client else ""
        return self._service.tokens.client_of(request.headers.get("authorization"))

    async def _result(self, request: Request, handler: Handler, client: str) -> object:
        path, asked, untidy = request.url.path, request.query_params.multi_items(), self._untidy
        call = Call(
            service=self._service,
            client=client,
            ids=request.path_params,
            query=Query(untidy.query(path, asked) if untidy else asked),
            body=await request.body(),
            now=self._service.field.now(),
        )
        result = await run_in_threadpool(handler, call)
        return untidy.answer(request.method, path, asked, result) if untidy else result

    @staticmethod
    async def _answer(result: object, scope: Scope, receive: Receive, send: Send) -> None:
        if not isinstance(result, Streamed):
            answer = result if isinstance(result, Answer) else Answer(200, result)
            await json_response(answer.status, answer.content)(scope, receive, send)
            return
        chunks = json_chunks(result.records)
        try:
            await StreamingResponse(in_thread(chunks), media_type=JSON)(scope, receive, send)
        finally:
            chunks.close()


def _releasing(send: Send, slot: Slot) -> Send:
    """Gives the slot back just before the last bytes go out: who has them may call again at once."""

    async def releasing(message: Message) -> None:
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            slot.release()
        await send(message)

    return releasing


class _RequestLog:
    """Notes each request, and the status of its answer, in a list."""

    def __init__(self, app: ASGIApp, received: list[ReceivedRequest]) -> None:
        self._app = app
        self._received = received

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        entry = ReceivedRequest(request.method, request.url.path, tuple(request.query_params.multi_items()))
        self._received.append(entry)
        note_received(scope, entry)

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                entry.status = message["status"]
            await send(message)

        await self._app(scope, receive, noting)


async def _no_endpoint(_request: Request, _error: Exception) -> Response:
    return json_response(404, not_found().body)


async def _failure(_request: Request, _error: Exception) -> Response:
    return json_response(500, {"detail": "A server error occurred."})


def make_app(
    service: Restream,
    rooms: Rooms,
    concurrency: int,
    received: list[ReceivedRequest],
    faults: Faults,
    admin: Admin | None = None,
    untidy: Untidy | None = None,
) -> Starlette:
    """The application.

    Args:
        service: What it serves.
        rooms: Its WebSocket rooms.
        concurrency: How many calls of a client may be under way to one endpoint.
        received: The list in which requests are noted.
        faults: Those that calls meet.
        admin: What the admin interface works on; None: there is none.
        untidy: Makes its answers untidy; None: they keep to the API contract.
    """
    limit = ConcurrencyLimit(concurrency)
    routes = [Route(path, _Endpoint(path, handlers, service, limit, untidy)) for path, handlers in ENDPOINTS.items()]
    app = Starlette(
        routes=[*routes, *rooms.routes()],
        middleware=[
            *([Middleware(AdminInterface, admin=admin)] if admin else []),
            Middleware(_RequestLog, received=received),
            Middleware(FaultInjection, faults=faults),
            Middleware(Handshakes, received=received, faults=faults),
            Middleware(GZipMiddleware, compresslevel=_GZIP_LEVEL),
        ],
        exception_handlers={404: _no_endpoint, 500: _failure},
    )
    app.router.redirect_slashes = False
    return app
