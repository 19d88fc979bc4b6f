"""The HTTP server, of which every connection can be ended at once."""

from __future__ import annotations

import asyncio
import socket

import uvicorn
from starlette.types import ASGIApp

from datastore_sdk.sandbox.service.connection import Connection
from datastore_sdk.sandbox.service.rooms.protocol import RoomProtocol

_GRACE_SECONDS = 5
_TURNS_TO_COME_IN = 2
"""Of the event loop: a transport is made for what was accepted, then the protocol is told."""


class Server(uvicorn.Server):
    """Serves an application until it is told to stop; then it cuts off what is still open."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                date_header=False,
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
        await self._let_nobody_in(sockets or [])
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        await asyncio.sleep(0)  # until they are gone: a room that is only going cannot say goodbye
        await super().shutdown(sockets)

    @staticmethod
    async def _let_nobody_in(listeners: list[socket.socket]) -> None:
        """Waits, too, for whoever is just coming in: asyncio forgets such a one when the listener is closed."""
        for listener in listeners:
            asyncio.get_running_loop().remove_reader(listener)
        for _ in range(_TURNS_TO_COME_IN):
            await asyncio.sleep(0)
