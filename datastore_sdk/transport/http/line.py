"""Hanging up on a request from another thread."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress


class Line:
    """The connection that a request goes over."""

    def __init__(self) -> None:
        self.socket: Callable[[], socket.socket | None] | None = None
        """Gives the connection's socket; None while there is no connection, and when the request has done with it."""
        self.hung_up = False
        self.late = False
        """Whether it was hung up because the time was up."""

    @property
    def ended(self) -> bool:
        """Whether nothing must be sent or waited for any more."""
        return self.hung_up or self.late

    def hang_up(self) -> None:
        """Ends whatever is waited for on the connection."""
        self.hung_up = True
        self._shut_down()

    def cut(self) -> None:
        """Hangs up because the time is up."""
        self.late = True
        self._shut_down()

    def _shut_down(self) -> None:
        found = self.socket() if self.socket else None
        if found is not None:
            with suppress(OSError):  # it was closed meanwhile
                found.shutdown(socket.SHUT_RDWR)


class RoomLine(Line):
    """A line that can be hung up on in good manners: the reading ends, and the end can still be told."""

    def hang_up(self) -> None:
        """Ends whatever is waited for on the connection."""
        self.hung_up = True
        found = self.socket() if self.socket else None
        if found is not None:
            with suppress(OSError):  # it was closed meanwhile
                found.shutdown(socket.SHUT_RD)
