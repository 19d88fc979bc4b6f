"""Connections: how they are made, kept and given up."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from datastore_sdk.exceptions import CallTimeoutError, NoConnectionError
from datastore_sdk.transport import RetryPolicy, Timeouts
from datastore_sdk.transport.effects import Answer, Request
from datastore_sdk.transport.http.idle import Idle
from datastore_sdk.transport.http.line import Line
from datastore_sdk.transport.http.pool import Pool
from restream_api.api.pads import list_pads
from tests.support.answers import always, answer, chunked, in_turn
from tests.support.clock import JumpingClock
from tests.support.fixtures import ClientOf, Serve
from tests.support.threads import all_of, begin
from tests.support.tls import CERTIFICATE, TlsServer, trusting
from tests.support.wire import Handler, Received, Server
from tests.support.wire import Line as ServerLine

ONCE = RetryPolicy(max_attempts=1)


@pytest.fixture
def serve_tls(nothing_left: None) -> Iterator[Callable[[Handler], Server]]:  # noqa: ARG001 - looks for leaks afterwards
    with ExitStack() as stack:
        yield lambda handler: stack.enter_context(TlsServer(handler))


@pytest.fixture
def pool() -> Iterator[Pool]:
    pool = Pool(lambda: pytest.fail("nobody speaks TLS here"))
    yield pool
    pool.close()


def get(server: Server, path: str = "/") -> Request:
    return Request("GET", f"{server.url}{path}", {})


def read(answer: Answer) -> bytes:
    return b"".join(iter(answer.handle.read, b""))


def test_tls(serve_tls: Serve) -> None:
    server = serve_tls(in_turn(answer(200, b"[]"), chunked(b"[", b"]"), answer(200, b"x" * 300_000)))
    contexts: list[ssl.SSLContext] = []

    def context() -> ssl.SSLContext:
        contexts.append(trusting())
        return contexts[-1]

    pool = Pool(context)
    assert contexts == [], "it takes long to make"
    assert [len(read(pool.open(get(server), Line()))) for _ in range(3)] == [2, 2, 300_000]
    pool.close()
    assert (server.connections, len(contexts)) == (1, 1)


def test_whoever_cannot_be_verified_gets_no_request(serve_tls: Serve, clock: JumpingClock, client_of: ClientOf) -> None:
    server = serve_tls(always(answer(200, b"[]")))
    for client in (
        client_of(server, retries=ONCE),
        client_of(server, retries=ONCE, base_url=server.url.replace("127.0.0.1", "localhost"), verify=trusting()),
    ):
        with pytest.raises(NoConnectionError, match=r"was not reached: .*certificate verify failed") as caught:
            client.run(list_pads())
        assert not caught.value.sent
    assert server.received == []
    assert client_of(server, verify=False).run(list_pads()) == []
    assert clock.sleeps == []


@pytest.mark.parametrize("path", [CERTIFICATE, str(CERTIFICATE)])
def test_a_file_of_authorities(path: Path | str, serve_tls: Serve, client_of: ClientOf) -> None:
    server = serve_tls(always(answer(200, b"[]")))
    assert client_of(server, verify=path).run(list_pads()) == []


def test_authorities_of_the_environment(serve_tls: Serve, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch) -> None:
    server = serve_tls(always(answer(200, b"[]")))
    with pytest.raises(NoConnectionError, match="certificate verify failed"):
        client_of(server, retries=ONCE, verify=True).run(list_pads())
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    assert client_of(server, verify=True).run(list_pads()) == []


def test_a_server_that_takes_the_connection_and_no_more(serve: Serve, client_of: ClientOf) -> None:
    """Its handshake is waited for as long as the connection, and nothing has been sent by then."""
    silent = socket.create_server(("127.0.0.1", 0))
    with silent:
        base_url = f"https://127.0.0.1:{silent.getsockname()[1]}"
        client = client_of(serve(always(b"")), base_url=base_url, retries=ONCE, timeout=Timeouts(connect=0.05))
        with pytest.raises(CallTimeoutError) as caught:
            client.run(list_pads())
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

        dripping = begin(drip)
        base_url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        client = client_of(serve(always(b"")), base_url=base_url, retries=ONCE, timeout=Timeouts(connect=0.2))
        outcome = begin(lambda: client.run(list_pads()))
        try:
            assert isinstance(outcome.exception(10), CallTimeoutError)
        finally:
            ended.set()
            dripping.result(10)


def test_hanging_up_within_the_handshake() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        line, pool = Line(), Pool(trusting)
        request = Request("GET", f"https://127.0.0.1:{silent.getsockname()[1]}/", {})
        outcome = begin(lambda: pool.open(request, line))
        connection, _ = silent.accept()
        with connection:
            connection.recv(1)  # it has begun
            line.hang_up()
            assert isinstance(outcome.exception(5), NoConnectionError)


def test_a_connection_is_given_back_once(serve: Serve, pool: Pool) -> None:
    server = serve(always(answer(200, b"[]")))
    ended = pool.open(get(server), Line())
    assert [read(ended), read(ended)] == [b"[]", b""]
    both = [pool.open(get(server), Line()) for _ in range(2)]
    assert server.connections == 2
    assert [read(answer) for answer in both] == [b"[]"] * 2


def test_each_call_under_way_has_a_connection_of_its_own(serve: Serve, pool: Pool) -> None:
    both = threading.Barrier(2)

    def handle(line: ServerLine, _: Received) -> None:
        both.wait(5)
        line.send(answer(200, b"[]"))

    server = serve(handle)
    for _ in range(3):
        assert all_of([lambda: read(pool.open(get(server), Line()))] * 2) == [b"[]"] * 2
    assert server.connections == 2


def test_no_more_connections_are_kept_than_are_good_for_anything(serve: Serve, pool: Pool) -> None:
    server = serve(always(answer(200, b"[]")))
    answers = [pool.open(get(server), Line()) for _ in range(25)]
    assert [read(answer) for answer in answers] == [b"[]"] * 25
    answers = [pool.open(get(server), Line()) for _ in range(25)]
    assert server.connections == 25 + 5
    assert [read(answer) for answer in answers] == [b"[]"] * 25


def test_closing_spares_calls_under_way(serve: Serve, pool: Pool) -> None:
    server = serve(always(answer(200, b"[]")))
    under_way = pool.open(get(server), Line())
    pool.close()
    assert read(under_way) == b"[]"
    server.settle()  # it was not kept
    assert read(pool.open(get(server), Line())) == b"[]"
    assert server.connections == 2


def test_a_pool_that_is_forgotten_closes_its_connections(serve: Serve) -> None:
    server = serve(always(answer(200, b"[]")))
    read(Pool(trusting).open(get(server), Line()))
    server.settle()


def test_nothing_waits_for_servers_that_were_never_called() -> None:
    assert Idle().take(("http", "restream.test", 80)) is None


def test_headers_that_come_several_times(serve: Serve, pool: Pool) -> None:
    reply = b"HTTP/1.1 200 OK\r\nX-Crew: 7\r\nContent-Length: 0\r\nx-crew: 9\r\n\r\n"
    opened = pool.open(get(serve(always(reply))), Line())
    assert opened.headers == {"x-crew": "7, 9", "content-length": "0"}
    assert read(opened) == b""


def test_the_target_is_sent_as_it_is(serve: Serve, pool: Pool) -> None:
    server = serve(always(answer(200, b"[]")))
    for path in ("/pads/?name_search=a%20b&fields=a%2Cb", "/pads/", "/"):
        read(pool.open(get(server, path), Line()))
    assert [request.target for request in server.received] == ["/pads/?name_search=a%20b&fields=a%2Cb", "/pads/", "/"]
    assert {request.headers["host"] for request in server.received} == {server.url.removeprefix("http://")}


@pytest.mark.parametrize(
    ("path", "headers"), [("/", {"X-Crew": "7\r\nX-Forged: 1"}), ("/", {"A\n": "b"}), ("/\x1e", {}), ("/ HTTP/1.1", {})]
)
def test_what_would_make_another_request_is_not_sent(
    path: str, headers: dict[str, str], serve: Serve, pool: Pool
) -> None:
    server = serve(always(answer(200, b"[]")))
    with pytest.raises(ValueError, match="a space, a line break"):
        pool.open(Request("GET", f"{server.url}{path}", headers), Line())
    assert server.received == []


@pytest.mark.parametrize("no_proxy", [False, True])
def test_httpx_is_not_loaded_for_calls_without_a_proxy(no_proxy: bool, serve: Serve) -> None:
    server = serve(always(answer(200, b"[]")))
    code = """
        import sys
        from datastore_sdk.transport import client_for
        from restream_api.api.pads import list_pads

        assert client_for("t0ken").run(list_pads()) == []
        print(sorted({*sys.argv[1:]} & set(sys.modules)))
    """
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    needless = [] if no_proxy else ["ssl", "http.client"]  # by which the library finds out about proxies
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), "httpx", "certifi", *needless],
        env={
            **environment,
            **({"NO_PROXY": "localhost"} if no_proxy else {}),
            "RESTREAM_HOST": server.url,
            "PYTHONPATH": os.pathsep.join(sys.path),
        },
        timeout=20,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")
