"""Long time ranges downloaded in parallel slices: the same records in the same order."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import time
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from queue import SimpleQueue

import pytest

from datastore_sdk.data import Data, DataAsync, DataQuery
from datastore_sdk.data.arrow import builder
from datastore_sdk.data.arrow.pipeline import ParsePipeline
from datastore_sdk.data.streaming import parallel as slicing
from datastore_sdk.exceptions import NotFoundError
from datastore_sdk.transport.executor.retry import RetryPolicy
from tests.data.fake_record_service import START, Break, Record, RecordService, datetime_at, records_of
from tests.support.fake_server import ClientConnection, HttpRequest
from tests.support.fixtures import ClientOf, Serve
from tests.support.http_responses import chunk, head, http_response, respond_by_path, send_reply
from tests.support.sync_async_clients import Form
from tests.support.threads import start_thread

SECONDS = 500
RECORDS = records_of(SECONDS)


@pytest.fixture(autouse=True)
def short_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slicing, "MAX_SLICE", timedelta(seconds=37))


def query(parallel: int = 3, seconds: int = SECONDS) -> DataQuery:
    return DataQuery(source="site", id=981, start=datetime_at(0), end=datetime_at(seconds - 1), parallel=parallel)


@pytest.mark.parametrize("parallel", [2, 3])
def test_parallel_keeps_record_order(parallel: int, form: Form, serve: Serve, client_of: ClientOf) -> None:
    service = RecordService(RECORDS)
    server = serve(service)
    found: list[Record] = []
    form.records(client_of(server), [query(parallel)], found)
    assert found == RECORDS
    assert service.request_count == -(-SECONDS // 37)
    assert server.max_concurrent <= parallel


@pytest.mark.parametrize("seconds", [1, 36, 37, 38, 74])
def test_slices_of_any_length_are_complete(seconds: int, form: Form, serve: Serve, client_of: ClientOf) -> None:
    found: list[Record] = []
    form.records(client_of(serve(RecordService(RECORDS))), [query(seconds=seconds)], found)
    assert found == RECORDS[:seconds]


@pytest.mark.parametrize("suffix", [".json", ".csv", ".ndjson.gz", ".csv.zst", ".parquet", ".arrow"])
def test_parallel_save_equals_plain_save(
    suffix: str, form: Form, serve: Serve, client_of: ClientOf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Byte for byte the same file."""
    monkeypatch.setattr(builder, "ParsePipeline", partial(ParsePipeline, batch_bytes=1000))
    one, three = tmp_path / f"one{suffix}", tmp_path / f"three{suffix}"
    client = client_of(
        serve(respond_by_path({"/data/": RecordService(RECORDS), "/fields/": http_response(200, b"[]")}))
    )
    form.save(client, [query(1)], one)
    form.save(client, [query(3)], three)
    assert one.read_bytes() == three.read_bytes()
    assert one.stat().st_size > SECONDS


@pytest.mark.parametrize("seed", range(4))
def test_breaks_at_any_byte_lose_nothing(seed: int, form: Form, serve: Serve, client_of: ClientOf) -> None:
    chance = random.Random(seed)
    faults: list[Break | bytes] = [http_response(503), http_response(429), http_response(503)]
    faults += [
        Break(chance.random(), chance.choice([ClientConnection.close, ClientConnection.reset])) for _ in range(9)
    ]
    chance.shuffle(faults)
    found: list[Record] = []
    client = client_of(serve(RecordService(RECORDS, faults)), retries=RetryPolicy(max_attempts=20))
    form.records(client, [query()], found)
    assert found == RECORDS


def test_failing_slice_raises_after_earlier_records(form: Form, serve: Serve, client_of: ClientOf) -> None:
    """Earlier slices are delivered, then the error is raised, and later slices are cancelled."""
    service = RecordService(RECORDS)

    def handle(line: ClientConnection, request: HttpRequest) -> None:
        if request.query["start_datetime"] == "2025-09-18 12:01:51":  # the fourth part
            line.send(http_response(404))
        else:
            service(line, request)

    found: list[Record] = []
    with pytest.raises(NotFoundError):
        form.records(client_of(serve(handle)), [query()], found)
    assert found == RECORDS[: 3 * 37]
    assert service.request_count <= 3 + 2


def test_closed_iterator_stops_slices(serve: Serve, client_of: ClientOf) -> None:
    client = client_of(serve(RecordService(RECORDS)))
    for count in (1, 30, 300):
        records = Data(client, [query()]).data_fetcher
        assert [*itertools.islice(records, count)] == RECORDS[:count]
        records.close()
    assert start_thread(lambda: [*Data(client, [query()])]).result(10) == RECORDS


def test_closed_async_iterator_stops_slices(serve: Serve, client_of: ClientOf) -> None:
    async def main() -> None:
        async with client_of(serve(RecordService(RECORDS))) as client, asyncio.timeout(10):
            for count in (1, 30, 300):
                records = DataAsync(client, [query()]).data_fetcher
                for number in range(count):
                    assert await anext(records) == RECORDS[number]
                await records.aclose()
            assert [record async for record in DataAsync(client, [query()])] == RECORDS
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())


class Stalling:
    """Starts a response to each part and falls silent; reports when the client disconnects."""

    def __init__(self) -> None:
        self.started: SimpleQueue[bool] = SimpleQueue()
        self.disconnected: SimpleQueue[bool] = SimpleQueue()

    def __call__(self, line: ClientConnection, request: HttpRequest) -> None:
        self.started.put(True)
        start = datetime.fromisoformat(f"{request.query['start_datetime']}+00:00")
        second = {"timestamp": int(start.timestamp()), "site_id": 981}
        line.send(head(transfer_encoding="chunked") + chunk(f"[{json.dumps(second)}".encode()))
        self.disconnected.put(line.stall(seconds=3))


def test_close_during_stall_returns(serve: Serve, client_of: ClientOf, caplog: pytest.LogCaptureFixture) -> None:
    stalling = Stalling()
    records = Data(client_of(serve(stalling)), [query()]).data_fetcher
    assert next(records)["timestamp"] == START
    assert [stalling.started.get(timeout=5) for _ in range(3)] == [True] * 3
    start_thread(records.close).result(2)
    assert [stalling.disconnected.get(timeout=5) for _ in range(3)] == [True] * 3
    time.sleep(0.1)
    assert not caplog.records, "a part that is no longer needed cannot fail"


async def drain(data: DataAsync) -> list[Record]:
    return [record async for record in data]


def test_cancel_during_stall_returns(serve: Serve, client_of: ClientOf) -> None:
    stalling = Stalling()

    async def main() -> None:
        async with client_of(serve(stalling)) as client:
            reading = asyncio.create_task(drain(DataAsync(client, [query()])))
            await asyncio.wait([reading], timeout=0.3)
            reading.cancel()
            await asyncio.wait([reading], timeout=3)
            assert reading.cancelled()

    asyncio.run(main())
    assert [stalling.disconnected.get(timeout=5) for _ in range(3)] == [True] * 3


def test_slow_consumer_limits_waiting_records(
    serve: Serve, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slicing, "MAX_WAITING_BATCHES", 2)
    sent = list[int]()

    def handle(line: ClientConnection, request: HttpRequest) -> None:
        sent.append(0)
        number = len(sent) - 1
        line.send(head(transfer_encoding="chunked") + chunk(b'[{"timestamp":1758196800,"site_id":981}'))
        for _ in range(100):
            line.send(chunk(b",\n".join([b"", *[b'{"timestamp":1758196800,"site_id":981}'] * 10_000])))
            sent[number] += 1
        send_reply(b"", line, request)

    client = client_of(serve(handle))
    records = Data(client, [query()]).data_fetcher
    next(records)
    start_thread(lambda: asyncio.run(asyncio.sleep(0.5))).result(5)
    largest = max(sent)
    records.close()
    assert largest < 60, "parts were read completely though their records were not consumed"


@pytest.mark.parametrize(("hours", "parts"), [(0.1, 1), (0.25, 2), (2, 3), (12, 3), (24, 5)])
def test_short_range_is_split(hours: float, parts: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slicing, "MAX_SLICE", timedelta(seconds=20_000))
    whole = query(seconds=int(hours * 3600))
    slices = [*slicing.split_query(whole)]
    assert len(slices) == parts
    assert (slices[0].query.start, slices[-1].query.end) == (whole.start, whole.end)
    for one, following in itertools.pairwise(slices):
        assert one.query.end == following.query.start
        assert one.shares_last_second
    assert not slices[-1].shares_last_second
