"""SOCKS proxy on loopback."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import Self

from tests.support.fake_server import TIMEOUT_SECONDS
from tests.support.http_proxy import copy_both_ways


class SocksProxy:
    """SOCKS5 proxy without authentication."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.requested_ports: list[int] = []
        """The requested ports."""
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(TIMEOUT_SECONDS)

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                with client, suppress(OSError):
                    self._connect(client)

    def _connect(self, client: socket.socket) -> None:
        client.recv(257)  # version, methods
        client.sendall(b"\x05\x00")
        request = client.recv(300)
        port = int.from_bytes(request[-2:], "big")
        self.requested_ports.append(port)
        client.sendall(b"\x05\x00\x00\x01\x7f\x00\x00\x01" + request[-2:])
        with socket.create_connection(("127.0.0.1", port)) as service:
            copy_both_ways(client, service)
