"""Live data over the sandbox: reading, stopping, saving, slow readers, exclusive rooms."""

from __future__ import annotations

import asyncio
import csv
import errno
import json
import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from concurrent.futures import wait
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from datastore_sdk import Client, Pad, RetryPolicy, Site
from datastore_sdk.data.arrow.writers import TableWriter
from datastore_sdk.data.writers.base import Writer
from datastore_sdk.data.writers.csv_writer import CsvWriter
from datastore_sdk.data.writers.json_writer import JsonWriter
from datastore_sdk.exceptions import BufferOverflowError, RoomInUseError, ServerError
from datastore_sdk.realtime import LiveData, LiveDataAsync, LiveStatistics
from datastore_sdk.sandbox import RoomOptions, Sandbox, faults
from tests.conftest import NOW
from tests.realtime.live_reader import LiveReader, make_gate, save_in_background
from tests.support.fake_server import TIMEOUT_SECONDS
from tests.support.waiting import await_until, wait_until

SITE = 981


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with Sandbox(now=NOW, days=1) as running:
        yield running


@pytest.fixture
def sandbox(running: Sandbox) -> Iterator[Sandbox]:
    yield running
    running.reset()


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[Client]:
    with Client(sandbox.token, base_url=sandbox.url) as client:
        yield client


@pytest.fixture(params=["sync", "async"])
def form(request: pytest.FixtureRequest) -> str:
    form: str = request.param
    return form


def fetch_records(client: Client, sandbox: Sandbox, last: int) -> list[dict[str, Any]]:
    """Return the records of the last seconds, over REST."""
    end = int(sandbox.field.now())
    start = NOW + timedelta(seconds=end - last + 1 - int(NOW.timestamp()))
    return [*Site(SITE, client=client).get_data(start_datetime=start)]


def listening(client: Client, form: str, **options: Any) -> LiveReader:
    live, _ = Site(SITE, client=client).get_realtime_measurements_data(**options)
    return LiveReader(live._stream.plan, form)


def wait_for_connection(reader: LiveReader) -> None:
    wait_until(lambda: reader.live.statistics.connected)


def test_records_as_they_arrive(sandbox: Sandbox, client: Client, form: str) -> None:
    reader = listening(client, form)
    wait_for_connection(reader)
    for _ in range(5):
        sandbox.advance(6)
        time.sleep(0.01)
    reader.wait_for_items(30)
    assert reader.close() == fetch_records(client, sandbox, 30)
    statistics = reader.live.statistics
    assert (statistics.received, statistics.delivered, statistics.waiting) == (30 + statistics.duplicates, 30, 0)
    assert statistics.last_message_at is not None
    assert reader.live.gaps == []


def test_history_comes_first(sandbox: Sandbox, client: Client, form: str) -> None:
    reader = listening(client, form, start_datetime=NOW - timedelta(minutes=10), fields=["slurry_rate"])
    reader.wait_for_items(590)
    sandbox.advance(10)
    wait_until(lambda: reader.items[-1]["timestamp"] >= NOW.timestamp() + 5)
    received = reader.close()
    seconds = [record["timestamp"] for record in received]
    assert seconds == sorted(set(seconds))
    assert seconds[-1] > int(NOW.timestamp())
    assert all(set(record) <= {"timestamp", "site_id", "slurry_rate"} for record in received)


def test_routed_records_of_a_pad(sandbox: Sandbox, client: Client, form: str) -> None:
    live, _ = Pad(681, client=client).get_realtime_measurements_data(start_datetime=NOW, is_routed=True)
    reader = LiveReader(live._stream.plan, form)
    wait_for_connection(reader)
    sandbox.faults.add(faults.Drop(skip=20, lost=6))
    for _ in range(6):
        sandbox.advance(10)
        time.sleep(0.02)
    end = int(sandbox.field.now())
    wait_until(lambda: bool(reader.items) and reader.items[-1]["timestamp"] >= end - 1)
    received = reader.close()
    stored = [*Pad(681, client=client).get_data(start_datetime=NOW, is_routed=True)]
    names = [(record["timestamp"], record["site_id"]) for record in received]
    assert len(names) == len(set(names))
    assert sorted(names) == sorted((r["timestamp"], r["site_id"]) for r in stored if r["timestamp"] <= names[-1][0])


FAULTS: dict[str, faults.RoomFault] = {
    "drop": faults.Drop(skip=4, lost=3),
    "silence": faults.Silence(skip=4),
    "close": faults.Close(skip=4),
    "close with an error": faults.Close(skip=4, code=1011),
    "duplicate": faults.Duplicate(skip=4, copies=3),
    "late": faults.Late(skip=4, by=3),
    "garbage text": faults.Garbage(skip=4),
    "garbage object": faults.Garbage(skip=4, kind="object"),
    "garbage bytes": faults.Garbage(skip=4, kind="binary"),
    "bad encoding": faults.Garbage(skip=4, kind="encoding"),
    "bad frame": faults.Garbage(skip=4, kind="frame"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_of_the_room(sandbox: Sandbox, client: Client, form: str, fault: str) -> None:
    reader = listening(client, form, stale_after=0.4)
    wait_for_connection(reader)
    sandbox.faults.add(FAULTS[fault])
    for _ in range(5):
        sandbox.advance(4)
        time.sleep(0.01)
    reader.wait_for_items(20)
    received = reader.close()
    assert sorted(received, key=lambda record: record["timestamp"]) == fetch_records(client, sandbox, 20)


def test_a_huge_frame(sandbox: Sandbox, client: Client) -> None:
    reader = listening(client, "sync")
    wait_for_connection(reader)
    sandbox.faults.add(faults.HugeFrame(size=70_000_000))
    sandbox.advance(3)
    reader.wait_for_items(3)
    wait_until(lambda: reader.live.statistics.unreadable == 1)
    assert reader.close() == fetch_records(client, sandbox, 3)


@pytest.mark.parametrize("status", [401, 403])
def test_an_issued_token_is_renewed(sandbox: Sandbox, form: str, status: int) -> None:
    with Client(client_id=sandbox.client_id, client_secret=sandbox.client_secret, base_url=sandbox.url) as client:
        sandbox.faults.add(faults.Status(status, path="/ws/*"))
        reader = listening(client, form)
        wait_for_connection(reader)
        sandbox.advance(2)
        assert len(reader.wait_for_items(2)) == 2
        reader.close()


def test_sessions(sandbox: Sandbox, client: Client, form: str) -> None:
    site = Site(SITE, client=client)
    sandbox.requests.clear()
    live, key = site.get_realtime_measurements_data()
    assert re.fullmatch("[0-9a-f]{32}", key)
    first = LiveReader(live._stream.plan, form)
    wait_for_connection(first)
    sandbox.advance(3)
    first.wait_for_items(3)
    first.close()
    sandbox.advance(5)  # nobody listens
    again, same = site.get_realtime_measurements_data(key)
    assert same == key
    second = LiveReader(again._stream.plan, form)
    wait_for_connection(second)
    sandbox.advance(2)
    wait_until(lambda: bool(second.items) and second.items[-1]["timestamp"] == int(sandbox.field.now()))
    queries = [dict(request.query) for request in sandbox.requests if "/ws/" in request.path]
    assert [query["session_key"] for query in queries] == [key, key]
    away = {record["timestamp"] for record in second.close()} - {record["timestamp"] for record in first.items}
    assert len(away) > 2  # records measured between the two sessions, except for those in flight to the first


@pytest.mark.parametrize(
    ("key", "error"), [("short", ValueError), ("g" * 32, ValueError), ("a" * 31 + "\n", ValueError), (7, TypeError)]
)
def test_wrong_session_keys(client: Client, key: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="session_key"):
        Site(SITE, client=client).get_realtime_measurements_data(key)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"feilds": "a"}, TypeError, "fields"),
        ({"when_full": "explode"}, ValueError, "drop_oldest"),
        ({"buffer": 0}, ValueError, "buffer"),
        ({"stale_after": -1}, ValueError, "stale_after"),
        ({"give_up_after": "soon"}, TypeError, "give_up_after"),
        ({"on_gap": 5}, TypeError, "on_gap"),
        ({"restart_on_error": 1}, TypeError, "restart_on_error"),
        ({"is_routed": True}, TypeError, "is_routed"),
        ({"stage_number": 3}, ValueError, "stage_name_filter"),
        ({"start_datetime": NOW.replace(tzinfo=None)}, ValueError, "time zone"),
    ],
)
def test_wrong_options(client: Client, options: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        Site(SITE, client=client).get_realtime_measurements_data(**options)


def test_one_listener_at_a_time(client: Client, form: str) -> None:
    site = Site(SITE, client=client)
    live, key = site.get_realtime_measurements_data()
    reader = LiveReader(live._stream.plan, form)
    wait_for_connection(reader)
    with pytest.raises(RoomInUseError, match="room"):
        next(iter(site.get_realtime_measurements_data()[0]))
    with pytest.raises(RoomInUseError, match=key.upper()):
        next(iter(Site(982, client=client).get_realtime_measurements_data(key.upper())[0]))
    if isinstance(reader.live, LiveData):
        with pytest.raises(RoomInUseError, match="this live data"):
            next(iter(reader.live))
    reader.close()
    after = LiveReader(site.get_realtime_measurements_data(key)[0]._stream.plan, form)
    wait_for_connection(after)
    after.close()


def test_next_reader_continues(sandbox: Sandbox, client: Client, form: str) -> None:
    live, _ = Site(SITE, client=client).get_realtime_measurements_data()
    reader = LiveReader(live._stream.plan, form, max_items=3)
    wait_for_connection(reader)
    sandbox.advance(10)
    reader.done.result(TIMEOUT_SECONDS)
    assert len(reader.items) == 3
    sandbox.advance(5)
    reader.done = reader.read()
    reader.wait_for_items(15)
    assert reader.close() == fetch_records(client, sandbox, 15)


def test_stop_from_another_thread(sandbox: Sandbox, client: Client, form: str) -> None:
    reader = listening(client, form)
    wait_for_connection(reader)
    sandbox.advance(2)
    reader.wait_for_items(2)
    assert len(reader.close()) == 2
    later = reader.read()
    later.result(TIMEOUT_SECONDS)
    assert len(reader.items) == 2  # closed is closed


def test_stop_before_it_begins(client: Client) -> None:
    live, _ = Site(SITE, client=client).get_realtime_measurements_data()
    live.close()
    assert list(live) == []


def test_with(client: Client) -> None:
    live, _ = Site(SITE, client=client).get_realtime_measurements_data(start_datetime=NOW - timedelta(seconds=50))
    with live:
        received = [record for record, _ in zip(live, range(20), strict=False)]
    assert len(received) == 20
    remaining = list(live)  # the records received before
    assert all(record not in received for record in remaining)
    assert list(live) == []


def test_async_with_and_tasks(client: Client) -> None:
    async def main() -> int:
        live, _ = await Site(SITE, client=client).aget_realtime_measurements_data(
            start_datetime=NOW - timedelta(seconds=50)
        )
        received = 0
        async with live:
            stopper = asyncio.get_running_loop().call_later(TIMEOUT_SECONDS, live.close)
            async for _ in live:
                received += 1
                if received == 20:
                    await live.aclose()
            stopper.cancel()
        return received

    assert asyncio.run(main()) >= 20


def test_a_cancelled_task(sandbox: Sandbox, client: Client) -> None:
    async def main() -> list[Any]:
        live, _ = await Site(SITE, client=client).aget_realtime_measurements_data()
        items: list[Any] = []

        async def read() -> None:
            async for item in live:
                items.append(item)  # noqa: PERF401 - as they come

        task = asyncio.create_task(read())
        await await_until(lambda: live.statistics.connected)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await await_until(lambda: not live.statistics.connected)
        sandbox.advance(3)
        async for item in live:
            items.append(item)
            if len(items) == 3:
                break
        await live.aclose()
        return items

    assert asyncio.run(main()) == fetch_records(client, sandbox, 3)


def test_batches(client: Client) -> None:
    live, _ = Site(SITE, client=client).get_realtime_measurements_data(start_datetime=NOW - timedelta(seconds=99))
    seen: list[list[dict[str, Any]]] = []
    for batch in live.batches(30):
        seen.append(batch)
        if sum(map(len, seen)) >= 90:
            break
    assert all(1 <= len(batch) <= 30 for batch in seen)
    with pytest.raises(ValueError, match="size"):
        live.batches(0)


class TestSlowReaders:
    """A buffer of ten, and many more records than that."""

    def test_block(self, sandbox: Sandbox, client: Client, form: str) -> None:
        reader, let_go = self.slow(client, form, when_full="block")
        sandbox.advance(300)
        time.sleep(0.2)
        let_go.set()
        reader.wait_for_items(300)
        assert reader.close() == fetch_records(client, sandbox, 300)
        assert reader.live.statistics.dropped == 0

    def test_drop_oldest(self, sandbox: Sandbox, client: Client, form: str) -> None:
        reader, let_go = self.slow(client, form, when_full="drop_oldest")
        sandbox.advance(300)
        wait_until(lambda: reader.live.statistics.received >= 300)
        assert reader.live.statistics.waiting <= 10
        let_go.set()
        wait_until(lambda: bool(reader.items) and reader.items[-1]["timestamp"] == int(sandbox.field.now()))
        received = reader.close()
        assert len(received) + reader.live.statistics.dropped == 300
        assert received[-10:] == fetch_records(client, sandbox, 10)

    def test_raise(self, sandbox: Sandbox, client: Client, form: str) -> None:
        reader, let_go = self.slow(client, form, when_full="raise")
        for _ in range(60):
            sandbox.advance(5)
            time.sleep(0.01)  # or all of it comes as one
        wait_until(lambda: not reader.live.statistics.connected)
        let_go.set()
        with pytest.raises(BufferOverflowError, match="wait"):
            reader.done.result(TIMEOUT_SECONDS)
        assert reader.items  # the records received before are returned

    @staticmethod
    def slow(client: Client, form: str, **options: Any) -> tuple[LiveReader, Any]:
        let_go, wait = make_gate()
        live, _ = Site(SITE, client=client).get_realtime_measurements_data(buffer=10, **options)
        reader = LiveReader(live._stream.plan, form, before_item=wait)
        wait_for_connection(reader)
        return reader, let_go


@pytest.mark.parametrize("suffix", ["ndjson", "json", "csv", "csv.gz", "parquet"])
def test_save_until_closed(sandbox: Sandbox, client: Client, form: str, tmp_path: Path, suffix: str) -> None:
    live, _ = Site(SITE, client=client).get_realtime_measurements_data()
    target = tmp_path / f"live.{suffix}"
    live, saving = save_in_background(live._stream.plan, form, target)
    wait_until(lambda: live.statistics.connected)
    sandbox.faults.add(faults.Drop(skip=6, lost=3))
    for _ in range(3):
        sandbox.advance(5)
        time.sleep(0.02)
    wait_until(lambda: live.statistics.delivered >= 15)
    assert not target.exists()
    live.close()
    saving.result(TIMEOUT_SECONDS)
    assert [file.name for file in tmp_path.iterdir()] == [target.name]
    expected = fetch_records(client, sandbox, 15)
    if suffix == "ndjson":
        assert [json.loads(line) for line in target.read_text().splitlines()] == expected
    elif suffix == "json":
        assert json.loads(target.read_text()) == expected
    elif suffix == "csv":
        with target.open(newline="") as file:
            assert [int(row["timestamp"]) for row in csv.DictReader(file)] == [r["timestamp"] for r in expected]


def test_an_error_leaves_a_whole_file(sandbox: Sandbox, client: Client, form: str, tmp_path: Path) -> None:
    live, _ = Site(SITE, client=client).get_realtime_measurements_data(restart_on_error=False)
    live, saving = save_in_background(live._stream.plan, form, tmp_path / "live.json")
    wait_until(lambda: live.statistics.connected)
    sandbox.advance(5)
    wait_until(lambda: live.statistics.delivered >= 5)
    sandbox.faults.add(faults.Close(code=1011))
    sandbox.advance(1)
    with pytest.raises(ConnectionError):
        saving.result(TIMEOUT_SECONDS)
    assert json.loads((tmp_path / "live.json").read_text())[:5] == fetch_records(client, sandbox, 6)[:5]


def test_invalid_targets_are_refused_at_once(client: Client, tmp_path: Path) -> None:
    live, _ = Site(SITE, client=client).get_realtime_measurements_data()
    (tmp_path / "there.json").write_text("old")
    for name, error in (("there.json", FileExistsError), ("a.xml", ValueError), (".", IsADirectoryError)):
        with pytest.raises(error):
            live.save(tmp_path / name)
    assert (tmp_path / "there.json").read_text() == "old"
    assert live.statistics.connected is False


def test_a_cancelled_save_leaves_a_whole_file(sandbox: Sandbox, client: Client, tmp_path: Path) -> None:
    async def main() -> None:
        live, _ = await Site(SITE, client=client).aget_realtime_measurements_data()
        saving = asyncio.create_task(live.asave(tmp_path / "live.json"))
        await await_until(lambda: live.statistics.connected)
        sandbox.advance(5)
        await await_until(lambda: live.statistics.delivered >= 5)
        saving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await saving

    asyncio.run(main())
    assert json.loads((tmp_path / "live.json").read_text()) == fetch_records(client, sandbox, 5)


@pytest.mark.parametrize("suffix", ["ndjson", "csv", "json.gz", "csv.zst", "parquet", "feather"])
def test_records_are_on_disk_before_the_end(
    sandbox: Sandbox, client: Client, form: str, tmp_path: Path, suffix: str
) -> None:
    """A program that is killed leaves it there."""
    live, _ = Site(SITE, client=client).get_realtime_measurements_data()
    live, saving = save_in_background(live._stream.plan, form, tmp_path / f"live.{suffix}")
    wait_until(lambda: live.statistics.connected)
    sandbox.advance(5)
    unfinished = tmp_path / f"live.{suffix}.unfinished"
    wait_until(lambda: unfinished.exists() and unfinished.read_text().count("\n") == 5)
    assert [json.loads(line) for line in unfinished.read_text().splitlines()] == fetch_records(client, sandbox, 5)
    live.close()
    saving.result(TIMEOUT_SECONDS)
    assert [file.name for file in tmp_path.iterdir()] == [f"live.{suffix}"]


@pytest.mark.parametrize("suffix", ["csv", "json.gz", "parquet"])
def test_full_disk_leaves_the_records(
    sandbox: Sandbox, client: Client, tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    live, _ = Site(SITE, client=client).get_realtime_measurements_data()
    live, saving = save_in_background(live._stream.plan, "sync", tmp_path / f"live.{suffix}")
    wait_until(lambda: live.statistics.connected)
    sandbox.advance(5)
    wait_until(lambda: live.statistics.delivered >= 5)
    monkeypatch.setattr("os.fsync", full)
    live.close()
    with pytest.raises(OSError, match="No space left") as raised:
        saving.result(TIMEOUT_SECONDS)
    unfinished = tmp_path / f"live.{suffix}.unfinished"
    assert [json.loads(line) for line in unfinished.read_text().splitlines()] == fetch_records(client, sandbox, 5)
    assert [str(unfinished) in note for note in raised.value.__notes__] == [True]
    assert [file.name for file in tmp_path.iterdir()] == [unfinished.name]


@pytest.mark.parametrize(("suffix", "kind"), [("csv", CsvWriter), ("json.gz", JsonWriter), ("parquet", TableWriter)])
def test_failing_writer_leaves_the_records(
    suffix: str,
    kind: type[Writer],
    sandbox: Sandbox,
    client: Client,
    form: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As with a full temporary folder: the file is not completed without the records that could not be written."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    live, _ = Site(SITE, client=client).get_realtime_measurements_data()
    live, saving = save_in_background(live._stream.plan, form, tmp_path / f"live.{suffix}")
    wait_until(lambda: live.statistics.connected)
    sandbox.advance(5)
    unfinished = tmp_path / f"live.{suffix}.unfinished"
    wait_until(lambda: unfinished.exists() and unfinished.read_text().count("\n") == 5)
    monkeypatch.setattr(kind, "write", full)
    sandbox.advance(1)
    with pytest.raises(OSError, match="No space left") as raised:
        saving.result(TIMEOUT_SECONDS)
    records = [json.loads(line) for line in unfinished.read_text().splitlines()]
    assert records == fetch_records(client, sandbox, 6)[: len(records)]  # the fifth may be the one that fails
    assert len(records) in {5, 6}
    assert [str(unfinished) in note for note in raised.value.__notes__] == [True]
    assert [file.name for file in tmp_path.iterdir()] == [unfinished.name]


def test_ctrl_c(sandbox: Sandbox, tmp_path: Path) -> None:
    """The file is whole, and the program ends as Ctrl-C ends programs."""
    program = textwrap.dedent(f"""
        from datetime import datetime, timezone
        from datastore_sdk import Site
        start = datetime.fromtimestamp({int(NOW.timestamp()) - 100}, timezone.utc)
        live, _ = Site({SITE}).get_realtime_measurements_data(start_datetime=start)
        print("begun", flush=True)
        live.save("live.json")
    """)
    paths = os.pathsep.join(path for path in sys.path if path)
    environment = {**os.environ, **sandbox.environment, "PYTHONPATH": paths}
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment, stdout=subprocess.PIPE
    ) as run:
        assert run.stdout is not None
        run.stdout.readline()
        wait_until(lambda: any("/ws/" in request.path for request in sandbox.requests))
        time.sleep(0.5)
        run.send_signal(signal.SIGINT)
        assert run.wait(TIMEOUT_SECONDS) in (-signal.SIGINT, 130, 1)
    assert len(json.loads((tmp_path / "live.json").read_text())) > 50


def test_statistics_can_be_read_at_any_time(client: Client) -> None:
    live, _ = Site(SITE, client=client).get_realtime_measurements_data()
    assert live.statistics == LiveStatistics(
        connected=False,
        received=0,
        delivered=0,
        waiting=0,
        dropped=0,
        duplicates=0,
        late=0,
        backfilled=0,
        unreadable=0,
        reconnections=0,
        last_message_at=None,
        lag=None,
    )
    assert re.fullmatch(r"LiveData\(measurements of site 981, session [0-9a-f]{32}\)", repr(live))
    assert isinstance(asyncio.run(Site(SITE, client=client).aget_realtime_measurements_data())[0], LiveDataAsync)


def test_a_service_that_is_down_at_first(sandbox: Sandbox, client: Client) -> None:
    sandbox.requests.clear()
    sandbox.faults.add(faults.Status(503, path="/ws/*", times=None))
    impatient = client.with_options(retries=RetryPolicy(max_attempts=2))
    with pytest.raises(ServerError):
        next(iter(Site(SITE, client=impatient).get_realtime_measurements_data()[0]))
    assert sum("/ws/" in request.path for request in sandbox.requests) == 2


def test_normal_closes_at_any_time(form: str) -> None:
    rooms = RoomOptions(close_after_messages=7)
    quick = RetryPolicy(initial_wait=0.01)  # the sandbox's seconds pass at once, so that all connections are short
    with (
        Sandbox(now=NOW, days=1, rooms=rooms) as sandbox,
        Client(sandbox.token, base_url=sandbox.url, retries=quick) as client,
    ):
        reader = listening(client, form)
        wait_for_connection(reader)
        for _ in range(10):
            sandbox.advance(5)
            time.sleep(0.01)
        reader.wait_for_items(50)
        assert reader.close() == fetch_records(client, sandbox, 50)
        assert reader.live.statistics.reconnections > 3


def test_records_received_while_stopping_are_kept(sandbox: Sandbox, client: Client, form: str) -> None:
    """However often readers leave and return while records stream in, each record is returned once."""
    live, _ = Site(SITE, client=client).get_realtime_measurements_data(start_datetime=NOW - timedelta(hours=2))
    reader = LiveReader(live._stream.plan, form, max_items=1)
    for count in range(50, 1500, 50):
        read_through(sandbox, reader)
        reader.done = reader.read(max_items=count)
    read_through(sandbox, reader)
    seconds = [record["timestamp"] for record in reader.items]
    stored = Site(SITE, client=client).get_data(start_datetime=NOW - timedelta(hours=2))
    assert seconds == [record["timestamp"] for record, _ in zip(stored, seconds, strict=False)]


def read_through(sandbox: Sandbox, reader: LiveReader) -> None:
    """Read until the backfill is done: in a silent room, only the end shows the records that a disconnect lost."""
    for _ in range(int(TIMEOUT_SECONDS * 10)):
        if wait([reader.done], 0.1).done:
            break
        sandbox.advance(1)
    reader.done.result(0)
