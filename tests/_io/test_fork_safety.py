"""A process that is forked in the middle of things: nothing of the parent's is used, and nothing hangs."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import threading

import pytest

from tests.support.fake_server import TIMEOUT_SECONDS, ClientConnection, HttpRequest, Server
from tests.support.fixtures import Serve
from tests.support.http_responses import END, chunk, head, http_response, send_reply

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")

BEGINNING = """
import asyncio, os, sys, threading
from datastore_sdk import Client
from datastore_sdk.data import Data, DataQuery
from datastore_sdk.client import client_cache as default_clients, client_for
from restream_api.api.pads import list_pads

def forked(work):
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException:
            import traceback
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    return child

def wait_for(child):
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
"""


def run(server: Server, program: str, **environment: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-W", "ignore::DeprecationWarning", "-c", BEGINNING + textwrap.dedent(program)],
        env={
            **os.environ,
            "RESTREAM_HOST": server.url,
            "TALLY_AUTH_TOKEN": "t0ken",
            "PYTHONPATH": os.pathsep.join(sys.path),
            **environment,
        },
        timeout=TIMEOUT_SECONDS,
        capture_output=True,
        text=True,
        check=False,
    )
    assert not done.stderr, done.stderr
    assert (done.returncode, done.stdout) == (0, "")


def reply(line: ClientConnection, request: HttpRequest) -> None:
    token = {"access_token": "issued", "expires_in": 3600, "token_type": "Bearer"}
    send_reply(http_response(200, token if request.path == "/o/token/" else []), line, request)


def test_the_child_connects_anew_and_the_parent_goes_on(serve: Serve) -> None:
    server = serve(reply)
    run(
        server,
        """
        client = Client()
        other = client.with_options(timeout=5)
        for each in (client, other, client_for()):
            assert each.request(list_pads()) == []

        def work():
            for each in (client, other, client_for()):
                assert each.request(list_pads()) == []
                assert asyncio.run(each.arequest(list_pads())) == []

        wait_for(forked(work))
        for each in (client, other, client_for()):
            assert each.request(list_pads()) == []
        """,
    )
    assert len(server.received) == 3 + 6 + 3
    assert server.connections == 4, "one for the two that share theirs, one for the default client, in each process"


def test_another_thread_holds_every_lock_and_every_slot(serve: Serve) -> None:
    server = serve(reply)
    run(
        server,
        """
        from datastore_sdk.client import shared_state as sharing

        client = Client(client_id="crew", client_secret="s3cret")
        client.request(list_pads())
        exchange = client._executor
        credentials = exchange._credentials
        slots = exchange._limits._shared
        of_pads = slots.get(list_pads().endpoint)
        ready, forked_off = threading.Event(), threading.Event()

        def hold():
            leases = [client._drive(of_pads.acquire()) for _ in range(3)]
            turn = client._drive(credentials._semaphore.acquire())
            locks = [default_clients._lock, sharing._slots._lock, sharing._issued._lock, client._connections._lock]
            for lock in [*locks, slots._lock, of_pads._lock, credentials._semaphore._lock]:
                lock.acquire()
            ready.set()
            forked_off.wait(20)

        threading.Thread(target=hold, daemon=True).start()
        assert ready.wait(20)

        def work():
            credentials.renew("issued")
            assert client.request(list_pads()) == []
            assert asyncio.run(client.arequest(list_pads())) == []
            assert Client(client_id="crew", client_secret="s3cret").request(list_pads()) == []
            assert client_for().request(list_pads()) == []

        child = forked(work)
        forked_off.set()
        wait_for(child)
        """,
    )


RECORDS = [b'{"timestamp": %d, "site_id": 981}' % second for second in range(1_758_196_800, 1_758_196_804)]


def test_a_stream_goes_on_in_both(serve: Serve) -> None:
    """The bytes of one connection are not torn in two."""
    requested_again = threading.Event()

    def records(line: ClientConnection, request: HttpRequest) -> None:
        if request.path.endswith("/pads/"):
            line.send(http_response(200, b"[]"))
            return
        if "end_datetime" in request.query:  # repeats the records from before the break
            line.send(head(transfer_encoding="chunked"), chunk(b"[" + b",".join(RECORDS[:2]) + b"]"), END)
            return
        first = len(server.received) == 1
        one, two, *remaining = RECORDS if first else RECORDS[1:]
        line.send(head(transfer_encoding="chunked"), chunk(b"[" + one), chunk(b"," + two))
        if first:
            assert requested_again.wait(TIMEOUT_SECONDS)
        requested_again.set()
        line.send(*[chunk(b"," + record) for record in remaining], chunk(b"]"), END)

    server = serve(records)
    run(
        server,
        """
        client = Client()
        records = iter(Data(client, [DataQuery(source="site", id=981)]))
        seconds = [next(records)["timestamp"], next(records)["timestamp"]]

        def work():
            assert [*seconds, *(record["timestamp"] for record in records)] == [*range(1758196800, 1758196804)]

        assert client.request(list_pads()) == []  # its connection stays in the pool; the child must not use it
        connections = client._connections.http()._clients[False][1]._pool._idle.for_calls
        connections._lock.acquire()
        child = forked(work)
        connections._lock.release()
        wait_for(child)
        assert [*seconds, *(record["timestamp"] for record in records)] == [*range(1758196800, 1758196804)]
        """,
    )
    assert len(server.received) == 2 + 2, "the child requested the remaining records, and the first ones again"


def test_prefetch_of_a_parent_thread_is_not_awaited_in_the_child(serve: Serve) -> None:
    run(
        serve(reply),
        """
        from datastore_sdk.exceptions import RestreamError
        from datastore_sdk.transport.drivers.prefetch import ThreadPrefetcher

        more = threading.Event()

        def items():
            yield 1
            more.wait(20)
            yield 2

        ahead = ThreadPrefetcher(items(), 1, lambda: None)
        assert ahead.next_item() == 1

        def work():
            try:
                ahead.next_item()
            except RestreamError as error:
                assert "parent process" in str(error)
                ahead.cancel()
            else:
                raise AssertionError

        wait_for(forked(work))
        more.set()
        assert ahead.next_item() == 2
        """,
    )
