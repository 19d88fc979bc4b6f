"""What a forked process must not share with its parent: locks that another thread may have held, turns, connections."""

from __future__ import annotations

import os
import socket
from typing import Protocol
from weakref import WeakSet


class Forkable(Protocol):
    """Something with locks or turns."""

    def after_fork(self) -> None:
        """Makes anew, in the child, what cannot be shared. No other thread runs then, and no old lock may be taken."""
        ...


_alive: WeakSet[Forkable] = WeakSet()
_sockets: WeakSet[socket.socket] = WeakSet()


def renew_after_fork(thing: Forkable) -> None:
    """Has something made anew in every process that is forked from this one."""
    _alive.add(thing)


def drop_after_fork(connection: socket.socket) -> None:
    """Has a connection let go of in every process that is forked from this one.

    Whoever goes on using it there meets an error, as on any connection that is lost; the parent notices nothing.
    """
    _sockets.add(connection)


def _begin_anew() -> None:
    for connection in [*_sockets]:
        number = connection.detach()  # closing it properly would say farewell in the parent's name
        if number >= 0:
            os.close(number)
    _sockets.clear()
    for thing in [*_alive]:
        thing.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_anew)
