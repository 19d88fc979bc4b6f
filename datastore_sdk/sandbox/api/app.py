"""ASGI application of the service."""

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
from datastore_sdk.sandbox.api.concurrency import CallSlot, ServiceConcurrencyLimit
from datastore_sdk.sandbox.api.context import CallContext, Handler, HandlerResponse, ServiceState, StreamedRecords
from datastore_sdk.sandbox.api.errors import RequestError, build_method_not_allowed, build_not_found
from datastore_sdk.sandbox.api.fault_middleware import FaultInjection
from datastore_sdk.sandbox.api.handlers import ENDPOINTS, TOKEN_PATH
from datastore_sdk.sandbox.api.query_params import QueryParams
from datastore_sdk.sandbox.api.request_log import ReceivedRequest, record_request
from datastore_sdk.sandbox.api.responses import JSON, json_response
from datastore_sdk.sandbox.api.streaming import in_thread, json_chunks
from datastore_sdk.sandbox.api.untidy import UntidyResponses
from datastore_sdk.sandbox.api.websocket.handshakes import HandshakeMiddleware
from datastore_sdk.sandbox.api.websocket.routes import RoomRoutes
from datastore_sdk.sandbox.faults.registry import FaultRegistry

_GZIP_LEVEL = 3


class _Endpoint:
    """One path of the service."""

    def __init__(
        self,
        path: str,
        handlers: Mapping[str, Handler],
        service: ServiceState,
        limit: ServiceConcurrencyLimit,
        untidy: UntidyResponses | None,
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
                raise build_method_not_allowed(request.method, ", ".join(self._handlers))
            client = self._authenticate(request)
            slot = self._limit.take(client, self._path)
            try:
                result = await self._result(request, handler, client)
                await self._respond(result, scope, receive, _releasing(send, slot))
            finally:
                slot.release()
        except RequestError as error:
            await json_response(error.status, error.body, error.headers)(scope, receive, send)

    def _authenticate(self, request: Request) -> str:
        if self._path == TOKEN_PATH:
            return request.client.host if request.client else ""
        return self._service.tokens.client_of(request.headers.get("authorization"))

    async def _result(self, request: Request, handler: Handler, client: str) -> object:
        path, requested, untidy = request.url.path, request.query_params.multi_items(), self._untidy
        call = CallContext(
            service=self._service,
            client=client,
            ids=request.path_params,
            query=QueryParams(untidy.query(path, requested) if untidy else requested),
            body=await request.body(),
            now=self._service.field.now(),
        )
        result = await run_in_threadpool(handler, call)
        return untidy.transform_response(request.method, path, requested, result) if untidy else result

    @staticmethod
    async def _respond(result: object, scope: Scope, receive: Receive, send: Send) -> None:
        if not isinstance(result, StreamedRecords):
            response = result if isinstance(result, HandlerResponse) else HandlerResponse(200, result)
            await json_response(response.status, response.content)(scope, receive, send)
            return
        chunks = json_chunks(result.records)
        try:
            await StreamingResponse(in_thread(chunks), media_type=JSON)(scope, receive, send)
        finally:
            chunks.close()


def _releasing(send: Send, slot: CallSlot) -> Send:
    """Release the slot just before the last bytes are sent: a client that received them may call again at once."""

    async def releasing(message: Message) -> None:
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            slot.release()
        await send(message)

    return releasing


class _RequestLog:
    """ASGI middleware that records each request and the status of its response."""

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
        record_request(scope, entry)

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                entry.status = message["status"]
            await send(message)

        await self._app(scope, receive, noting)


async def _no_endpoint(_request: Request, _error: Exception) -> Response:
    return json_response(404, build_not_found().body)


async def _failure(_request: Request, _error: Exception) -> Response:
    return json_response(500, {"detail": "A server error occurred."})


def make_app(
    service: ServiceState,
    rooms: RoomRoutes,
    concurrency: int,
    received: list[ReceivedRequest],
    faults: FaultRegistry,
    admin: Admin | None = None,
    untidy: UntidyResponses | None = None,
) -> Starlette:
    """Build the application.

    Args:
        service: State of the service.
        rooms: WebSocket rooms.
        concurrency: Maximum number of concurrent calls of a client to one endpoint.
        received: List to which requests are added.
        faults: Active faults.
        admin: State of the admin interface; None: without it.
        untidy: Deviations from the API contract; None: none.
    """
    limit = ServiceConcurrencyLimit(concurrency)
    routes = [Route(path, _Endpoint(path, handlers, service, limit, untidy)) for path, handlers in ENDPOINTS.items()]
    app = Starlette(
        routes=[*routes, *rooms.routes()],
        middleware=[
            *([Middleware(AdminInterface, admin=admin)] if admin else []),
            Middleware(_RequestLog, received=received),
            Middleware(FaultInjection, faults=faults),
            Middleware(HandshakeMiddleware, received=received, faults=faults),
            Middleware(GZipMiddleware, compresslevel=_GZIP_LEVEL),
        ],
        exception_handlers={404: _no_endpoint, 500: _failure},
    )
    app.router.redirect_slashes = False
    return app
