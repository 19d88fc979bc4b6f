"""Calls through a proxy are as safe as without one, and always end."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import pytest

from datastore_sdk._io.clock import Clock
from datastore_sdk._io.timeouts import Timeouts
from datastore_sdk.data import Data, DataQuery
from datastore_sdk.exceptions import APIConnectionError, APITimeoutError, CallError
from datastore_sdk.transport.executor.retry import RetryPolicy
from datastore_sdk.transport.http import transfer
from restream_api.api.pads import list_pads
from tests.support.fake_server import ClientConnection, Handler, HttpRequest
from tests.support.fixtures import ClientOf, Serve
from tests.support.http_proxy import Proxy
from tests.support.http_responses import (
    build_chunked_response,
    chunk,
    head,
    http_response,
    respond_always,
    respond_in_turn,
)
from tests.support.slow_services import SLOW_SERVICES
from tests.support.sync_async_clients import Form
from tests.support.threads import start_thread
from tests.support.tls_server import TlsServer, make_trusting_context

SITE = DataQuery(source="site", id=981)
ONCE = RetryPolicy(max_attempts=1)
RECORDS = [{"timestamp": 1, "site_id": 981}, {"timestamp": 2, "site_id": 981}]
STREAM = build_chunked_response(b'[{"timestamp": 1, "site_id": 981},', b'{"timestamp": 2, "site_id": 981}]')
SECRET = "s3cret-0123456789"


@pytest.fixture
def serve_tls(nothing_left: None) -> Iterator[Callable[[Handler], TlsServer]]:  # noqa: ARG001 - looks for leaks after it
    with ExitStack() as stack:
        yield lambda handler: stack.enter_context(TlsServer(handler))


@pytest.fixture
def proxy(nothing_left: None) -> Iterator[Proxy]:  # noqa: ARG001 - looks for leaks afterwards
    with closing(Proxy()) as proxy:
        yield proxy


def test_a_tunnel(serve_tls: Callable[[Handler], TlsServer], client_of: ClientOf, proxy: Proxy) -> None:
    """The proxy gets its own user name and password, the service the token, and neither the other's."""
    server = serve_tls(respond_in_turn(http_response(200, b"[]"), STREAM, http_response(200, b"[]")))
    url = f"http://me:{SECRET}%2F@127.0.0.1:{proxy.port}"
    with client_of(server, proxy=url, verify=make_trusting_context()) as client:
        assert client.request(list_pads()) == []
        assert [*Data(client, [SITE])] == RECORDS
        assert asyncio.run(client.arequest(list_pads())) == []
    (connect,) = proxy.requests  # one tunnel, which is reused
    assert connect.startswith(f"CONNECT {server.url.removeprefix('https://')} HTTP/1.")
    assert "Proxy-Authorization: Basic bWU6czNjcmV0LTAxMjM0NTY3ODkv" in connect
    assert "Bearer" not in connect
    assert all("proxy-authorization" not in request.headers for request in server.received)
    assert all(request.token for request in server.received)


def test_impostor_of_the_service_gets_no_request(
    serve_tls: Callable[[Handler], TlsServer], client_of: ClientOf, proxy: Proxy
) -> None:
    server = serve_tls(respond_always(http_response(200, b"[]")))
    url = f"http://127.0.0.1:{proxy.port}"
    client = client_of(server, proxy=url, verify=ssl.create_default_context(), retries=ONCE)
    with pytest.raises(APIConnectionError, match="certificate verify failed") as caught:
        client.request(list_pads())
    assert not caught.value.sent
    assert server.received == []


@pytest.mark.parametrize("kind", ["http", "https"])
def test_plain_http_proxy_receives_the_absolute_url(kind: str, serve: Serve, client_of: ClientOf) -> None:
    proxy = serve(respond_always(http_response(407 if kind == "https" else 200, b"[]")))
    client = client_of(
        proxy, base_url=f"{kind}://127.0.0.1:9", proxy=proxy.url.replace("//", f"//me:{SECRET}@"), retries=ONCE
    )
    if kind == "http":
        assert client.request(list_pads()) == []
        assert proxy.received[0].target == "http://127.0.0.1:9/external/thirdparty/v1/pads/"
        assert proxy.received[0].headers["host"] == "127.0.0.1:9"
    else:
        with pytest.raises(APIConnectionError, match=f"407 Reason: .*password.*the proxy {proxy.url}") as caught:
            client.request(list_pads())
        assert not caught.value.sent
        assert SECRET not in str(caught.value)
    assert "proxy-authorization" in proxy.received[0].headers


@pytest.mark.parametrize("status", [403, 407])
def test_proxy_that_refuses_gets_one_request(status: int, serve: Serve, client_of: ClientOf, form: Form) -> None:
    """A wrong domain password that goes out five times locks the account."""
    proxy = serve(respond_always(http_response(status, b"")))
    client = client_of(proxy, base_url="https://127.0.0.1:9", proxy=proxy.url)
    with pytest.raises(APIConnectionError, match=f"not reached: {status} Reason") as caught:
        form.run(client, list_pads())
    assert caught.value.permanent
    assert len(proxy.received) == 1


def test_proxy_that_fails_is_retried(serve: Serve, client_of: ClientOf, form: Form) -> None:
    proxy = serve(respond_always(http_response(502, b"")))
    client = client_of(proxy, base_url="https://127.0.0.1:9", proxy=proxy.url)
    with pytest.raises(APIConnectionError, match="not reached: 502 Reason"):
        form.run(client, list_pads())
    assert len(proxy.received) == 5


def test_tls_proxy_forwards_plain_http(
    serve_tls: Callable[[Handler], TlsServer], client_of: ClientOf, form: Form
) -> None:
    proxy = serve_tls(respond_always(http_response(200, b"[]")))
    url = proxy.url.replace("//", f"//me:{SECRET}@")
    client = client_of(proxy, base_url="http://127.0.0.1:9", proxy=url, verify=make_trusting_context(), retries=ONCE)
    assert form.run(client, list_pads()) == []
    assert proxy.received[0].target == "http://127.0.0.1:9/external/thirdparty/v1/pads/"
    assert "proxy-authorization" in proxy.received[0].headers


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("handler", SLOW_SERVICES.values(), ids=SLOW_SERVICES)
def test_a_proxy_that_drips_does_not_hold_a_call(
    handler: Handler, scheme: str, serve: Serve, client_of: ClientOf, form: Form
) -> None:
    """Neither during its own response, nor while it opens the tunnel."""
    proxy = serve(handler)
    for timeouts in (Timeouts(total=0.08), Timeouts(connect=0.08, response=0.08)):
        client = client_of(
            proxy, base_url=f"{scheme}://127.0.0.1:9", proxy=proxy.url, timeout=timeouts, retries=ONCE, clock=Clock()
        )
        outcome = start_thread(lambda: form.run(client, list_pads()))  # noqa: B023 - waited for at once
        assert isinstance(outcome.exception(10), CallError)


def test_a_slow_tunnel_leaves_less_time_for_the_handshake_in_it(
    serve: Serve, client_of: ClientOf, form: Form, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = 0.0

    def handle(line: ClientConnection, _: HttpRequest) -> None:
        nonlocal late
        late = 60.0
        line.send(head(200))  # and not a byte of TLS

    monkeypatch.setattr(transfer, "monotonic", lambda: time.monotonic() + late)
    proxy = serve(handle)
    timeouts = Timeouts(connect=30, response=60)
    client = client_of(proxy, base_url="https://127.0.0.1:9", proxy=proxy.url, timeout=timeouts, retries=ONCE)
    outcome = start_thread(lambda: form.run(client, list_pads()))
    assert isinstance(outcome.exception(10), APITimeoutError)


@pytest.mark.parametrize("reply", [b"", b"SSH-2.0-x\r\n", head(200)[:-4], head(200) + chunk(b"no TLS")])
def test_what_is_no_proxy(reply: bytes, serve: Serve, client_of: ClientOf, form: Form) -> None:
    def handle(line: ClientConnection, _: HttpRequest) -> None:
        line.send(reply)
        line.close()

    proxy = serve(handle)
    client = client_of(proxy, base_url="https://127.0.0.1:9", proxy=proxy.url, retries=ONCE)
    with pytest.raises(APIConnectionError, match=f"the service was not reached: .*{proxy.url}") as caught:
        form.run(client, list_pads())
    assert not caught.value.sent
