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
"""Closing a socket then sends RST instead of FIN."""
_POLL_SECONDS: Final = 0.001
_LINE: Final = "line"


class Line:
    """The connection that a request came over."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._gone = asyncio.Event()

    async def reset(self) -> None:
        """Ends the connection as a crashed server does (RST), once what was written has been sent."""
        # Nobody tells when a transport's buffer has become empty.
        while self._transport.get_write_buffer_size() and not self._gone.is_set():  # noqa: ASYNC110
            await asyncio.sleep(_POLL_SECONDS)
        self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        self._transport.abort()
        await self._gone.wait()

    async def close(self) -> None:
        """Ends the connection properly (FIN), once what was written has been sent."""
        self._transport.close()
        await self._gone.wait()

    async def silence(self, seconds: float | None) -> bool:
        """Lets time pass, but no more than until the client hangs up; None: until then. Whether the client is there."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._gone.wait(), seconds)
        return not self._gone.is_set()

    def lost(self) -> None:
        """Takes note that the connection has ended."""
        self._gone.set()


def line_of(scope: Scope) -> Line:
    """The connection that a request came over."""
    line: Line = scope["state"][_LINE]
    return line


class Connection(H11Protocol):
    """Speaks HTTP on one connection, and hands its `Line` to the application."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begins."""
        super().connection_made(transport)
        self._line = Line(transport)
        self.app_state = {**self.app_state, _LINE: self._line}

    def connection_lost(self, exc: Exception | None) -> None:
        """Ends."""
        super().connection_lost(exc)
        self._line.lost()
