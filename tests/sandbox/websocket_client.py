"""Visits to the sandbox's WebSocket rooms."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import orjson
import pytest
from websockets.exceptions import ConnectionClosedOK, InvalidStatus
from websockets.http11 import Response
from websockets.sync.client import ClientConnection, connect

from datastore_sdk.sandbox import RoomOptions, Sandbox

NOW = datetime(2025, 9, 18, 12, tzinfo=UTC)
NOON = int(NOW.timestamp())
ROOMS = "/external/thirdparty/v2/ws"
UNMODIFIED = RoomOptions(empty_every=0, array_every=0, replays=0)
"""Every message holds one record, and comes once."""
TIMEOUT_SECONDS = 20.0


def open_room(sandbox: Sandbox, path: str, token: str | None = None, **query: object) -> ClientConnection:
    """Connect to a room."""
    url = f"{sandbox.url.replace('http', 'ws', 1)}{ROOMS}{path}{'?' if query else ''}{urlencode(query)}"
    headers = {"Authorization": f"Bearer {token or sandbox.token}"}
    return connect(url, additional_headers=headers, max_size=None, proxy=None, close_timeout=0.2)


def refusal(sandbox: Sandbox, path: str, token: str | None = None, **query: object) -> Response:
    """Return the response to a handshake that is refused."""
    with pytest.raises(InvalidStatus) as refused, open_room(sandbox, path, token, **query):
        pass
    return refused.value.response


def message(room: ClientConnection) -> Any:
    """Return the next message, decoded."""
    return orjson.loads(room.recv(TIMEOUT_SECONDS))


def messages(room: ClientConnection, count: int) -> list[Any]:
    return [message(room) for _ in range(count)]


def seconds(room: ClientConnection, count: int) -> list[int]:
    """Return the timestamps of the records in the next messages, one each."""
    return [each["message"]["timestamp"] for each in messages(room, count)]


def until_closed(room: ClientConnection) -> Iterator[str | bytes]:
    """Yield all messages until the room closes the connection normally."""
    with suppress(ConnectionClosedOK):
        while True:
            yield room.recv(TIMEOUT_SECONDS)


def is_quiet(room: ClientConnection) -> bool:
    """Return whether no message arrives although the room had enough time."""
    try:
        room.recv(0.1)
    except TimeoutError:
        return True
    return False
