"""WebSocket connections that can be written to in batches, and can misbehave."""

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

from datastore_sdk.sandbox.api.connection import line_of

_PROTOCOL: Final = "protocol"


class RoomProtocol(WebSocketsSansIOProtocol):
    """Speaks WebSocket on one connection, and hands itself to the application."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, {**app_state, _PROTOCOL: self}, _loop)
        self.conn.debug = False  # it would log the token
        self._silent = False

    async def write(self, texts: Iterable[bytes]) -> None:
        """Sends messages of text, each in a frame of its own, all at once.

        Raises:
            ClientDisconnected: There is nobody to send to.
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
        """Sends a message of bytes.

        Raises:
            ClientDisconnected: There is nobody to send to.
        """
        self.conn.send_binary(content)
        await self.write(())

    async def write_raw(self, content: bytes) -> None:
        """Sends what need not be a frame at all.

        Raises:
            ClientDisconnected: There is nobody to send to.
        """
        await self.write(())
        self.transport.write(content)

    async def close(self, code: int, reason: str) -> None:
        """Says goodbye with a close frame.

        Raises:
            ClientDisconnected: There is nobody to send to.
        """
        await self.send({"type": "websocket.close", "code": code, "reason": reason})

    async def send(self, message: Any) -> None:
        """Does what the application asks for."""
        if message["type"] == "websocket.accept":  # with the date of the field
            self.default_headers = [header for header in self.default_headers if header[0].lower() != b"date"]
        await super().send(message)
        if message["type"] == "websocket.http.response.body":
            self.handshake_complete = True  # else uvicorn logs that it is not

    def fall_silent(self) -> None:
        """From now on sends nothing and takes note of nothing, so that pings are not answered either."""
        self._silent = True

    def data_received(self, data: bytes) -> None:
        """Reads what the client sent."""
        if not self._silent:
            super().data_received(data)

    def send_keepalive_ping(self) -> None:
        """Asks whether the client is there."""
        if not self._silent:
            super().send_keepalive_ping()

    def connection_lost(self, exc: Exception | None) -> None:
        """Ends."""
        super().connection_lost(exc)
        line_of({"state": self.app_state}).lost()


def protocol_of(scope: Scope) -> RoomProtocol:
    """The connection that a handshake came over."""
    protocol: RoomProtocol = scope["state"][_PROTOCOL]
    return protocol
