"""Rooms through TLS and through a proxy."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from websockets.version import version as library_version

from datastore_sdk import Pad
from datastore_sdk._io.connection_settings import ConnectionSettings
from datastore_sdk._io.effects import Request
from datastore_sdk._io.timeouts import Timeouts
from datastore_sdk.exceptions import APIConnectionError, ConfigurationError
from datastore_sdk.realtime import StreamOptions
from datastore_sdk.realtime.measurements import build_measurement_plan
from datastore_sdk.transport.executor.retry import RetryPolicy
from datastore_sdk.transport.http.cancellation import Cancellation
from datastore_sdk.transport.websocket.connection import WebSocketConnector
from tests.realtime.live_reader import LiveReader
from tests.realtime.websocket_server import (
    KEY,
    build_envelope_frame,
    close_frame,
    handshake_response,
    make_record,
    serve_connections,
)
from tests.support.fake_server import TIMEOUT_SECONDS, ClientConnection, HttpRequest, Server
from tests.support.fixtures import ClientOf, Serve
from tests.support.http_proxy import Proxy
from tests.support.multi_address_host import DeadFirst
from tests.support.socks_proxy import SocksProxy
from tests.support.tls_server import TlsServer, make_server_context, make_trusting_context

ONCE = RetryPolicy(max_attempts=1)


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    proxy = Proxy()
    yield proxy
    proxy.close()


@pytest.mark.skipif(library_version.startswith(("15.", "16.", "17.0", "17.1")), reason="takes websockets 17.2")
def test_through_a_proxy(serve: Serve, client_of: ClientOf, proxy: Proxy) -> None:
    server = serve(serve_connections(build_envelope_frame(make_record(1))))
    client = client_of(server, proxy=f"http://me:s%40cret@127.0.0.1:{proxy.port}")
    reader = LiveReader(build_measurement_plan(client, "site", 981, KEY, {}, StreamOptions()), "sync")
    assert reader.wait_for_items(1) == [make_record(1)]
    reader.close()
    assert proxy.requests[0].startswith("CONNECT 127.0.0.1:")
    assert "Proxy-Authorization: Basic bWU6c0BjcmV0" in proxy.requests[0]


def test_a_proxy_that_refuses(serve: Serve, client_of: ClientOf) -> None:
    proxy = Proxy(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
    try:
        client = client_of(serve(serve_connections(b"")), proxy=f"http://127.0.0.1:{proxy.port}")
        with pytest.raises(APIConnectionError, match=r"407 Proxy Authentication Required: .*user and password"):
            LiveReader(build_measurement_plan(client, "site", 981, KEY, {}, StreamOptions()), "sync").done.result(
                TIMEOUT_SECONDS
            )
        assert len(proxy.requests) == 1
    finally:
        proxy.close()


@pytest.mark.parametrize("version", ["15.0.1", "17.1", "17.0rc1"])
def test_escaped_password_takes_a_newer_library(
    version: str, client_of: ClientOf, serve: Serve, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Older ones send it to the proxy as it is in the URL."""
    monkeypatch.setattr("datastore_sdk.transport.websocket.connection.library_version", version)
    client = client_of(serve(serve_connections(b"")), proxy=f"http://me:s%40cret@127.0.0.1:{proxy.port}")
    with pytest.raises(ConfigurationError, match=rf"takes websockets 17.2 or newer, this is {version}"):
        LiveReader(build_measurement_plan(client, "site", 981, KEY, {}, StreamOptions()), "sync").done.result(
            TIMEOUT_SECONDS
        )
    assert proxy.requests == []


@pytest.mark.parametrize(
    ("response", "message"),
    [
        (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", "not receive a valid HTTP response from proxy"),
        (b"HTTP/1.1 200 Connection est", "valid HTTP response.*connection closed"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 20_000, "valid HTTP response"),
    ],
)
def test_a_proxy_that_makes_no_sense(serve: Serve, client_of: ClientOf, response: bytes, message: str) -> None:
    def talk(line: ClientConnection, _: HttpRequest) -> None:
        line.send(response)
        line.close()

    proxy = serve(talk)
    client = client_of(serve(serve_connections(b"")), proxy=proxy.url, retries=ONCE)
    with pytest.raises(APIConnectionError, match=f"not reached: .*{message}.* .through the proxy {proxy.url}"):
        LiveReader(build_measurement_plan(client, "site", 981, KEY, {}, StreamOptions()), "sync").done.result(
            TIMEOUT_SECONDS
        )


def test_socks_proxy_takes_a_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("websockets.sync.client.connect_socks_proxy", _missing)
    sockets = WebSocketConnector(ConnectionSettings(verify=True, proxy="socks5://me:secret@127.0.0.1:1"))
    with pytest.raises(ConfigurationError, match=r"SOCKS proxy socks5://127\.0\.0\.1:1 .*pip install python-socks"):
        sockets.open(Request("GET", "http://127.0.0.1:9/", {}), Cancellation())


def test_through_a_socks_proxy(serve: Serve, client_of: ClientOf) -> None:
    with SocksProxy() as proxy:
        server = serve(serve_connections(build_envelope_frame(make_record(1))))
        client = client_of(server, proxy=f"socks5://127.0.0.1:{proxy.port}")
        reader = LiveReader(build_measurement_plan(client, "site", 981, KEY, {}, StreamOptions()), "sync")
        assert reader.wait_for_items(1) == [make_record(1)]
        reader.close()
        assert proxy.requested_ports == [int(server.url.rpartition(":")[2])]


@pytest.mark.parametrize(
    ("before", "headers"),
    [
        (b"HTTP/1.1 103 Early Hints\r\nLink: </pads/>\r\n\r\n", b""),
        (b"", b"X-Long: " + b"x" * 30_000 + b"\r\n"),
        (b"", b"X-Many: x\r\n" * 200),
        (b"", b"X-Via: one\r\n two\r\nSet-Cookie: a=\x01\r\n"),
    ],
    ids=["103", "a long header", "many headers", "odd headers"],
)
def test_handshake_that_other_clients_read(before: bytes, headers: bytes, serve: Serve, client_of: ClientOf) -> None:
    def listen(line: ClientConnection, request: HttpRequest) -> None:
        status, _, remaining = handshake_response(request).partition(b"\r\n")
        line.send(before + status + b"\r\n" + headers + remaining + build_envelope_frame(make_record(1)))
        line.stall()

    reader = LiveReader(
        build_measurement_plan(client_of(serve(serve_connections(listen))), "site", 981, KEY, {}, StreamOptions()),
        "sync",
    )
    assert reader.wait_for_items(1) == [make_record(1)]
    reader.close()


def test_only_the_first_of_two_addresses_is_dead(client_of: ClientOf, dead_first: DeadFirst) -> None:
    with TlsServer(serve_connections(build_envelope_frame(make_record(1)))) as server:
        context = make_trusting_context()
        context.check_hostname = False
        client = client_of(server, base_url=dead_first(server), timeout=Timeouts(connect=1), verify=context)
        reader = LiveReader(build_measurement_plan(client, "site", 981, KEY, {}, StreamOptions()), "sync")
        assert reader.wait_for_items(1) == [make_record(1)]
        reader.close()


def test_stopping_within_the_handshake_of_tls(client_of: ClientOf, serve: Serve) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        base_url = f"https://127.0.0.1:{silent.getsockname()[1]}"
        client = client_of(serve(serve_connections(b"")), base_url=base_url)
        reader = LiveReader(build_measurement_plan(client, "site", 981, KEY, {}, StreamOptions()), "sync")
        connection, _ = silent.accept()
        with connection:
            connection.recv(1)  # it has begun
            reader.close()


def _missing(*_: object, **__: object) -> None:
    raise ImportError("connecting through a SOCKS proxy requires python-socks")


@pytest.mark.parametrize("form", ["sync", "async"])
def test_through_tls(client_of: ClientOf, form: str) -> None:
    with TlsServer(
        serve_connections(
            build_envelope_frame(make_record(1)) + close_frame(1000), build_envelope_frame(make_record(2))
        )
    ) as server:
        client = client_of(server, verify=make_trusting_context())
        reader = LiveReader(build_measurement_plan(client, "site", 981, KEY, {}, StreamOptions()), form)
        assert reader.wait_for_items(2) == [make_record(1), make_record(2)]
        reader.close()


@pytest.mark.parametrize("server", [Server, TlsServer])
def test_through_a_proxy_over_tls(client_of: ClientOf, server: type[Server]) -> None:
    """TLS within TLS, where the service speaks it too."""
    proxy = Proxy(context=make_server_context())
    try:
        with server(serve_connections(build_envelope_frame(make_record(1)))) as service:
            trusted = make_trusting_context()
            client = client_of(service, verify=trusted, proxy=f"https://me:secret@127.0.0.1:{proxy.port}", retries=ONCE)
            reader = LiveReader(build_measurement_plan(client, "site", 981, KEY, {}, StreamOptions()), "sync")
            assert reader.wait_for_items(1) == [make_record(1)]
            reader.close()
        (head,) = proxy.requests
        assert head.startswith(f"CONNECT 127.0.0.1:{service.url.rpartition(':')[2]} HTTP/1.1")
        assert "Proxy-Authorization: Basic bWU6c2VjcmV0" in head
    finally:
        proxy.close()


def test_calls_through_a_proxy_over_tls(client_of: ClientOf) -> None:
    """Who vouches for the service vouches for the proxy, as with rooms."""
    proxy = Proxy(context=make_server_context())
    try:
        with TlsServer(serve_connections(b"")) as service:
            trusted = make_trusting_context()
            client = client_of(service, verify=trusted, proxy=f"https://127.0.0.1:{proxy.port}", retries=ONCE)
            assert Pad.get_models(client=client) == []
            client.close()
        assert len(proxy.requests) == 1
    finally:
        proxy.close()


def test_a_proxy_with_an_untrusted_certificate(serve: Serve, client_of: ClientOf) -> None:
    proxy = Proxy(context=make_server_context())
    try:
        client = client_of(serve(serve_connections(b"")), proxy=f"https://127.0.0.1:{proxy.port}", retries=ONCE)
        with pytest.raises(APIConnectionError, match=r"certificate.*through the proxy https://127\.0\.0\.1:"):
            LiveReader(build_measurement_plan(client, "site", 981, KEY, {}, StreamOptions()), "sync").done.result(
                TIMEOUT_SECONDS
            )
    finally:
        proxy.close()


@pytest.mark.parametrize("form", ["sync", "async"])
def test_goodbye_is_said_over_tls(client_of: ClientOf, form: str) -> None:
    said: list[bytes] = []

    def listen(line: ClientConnection, request: HttpRequest) -> None:
        line.send(handshake_response(request) + build_envelope_frame(make_record(1)))
        line.stall()
        said.append(line._socket.recv(100))

    with TlsServer(serve_connections(listen)) as server:
        client = client_of(server, verify=make_trusting_context())
        reader = LiveReader(build_measurement_plan(client, "site", 981, KEY, {}, StreamOptions()), form)
        reader.wait_for_items(1)
        reader.close()
        server.wait_for_connections()
    assert said[0][0] == 0x88


def test_much_over_tls(client_of: ClientOf) -> None:
    records = [make_record(second) for second in range(20_000)]
    with TlsServer(serve_connections(b"".join(map(build_envelope_frame, records)))) as server:
        client = client_of(server, verify=make_trusting_context())
        reader = LiveReader(build_measurement_plan(client, "site", 981, KEY, {}, StreamOptions()), "sync")
        assert reader.wait_for_items(20_000) == records
        reader.close()


def test_an_untrusted_certificate(client_of: ClientOf) -> None:
    with TlsServer(serve_connections(build_envelope_frame(make_record(1)))) as server:
        client = client_of(server, retries=ONCE)
        reader = LiveReader(build_measurement_plan(client, "site", 981, KEY, {}, StreamOptions()), "sync")
        with pytest.raises(APIConnectionError, match="certificate"):
            reader.done.result(TIMEOUT_SECONDS)
