"""The connections of a client, made when they are needed; clients made from one another share them."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from datastore_sdk._io.connection_settings import ConnectionSettings
from datastore_sdk._io.fork_safety import renew_after_fork

if TYPE_CHECKING:
    from datastore_sdk.transport.http.async_requests import AsyncHttpSender
    from datastore_sdk.transport.http.requests import HttpSender
    from datastore_sdk.transport.websocket.connection import WebSocketConnector


class Connections:
    """Connections that are made alike.

    Args:
        connection: How.
    """

    def __init__(self, connection: ConnectionSettings) -> None:
        self.connection = connection
        self.after_fork()
        renew_after_fork(self)

    def after_fork(self) -> None:
        """No connection is there yet."""
        self._lock = Lock()
        self._http: HttpSender | None = None

    def http(self) -> HttpSender:
        """Makes blocking requests."""
        # httpx is imported, and its TLS context built, with the first call: neither is needed to import this package.
        from datastore_sdk.transport.http.requests import HttpSender

        with self._lock:
            if self._http is None:
                self._http = HttpSender(self.connection)
            return self._http

    def async_http(self) -> AsyncHttpSender:
        """Makes awaited requests."""
        from datastore_sdk.transport.http.async_requests import AsyncHttpSender

        return AsyncHttpSender(self.http, self.connection.async_http)

    def sockets(self) -> WebSocketConnector:
        """Opens WebSocket connections, each for one listener."""
        from datastore_sdk.transport.websocket.connection import WebSocketConnector

        return WebSocketConnector(self.connection)

    def close(self) -> None:
        """Closes the connections that are not in use. Others are made when they are needed."""
        with self._lock:
            http, self._http = self._http, None
        if http is not None:
            http.close()
