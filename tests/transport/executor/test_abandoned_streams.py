"""Streams closed half way, or before they start, release permit and connection."""

from __future__ import annotations

import asyncio
import gc
import itertools
from queue import SimpleQueue

import pytest

from datastore_sdk.client import Client
from datastore_sdk.data import Data, DataAsync, DataQuery
from tests.support.fake_server import ClientConnection, HttpRequest, Server
from tests.support.fixtures import ClientOf, Serve
from tests.support.http_responses import chunk, head
from tests.support.threads import start_thread

SITE = DataQuery(source="site", id=981)


class Endless:
    """A service whose streams have no end. It reports when a client disconnects."""

    def __init__(self) -> None:
        self.disconnected: SimpleQueue[bool] = SimpleQueue()

    def __call__(self, line: ClientConnection, _: HttpRequest) -> None:
        line.send(head(transfer_encoding="chunked") + chunk(b"["))
        try:
            for second in itertools.count():
                line.send(chunk(b'{"timestamp": %d, "site_id": 981},\n' % second))
        finally:
            self.disconnected.put(True)

    def wait(self, count: int) -> None:
        """Wait until this many clients have disconnected."""
        for _ in range(count):
            assert self.disconnected.get(timeout=3)


@pytest.fixture
def endless() -> Endless:
    return Endless()


@pytest.fixture
def server(endless: Endless, serve: Serve) -> Server:
    return serve(endless)


@pytest.fixture
def client(server: Server, client_of: ClientOf) -> Client:
    return client_of(server)


def read_some(client: Client, count: int) -> list[int]:
    seconds: list[int] = []
    for record in Data(client, [SITE]):
        seconds.append(record["timestamp"])
        if len(seconds) == count:
            break
    return seconds


async def aread_some(client: Client, count: int) -> list[int]:
    seconds: list[int] = []
    async for record in DataAsync(client, [SITE]):
        seconds.append(record["timestamp"])
        if len(seconds) == count:
            break
    return seconds


@pytest.mark.parametrize("count", [1, 5000])
def test_a_loop_that_is_left(count: int, client: Client, endless: Endless) -> None:
    for _ in range(5):
        assert start_thread(lambda: read_some(client, count)).result(10) == [*range(count)]
    endless.wait(5)


@pytest.mark.parametrize("count", [1, 5000])
def test_a_loop_that_is_left_async(count: int, client: Client, endless: Endless) -> None:
    async def main() -> None:
        async with client, asyncio.timeout(10):
            for _ in range(5):
                assert await aread_some(client, count) == [*range(count)]
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())
    endless.wait(5)


def test_an_error_in_the_loop(client: Client, endless: Endless) -> None:
    for _ in range(4):
        with pytest.raises(ZeroDivisionError):
            sum(1 // record["timestamp"] for record in Data(client, [SITE]))
    endless.wait(4)


def test_streams_that_never_began(client: Client, server: Server) -> None:
    data = Data(client, [SITE])
    for _ in range(5):
        iter(data)
        data.data_fetcher.close()
    fetchers = [data.data_fetcher for _ in range(5)]
    gc.collect()
    assert server.connections == 0
    assert len(fetchers) == 5


def test_streams_that_never_began_async(client: Client, server: Server) -> None:
    async def main() -> None:
        data = DataAsync(client, [SITE])
        for _ in range(5):
            aiter(data)
            await data.data_fetcher.aclose()
        gc.collect()

    asyncio.run(main())
    assert server.connections == 0


def test_streams_that_are_collected(client: Client, endless: Endless) -> None:
    for _ in range(5):
        circle: list[object] = [Data(client, [SITE]).data_fetcher]
        circle.append(circle)
        assert next(circle[0]) == {"timestamp": 0, "site_id": 981}  # type: ignore[call-overload]
        del circle
        gc.collect()
    endless.wait(5)


def test_streams_that_are_collected_async(client: Client, endless: Endless) -> None:
    async def main() -> None:
        async with client, asyncio.timeout(10):
            for _ in range(5):
                records = DataAsync(client, [SITE]).data_fetcher
                assert await anext(records) == {"timestamp": 0, "site_id": 981}
                del records
                gc.collect()

    asyncio.run(main())
    endless.wait(5)


def test_an_event_loop_that_ends_in_the_middle_of_a_stream(client: Client, endless: Endless) -> None:
    async def main() -> None:
        records = DataAsync(client, [SITE]).data_fetcher
        assert await anext(records) == {"timestamp": 0, "site_id": 981}

    asyncio.run(main())
    endless.wait(1)
    asyncio.run(client.aclose())


def test_closed_in_another_thread_than_it_was_read_in(client: Client, endless: Endless) -> None:
    records = Data(client, [SITE]).data_fetcher
    assert start_thread(lambda: next(records)).result(5) == {"timestamp": 0, "site_id": 981}
    start_thread(records.close).result(5)
    endless.wait(1)


def test_closed_more_than_once(client: Client, endless: Endless) -> None:
    records = Data(client, [SITE]).data_fetcher
    next(records)
    records.close()
    records.close()
    assert next(records, None) is None
    endless.wait(1)


def test_client_closed_in_the_middle_of_a_stream_continues_it(client: Client) -> None:
    """Closing drops the pooled connections; the client can still be used and connects again."""
    records = Data(client, [SITE]).data_fetcher
    assert next(records)["timestamp"] == 0
    client.close()
    assert [next(records)["timestamp"] for _ in range(20_000)] == [*range(1, 20_001)]
    records.close()
