"""One client in several event loops, threads and forms, after one another and at the same time."""

from __future__ import annotations

import asyncio
import gc
import time
import weakref

import httpx
import pytest

from datastore_sdk.client import Client
from datastore_sdk.data import Data, DataAsync, DataQuery
from restream_api.api.pads import list_pads
from tests.support.fake_server import ClientConnection, HttpRequest
from tests.support.fixtures import ClientOf, Serve
from tests.support.http_responses import build_chunked_response, http_response, respond_always
from tests.support.leak_checks import open_sockets
from tests.support.threads import run_in_threads

SITE = DataQuery(source="site", id=981)
RECORDS = [{"timestamp": 1_758_196_800, "site_id": 981, "slurry_rate": 80.5}]


def reply(line: ClientConnection, request: HttpRequest) -> None:
    line.send(
        build_chunked_response(b'[{"timestamp":1758196800,', b'"site_id":981,"slurry_rate":80.5}]')
        if "/data/" in request.path
        else http_response(200, b"[]")
    )


async def use(client: Client) -> None:
    assert await client.arequest(list_pads()) == []
    assert [record async for record in DataAsync(client, [SITE])] == RECORDS
    assert await client.arequest(list_pads()) == []


async def use_and_close(client: Client) -> None:
    async with client:
        await use(client)


def test_one_loop_after_another(serve: Serve, client_of: ClientOf) -> None:
    client = client_of(serve(reply))
    for _ in range(3):
        asyncio.run(use_and_close(client))


def test_closed_and_used_again_in_the_same_loop(serve: Serve, client_of: ClientOf) -> None:
    client = client_of(serve(reply))

    async def main() -> None:
        for _ in range(3):
            await use_and_close(client)

    asyncio.run(main())


def test_closed_and_used_again_in_sync_form(serve: Serve, client_of: ClientOf) -> None:
    client = client_of(serve(reply))
    for _ in range(3):
        with client:
            assert client.request(list_pads()) == []
            assert [*Data(client, [SITE])] == RECORDS


def test_several_loops_at_the_same_time(serve: Serve, client_of: ClientOf) -> None:
    client = client_of(serve(reply))

    async def main() -> None:
        for _ in range(5):
            await use(client)
        await client.aclose()

    run_in_threads([lambda: asyncio.run(main())] * 4)


def test_closing_in_one_loop_leaves_the_others_alone(serve: Serve, client_of: ClientOf) -> None:
    client = client_of(serve(reply))

    async def main() -> None:
        for _ in range(10):
            await use_and_close(client)

    run_in_threads([lambda: asyncio.run(main())] * 4)


def test_both_forms_at_the_same_time(serve: Serve, client_of: ClientOf) -> None:
    client = client_of(serve(reply))

    def blocking() -> None:
        for _ in range(5):
            assert client.request(list_pads()) == []
            assert [*Data(client, [SITE])] == RECORDS

    run_in_threads(
        [lambda: asyncio.run(use_and_close(client)), blocking, lambda: asyncio.run(use_and_close(client)), blocking]
    )


def test_a_sync_call_within_a_running_loop(serve: Serve, client_of: ClientOf) -> None:
    """As in a notebook, whose cells run within one."""
    client = client_of(serve(reply))

    async def cell() -> None:
        assert client.request(list_pads()) == []
        assert [*Data(client, [SITE])] == RECORDS

    asyncio.run(cell())


def test_loops_that_end_without_closing_leave_nothing_behind(serve: Serve, client_of: ClientOf) -> None:
    """Most programs call `asyncio.run` and never close a client."""
    client = client_of(serve(reply))
    before = open_sockets()
    loops: list[weakref.ref[asyncio.AbstractEventLoop]] = []

    async def main() -> None:
        loops.append(weakref.ref(asyncio.get_running_loop()))
        assert await client.arequest(list_pads()) == []

    for _ in range(3):
        asyncio.run(main())
    end = time.monotonic() + 2
    while any(loop() for loop in loops) and time.monotonic() < end:  # threads that worked for them are just ending
        time.sleep(0.01)
        gc.collect()
    assert [loop() for loop in loops] == [None] * 3
    assert len(open_sockets() - before) <= 2, "the listening server's side of a connection may close later"


def test_a_client_of_the_user_is_used_and_never_closed(serve: Serve, client_of: ClientOf) -> None:
    server = serve(reply)

    async def main() -> None:
        async with httpx.AsyncClient(headers={"x-crew": "7"}) as http:
            client = client_of(server, async_http=http)
            await use_and_close(client)
            await use_and_close(client)
            assert not http.is_closed

    asyncio.run(main())
    with httpx.Client(headers={"x-crew": "7"}) as http:
        with client_of(server, http=http) as client:
            assert client.request(list_pads()) == []
            assert [*Data(client, [SITE])] == RECORDS
        assert not http.is_closed
    assert {request.headers.get("x-crew") for request in server.received} == {"7"}
    assert all(request.token for request in server.received)


@pytest.mark.parametrize("where", ["argument", "environment"])
def test_through_a_proxy(where: str, serve: Serve, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy, server = serve(reply), serve(respond_always(b"!"))
    if where == "environment":
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
    client = client_of(server, proxy=proxy.url if where == "argument" else None)
    assert client.request(list_pads()) == []
    assert [*Data(client, [SITE])] == RECORDS
    asyncio.run(use_and_close(client))
    assert server.received == []
    assert all(request.target.startswith(server.url) for request in proxy.received)
