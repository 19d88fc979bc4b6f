"""Rooms through TLS and through a proxy."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from datastore_sdk.exceptions import ConfigurationError, NoConnectionError
from datastore_sdk.realtime import Manners
from datastore_sdk.realtime.measurements import measurements
from datastore_sdk.transport import RetryPolicy
from tests.realtime.frames import KEY, closing, enveloped, record, visits
from tests.realtime.live import Reading
from tests.support.fixtures import ClientOf, Serve
from tests.support.wire import PATIENCE, Handler, Server

CERTIFICATE = Path(__file__).parents[2] / "transport" / "certificate.pem"
"""Of 127.0.0.1, with its key, signed by itself."""
ONCE = RetryPolicy(max_attempts=1)


class Proxy:
    """Opens tunnels, one at a time."""

    def __init__(self, answer: bytes = b"HTTP/1.1 200 Connection established\r\n\r\n") -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._answer = answer
        self.asked: list[str] = []
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(PATIENCE)

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                with client:
                    self._tunnel(client)

    def _tunnel(self, client: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            head += client.recv(1000)
        self.asked.append(head.decode())
        client.sendall(self._answer)
        if b" 200 " not in self._answer:
            return
        host, port = head.split()[1].decode().rsplit(":", 1)
        with socket.create_connection((host, int(port))) as service:
            back = threading.Thread(target=_copy, args=(service, client))
            back.start()
            _copy(client, service)
            back.join(PATIENCE)


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(1 << 16):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    proxy = Proxy()
    yield proxy
    proxy.close()


def test_through_a_proxy(serve: Serve, client_of: ClientOf, proxy: Proxy) -> None:
    server = serve(visits(enveloped(record(1))))
    client = client_of(server, proxy=f"http://me:s%40cret@127.0.0.1:{proxy.port}")
    reading = Reading(measurements(client, "site", 981, KEY, {}, Manners()), "sync")
    assert reading.until(1) == [record(1)]
    reading.end()
    assert proxy.asked[0].startswith("CONNECT 127.0.0.1:")
    assert "Proxy-Authorization: Basic bWU6c0BjcmV0" in proxy.asked[0]


def test_a_proxy_that_refuses(serve: Serve, client_of: ClientOf) -> None:
    proxy = Proxy(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
    try:
        client = client_of(serve(visits(b"")), proxy=f"http://127.0.0.1:{proxy.port}", retries=ONCE)
        with pytest.raises(NoConnectionError, match="407"):
            Reading(measurements(client, "site", 981, KEY, {}, Manners()), "sync").done.result(PATIENCE)
    finally:
        proxy.close()


def test_a_proxy_of_another_kind(serve: Serve, client_of: ClientOf) -> None:
    client = client_of(serve(visits(b"")), proxy="https://127.0.0.1:1", retries=ONCE)
    with pytest.raises(ConfigurationError, match="http:// proxies only"):
        Reading(measurements(client, "site", 981, KEY, {}, Manners()), "sync").done.result(PATIENCE)


class TlsServer(Server):
    """A server that speaks TLS."""

    def __init__(self, handler: Handler) -> None:
        super().__init__(handler)
        self.url = self.url.replace("http:", "https:")
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(CERTIFICATE)

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            super()._serve(self._context.wrap_socket(connection, server_side=True))


@pytest.mark.parametrize("form", ["sync", "async"])
def test_through_tls(client_of: ClientOf, form: str) -> None:
    with TlsServer(visits(enveloped(record(1)) + closing(1000), enveloped(record(2)))) as server:
        client = client_of(server, verify=ssl.create_default_context(cafile=CERTIFICATE))
        reading = Reading(measurements(client, "site", 981, KEY, {}, Manners()), form)
        assert reading.until(2) == [record(1), record(2)]
        reading.end()


def test_a_certificate_that_nobody_vouches_for(client_of: ClientOf) -> None:
    with TlsServer(visits(enveloped(record(1)))) as server:
        client = client_of(server, retries=ONCE)
        reading = Reading(measurements(client, "site", 981, KEY, {}, Manners()), "sync")
        with pytest.raises(NoConnectionError, match="certificate"):
            reading.done.result(PATIENCE)
