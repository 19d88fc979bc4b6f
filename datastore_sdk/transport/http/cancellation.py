"""Cancels a request from another thread."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress

Interrupt = Callable[[], None]
"""Ends the wait of the thread that uses a connection."""


class Cancellation:
    """Cancellation of a request by another thread.

    The user of a connection attaches a function that interrupts it, and detaches it before another request uses the
    connection.
    """

    def __init__(self) -> None:
        self._interrupt: Interrupt | None = None
        self.cancelled = False
        self.expired = False
        """Whether the request ran out of time."""
        self._linked: list[Cancellation] = []

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

    def link(self) -> Cancellation:
        """Return a cancellation for another connection that is open at the same time. `cancel` cancels both."""
        other = Cancellation()
        self._linked.append(other)
        if self.cancelled:  # it was, or another thread did it just now
            other.cancel()
        return other

    def cancel(self) -> None:
        """Cancel the request."""
        self.cancelled = True
        for other in self._linked:  # first, so that the interrupted thread finds both cancelled
            other.cancel()
        self._end()

    def expire(self) -> None:
        """Cancel the request because its time is up."""
        self.expired = True
        self._end()

    def _end(self) -> None:
        if interrupt := self._interrupt:
            interrupt()


def shut_down(connection: socket.socket | None) -> None:
    """Shut a connection down, which ends the wait of any thread that uses it."""
    if connection is not None:
        with suppress(OSError):  # it was closed meanwhile
            socket.socket.shutdown(connection, socket.SHUT_RDWR)  # that of TLS sockets ends the encryption
