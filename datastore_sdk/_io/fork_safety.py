"""Fork safety: renews locks and closes connections in a forked child.

The child must not share them with its parent: another thread of the parent may hold a lock or use a connection.
"""

from __future__ import annotations

import os
import socket
from typing import Protocol
from weakref import WeakSet


class Forkable(Protocol):
    """Object with state that a forked child must not share."""

    def after_fork(self) -> None:
        """Renew that state in the child. No other thread runs then. Locks of the parent must not be acquired."""
        ...


_forkables: WeakSet[Forkable] = WeakSet()
_sockets: WeakSet[socket.socket] = WeakSet()


def renew_after_fork(forkable: Forkable) -> None:
    """Call `after_fork` of an object in every process that is forked from this one."""
    _forkables.add(forkable)


def drop_after_fork(connection: socket.socket) -> None:
    """Close a connection in every process that is forked from this one.

    Code that uses it there gets an error, as with any lost connection. The parent is not affected.
    """
    _sockets.add(connection)


def _renew_all() -> None:
    for connection in [*_sockets]:
        descriptor = connection.detach()  # a proper close would end the parent's TLS session
        if descriptor >= 0:
            os.close(descriptor)
    _sockets.clear()
    for forkable in [*_forkables]:
        forkable.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_all)
