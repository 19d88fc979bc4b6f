"""Idle connections of the record transport."""

from __future__ import annotations

import select
import socket
from threading import Lock
from typing import NamedTuple
from weakref import finalize

import httpcore

from datastore_sdk._io.clock import monotonic
from datastore_sdk._io.fork_safety import renew_after_fork

Origin = tuple[bytes, bytes, int]
"""Scheme, host and port of a server."""


class _Idle(NamedTuple):
    stream: httpcore.NetworkStream
    since: float


class IdleConnections:
    """Connections that can be used again, the latest first. They are closed with it, or when it is forgotten.

    Args:
        limit: How many connections to one server are kept.
        expiry: After how many seconds a connection is too old: firewalls drop idle connections silently, and
            servers close them.
    """

    def __init__(self, limit: int, expiry: float) -> None:
        self._limit = limit
        self._expiry = expiry
        self._idle: dict[Origin, list[_Idle]] = {}
        self._lock = Lock()
        self._closed = False
        finalize(self, _close_all, self._idle)
        renew_after_fork(self)

    def after_fork(self) -> None:
        """Close the connections in the child: they belong to the parent."""
        self._lock = Lock()
        _close_all(self._idle)

    def pop(self, origin: Origin) -> httpcore.NetworkStream | None:
        """Return a connection to a server; None if no usable one is idle."""
        while True:
            with self._lock:
                idle = self._idle.get(origin)
                connection = idle.pop() if idle else None
            if connection is None:
                return None
            if monotonic() - connection.since < self._expiry and _is_silent(connection.stream):
                return connection.stream
            connection.stream.close()

    def push(self, origin: Origin, stream: httpcore.NetworkStream) -> None:
        """Keep a connection whose last response was read completely."""
        oldest = monotonic() - self._expiry
        with self._lock:
            idle = self._idle.setdefault(origin, [])
            closing = [each.stream for each in idle if each.since < oldest]
            idle[:] = [each for each in idle if each.since >= oldest]
            if self._closed or len(idle) >= self._limit:
                closing.append(stream)
            else:
                idle.append(_Idle(stream, monotonic()))
        for each in closing:
            each.close()

    def discard(self, origin: Origin) -> None:
        """Close the connections to a server."""
        with self._lock:
            _close_all({origin: self._idle.pop(origin, [])})

    def close(self) -> None:
        """Close the connections, and each that comes later."""
        with self._lock:
            self._closed = True
            _close_all(self._idle)


def _is_silent(stream: httpcore.NetworkStream) -> bool:
    """Return whether the server neither closed the connection nor sent unexpected bytes."""
    connection: socket.socket = stream.get_extra_info("socket")
    if connection.fileno() < 0:
        return False
    if not hasattr(select, "poll"):  # Windows has none, and no limit to the numbers of sockets either
        return not select.select([connection], [], [], 0)[0]
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    return not poll.poll(0)


def _close_all(connections: dict[Origin, list[_Idle]]) -> None:
    for idle in connections.values():
        while idle:
            idle.pop().stream.close()
