"""A handler that knows how many requests wait for it at a time."""

from __future__ import annotations

import threading

from tests.support.fake_server import ClientConnection, HttpRequest
from tests.support.http_responses import Reply, send_reply


class ConcurrencyProbe:
    """Answers after a while, alike.

    A server notices that an answer has ended only after the client does, who may have asked again by then. So a request
    counts until its answer is sent, not until that has ended.
    """

    def __init__(self, reply: Reply, seconds: float = 0.01) -> None:
        self._reply = reply
        self._seconds = seconds
        self._lock = threading.Lock()
        self._waiting = 0
        self.max_concurrent = 0
        """How many requests waited at a time, at most."""

    def __call__(self, line: ClientConnection, request: HttpRequest) -> None:
        with self._lock:
            self._waiting += 1
            self.max_concurrent = max(self.max_concurrent, self._waiting)
        line.stall(self._seconds)
        with self._lock:
            self._waiting -= 1
        send_reply(self._reply, line, request)
