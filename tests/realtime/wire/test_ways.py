"""Rooms through TLS and through a proxy."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

import pytest

from datastore_sdk.exceptions import ConfigurationError, NoConnectionError
from datastore_sdk.realtime import Manners
from datastore_sdk.realtime.measurements import measurements
from datastore_sdk.transport import RetryPolicy
from tests.realtime.frames import KEY, closing, enveloped, record, visits
from tests.realtime.live import Reading
from tests.support.fixtures import ClientOf, Serve
from tests.support.proxies import Proxy
from tests.support.tls import CERTIFICATE, TlsServer
from tests.support.wire import PATIENCE

ONCE = RetryPolicy(max_attempts=1)


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
