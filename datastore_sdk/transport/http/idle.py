"""Connections that wait to be used again."""

from __future__ import annotations

import select
from threading import Lock
from weakref import finalize

from datastore_sdk.transport.forking import renew_after_fork
from datastore_sdk.transport.http.channels import Channel
from datastore_sdk.transport.http.tunnels import Origin

_MOST = 20
"""How many connections to one server may wait."""


class Idle:
    """Keeps connections, the one used last at hand. They are closed with it, or when it is forgotten."""

    def __init__(self) -> None:
        self._waiting: dict[Origin, list[Channel]] = {}
        self._lock = Lock()
        self._closed = False
        finalize(self, _close_all, self._waiting)
        renew_after_fork(self)

    def after_fork(self) -> None:
        """The connections are the parent's; a stream that was open keeps this all the same."""
        self._lock = Lock()
        _close_all(self._waiting)

    def take(self, origin: Origin) -> Channel | None:
        """A connection to a server; None where none waits."""
        while True:
            with self._lock:
                waiting = self._waiting.get(origin)
                channel = waiting.pop() if waiting else None
            if channel is None or _is_silent(channel):
                return channel
            channel.close()

    def put(self, origin: Origin, channel: Channel) -> None:
        """Keeps a connection whose last answer was read to its end."""
        with self._lock:
            waiting = self._waiting.setdefault(origin, [])
            kept = not self._closed and len(waiting) < _MOST
            if kept:
                waiting.append(channel)
        if not kept:
            channel.close()

    def close(self) -> None:
        """Closes the connections, and from now on each that comes."""
        with self._lock:
            self._closed = True
            _close_all(self._waiting)


def _is_silent(channel: Channel) -> bool:
    """Whether the server neither hung up nor said something that nobody asked for."""
    if not hasattr(select, "poll"):  # Windows has none, and no limit to the numbers of sockets either
        return not select.select([channel.socket], [], [], 0)[0]
    poll = select.poll()
    poll.register(channel.socket, select.POLLIN)
    return not poll.poll(0)


def _close_all(waiting: dict[Origin, list[Channel]]) -> None:
    for channels in waiting.values():
        while channels:
            channels.pop().close()
