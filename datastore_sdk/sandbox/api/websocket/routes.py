"""The rooms as ASGI applications: who is let in, and what is told there."""

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

from datastore_sdk.sandbox.api.concurrency import ConcurrencyLimit
from datastore_sdk.sandbox.api.connection import line_of
from datastore_sdk.sandbox.api.context import Call, Restream
from datastore_sdk.sandbox.api.data import data_of
from datastore_sdk.sandbox.api.errors import RequestError, bad_request, not_found
from datastore_sdk.sandbox.api.query_params import Query
from datastore_sdk.sandbox.api.responses import json_response
from datastore_sdk.sandbox.api.serializers import Json
from datastore_sdk.sandbox.api.untidy import Untidy
from datastore_sdk.sandbox.api.websocket.connections import Host, Visit
from datastore_sdk.sandbox.api.websocket.protocol import protocol_of
from datastore_sdk.sandbox.api.websocket.records import LiveRecords
from datastore_sdk.sandbox.api.websocket.sessions import Sessions, Subject
from datastore_sdk.sandbox.api.websocket.sources import Source
from datastore_sdk.sandbox.api.websocket.updates import Changes, pad_updates, site_updates

PREFIX: Final = "/external/thirdparty/v2/ws"
_SESSION_KEY: Final = "session_key"
_KEY: Final = re.compile("[0-9A-Fa-f]{32}")
_FORM: Final = frozenset({_SESSION_KEY, "resolution", "routed", "si_units"})
"""Parameters that clients always send: they say in which form records come, and select none."""
_MOST_PER_URL: Final = 1
_FORBIDDEN: Final = 403

_Opener = Callable[[Call, HTTPConnection], Source]
"""Finds what a room has to tell to a client."""


class Rooms:
    """All rooms of a service.

    Args:
        service: What they report on, and to whom.
        host: What they have in common.
        untidy: Makes untidy what is told of pads, sites and data changes; None: it is not.
    """

    def __init__(self, service: Restream, host: Host, untidy: Untidy | None = None) -> None:
        self._service = service
        self._untidy = untidy
        self._host = host
        self._sessions = Sessions(host.options, host.field.seed)
        self._limit = ConcurrencyLimit(_MOST_PER_URL)
        self._visits: set[Visit] = set()
        self._visitors: Counter[str] = Counter()

    def routes(self) -> list[BaseRoute]:
        """The paths of the rooms; there is nothing at any other path."""
        openers: dict[str, _Opener] = {
            "/pads/{pad_id:int}/": lambda call, _: pad_updates(call, self._change),
            "/sites/{site_id:int}/": lambda call, _: site_updates(call, self._change),
        }
        for parent in ("/pads/{pad_id:int}", "/sites/{site_id:int}"):
            openers[f"{parent}/data/"] = self._open_session
            openers[f"{parent}/data_changes/"] = lambda call, _: Changes(call, self._change)
        rooms = [WebSocketRoute(PREFIX + path, _Room(self, opener)) for path, opener in openers.items()]
        return [*rooms, WebSocketRoute("/{path:path}", _NoRoom())]

    def hang_up(self, code: int | None) -> None:
        """Ends all connections: with a close frame of this code, or abruptly. May be called in any thread."""
        for visit in [*self._visits]:
            visit.hang_up(code)

    def forget_sessions(self) -> None:
        """Whoever comes back with a session key gets a new queue."""
        self._sessions = Sessions(self._host.options, self._host.field.seed)

    async def admit(self, opener: _Opener, connection: HTTPConnection) -> tuple[Source, Callable[[], None]]:
        """Lets a client in.

        Returns:
            What there is to tell, and what to call when the client leaves.

        Raises:
            RequestError: It is not let in.
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
            source.leave()
            slot.release()

        return source, leave

    async def welcome(
        self, source: Source, leave: Callable[[], None], scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Tells a client that was let in what there is to tell, until it leaves."""
        path: str = scope["path"]
        self._visitors[path] += 1
        chance = random.Random(f"{self._host.field.seed} {path} {self._visitors[path]}")  # noqa: S311 - no secret
        visit = Visit(self._host, path, source, protocol_of(scope), line_of(scope), chance, leave)
        self._visits.add(visit)
        try:
            date = formatdate(self._host.field.now(), usegmt=True).encode()
            await send({"type": "websocket.accept", "headers": [(b"date", date)]})
            await visit.stay(receive)
        finally:
            self._visits.remove(visit)

    def _change(self, told: Json) -> Json:
        return self._untidy.changed(told, "rooms") if self._untidy else told

    def _client(self, connection: HTTPConnection) -> str:
        """Who asks. A bad token is answered as if it had no access: with 403."""
        try:
            return self._service.tokens.client_of(connection.headers.get("authorization"))
        except RequestError as error:
            raise RequestError(_FORBIDDEN, error.body) from error

    def _call(self, client: str, connection: HTTPConnection) -> Call:
        return Call(
            service=self._service,
            client=client,
            ids=connection.path_params,
            query=Query(connection.query_params.multi_items()),
            body=b"",
            now=self._host.field.now(),
        )

    def _open_session(self, call: Call, connection: HTTPConnection) -> Source:
        key = call.query.text(_SESSION_KEY) or secrets.token_hex(16)
        if not _KEY.fullmatch(key):
            raise bad_request(session_key="A session key has 32 hexadecimal digits.")
        asked = sorted(pair for pair in connection.query_params.multi_items() if pair[0] != _SESSION_KEY)
        subject = Subject(call.client, connection.scope["path"], tuple(asked))
        measurements, filtered = data_of(call), any(name not in _FORM for name, _ in asked)
        return self._sessions.enter(
            key, subject, call.now, lambda: LiveRecords(measurements, call.now, history=filtered)
        )


class _Room:
    """One room."""

    def __init__(self, rooms: Rooms, opener: _Opener) -> None:
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
            await self._rooms.welcome(source, leave, scope, receive, send)
        finally:
            leave()


class _NoRoom:
    """Where there is nothing."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        error = not_found()
        await json_response(error.status, error.body)(scope, receive, send)
