"""HTTP connections that the application can end at any byte."""

from __future__ import annotations

import asyncio
import socket
import struct
from contextlib import suppress
from typing import Final

from starlette.types import Scope
from uvicorn.protocols.http.h11_impl import H11Protocol

_NO_LINGER: Final = struct.pack("ii", 1, 0)
"""Socket option with which closing sends RST instead of FIN."""
_POLL_SECONDS: Final = 0.001
_LINE: Final = "line"


class ClientConnection:
    """Connection of a request."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._closed = asyncio.Event()

    async def reset(self) -> None:
        """Reset the connection (RST) as a crashed server does, after sending all written bytes."""
        # A transport does not report when its buffer has become empty.
        while self._transport.get_write_buffer_size() and not self._closed.is_set():  # noqa: ASYNC110
            await asyncio.sleep(_POLL_SECONDS)
        self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        self._transport.abort()
        await self._closed.wait()

    async def close(self) -> None:
        """Close the connection (FIN), after sending all written bytes."""
        self._transport.close()
        await self._closed.wait()

    async def silence(self, seconds: float | None) -> bool:
        """Wait for some seconds, or until the client disconnects; None: until then.

        Returns:
            Whether the client is still connected.
        """
        with suppress(TimeoutError):
            await asyncio.wait_for(self._closed.wait(), seconds)
        return not self._closed.is_set()

    def lost(self) -> None:
        """Record that the connection has ended."""
        self._closed.set()


def connection_of(scope: Scope) -> ClientConnection:
    """Return the connection of a request."""
    line: ClientConnection = scope["state"][_LINE]
    return line


class ControllableH11Protocol(H11Protocol):
    """HTTP protocol of one connection, which the application can control."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start."""
        super().connection_made(transport)
        self._line = ClientConnection(transport)
        self.app_state = {**self.app_state, _LINE: self._line}

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        super().connection_lost(exc)
        self._line.lost()
