"""Rooms as ASGI applications: admission and messages."""

from __future__ import annotations

import random
import re
import secrets
from collections import Counter
from collections.abc import Callable
from email.utils import formatdate
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection
from starlette.routing import BaseRoute, WebSocketRoute
from starlette.types import Receive, Scope, Send

from datastore_sdk.sandbox.api.concurrency import ServiceConcurrencyLimit
from datastore_sdk.sandbox.api.connection import connection_of
from datastore_sdk.sandbox.api.context import CallContext, ServiceState
from datastore_sdk.sandbox.api.data import query_data
from datastore_sdk.sandbox.api.errors import RequestError, build_bad_request, build_not_found
from datastore_sdk.sandbox.api.query_params import QueryParams
from datastore_sdk.sandbox.api.responses import json_response
from datastore_sdk.sandbox.api.serializers import Json
from datastore_sdk.sandbox.api.untidy import UntidyResponses
from datastore_sdk.sandbox.api.websocket.connections import RoomClient, RoomHost
from datastore_sdk.sandbox.api.websocket.protocol import protocol_of
from datastore_sdk.sandbox.api.websocket.records import LiveRecordFeed
from datastore_sdk.sandbox.api.websocket.sessions import RoomSubject, SessionRegistry
from datastore_sdk.sandbox.api.websocket.sources import MessageSource
from datastore_sdk.sandbox.api.websocket.updates import DataChangeMessages, pad_updates, site_updates

PREFIX: Final = "/external/thirdparty/v2/ws"
_SESSION_KEY: Final = "session_key"
_KEY: Final = re.compile("[0-9A-Fa-f]{32}")
_FORM: Final = frozenset({_SESSION_KEY, "resolution", "routed", "si_units"})
"""Parameters that clients always send: they set the format of records, and select none."""
_MAX_PER_URL: Final = 1
_FORBIDDEN: Final = 403

_Opener = Callable[[CallContext, HTTPConnection], MessageSource]
"""Function that finds the messages of a room for a client."""


class RoomRoutes:
    """All rooms of a service.

    Args:
        service: State of the service.
        host: State that all rooms share.
        untidy: Deviations of pads, sites and data changes; None: none.
    """

    def __init__(self, service: ServiceState, host: RoomHost, untidy: UntidyResponses | None = None) -> None:
        self._service = service
        self._untidy = untidy
        self._host = host
        self._sessions = SessionRegistry(host.options, host.field.seed)
        self._limit = ServiceConcurrencyLimit(_MAX_PER_URL)
        self._clients: set[RoomClient] = set()
        self._visitors: Counter[str] = Counter()

    def routes(self) -> list[BaseRoute]:
        """Paths of the rooms; all other paths are refused."""
        openers: dict[str, _Opener] = {
            "/pads/{pad_id:int}/": lambda call, _: pad_updates(call, self._change),
            "/sites/{site_id:int}/": lambda call, _: site_updates(call, self._change),
        }
        for parent in ("/pads/{pad_id:int}", "/sites/{site_id:int}"):
            openers[f"{parent}/data/"] = self._open_session
            openers[f"{parent}/data_changes/"] = lambda call, _: DataChangeMessages(call, self._change)
        rooms = [WebSocketRoute(PREFIX + path, _Room(self, opener)) for path, opener in openers.items()]
        return [*rooms, WebSocketRoute("/{path:path}", _UnknownRoom())]

    def disconnect_all(self, code: int | None) -> None:
        """End all connections: with a close frame of this code, or abruptly. May be called in any thread."""
        for client_connection in [*self._clients]:
            client_connection.disconnect(code)

    def forget_sessions(self) -> None:
        """Give every client that returns with a session key a new queue."""
        self._sessions = SessionRegistry(self._host.options, self._host.field.seed)

    async def admit(self, opener: _Opener, connection: HTTPConnection) -> tuple[MessageSource, Callable[[], None]]:
        """Admit a client.

        Returns:
            The source of its messages, and a function to call when the client leaves.

        Raises:
            RequestError: The client is refused.
        """
        path: str = connection.scope["path"]
        client = self._client(connection)
        slot = self._limit.take(client, path)
        try:
            source = await run_in_threadpool(opener, self._call(client, connection), connection)
        except BaseException:
            slot.release()
            raise

        def leave() -> None:
            source.close()
            slot.release()

        return source, leave

    async def serve(
        self, source: MessageSource, leave: Callable[[], None], scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Send an admitted client its messages, until it leaves."""
        path: str = scope["path"]
        self._visitors[path] += 1
        chance = random.Random(f"{self._host.field.seed} {path} {self._visitors[path]}")  # noqa: S311 - no secret
        client_connection = RoomClient(
            self._host, path, source, protocol_of(scope), connection_of(scope), chance, leave
        )
        self._clients.add(client_connection)
        try:
            date = formatdate(self._host.field.now(), usegmt=True).encode()
            await send({"type": "websocket.accept", "headers": [(b"date", date)]})
            await client_connection.serve(receive)
        finally:
            self._clients.remove(client_connection)

    def _change(self, sent: Json) -> Json:
        return self._untidy.transform(sent, "rooms") if self._untidy else sent

    def _client(self, connection: HTTPConnection) -> str:
        """Return the client. An invalid token gets a 403, like missing access."""
        try:
            return self._service.tokens.client_of(connection.headers.get("authorization"))
        except RequestError as error:
            raise RequestError(_FORBIDDEN, error.body) from error

    def _call(self, client: str, connection: HTTPConnection) -> CallContext:
        return CallContext(
            service=self._service,
            client=client,
            ids=connection.path_params,
            query=QueryParams(connection.query_params.multi_items()),
            body=b"",
            now=self._host.field.now(),
        )

    def _open_session(self, call: CallContext, connection: HTTPConnection) -> MessageSource:
        key = call.query.text(_SESSION_KEY) or secrets.token_hex(16)
        if not _KEY.fullmatch(key):
            raise build_bad_request(session_key="A session key has 32 hexadecimal digits.")
        requested = sorted(pair for pair in connection.query_params.multi_items() if pair[0] != _SESSION_KEY)
        subject = RoomSubject(call.client, connection.scope["path"], tuple(requested))
        measurements, filtered = query_data(call), any(name not in _FORM for name, _ in requested)
        return self._sessions.enter(
            key, subject, call.now, lambda: LiveRecordFeed(measurements, call.now, history=filtered)
        )


class _Room:
    """One room."""

    def __init__(self, rooms: RoomRoutes, opener: _Opener) -> None:
        self._rooms = rooms
        self._opener = opener

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        try:
            source, leave = await self._rooms.admit(self._opener, HTTPConnection(scope))
        except RequestError as error:
            await json_response(error.status, error.body, error.headers)(scope, receive, send)
            return
        try:
            await self._rooms.serve(source, leave, scope, receive, send)
        finally:
            leave()


class _UnknownRoom:
    """A path without a room."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        error = build_not_found()
        await json_response(error.status, error.body)(scope, receive, send)
