"""Connections that wait to be used again."""

from __future__ import annotations

import selectors
from http.client import HTTPConnection
from threading import Lock
from weakref import finalize

from datastore_sdk.transport.forking import renew_after_fork

Origin = tuple[str, str, int]
"""Scheme, host and port of a server."""
_MOST = 20
"""How many connections to one server may wait."""
_Selector = getattr(selectors, "PollSelector", selectors.SelectSelector)
"""For one look: the system's other ways take more calls to make and to throw away."""


class Idle:
    """Keeps connections, the one used last at hand. They are closed with it, or when it is forgotten."""

    def __init__(self) -> None:
        self._waiting: dict[Origin, list[HTTPConnection]] = {}
        self._lock = Lock()
        self._closed = False
        finalize(self, _close_all, self._waiting)
        renew_after_fork(self)

    def after_fork(self) -> None:
        """The connections are the parent's; a stream that was open keeps this all the same."""
        self._lock = Lock()
        _close_all(self._waiting)

    def take(self, origin: Origin) -> HTTPConnection | None:
        """A connection to a server; None where none waits."""
        while True:
            with self._lock:
                waiting = self._waiting.get(origin)
                connection = waiting.pop() if waiting else None
            if connection is None or _is_silent(connection):
                return connection
            connection.close()

    def put(self, origin: Origin, connection: HTTPConnection) -> None:
        """Keeps a connection whose last answer was read to its end."""
        with self._lock:
            waiting = self._waiting.setdefault(origin, [])
            kept = not self._closed and len(waiting) < _MOST
            if kept:
                waiting.append(connection)
        if not kept:
            connection.close()

    def close(self) -> None:
        """Closes the connections, and from now on each that comes."""
        with self._lock:
            self._closed = True
            _close_all(self._waiting)


def _is_silent(connection: HTTPConnection) -> bool:
    """Whether the server neither hung up nor said something that nobody asked for."""
    with _Selector() as selector:
        selector.register(connection.sock, selectors.EVENT_READ)
        return not selector.select(0)


def _close_all(waiting: dict[Origin, list[HTTPConnection]]) -> None:
    for connections in waiting.values():
        while connections:
            connections.pop().close()
