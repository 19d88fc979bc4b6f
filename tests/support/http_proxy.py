"""HTTP proxy on loopback."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import suppress

from tests.support.fake_server import TIMEOUT_SECONDS


class Proxy:
    """Proxy that opens one tunnel at a time; with a context it uses TLS."""

    def __init__(
        self, response: bytes = b"HTTP/1.1 200 Connection established\r\n\r\n", context: ssl.SSLContext | None = None
    ) -> None:
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._response = response
        self.requests: list[str] = []
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(TIMEOUT_SECONDS)

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                with client, suppress(OSError), self._wrap(client) as wrapped:
                    self._tunnel(wrapped)

    def _wrap(self, client: socket.socket) -> socket.socket:
        return self._context.wrap_socket(client, server_side=True) if self._context else client

    def _tunnel(self, client: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            if not (more := client.recv(1000)):
                return  # a probe that only checks the port
            head += more
        self.requests.append(head.decode())
        client.sendall(self._response)
        if b" 200 " not in self._response:
            return
        host, port = head.split()[1].decode().rsplit(":", 1)
        with socket.create_connection((host, int(port))) as service:
            copy_both_ways(client, service)


def copy_both_ways(client: socket.socket, service: socket.socket) -> None:
    """Copy bytes until both sides have ended."""
    back = threading.Thread(target=_copy, args=(service, client))
    back.start()
    _copy(client, service)
    back.join(TIMEOUT_SECONDS)


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(1 << 16):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_RDWR)
