"""TLS server with a self-signed certificate."""

from __future__ import annotations

import socket
import ssl
from contextlib import suppress

from tests.support.fake_server import Handler, Server
from tests.support.paths import CERTIFICATE


class TlsServer(Server):
    """Server that uses TLS."""

    def __init__(self, handler: Handler) -> None:
        super().__init__(handler)
        self.url = self.url.replace("http:", "https:")
        self._context = make_server_context()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            super()._serve(self._context.wrap_socket(connection, server_side=True))


def make_server_context() -> ssl.SSLContext:
    """Return a context with the certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context


def make_trusting_context() -> ssl.SSLContext:
    """Return a context that trusts the certificate."""
    return ssl.create_default_context(cafile=CERTIFICATE)
