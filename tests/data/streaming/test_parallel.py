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
from tests.data.fake_record_service import START, Break, Record, RecordService, moment, records_of
from tests.support.fake_server import Line, Received
from tests.support.fixtures import ClientOf, Serve
from tests.support.http_responses import answer, by_path, chunk, give, head
from tests.support.sync_async_clients import Form
from tests.support.threads import begin

SECONDS = 500
RECORDS = records_of(SECONDS)


@pytest.fixture(autouse=True)
def short_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slicing, "MAX_SLICE", timedelta(seconds=37))


def query(parallel: int = 3, seconds: int = SECONDS) -> DataQuery:
    return DataQuery(source="site", id=981, start=moment(0), end=moment(seconds - 1), parallel=parallel)


@pytest.mark.parametrize("parallel", [2, 3])
def test_parallel_keeps_record_order(parallel: int, form: Form, serve: Serve, client_of: ClientOf) -> None:
    service = RecordService(RECORDS)
    server = serve(service)
    found: list[Record] = []
    form.records(client_of(server), [query(parallel)], found)
    assert found == RECORDS
    assert service.asked == -(-SECONDS // 37)
    assert server.most_at_a_time <= parallel


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
    client = client_of(serve(by_path({"/data/": RecordService(RECORDS), "/fields/": answer(200, b"[]")})))
    form.save(client, [query(1)], one)
    form.save(client, [query(3)], three)
    assert one.read_bytes() == three.read_bytes()
    assert one.stat().st_size > SECONDS


@pytest.mark.parametrize("seed", range(4))
def test_breaks_at_any_byte_lose_nothing(seed: int, form: Form, serve: Serve, client_of: ClientOf) -> None:
    chance = random.Random(seed)
    troubles: list[Break | bytes] = [answer(503), answer(429), answer(503)]
    troubles += [Break(chance.random(), chance.choice([Line.close, Line.reset])) for _ in range(9)]
    chance.shuffle(troubles)
    found: list[Record] = []
    client = client_of(serve(RecordService(RECORDS, troubles)), retries=RetryPolicy(max_attempts=20))
    form.records(client, [query()], found)
    assert found == RECORDS


def test_failing_slice_raises_after_earlier_records(form: Form, serve: Serve, client_of: ClientOf) -> None:
    """Earlier slices are delivered, then the error is raised, and later slices are cancelled."""
    service = RecordService(RECORDS)

    def handle(line: Line, request: Received) -> None:
        if request.query["start_datetime"] == "2025-09-18 12:01:51":  # the fourth part
            line.send(answer(404))
        else:
            service(line, request)

    found: list[Record] = []
    with pytest.raises(NotFoundError):
        form.records(client_of(serve(handle)), [query()], found)
    assert found == RECORDS[: 3 * 37]
    assert service.asked <= 3 + 2


def test_closed_iterator_stops_slices(serve: Serve, client_of: ClientOf) -> None:
    client = client_of(serve(RecordService(RECORDS)))
    for count in (1, 30, 300):
        records = Data(client, [query()]).data_fetcher
        assert [*itertools.islice(records, count)] == RECORDS[:count]
        records.close()
    assert begin(lambda: [*Data(client, [query()])]).result(10) == RECORDS


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
    """Begins to answer each part and falls silent; tells when the client hangs up."""

    def __init__(self) -> None:
        self.begun: SimpleQueue[bool] = SimpleQueue()
        self.hung_up: SimpleQueue[bool] = SimpleQueue()

    def __call__(self, line: Line, request: Received) -> None:
        self.begun.put(True)
        start = datetime.fromisoformat(f"{request.query['start_datetime']}+00:00")
        second = {"timestamp": int(start.timestamp()), "site_id": 981}
        line.send(head(transfer_encoding="chunked") + chunk(f"[{json.dumps(second)}".encode()))
        self.hung_up.put(line.stall(seconds=3))


def test_close_during_stall_returns(serve: Serve, client_of: ClientOf, caplog: pytest.LogCaptureFixture) -> None:
    stalling = Stalling()
    records = Data(client_of(serve(stalling)), [query()]).data_fetcher
    assert next(records)["timestamp"] == START
    assert [stalling.begun.get(timeout=5) for _ in range(3)] == [True] * 3
    begin(records.close).result(2)
    assert [stalling.hung_up.get(timeout=5) for _ in range(3)] == [True] * 3
    time.sleep(0.1)
    assert not caplog.records, "what nobody wants any more cannot fail"


async def drained(data: DataAsync) -> list[Record]:
    return [record async for record in data]


def test_cancel_during_stall_returns(serve: Serve, client_of: ClientOf) -> None:
    stalling = Stalling()

    async def main() -> None:
        async with client_of(serve(stalling)) as client:
            reading = asyncio.create_task(drained(DataAsync(client, [query()])))
            await asyncio.wait([reading], timeout=0.3)
            reading.cancel()
            await asyncio.wait([reading], timeout=3)
            assert reading.cancelled()

    asyncio.run(main())
    assert [stalling.hung_up.get(timeout=5) for _ in range(3)] == [True] * 3


def test_slow_consumer_limits_waiting_records(
    serve: Serve, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slicing, "_MAX_WAITING_BATCHES", 2)
    sent = list[int]()

    def handle(line: Line, request: Received) -> None:
        sent.append(0)
        number = len(sent) - 1
        line.send(head(transfer_encoding="chunked") + chunk(b'[{"timestamp":1758196800,"site_id":981}'))
        for _ in range(100):
            line.send(chunk(b",\n".join([b"", *[b'{"timestamp":1758196800,"site_id":981}'] * 10_000])))
            sent[number] += 1
        give(b"", line, request)

    client = client_of(serve(handle))
    records = Data(client, [query()]).data_fetcher
    next(records)
    begin(lambda: asyncio.run(asyncio.sleep(0.5))).result(5)
    most = max(sent)
    records.close()
    assert most < 60, "parts were read to their end though nobody took their records"


@pytest.mark.parametrize(("hours", "parts"), [(0.1, 1), (0.25, 2), (2, 3), (12, 3), (24, 5)])
def test_short_range_is_split(hours: float, parts: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slicing, "MAX_SLICE", timedelta(seconds=20_000))
    whole = query(seconds=int(hours * 3600))
    slices = [*slicing._split_query(whole)]
    assert len(slices) == parts
    assert (slices[0].query.start, slices[-1].query.end) == (whole.start, whole.end)
    for one, following in itertools.pairwise(slices):
        assert one.query.end == following.query.start
        assert one.shares_last_second
    assert not slices[-1].shares_last_second
