"""Socket of a WebSocket connection, whose reading can be ended while the connection stays open."""

from __future__ import annotations

import selectors
import socket
import ssl
from contextlib import suppress
from typing import Any
from weakref import finalize

from datastore_sdk._io.clock import monotonic
from datastore_sdk._io.fork_safety import drop_after_fork

_READ_BYTES = 1 << 18
"""Maximum bytes per read: fewer cost more turns of the threads, more leave the processor's cache."""
_WOULD_BLOCK = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class InterruptibleSocket:
    """A connected socket, with or without TLS.

    Args:
        connection: The socket, or the object that the library websockets uses for TLS within TLS.
    """

    def __init__(self, connection: Any) -> None:
        self._socket: socket.socket = connection
        self._socket.settimeout(0)
        self._waker, self._woken = socket.socketpair()
        self._selector = selectors.DefaultSelector()
        self._selector.register(connection.fileno(), selectors.EVENT_READ)
        self._selector.register(self._woken, selectors.EVENT_READ)
        if isinstance(connection, socket.socket):
            drop_after_fork(connection)
        self._release = finalize(self, _release, self._selector, self._waker, self._woken)

    def receive(self, seconds: float) -> bytes:
        """Return the received bytes; empty if the connection was ended by either side.

        Raises:
            TimeoutError: Nothing was received within `seconds`.
            OSError: The connection was lost.
        """
        deadline = monotonic() + seconds
        while True:
            with suppress(*_WOULD_BLOCK):
                return self._socket.recv(_READ_BYTES)
            ready = self._selector.select(max(0.0, deadline - monotonic()))
            if not ready:
                raise TimeoutError("timed out")
            if any(key.fileobj is self._woken for key, _ in ready):
                return b""

    def send(self, data: bytes, seconds: float) -> None:
        """Send all bytes within `seconds`."""
        self._socket.settimeout(seconds)
        try:
            self._socket.sendall(data)
        finally:
            self._socket.settimeout(0)

    def end_reading(self) -> None:
        """End the current and every later `receive`, from any thread."""
        with suppress(OSError):  # it was closed meanwhile
            self._waker.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Close the connection."""
        self._release()
        self._socket.close()


def _release(selector: selectors.BaseSelector, *sockets: socket.socket) -> None:
    selector.close()
    for each in sockets:
        each.close()
