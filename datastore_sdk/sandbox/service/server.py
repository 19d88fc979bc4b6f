"""The HTTP server, of which every connection can be ended at once."""

from __future__ import annotations

import asyncio
import socket

import uvicorn
from starlette.types import ASGIApp

from datastore_sdk.sandbox.service.connection import Connection
from datastore_sdk.sandbox.service.rooms.protocol import RoomProtocol

_GRACE_SECONDS = 5


class Server(uvicorn.Server):
    """Serves an application until it is told to stop; then it cuts off what is still open."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                lifespan="off",
                ws=RoomProtocol,
                ws_per_message_deflate=False,
                http=Connection,
                loop="asyncio",
                timeout_graceful_shutdown=_GRACE_SECONDS,
            )
        )

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Ends all connections first: uvicorn alone would wait for streams, and then leave their sockets open."""
        await self._cut_off()
        await super().shutdown(sockets)
        await self._cut_off()  # those that came in between, before nobody was let in any more

    async def _cut_off(self) -> None:
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        await asyncio.sleep(0)
