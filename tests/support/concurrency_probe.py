"""Request handler that counts concurrent requests."""

from __future__ import annotations

import threading

from tests.support.fake_server import ClientConnection, HttpRequest
from tests.support.http_responses import Reply, send_reply


class ConcurrencyProbe:
    """Send the same response to every request after a delay.

    The client notices the end of a response before the server does, and may already have sent the next request. So a
    request counts only until its response is sent.
    """

    def __init__(self, reply: Reply, seconds: float = 0.01) -> None:
        self._reply = reply
        self._seconds = seconds
        self._lock = threading.Lock()
        self._waiting = 0
        self.max_concurrent = 0
        """Maximum number of requests that waited at the same time."""

    def __call__(self, line: ClientConnection, request: HttpRequest) -> None:
        with self._lock:
            self._waiting += 1
            self.max_concurrent = max(self.max_concurrent, self._waiting)
        line.stall(self._seconds)
        with self._lock:
            self._waiting -= 1
        send_reply(self._reply, line, request)
