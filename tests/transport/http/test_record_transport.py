"""Connections: opened, pooled and closed."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from functools import wraps
from pathlib import Path
from typing import Any
from unittest.mock import create_autospec

import httpcore
import pytest
import wrapt

from datastore_sdk._io.clock import Clock
from datastore_sdk._io.connection_settings import ConnectionSettings
from datastore_sdk._io.effects import Request, Response
from datastore_sdk._io.timeouts import Timeouts
from datastore_sdk.exceptions import APIConnectionError, APITimeoutError
from datastore_sdk.transport.executor.retry import RetryPolicy
from datastore_sdk.transport.http import connection_pool
from datastore_sdk.transport.http.cancellation import Cancellation
from datastore_sdk.transport.http.connection_pool import IdleConnections
from datastore_sdk.transport.http.network import NetworkBackend
from datastore_sdk.transport.http.record_transport import IDLE_EXPIRY, RecordPool, RecordTransport, is_patched
from datastore_sdk.transport.http.requests import HttpSender
from restream_api.api.pads import list_pads
from tests.support.fake_server import ClientConnection, Handler, HttpRequest, Server
from tests.support.fixtures import ClientOf, Serve
from tests.support.http_responses import build_chunked_response, http_response, respond_always, respond_in_turn
from tests.support.jumping_clock import JumpingClock
from tests.support.multi_address_host import DeadFirst
from tests.support.paths import CERTIFICATE
from tests.support.threads import run_in_threads, start_thread
from tests.support.tls_server import TlsServer, make_trusting_context

ONCE = RetryPolicy(max_attempts=1)


@pytest.fixture
def serve_tls(nothing_left: None) -> Iterator[Callable[[Handler], Server]]:  # noqa: ARG001 - looks for leaks afterwards
    with ExitStack() as stack:
        yield lambda handler: stack.enter_context(TlsServer(handler))


@pytest.fixture
def http() -> Iterator[HttpSender]:
    http = HttpSender(ConnectionSettings(verify=True, proxy=None))
    yield http
    http.close()


def get(server: Server, path: str = "/") -> Request:
    return Request("GET", f"{server.url}{path}", {})


def pool_of(http: HttpSender) -> RecordPool:
    pool: Any = http._clients[False][1]._pool
    assert isinstance(pool, RecordPool)
    return pool


def read(response: Response) -> bytes:
    return b"".join(iter(response.handle.read, b""))


def test_tls(serve_tls: Serve) -> None:
    server = serve_tls(
        respond_in_turn(
            http_response(200, b"[]"), build_chunked_response(b"[", b"]"), http_response(200, b"x" * 300_000)
        )
    )
    http = HttpSender(ConnectionSettings(verify=make_trusting_context(), proxy=None))
    assert [len(read(http.open(get(server), Cancellation()))) for _ in range(3)] == [2, 2, 300_000]
    http.close()
    assert server.connections == 1


def test_no_tls_context_is_made_for_plain_http(serve: Serve, http: HttpSender, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes longer to make than a call."""

    def refuse(*_: object, **__: object) -> None:
        pytest.fail("it was made")

    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", refuse)
    assert read(http.open(get(serve(respond_always(http_response(200, b"[]")))), Cancellation())) == b"[]"


def test_unverified_server_gets_no_request(serve_tls: Serve, clock: JumpingClock, client_of: ClientOf) -> None:
    server = serve_tls(respond_always(http_response(200, b"[]")))
    for client in (
        client_of(server, retries=ONCE),
        client_of(
            server, retries=ONCE, base_url=server.url.replace("127.0.0.1", "localhost"), verify=make_trusting_context()
        ),
    ):
        with pytest.raises(APIConnectionError, match=r"was not reached: .*certificate verify failed") as caught:
            client.request(list_pads())
        assert not caught.value.sent
    assert server.received == []
    assert client_of(server, verify=False).request(list_pads()) == []
    assert clock.sleeps == []


@pytest.mark.parametrize("path", [CERTIFICATE, str(CERTIFICATE)])
def test_a_file_of_authorities(path: Path | str, serve_tls: Serve, client_of: ClientOf) -> None:
    server = serve_tls(respond_always(http_response(200, b"[]")))
    assert client_of(server, verify=path).request(list_pads()) == []


def test_authorities_of_the_environment(serve_tls: Serve, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch) -> None:
    server = serve_tls(respond_always(http_response(200, b"[]")))
    with pytest.raises(APIConnectionError, match="certificate verify failed"):
        client_of(server, retries=ONCE, verify=True).request(list_pads())
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    assert client_of(server, verify=True).request(list_pads()) == []


def test_a_server_that_takes_the_connection_and_no_more(serve: Serve, client_of: ClientOf) -> None:
    """Its handshake is waited for as long as the connection, and nothing has been sent by then."""
    silent = socket.create_server(("127.0.0.1", 0))
    with silent:
        base_url = f"https://127.0.0.1:{silent.getsockname()[1]}"
        client = client_of(serve(respond_always(b"")), base_url=base_url, retries=ONCE, timeout=Timeouts(connect=0.05))
        with pytest.raises(APITimeoutError) as caught:
            client.request(list_pads())
    assert not caught.value.sent


def test_a_server_that_drips_its_handshake(serve: Serve, client_of: ClientOf) -> None:
    """Each byte comes in time, and all of them would take for ever."""
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def drip() -> None:
            connection, _ = listener.accept()
            with connection, suppress(OSError):
                connection.sendall(b"\x16\x03\x03\x40\x00")  # 16 KB will come
                while not ended.wait(0.02):
                    connection.sendall(b"\x02")

        dripping = start_thread(drip)
        base_url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        client = client_of(serve(respond_always(b"")), base_url=base_url, retries=ONCE, timeout=Timeouts(connect=0.2))
        outcome = start_thread(lambda: client.request(list_pads()))
        try:
            assert isinstance(outcome.exception(10), APITimeoutError)
        finally:
            ended.set()
            dripping.result(10)


def test_cancelling_within_the_handshake() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        cancellation, http = Cancellation(), HttpSender(ConnectionSettings(verify=make_trusting_context(), proxy=None))
        request = Request("GET", f"https://127.0.0.1:{silent.getsockname()[1]}/", {})
        outcome = start_thread(lambda: http.open(request, cancellation))
        connection, _ = silent.accept()
        with connection:
            connection.recv(1)  # it has started
            cancellation.cancel()
            assert isinstance(outcome.exception(5), APIConnectionError)


def test_a_connection_is_given_back_once(serve: Serve, http: HttpSender) -> None:
    server = serve(respond_always(http_response(200, b"[]")))
    ended = http.open(get(server), Cancellation())
    assert [read(ended), read(ended)] == [b"[]", b""]
    both = [http.open(get(server), Cancellation()) for _ in range(2)]
    assert server.connections == 2
    assert [read(response) for response in both] == [b"[]"] * 2


def test_each_call_under_way_has_a_connection_of_its_own(serve: Serve, http: HttpSender) -> None:
    both = threading.Barrier(2)

    def handle(line: ClientConnection, _: HttpRequest) -> None:
        both.wait(5)
        line.send(http_response(200, b"[]"))

    server = serve(handle)
    for _ in range(3):
        assert run_in_threads([lambda: read(http.open(get(server), Cancellation()))] * 2) == [b"[]"] * 2
    assert server.connections == 2


def test_no_more_connections_are_kept_than_are_good_for_anything(serve: Serve, http: HttpSender) -> None:
    server = serve(respond_always(http_response(200, b"[]")))
    responses = [http.open(get(server), Cancellation()) for _ in range(25)]
    assert [read(response) for response in responses] == [b"[]"] * 25
    responses = [http.open(get(server), Cancellation()) for _ in range(25)]
    assert server.connections == 25 + 5
    assert [read(response) for response in responses] == [b"[]"] * 25


def test_closing_spares_calls_under_way(serve: Serve, http: HttpSender) -> None:
    server = serve(respond_always(http_response(200, b"[]")))
    under_way = http.open(get(server), Cancellation())
    http.close()
    assert read(under_way) == b"[]"
    server.wait_for_connections()  # it was not kept
    assert read(http.open(get(server), Cancellation())) == b"[]"
    assert server.connections == 2


def test_a_client_that_is_forgotten_closes_its_connections(serve: Serve) -> None:
    server = serve(respond_always(http_response(200, b"[]")))
    read(HttpSender(ConnectionSettings(verify=True, proxy=None)).open(get(server), Cancellation()))
    server.wait_for_connections()


def test_nothing_is_idle_for_servers_that_were_never_called() -> None:
    assert IdleConnections(20, 4.0).pop((b"http", b"restream.test", 80)) is None


def test_old_connection_is_not_used_again(serve: Serve, http: HttpSender, monkeypatch: pytest.MonkeyPatch) -> None:
    """A firewall may have forgotten it: the request would wait for its whole timeout."""
    server = serve(respond_always(http_response(200, b"[]")))
    assert read(http.open(get(server), Cancellation())) == b"[]"
    later = time.monotonic() + IDLE_EXPIRY + 1
    monkeypatch.setattr(connection_pool, "monotonic", lambda: later)
    assert read(http.open(get(server), Cancellation())) == b"[]"
    assert server.connections == 2
    http.close()


def test_download_does_not_begin_on_a_connection_of_calls(serve: Serve, http: HttpSender) -> None:
    """Who waits minutes for the first byte must not do so on a connection that a firewall has forgotten."""
    server = serve(respond_always(http_response(200, b"[]")))
    for streamed in (False, True, True, False):
        request = Request("GET", f"{server.url}/", {}, streamed=streamed)
        assert read(http.open(request, Cancellation())) == b"[]"
    assert server.connections == 2


def silent(line: ClientConnection, _: HttpRequest) -> None:
    line.stall()


def test_lost_connection_costs_one_timeout(serve: Serve, http: HttpSender) -> None:
    together = threading.Barrier(3)

    def respond_together(line: ClientConnection, _: HttpRequest) -> None:
        together.wait(5)
        line.send(http_response(200, b"[]"))

    server = serve(respond_together)
    run_in_threads([lambda: read(http.open(get(server), Cancellation()))] * 3)
    server.handler = silent
    impatient = Request("GET", f"{server.url}/", {}, timeouts=Timeouts(read=0.05))
    with pytest.raises(APITimeoutError):
        http.open(impatient, Cancellation())
    server.handler = respond_always(http_response(200, b"[]"))
    assert read(http.open(get(server), Cancellation())) == b"[]"
    assert server.connections == 4, "the other two were closed"


def test_old_connections_are_closed_when_another_becomes_idle(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    server = serve(respond_always(http_response(200, b"[]")))
    http = HttpSender(ConnectionSettings(verify=True, proxy=None))
    both = [http.open(get(server), Cancellation()) for _ in range(2)]
    assert read(both[0]) == b"[]"
    later = time.monotonic() + IDLE_EXPIRY + 1
    monkeypatch.setattr(connection_pool, "monotonic", lambda: later)
    assert read(both[1]) == b"[]"
    (idle,) = pool_of(http)._idle.for_calls._idle.values()
    assert len(idle) == 1
    http.close()


def test_headers_that_come_several_times(serve: Serve, http: HttpSender) -> None:
    reply = b"HTTP/1.1 200 OK\r\nX-Crew: 7\r\nContent-Length: 0\r\nx-crew: 9\r\n\r\n"
    opened = http.open(get(serve(respond_always(reply))), Cancellation())
    assert dict(opened.headers) == {"x-crew": "7, 9", "content-length": "0"}
    assert read(opened) == b""


def test_the_target_is_sent_as_it_is(serve: Serve, http: HttpSender) -> None:
    server = serve(respond_always(http_response(200, b"[]")))
    for path in ("/pads/?name_search=a%20b&fields=a%2Cb", "/pads/", "/"):
        read(http.open(get(server, path), Cancellation()))
    assert [request.target for request in server.received] == ["/pads/?name_search=a%20b&fields=a%2Cb", "/pads/", "/"]
    assert {request.headers["host"] for request in server.received} == {server.url.removeprefix("http://")}


@pytest.mark.parametrize(
    ("path", "headers"),
    [("/", {"X-Crew": "7\r\nX-Forged: 1"}), ("/", {"A\n": "b"}), ("/\x1e", {}), ("/" + "x" * 70_000, {})],
)
def test_what_would_make_another_request_is_not_sent(
    path: str, headers: dict[str, str], serve: Serve, http: HttpSender
) -> None:
    server = serve(respond_always(http_response(200, b"[]")))
    with pytest.raises((APIConnectionError, ValueError), match=r"a space, line break|cannot be sent"):
        http.open(Request("GET", f"{server.url}{path}", headers), Cancellation())
    assert server.received == []


@pytest.mark.parametrize("proxy", [None, "http://127.0.0.1:9", "https://127.0.0.1:9", "socks5://127.0.0.1:9"])
@pytest.mark.parametrize("http2", [False, True])
def test_transport_steps_aside(proxy: str | None, http2: bool) -> None:
    """Proxies and HTTP/2 are httpx's own; its connections use the SDK's timeouts too."""
    transport = RecordTransport(verify=False, proxy=proxy, http2=http2)
    pool: Any = transport._pool
    assert isinstance(pool, RecordPool) == (proxy is None and not http2)
    assert isinstance(pool._network_backend, NetworkBackend)


def _function(original: Any) -> Any:
    def function(*args: Any) -> Any:
        return original(*args)

    return function


def _wrapper(original: Any) -> Any:
    return wraps(original)(_function(original))


def _wrapt(original: Any) -> Any:
    def call(wrapped: Any, _: Any, args: Any, kwargs: Any) -> Any:
        return wrapped(*args, **kwargs)

    return wrapt.FunctionWrapper(original, call)


def _mock(original: Any) -> Any:
    return create_autospec(original, side_effect=original)


PATCHES = {
    "a function": (httpcore.ConnectionPool, _function),
    "a function that says to be another": (httpcore.ConnectionPool, _wrapper),
    "a mock": (httpcore.ConnectionPool, _mock),
    "a proxy of wrapt": (httpcore.HTTPConnection, _wrapt),
    "a function further down": (httpcore.HTTP11Connection, _function),
}


@pytest.mark.parametrize(("kind", "patch"), PATCHES.values(), ids=PATCHES)
def test_patched_libraries_see_the_requests(
    kind: Any, patch: Callable[[Any], Any], serve: Serve, http: HttpSender, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(respond_always(http_response(200, b"[]")))
    seen: list[object] = []
    original = kind.handle_request

    def record(*args: Any) -> Any:
        seen.append(args)
        return original(*args)

    assert not is_patched()
    monkeypatch.setattr(kind, "handle_request", patch(record))
    assert is_patched()
    assert read(http.open(get(server), Cancellation())) == b"[]"
    assert len(seen) == 1
    monkeypatch.undo()
    assert not is_patched()
    http.close()


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
def test_ipv6_address(http: HttpSender) -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as listener:

        def serve() -> bytes:
            connection, _ = listener.accept()
            with connection:
                received = connection.recv(1000)
                connection.sendall(http_response(200, b"[]", connection="close"))
                return received

        served = start_thread(serve)
        url = f"http://[::1]:{listener.getsockname()[1]}"
        assert read(http.open(Request("GET", f"{url}/", {}), Cancellation())) == b"[]"
        assert f"Host: {url.removeprefix('http://')}".encode() in served.result(5)


def test_library_patched_before_import_is_noticed(serve: Serve) -> None:
    """An instrumentation is often set up before anything else is imported."""
    server = serve(respond_always(http_response(200, b"[]")))
    code = """
        import functools, httpcore
        original = httpcore.ConnectionPool.handle_request

        @functools.wraps(original)
        def traced(*args):
            print("traced")
            return original(*args)

        httpcore.ConnectionPool.handle_request = traced
        from datastore_sdk import Client
        from restream_api.api.pads import list_pads

        with Client("t0ken") as client:
            assert client.request(list_pads()) == []
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        env={**os.environ, "RESTREAM_HOST": server.url, "PYTHONPATH": os.pathsep.join(sys.path)},
        timeout=20,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("traced\n", "")


def test_only_the_first_of_two_addresses_is_dead(serve: Serve, client_of: ClientOf, dead_first: DeadFirst) -> None:
    """The time is shared among them, and the one that worked last comes first."""
    server = serve(respond_always(http_response(200, b"[]", connection="close")))
    client = client_of(
        server,
        base_url=dead_first(server),
        allow_plain_http=True,
        retries=ONCE,
        timeout=Timeouts(connect=1, total=5),
        clock=Clock(),
    )
    started = time.monotonic()
    assert [client.request(list_pads()) for _ in range(3)] == [[]] * 3
    assert time.monotonic() - started < 1.4  # one share of half a second


def test_only_the_first_of_two_addresses_is_dead_over_tls(
    serve_tls: Serve, client_of: ClientOf, dead_first: DeadFirst
) -> None:
    server = serve_tls(respond_always(http_response(200, b"[]")))
    context = make_trusting_context()
    context.check_hostname = False
    client = client_of(server, base_url=dead_first(server), retries=ONCE, timeout=Timeouts(connect=1), verify=context)
    assert client.request(list_pads()) == []
