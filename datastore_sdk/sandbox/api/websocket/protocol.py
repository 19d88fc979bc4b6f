"""WebSocket connections that can write batches, and can misbehave."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any, Final

from starlette.types import Scope
from uvicorn.config import Config
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.exceptions import InvalidState

from datastore_sdk.sandbox.api.connection import connection_of

_PROTOCOL: Final = "protocol"


class RoomProtocol(WebSocketsSansIOProtocol):
    """WebSocket protocol of one connection, which the application can control."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, {**app_state, _PROTOCOL: self}, _loop)
        self.conn.debug = False  # debug logs would show the token
        self._silent = False

    async def write(self, texts: Iterable[bytes]) -> None:
        """Send text messages, each in a frame of its own, in one write.

        Raises:
            ClientDisconnected: The client is gone.
        """
        await self.writable.wait()
        if self.disconnected:
            raise ClientDisconnected
        try:
            for text in texts:
                self.conn.send_text(text)
        except InvalidState:
            raise ClientDisconnected from None
        self.transport.write(b"".join(self.conn.data_to_send()))

    async def write_binary(self, content: bytes) -> None:
        """Send a binary message.

        Raises:
            ClientDisconnected: The client is gone.
        """
        self.conn.send_binary(content)
        await self.write(())

    async def write_raw(self, content: bytes) -> None:
        """Send bytes that need not be a frame.

        Raises:
            ClientDisconnected: The client is gone.
        """
        await self.write(())
        self.transport.write(content)

    async def close(self, code: int, reason: str) -> None:
        """Send a close frame.

        Raises:
            ClientDisconnected: The client is gone.
        """
        await self.send({"type": "websocket.close", "code": code, "reason": reason})

    async def send(self, message: Any) -> None:
        """Carry out what the application sends."""
        if message["type"] == "websocket.accept":  # use the date of the field
            self.default_headers = [header for header in self.default_headers if header[0].lower() != b"date"]
        await super().send(message)
        if message["type"] == "websocket.http.response.body":
            self.handshake_complete = True  # otherwise uvicorn logs an error

    def silence(self) -> None:
        """From now on, send nothing and read nothing, not even pings."""
        self._silent = True

    def data_received(self, data: bytes) -> None:
        """Read what the client sent."""
        if not self._silent:
            super().data_received(data)

    def send_keepalive_ping(self) -> None:
        """Send a ping."""
        if not self._silent:
            super().send_keepalive_ping()

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        super().connection_lost(exc)
        connection_of({"state": self.app_state}).lost()


def protocol_of(scope: Scope) -> RoomProtocol:
    """Return the connection of a handshake."""
    protocol: RoomProtocol = scope["state"][_PROTOCOL]
    return protocol
