"""Saves that fail and are resumed: the file is the same, and only missing records are requested."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import random
import re
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest

from datastore_sdk.client import Client
from datastore_sdk.data import DataAsync, DataQuery
from datastore_sdk.data.saving.journal import Journal
from datastore_sdk.data.streaming import parallel as slicing
from datastore_sdk.data.writers.json_writer import JsonWriter
from datastore_sdk.enums import DataAggregations, DataFillMethods, DataResolutions
from datastore_sdk.exceptions import APIConnectionError, CallError, NotFoundError, ResumeError
from datastore_sdk.transport.executor.retry import RetryPolicy
from tests.data.fake_record_service import START, Break, Record, RecordService, datetime_at, records_of
from tests.support.exhaustive import first
from tests.support.fake_server import ClientConnection, HttpRequest, Server
from tests.support.fixtures import ClientOf, Serve
from tests.support.http_responses import build_chunked_response, http_response
from tests.support.jumping_clock import JumpingClock
from tests.support.leak_checks import read_files
from tests.support.sync_async_clients import Form
from tests.support.waiting import await_until

SITE = DataQuery(source="site", id=981, start=datetime_at(-10_000), end=datetime_at(9999))
ROUTED = DataQuery(source="pad", id=681, start=datetime_at(-10_000), end=datetime_at(9999), is_routed=True)
ONCE = RetryPolicy(max_attempts=1)


def fail(form: Form, client: Client, queries: Sequence[DataQuery], path: Path, **options: Any) -> BaseException:
    with pytest.raises(CallError) as caught:
        form.save(client, queries, path, resume=True, **options)
    assert not path.exists()
    assert path.with_name(f"{path.name}.partial").exists()
    return caught.value


@pytest.mark.parametrize("suffix", [".json", ".csv", ".ndjson", ".csv.gz", ".json.zst"])
def test_failed_save_resumes_at_last_record(
    suffix: str, form: Form, serve: Serve, client_of: ClientOf, tmp_path: Path
) -> None:
    records = records_of(300, [981, 982])
    service = RecordService(records, [Break(0.5), Break(0.4)])
    server = serve(service)
    client = client_of(server, retries=ONCE)
    path = tmp_path / f"records{suffix}"
    fail(form, client, [ROUTED], path)
    fail(form, client, [ROUTED], path)
    form.save(client, [ROUTED], path, resume=True)
    first, second, third, check = (str(start) for start in service.starts)
    assert first == check == "2025-09-18 09:13:20"
    assert "2025-09-18 12:02:20" < second < third
    undisturbed = tmp_path / f"undisturbed{suffix}"
    form.save(client, [ROUTED], undisturbed)
    assert path.read_bytes() == undisturbed.read_bytes()
    assert {*read_files(tmp_path)} == {path.name, undisturbed.name}


@pytest.mark.parametrize("suffix", [".parquet", ".arrow"])
def test_failed_save_of_tables_resumes(
    suffix: str, form: Form, serve: Serve, client_of: ClientOf, tmp_path: Path
) -> None:
    service = RecordService(records_of(300), [Break(0.5)])

    def handle(line: ClientConnection, request: HttpRequest) -> None:
        if request.path.endswith("/fields/"):
            line.send(http_response(200, b"[]"))
        else:
            service(line, request)

    client = client_of(serve(handle), retries=ONCE)
    path, undisturbed = tmp_path / f"records{suffix}", tmp_path / f"undisturbed{suffix}"
    fail(form, client, [SITE], path)
    form.save(client, [SITE], path, resume=True)
    form.save(client, [SITE], undisturbed)
    one, other = map(pl.read_parquet if suffix == ".parquet" else pl.read_ipc, (path, undisturbed))
    assert one.equals(other)
    assert one.height == 300


@pytest.mark.parametrize("seed", first(2, range(8)))
@pytest.mark.parametrize("parallel", [1, 2, 3])
def test_breaks_at_any_byte_lose_nothing(
    seed: int,
    parallel: int,
    form: Form,
    serve: Serve,
    client_of: ClientOf,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(slicing, "MAX_SLICE", timedelta(seconds=37))
    chance = random.Random(seed)
    sites = chance.sample(range(900, 1000), chance.choice([1, 2, 5]))
    records = records_of(200, sites)
    faults: list[Break | bytes] = [http_response(503), http_response(404)]
    faults += [
        Break(chance.random(), chance.choice([ClientConnection.close, ClientConnection.reset])) for _ in range(8)
    ]
    chance.shuffle(faults)
    service = RecordService(records, faults, piece=chance.choice([1, 30, 1000]))
    client = client_of(serve(service), retries=ONCE)
    query = replace(ROUTED, start=datetime_at(0), end=datetime_at(220), parallel=parallel)
    path = tmp_path / "records.json"
    for _ in range(3 * len(faults)):
        try:
            form.save(client, [query], path, resume=True)
        except CallError:
            continue
        break
    assert json.loads(path.read_bytes()) == records
    assert {*read_files(tmp_path)} == {"records.json"}


def test_resume_with_other_parallel_continues(
    form: Form, serve: Serve, client_of: ClientOf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`parallel` is not part of the fingerprint."""
    monkeypatch.setattr(slicing, "MAX_SLICE", timedelta(seconds=37))
    records = records_of(200)
    query = DataQuery(source="site", id=981, start=datetime_at(0), end=datetime_at(199))
    client = client_of(serve(RecordService(records, [Break(0.5)])), retries=ONCE)
    fail(form, client, [query], tmp_path / "records.json")
    form.save(client, [replace(query, parallel=3)], tmp_path / "records.json", resume=True)
    assert json.loads((tmp_path / "records.json").read_bytes()) == records


def several(*starts: int) -> list[DataQuery]:
    return [DataQuery(source="site", id=981, start=datetime_at(start), end=datetime_at(start + 9)) for start in starts]


def test_complete_queries_are_not_requested_again(
    form: Form, serve: Serve, client_of: ClientOf, tmp_path: Path, clock: JumpingClock
) -> None:
    clock.time += 1_000
    service = RecordService(records_of(100), [http_response(200, b"[]"), Break(0.6), http_response(503), Break(0.3)])
    client = client_of(serve(service), retries=ONCE)
    queries = several(60, 20, 0, 40)
    for _ in range(3):
        fail(form, client, queries, tmp_path / "records.json")
    form.save(client, queries, tmp_path / "records.json", resume=True)
    seconds = [record["timestamp"] - START for record in json.loads((tmp_path / "records.json").read_bytes())]
    assert seconds == [*range(20, 30), *range(10), *range(40, 50)]
    starts = [str(start)[-5:] for start in service.starts]
    assert starts[:2] == ["01:00", "00:20"]
    assert starts.count("01:00") == 1, "a finished slice is not requested again, though it had no records"
    assert "00:20" < starts[2] < "00:30"


def broken(_: JsonWriter) -> None:
    raise OSError(28, "No space left on device")


def test_complete_journal_makes_no_request(
    form: Form,
    serve: Serve,
    client_of: ClientOf,
    tmp_path: Path,
    clock: JumpingClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The file could not be written."""
    clock.time += 100_000
    service = RecordService(records_of(100))
    client = client_of(serve(service))
    path = tmp_path / "records.json"

    with monkeypatch.context() as patch:
        patch.setattr(JsonWriter, "finish", broken)
        with pytest.raises(OSError, match=r"No space left on device: .*records\.json'") as caught:
            form.save(client, [SITE], path, resume=True)
    assert caught.value.__notes__ == [
        f"100 records are kept in {path}.partial; save again with resume=True to use them"
    ]
    assert {*read_files(tmp_path)} == {"records.json.partial"}
    form.save(client, [SITE], path, resume=True)
    assert json.loads(path.read_bytes()) == records_of(100)
    assert service.request_count == 1


def test_range_into_the_future_is_requested_again(
    form: Form, serve: Serve, client_of: ClientOf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The service has more records by then."""
    service = RecordService(records_of(100))
    client = client_of(serve(service))
    with monkeypatch.context() as patch:
        patch.setattr(JsonWriter, "finish", broken)
        with pytest.raises(OSError, match="No space left"):
            form.save(client, [SITE], tmp_path / "records.json", resume=True)
    service.records = records_of(150)
    form.save(client, [SITE], tmp_path / "records.json", resume=True)
    assert json.loads((tmp_path / "records.json").read_bytes()) == records_of(150)


WHOLE: dict[str, DataQuery] = {
    "filled": replace(SITE, fill_data_method=DataFillMethods.FORWARD_FILL, fill_data_limit=5),
    "coarser": replace(SITE, resolution=DataResolutions.MINUTE),
    "aggregated": replace(SITE, aggregation=DataAggregations.MEAN),
}


@pytest.mark.parametrize("query", WHOLE.values(), ids=WHOLE)
def test_dependent_records_start_again(
    query: DataQuery,
    form: Form,
    serve: Serve,
    client_of: ClientOf,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    clock: JumpingClock,
) -> None:
    clock.time += 100_000
    caplog.set_level(logging.INFO, "datastore_sdk")
    first = replace(query, start=datetime_at(0), end=datetime_at(9))
    service = RecordService(records_of(200), [http_response(200, json.dumps(records_of(10)).encode()), Break(0.5)])
    client = client_of(serve(service), retries=ONCE)
    fail(form, client, [first, query], tmp_path / "records.json")
    service.records = [{**record, "slurry_rate": 7} for record in records_of(200)]
    form.save(client, [first, query], tmp_path / "records.json", resume=True)
    assert json.loads((tmp_path / "records.json").read_bytes()) == records_of(10) + service.records
    assert service.request_count == 3
    assert "cannot be resumed, so it starts again" in caplog.text


def test_records_without_timestamp_start_again(form: Form, serve: Serve, client_of: ClientOf, tmp_path: Path) -> None:
    rows: list[Record] = [{"a": number} for number in range(3000)]
    whole = json.dumps(rows).encode()
    service = RecordService([], [Break(0.5)])
    service._body = lambda request: whole  # type: ignore[method-assign] # noqa: ARG005
    client = client_of(serve(service), retries=ONCE)
    fail(form, client, [SITE], tmp_path / "records.json")
    form.save(client, [SITE], tmp_path / "records.json", resume=True)
    assert json.loads((tmp_path / "records.json").read_bytes()) == rows


def test_different_query_is_refused(form: Form, serve: Serve, client_of: ClientOf, tmp_path: Path) -> None:
    service = RecordService(records_of(100), [Break(0.5)])
    client = client_of(serve(service), retries=ONCE)
    path = tmp_path / "records.json"
    fail(form, client, [SITE], path)
    before = read_files(tmp_path)
    for other, message in [
        (replace(SITE, si_units=True), "si_units is True and was not given"),
        (replace(SITE, id=982), "site is 982 and was 981"),
        (replace(SITE, fields=["a"]), r"fields is \['a'\] and was not given"),
        (replace(SITE, end=None), r"end_datetime is not given and was 2025-09-18T14:46:39\+00:00"),
        (replace(SITE, source="pad"), "pad is 981 and was not given"),
    ]:
        with pytest.raises(ResumeError, match=message) as caught:
            form.save(client, [other], path, resume=True)
        assert f"{path}.partial" in str(caught.value)
        assert "delete it to start again, or save to another path" in str(caught.value)
    with pytest.raises(ResumeError, match=r"the service is .* and was http"):
        form.save(client_of(serve(service)), [SITE], path, resume=True)
    assert read_files(tmp_path) == before
    assert service.request_count == 1
    form.save(client, [replace(SITE, si_units=True)], path)
    assert {*read_files(tmp_path)} == {"records.json", "records.json.partial"}, "without resume it does not matter"


def test_edited_partial_is_refused(form: Form, serve: Serve, client_of: ClientOf, tmp_path: Path) -> None:
    service = RecordService(records_of(2000), [Break(0.5)], piece=10_000)
    client = client_of(serve(service), retries=ONCE)
    path, left = tmp_path / "records.json", tmp_path / "records.json.partial"
    fail(form, client, [SITE], path)
    left.write_bytes(left.read_bytes().replace(b"981", b"982", 5))
    edited = left.read_bytes()
    with pytest.raises(ResumeError, match="was edited, so the save cannot resume from it; delete it"):
        form.save(client, [SITE], path, resume=True)
    assert left.read_bytes() == edited
    assert service.request_count == 1


@pytest.mark.parametrize("numbers", [[1], [0, 1, 0], [7]])
def test_impossible_query_order_is_refused(
    numbers: list[int], form: Form, serve: Serve, client_of: ClientOf, tmp_path: Path
) -> None:
    """Valid blocks, of queries that do not exist or in the wrong order."""
    service = RecordService(records_of(100))
    server = serve(service)
    queries = [SITE, SITE][: len(numbers)]
    wanted = {"service": server.url, "queries": [query.arguments() for query in queries]}
    with closing(Journal(tmp_path / "records.json.partial", wanted)) as journal:
        for number in numbers:
            journal.append(number, [msgspec.Raw(b'{"timestamp":1758196800}')])
    before = read_files(tmp_path)
    with pytest.raises(ResumeError, match="was edited"):
        form.save(client_of(server), queries, tmp_path / "records.json", resume=True)
    assert read_files(tmp_path) == before
    assert service.request_count == 0


@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_partial_that_is_not_a_file_is_refused(
    kind: str, form: Form, serve: Serve, client_of: ClientOf, tmp_path: Path
) -> None:
    """Nothing is written through a link, and a pipe does not block."""
    service, left = RecordService(records_of(100)), tmp_path / "records.json.partial"
    other = tmp_path / "other"
    other.touch()
    if kind == "link":
        left.symlink_to(other)
    elif kind == "pipe":
        os.mkfifo(left)
    else:
        left.mkdir()
    with pytest.raises(ResumeError, match=r"records\.json\.partial is not a file of this SDK; delete it"):
        form.save(client_of(serve(service)), [SITE], tmp_path / "records.json", resume=True)
    assert {path.name for path in tmp_path.iterdir()} == {"other", left.name}
    assert other.read_bytes() == b""
    assert service.request_count == 0


def test_concurrent_save_is_refused(form: Form, serve: Serve, client_of: ClientOf, tmp_path: Path) -> None:
    service = RecordService(records_of(100), [Break(0.5)])
    server = serve(service)
    client = client_of(server, retries=ONCE)
    path = tmp_path / "records.json"
    fail(form, client, [SITE], path)
    before = read_files(tmp_path)
    starts = {"service": server.url, "queries": [SITE.arguments()]}
    journal = Journal(tmp_path / "records.json.partial", starts)
    try:
        with pytest.raises(ResumeError, match=r"records\.json\.partial is in use"):
            form.save(client, [SITE], path, resume=True)
    finally:
        journal.close()
    assert read_files(tmp_path) == before
    form.save(client, [SITE], path, resume=True)


def test_arguments_are_validated_before_requests(form: Form, serve: Serve, client_of: ClientOf, tmp_path: Path) -> None:
    service = RecordService(records_of(100), [Break(0.5)])
    client = client_of(serve(service), retries=ONCE)
    path = tmp_path / "records.json"
    fail(form, client, [SITE], path)
    path.write_bytes(b"old")
    before = read_files(tmp_path)
    with pytest.raises(FileExistsError, match="overwrite=True"):
        form.save(client, [SITE], path, resume=True)
    with pytest.raises(ValueError, match="suffix"):
        form.save(client, [SITE], tmp_path / "records.xls", resume=True)
    assert service.request_count == 1
    assert read_files(tmp_path) == before
    form.save(client, [SITE], path, resume=True, overwrite=True)
    assert json.loads(path.read_bytes()) == records_of(100)


def test_failure_before_first_record_leaves_nothing(
    form: Form, serve: Serve, client_of: ClientOf, tmp_path: Path
) -> None:
    client = client_of(serve(RecordService([], [http_response(404)])))
    with pytest.raises(NotFoundError) as caught:
        form.save(client, [SITE], tmp_path / "new" / "records.json", resume=True)
    assert read_files(tmp_path / "new") == {}
    assert not hasattr(caught.value, "__notes__")


def test_save_without_queries_writes_empty_file(form: Form, serve: Serve, client_of: ClientOf, tmp_path: Path) -> None:
    form.save(client_of(serve(RecordService([]))), [], tmp_path / "records.json", resume=True, progress=print)
    assert read_files(tmp_path) == {"records.json": b"[]\n"}


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the number of entries that fit on the disk."""
    room = [1 << 30]
    append = Journal.append

    def append_limited(self: Journal, query: int, texts: Any) -> None:
        if not room[0]:
            raise OSError(28, "No space left on device", str(self.path))
        room[0] -= 1
        append(self, query, texts)

    monkeypatch.setattr(Journal, "append", append_limited)
    return room


def test_full_disk_keeps_records_for_resume(
    form: Form, serve: Serve, client_of: ClientOf, tmp_path: Path, full: list[int]
) -> None:
    service = RecordService(records_of(4000), piece=10_000)
    client = client_of(serve(service))
    path = tmp_path / "records.json"
    full[0] = 2
    with pytest.raises(OSError, match=r"No space left on device: .*records\.json\.partial") as caught:
        form.save(client, [SITE], path, resume=True)
    assert "records are kept in" in caught.value.__notes__[0]
    full[0] = 1 << 30
    form.save(client, [SITE], path, resume=True)
    assert json.loads(path.read_bytes()) == records_of(4000)
    assert service.starts[1] != service.starts[0]


def test_error_states_attempts_and_saved_records(form: Form, serve: Serve, client_of: ClientOf, tmp_path: Path) -> None:
    service = RecordService(records_of(100), [Break(0.5), http_response(503), Break(0)])
    client = client_of(serve(service), retries=RetryPolicy(max_attempts=3))
    error = fail(form, client, [SITE], tmp_path / "records.json")
    assert isinstance(error, APIConnectionError)
    assert re.search(r"; tried 2 times without progress; (49|50) records came before$", str(error))
    assert error.__notes__[0].endswith(
        f"are kept in {tmp_path}/records.json.partial; save again with resume=True to use them"
    )


def test_resumed_records_keep_their_bytes(form: Form, serve: Serve, client_of: ClientOf, tmp_path: Path) -> None:
    """The file has the bytes that the service sent."""
    one = b'{"timestamp":%d,"site_id":981,\n "a" : 1.50, "b":"\\n", "c":-0.0,"d":12345678901234567890}' % START
    two = f'{{"timestamp":{START + 1},"site_id":981,"é":"\u2028}}{{"}}'
    start, remaining, check = (
        build_chunked_response(b"[" + body) for body in (one + b",", one + b"," + two.encode() + b"]", one + b"]")
    )
    service = RecordService([], [start, remaining, check])
    client = client_of(serve(service), retries=ONCE)
    fail(form, client, [SITE], tmp_path / "records.json")
    form.save(client, [SITE], tmp_path / "records.json", resume=True)
    undisturbed = RecordService([], [build_chunked_response(b"[" + one + b",", two.encode() + b"]")])
    form.save(client_of(serve(undisturbed)), [SITE], tmp_path / "other.json")
    assert (tmp_path / "records.json").read_bytes() == (tmp_path / "other.json").read_bytes()


def test_syncing_after_each_entry_loses_nothing(
    form: Form, serve: Serve, client_of: ClientOf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("datastore_sdk.data.saving.journal._MAX_UNSYNCED_BYTES", 1)
    records = records_of(4000)
    form.save(client_of(serve(RecordService(records, [Break(0.5)]))), [SITE], tmp_path / "records.json", resume=True)
    assert json.loads((tmp_path / "records.json").read_bytes()) == records


def test_cancelled_save_resumes(serve: Serve, client_of: ClientOf, tmp_path: Path) -> None:
    service = RecordService(records_of(8000), [Break(0.5, ClientConnection.stall)], piece=5000)
    server = serve(service)
    path, left = tmp_path / "records.json", tmp_path / "records.json.partial"

    async def main() -> None:
        async with client_of(server) as client, asyncio.timeout(20):
            data = DataAsync(client, [SITE])
            saving = asyncio.create_task(data.asave(path, resume=True))
            await await_until(lambda: left.exists() and left.stat().st_size >= 50_000)
            saving.cancel()
            with pytest.raises(asyncio.CancelledError):
                await saving
            assert {*read_files(tmp_path)} == {left.name}
            await data.asave(path, resume=True)

    asyncio.run(main())
    assert json.loads(path.read_bytes()) == records_of(8000)
    assert service.starts[1] != service.starts[0]
    assert {*read_files(tmp_path)} == {path.name}


def test_partial_is_beside_the_link_target(form: Form, serve: Serve, client_of: ClientOf, tmp_path: Path) -> None:
    """The file system of the link target has the space."""
    store = tmp_path / "store"
    store.mkdir()
    link = tmp_path / "latest.json"
    link.symlink_to(store / "records.json")
    server: Server = serve(RecordService(records_of(100), [Break(0.5)]))
    client = client_of(server, retries=ONCE)
    with pytest.raises(CallError):
        form.save(client, [SITE], link, resume=True)
    assert {*read_files(store)} == {"records.json.partial"}
    form.save(client, [SITE], link, resume=True)
    assert json.loads((store / "records.json").read_bytes()) == records_of(100)
