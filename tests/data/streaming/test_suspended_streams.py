"""Streams that rest while the program does something else: their slots are lent to others, and no record is lost."""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from collections.abc import AsyncGenerator, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from datastore_sdk import RetryPolicy
from datastore_sdk._io import semaphore as slots
from datastore_sdk.client import Client
from datastore_sdk.data import Data, DataAsync, DataQuery
from datastore_sdk.sandbox import Sandbox
from tests.data.fake_record_service import Record, RecordService, datetime_at, records_of
from tests.support.exhaustive import first
from tests.support.fake_server import Server
from tests.support.fixtures import ClientOf, Serve
from tests.support.threads import run_in_threads, start_thread

SITE = DataQuery(source="site", id=981, start=datetime_at(0))
FILLED = DataQuery(source="site", id=981, start=datetime_at(0), fill_data_method="ffill", fill_data_limit=5)

NOW = datetime(2025, 9, 18, 12, tzinfo=UTC)
RECORDS = records_of(4000)
"""About 400 kB: more than one batch."""


@pytest.fixture
def service() -> RecordService:
    return RecordService(RECORDS, piece=10_000)


@pytest.fixture
def server(service: RecordService, serve: Serve) -> Server:
    return serve(service)


@pytest.fixture
def client(server: Server, client_of: ClientOf) -> Client:
    return client_of(server)


def read_in_turn(streams: list[Iterator[Record]], at_a_time: int) -> list[list[Record]]:
    """Some records of each stream, again and again, until all have ended."""
    found: list[list[Record]] = [[] for _ in streams]
    while True:
        new = [[*itertools.islice(stream, at_a_time)] for stream in streams]
        if not any(new):
            return found
        for sofar, some in zip(found, new, strict=True):
            sofar.extend(some)


@pytest.mark.parametrize(("count", "at_a_time"), first(1, [(4, 100), (7, 1500)]))
@pytest.mark.parametrize("query", [SITE, FILLED], ids=["resumable", "filled"])
def test_thread_reads_more_streams_than_permits(
    query: DataQuery, at_a_time: int, count: int, client: Client, server: Server
) -> None:
    def read() -> list[list[Record]]:
        return read_in_turn([Data(client, [query]).data_fetcher for _ in range(count)], at_a_time)

    assert start_thread(read).result(20) == [RECORDS] * count
    assert server.max_concurrent <= 3 + count, "those that were dropped may still be on the server's side"


@pytest.mark.parametrize("count", first(1, [4, 7]))
def test_task_reads_more_streams_than_permits(count: int, client: Client) -> None:
    async def main() -> list[list[Record]]:
        streams = [DataAsync(client, [SITE]).data_fetcher for _ in range(count)]
        found: list[list[Record]] = [[] for _ in streams]
        while True:
            before = sum(map(len, found))
            for sofar, stream in zip(found, streams, strict=True):
                sofar.extend([record async for record in _some(stream, 700)])
            if sum(map(len, found)) == before:
                return found

    async def read_limited() -> list[list[Record]]:
        async with client, asyncio.timeout(20):
            return await main()

    assert asyncio.run(read_limited()) == [RECORDS] * count


async def _some(stream: AsyncGenerator[Record, None], count: int) -> AsyncGenerator[Record, None]:
    for _ in range(count):
        try:
            yield await anext(stream)
        except StopAsyncIteration:
            return


def test_nested_streams_do_not_hang(client: Client) -> None:
    """Each resting for the next: four deep, in one thread."""

    def read_nested(depth: int) -> int:
        count = 0
        for number, _ in enumerate(Data(client, [SITE])):
            count += 1
            if number == 10 and depth:
                count += read_nested(depth - 1)
        return count

    assert start_thread(lambda: read_nested(4)).result(20) == 5 * len(RECORDS)


def test_suspended_stream_yields_its_permit(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slots, "PREEMPTION_SECONDS", 0.1)
    resting = [Data(client, [SITE]).data_fetcher for _ in range(3)]
    beginnings = [[*itertools.islice(stream, 10)] for stream in resting]
    assert start_thread(lambda: [*Data(client, [SITE])]).result(10) == RECORDS
    for beginning, stream in zip(beginnings, resting, strict=True):
        assert [*beginning, *stream] == RECORDS


def test_active_stream_keeps_its_permit(
    client: Client, service: RecordService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slots, "PREEMPTION_SECONDS", 0.2)
    done = threading.Event()

    def busy() -> int:
        count = 0
        for _ in Data(client, [SITE]):
            count += 1
            if count % 200 == 0 and not done.is_set():
                time.sleep(0.02)
        return count

    works = [start_thread(busy) for _ in range(3)]
    waiting = start_thread(lambda: sum(1 for _ in Data(client, [SITE])))
    assert [work.result(10) for work in works] == [len(RECORDS)] * 3
    done.set()
    assert waiting.result(10) == len(RECORDS)
    assert service.request_count == 4, "no stream had to make way"


def test_suspended_threads_and_tasks_share_permits(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slots, "PREEMPTION_SECONDS", 0.02)

    def blocking() -> int:
        count = 0
        for _ in Data(client, [SITE]):
            count += 1
            if count % 900 == 0:
                time.sleep(0.05)
        return count

    async def awaiting() -> int:
        count = 0
        async for _ in DataAsync(client, [SITE]):
            count += 1
            if count % 900 == 0:
                await asyncio.sleep(0.05)
        return count

    async def tasks() -> int:
        counts = await asyncio.gather(*[awaiting() for _ in range(5)])
        await client.aclose()
        return sum(counts) // 5

    assert run_in_threads([blocking] * 5 + [lambda: asyncio.run(tasks())]) == [len(RECORDS)] * 6


def test_close_of_stream_without_permit(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slots, "PREEMPTION_SECONDS", 0.05)
    resting = [Data(client, [SITE]).data_fetcher for _ in range(3)]
    for stream in resting:
        next(stream)
    assert len(start_thread(lambda: [*Data(client, [SITE])]).result(10)) == len(RECORDS)
    for stream in resting:
        stream.close()
    assert run_in_threads([lambda: sum(1 for _ in Data(client, [SITE]))] * 6) == [len(RECORDS)] * 6


def test_streams_without_timestamps_do_not_hang(serve: Serve, client_of: ClientOf) -> None:
    """They cannot be taken up again; one that rests must still not keep the others waiting for ever."""
    rows: list[Record] = [{"a": number, "b": "x" * 50} for number in range(4000)]
    service = RecordService([])
    service._body = lambda request: str(rows).replace("'", '"').encode()  # type: ignore[method-assign] # noqa: ARG005
    client = client_of(serve(service))

    def read() -> list[list[Record]]:
        return read_in_turn([Data(client, [SITE]).data_fetcher for _ in range(4)], 500)

    assert start_thread(read).result(5) == [rows] * 4


@pytest.mark.exhaustive
@pytest.mark.parametrize("count", first(1, [4, 6]))
def test_alternating_streams_make_few_requests(count: int) -> None:
    with Sandbox(now=NOW) as sandbox, Client(sandbox.token, base_url=sandbox.url) as client:
        query = DataQuery(source="site", id=981, start=NOW - timedelta(hours=2), end=NOW, fields="slurry_rate")
        found = read_in_turn([Data(client, [query]).data_fetcher for _ in range(count)], 1)
        statuses = [request.status for request in sandbox.requests]
    assert {len(records) for records in found} == {len(found[0])}
    assert len(found[0]) > 6000
    assert set(statuses) == {200}
    assert len(statuses) <= 12 * count


def test_closed_downloads_are_never_refused() -> None:
    with Sandbox(now=NOW) as sandbox, Client(sandbox.token, base_url=sandbox.url) as client:
        impatient = client.with_options(retries=RetryPolicy(wait=False))
        query = DataQuery(source="site", id=981, start=NOW - timedelta(hours=12), end=NOW, parallel=3)
        for _ in range(8):
            assert len(Data(impatient, [query]).head(1)) == 1
        assert {request.status for request in sandbox.requests} <= {200, None}
