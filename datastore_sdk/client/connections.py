"""Connections of a client, opened on demand. Clients made by `with_options` share them."""

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
    """Connections with the same settings.

    Args:
        connection: The settings.
    """

    def __init__(self, connection: ConnectionSettings) -> None:
        self.connection = connection
        self.after_fork()
        renew_after_fork(self)

    def after_fork(self) -> None:
        """Start without connections in a forked process."""
        self._lock = Lock()
        self._http: HttpSender | None = None

    def http(self) -> HttpSender:
        """Return the sender of blocking requests."""
        # The first call imports httpx and builds the TLS context, so that importing this package stays fast.
        from datastore_sdk.transport.http.requests import HttpSender

        with self._lock:
            if self._http is None:
                self._http = HttpSender(self.connection)
            return self._http

    def async_http(self) -> AsyncHttpSender:
        """Return the sender of async requests."""
        from datastore_sdk.transport.http.async_requests import AsyncHttpSender

        return AsyncHttpSender(self.http, self.connection.async_http)

    def sockets(self) -> WebSocketConnector:
        """Return the connector of WebSockets."""
        from datastore_sdk.transport.websocket.connection import WebSocketConnector

        return WebSocketConnector(self.connection)

    def close(self) -> None:
        """Close the idle connections. New ones are opened on demand."""
        with self._lock:
            http, self._http = self._http, None
        if http is not None:
            http.close()
