"""HTTP server that can end all connections at once."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress

import uvicorn
from starlette.types import ASGIApp

from datastore_sdk.sandbox.api.connection import ControllableH11Protocol
from datastore_sdk.sandbox.api.event_loop import RealTimeEventLoop
from datastore_sdk.sandbox.api.websocket.protocol import RoomProtocol

_GRACE_SECONDS = 5
_TICK_SECONDS = 0.1
_TICKS = 864_000
"""As in uvicorn: each tenth tick updates the date of responses."""
_POLL_SECONDS = 0.001
_ACCEPT_TURNS = 2
"""Turns of the event loop that an accepted connection needs until its protocol knows it."""


class SandboxServer(uvicorn.Server):
    """Server that runs an application until `stop` is called; then it cuts off all connections.

    uvicorn alone polls: stopping would take 0.2 s, for every test with a sandbox.
    """

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                lifespan="off",
                ws=RoomProtocol,
                ws_per_message_deflate=False,
                http=ControllableH11Protocol,
                loop=f"{RealTimeEventLoop.__module__}:{RealTimeEventLoop.__qualname__}",
            )
        )
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Stop serving as soon as possible; may be called in any thread."""
        self.should_exit = True
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop has already ended
                self._loop.call_soon_threadsafe(self._stopping.set)

    async def main_loop(self) -> None:
        """Tick as uvicorn does, and return as soon as the server stops."""
        self._loop = asyncio.get_running_loop()
        counter = 0
        while not await self.on_tick(counter):
            counter = (counter + 1) % _TICKS
            with suppress(TimeoutError):
                async with asyncio.timeout(_TICK_SECONDS):
                    await self._stopping.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Abort all connections: uvicorn alone would wait for streams, and then leave their sockets open."""
        listeners = sockets or []
        await self._stop_accepting(listeners)
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        for server in self.servers:
            server.close()
        for listener in listeners:
            listener.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(_GRACE_SECONDS):
                # uvicorn has no event for this.
                while (self.server_state.connections or self.server_state.tasks) and not self.force_exit:  # noqa: ASYNC110
                    await asyncio.sleep(_POLL_SECONDS)
        for task in list(self.server_state.tasks):
            task.cancel()

    @staticmethod
    async def _stop_accepting(listeners: list[socket.socket]) -> None:
        """Stop accepting, and wait for connections that are just coming in: asyncio would forget them."""
        for listener in listeners:
            asyncio.get_running_loop().remove_reader(listener)
        for _ in range(_ACCEPT_TURNS):
            await asyncio.sleep(0)
