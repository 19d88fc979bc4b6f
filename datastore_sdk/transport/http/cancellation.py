"""Cancels a request from another thread."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress

Interrupt = Callable[[], None]
"""Ends the wait of the thread that uses a connection."""


class Cancellation:
    """Ends what a request waits for, whichever thread asks.

    Whoever uses a connection attaches what interrupts it, and detaches that before others use the connection.
    """

    def __init__(self) -> None:
        self._interrupt: Interrupt | None = None
        self.cancelled = False
        self.expired = False
        """Whether the request ran out of time."""

    @property
    def ended(self) -> bool:
        """Whether nothing must be sent or waited for any more."""
        return self.cancelled or self.expired

    def attach(self, interrupt: Interrupt) -> None:
        """Set what interrupts the connection in use."""
        self._interrupt = interrupt

    def detach(self) -> None:
        """Forget the connection."""
        self._interrupt = None

    def cancel(self) -> None:
        """Cancel the request."""
        self.cancelled = True
        self._end()

    def expire(self) -> None:
        """Cancel the request because its time is up."""
        self.expired = True
        self._end()

    def _end(self) -> None:
        if interrupt := self._interrupt:
            interrupt()


def shut_down(connection: socket.socket | None) -> None:
    """Shut a connection down, which ends what any thread waits for on it."""
    if connection is not None:
        with suppress(OSError):  # it was closed meanwhile
            socket.socket.shutdown(connection, socket.SHUT_RDWR)  # of TLS sockets, their own forgets the encryption
