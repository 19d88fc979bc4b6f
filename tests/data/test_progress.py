"""Progress of a save: passed to a function, shown on a terminal or in a notebook, or logged."""

from __future__ import annotations

import asyncio
import io
import itertools
import logging
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, TextIO

import pytest
from msgspec import structs

from datastore_sdk import Progress
from datastore_sdk.data import Data, DataAsync, DataQuery
from datastore_sdk.data import progress_display as displays
from datastore_sdk.data.streaming import parallel as slicing
from datastore_sdk.exceptions import APIConnectionError, CallError
from datastore_sdk.transport.executor.retry import RetryPolicy
from tests.data.fake_record_service import Break, RecordService, datetime_at, records_of
from tests.support.fixtures import ClientOf, Serve
from tests.support.http_responses import http_response
from tests.support.jumping_clock import JumpingClock
from tests.support.leak_checks import read_files
from tests.support.sync_async_clients import Form

SITE = DataQuery(source="site", id=981, start=datetime_at(0), end=datetime_at(3999))
RECORDS = records_of(4000)
ONCE = RetryPolicy(max_attempts=1)


class TickingClock(JumpingClock):
    """Advance the clock by a second at each reading."""

    def monotonic(self) -> float:
        self.time += 1
        return super().monotonic()


def test_progress_values_are_reported(form: Form, serve: Serve, client_of: ClientOf, tmp_path: Path) -> None:
    reports: list[Progress] = []
    client = client_of(serve(RecordService(RECORDS, piece=5000)), clock=TickingClock())
    form.save(client, [SITE], tmp_path / "records.json", progress=reports.append)
    first, *middle, before_last, last = reports
    assert (first.records, first.bytes, first.reached, first.fraction, first.seconds_left) == (0, 0, None, 0, None)
    assert (first.start, first.end) == (datetime_at(0), datetime_at(3999))
    assert len(middle) > 3
    for one, next_ in itertools.pairwise(reports):
        assert one.records <= next_.records
        assert one.bytes <= next_.bytes
        assert one.seconds < next_.seconds
        assert (one.fraction or 0) <= (next_.fraction or 0)
    some = middle[len(middle) // 2]
    assert some.reached is not None
    assert some.reached == datetime_at(some.records - 1)
    assert some.fraction == pytest.approx(some.records / 4000)
    assert some.megabytes_per_second == pytest.approx(some.bytes / 1e6 / some.seconds)
    assert some.seconds_left == pytest.approx(some.seconds * (4000 - some.records) / some.records)
    assert (last.records, last.fraction, last.seconds_left, last.resumptions) == (4000, 1, 0, 0)
    assert last.reached == before_last.reached == datetime_at(3999)
    assert last.bytes > 300_000


def test_open_range_has_no_fraction(form: Form, serve: Serve, client_of: ClientOf, tmp_path: Path) -> None:
    reports: list[Progress] = []
    client = client_of(serve(RecordService(RECORDS, piece=5000)), clock=TickingClock())
    form.save(client, [replace(SITE, end=None)], tmp_path / "records.csv", progress=reports.append)
    assert {(each.fraction, each.seconds_left, each.end) for each in reports} == {(None, None, None)}
    assert reports[-1].reached == datetime_at(3999)


def test_progress_is_reported_at_intervals(form: Form, serve: Serve, client_of: ClientOf, tmp_path: Path) -> None:
    reports: list[Progress] = []
    client = client_of(serve(RecordService(RECORDS)))  # its clock is frozen
    form.save(client, [SITE], tmp_path / "records.json", progress=reports.append)
    assert [each.records for each in reports] == [0, 4000]


def test_progress_includes_earlier_runs(form: Form, serve: Serve, client_of: ClientOf, tmp_path: Path) -> None:
    reports: list[Progress] = []
    client = client_of(serve(RecordService(RECORDS, [Break(0.5)], piece=5000)), clock=TickingClock(), retries=ONCE)
    path = tmp_path / "records.json"
    with pytest.raises(CallError):
        form.save(client, [SITE], path, resume=True, progress=reports.append)
    there = reports[-1].records
    reports.clear()
    form.save(client, [SITE], path, resume=True, progress=reports.append)
    first, second, *_, last = reports
    assert there <= first.records < 2010
    assert first.reached == datetime_at(first.records - 1)
    assert first.fraction == pytest.approx(first.records / 4000)
    assert first.bytes > 100_000
    assert first.megabytes_per_second == 0
    assert second.seconds_left is not None
    gained = second.records - first.records
    assert second.seconds_left == pytest.approx(second.seconds * (4000 - second.records) / gained)
    assert last.records == 4000


@pytest.mark.parametrize("parallel", [1, 3])
def test_progress_counts_resumptions(
    parallel: int,
    form: Form,
    serve: Serve,
    client_of: ClientOf,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(slicing, "MAX_SLICE", timedelta(seconds=1000))
    reports: list[Progress] = []
    service = RecordService(RECORDS, [Break(0.5), http_response(503), Break(0.5), Break(0.5)], piece=5000)
    query = replace(SITE, parallel=parallel)
    form.save(client_of(serve(service)), [query], tmp_path / "records.json", progress=reports.append)
    assert reports[-1].resumptions == 4 if parallel == 1 else 3
    assert reports[-1].records == 4000
    assert reports[-1].bytes > 300_000


def test_progress_spans_several_queries(form: Form, serve: Serve, client_of: ClientOf, tmp_path: Path) -> None:
    reports: list[Progress] = []
    queries = [replace(SITE, end=datetime_at(999)), replace(SITE, start=datetime_at(1000))]
    client = client_of(serve(RecordService(RECORDS, piece=5000)), clock=TickingClock())
    form.save(client, queries, tmp_path / "records.json", progress=reports.append)
    assert {each.end for each in reports} == {datetime_at(999), datetime_at(3999)}
    for each in reports[1:]:
        assert each.fraction == pytest.approx(each.records / 4000)


def test_progress_spans_earlier_queries(form: Form, serve: Serve, client_of: ClientOf, tmp_path: Path) -> None:
    reports: list[Progress] = []
    clock = TickingClock()
    clock.time += 100_000
    queries = [replace(SITE, start=datetime_at(start), end=datetime_at(start + 999)) for start in (0, 1000, 2000, 3000)]
    service = RecordService(RECORDS, [http_response(200, RECORDS[:1000]), Break(0.5), http_response(404)], piece=5000)
    client = client_of(serve(service), clock=clock, retries=ONCE)
    for _ in range(2):
        with pytest.raises(CallError):
            form.save(client, queries, tmp_path / "records.json", resume=True)
    form.save(client, queries, tmp_path / "records.json", resume=True, progress=reports.append)
    assert reports[0].records == pytest.approx(1500, abs=80)
    assert reports[0].end == datetime_at(1999)
    for each in reports:
        assert each.fraction == pytest.approx(each.records / 4000)
    assert len({each.end for each in reports}) == 3


class RefusedError(Exception):
    pass


ERRORS = [
    RefusedError("enough"),
    APIConnectionError("a call of its own", method="GET", url="http://127.0.0.1/", sent=False),
    KeyboardInterrupt(),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("resume", [False, True])
def test_callback_error_ends_the_save(
    error: BaseException, resume: bool, form: Form, serve: Serve, client_of: ClientOf, tmp_path: Path
) -> None:
    """Even if it is an error after which a stream is resumed."""

    def refuse(progress: Progress) -> None:
        if progress.records:
            raise error

    path = tmp_path / "records.json"
    path.write_bytes(b"old")
    service = RecordService(RECORDS, piece=5000)
    client = client_of(serve(service), clock=TickingClock())
    with pytest.raises(type(error)) as caught:
        form.save(client, [SITE], path, overwrite=True, resume=resume, progress=refuse)
    assert caught.value is error
    assert service.request_count == 1
    assert path.read_bytes() == b"old"
    assert {*read_files(tmp_path)} == {"records.json"}, "the first records were reported before they were stored"


async def report_async(progress: Progress) -> None:
    """Return a coroutine, which a save cannot await."""


@pytest.mark.parametrize("progress", [5, "yes", None, report_async])
def test_invalid_progress_argument_is_refused(
    progress: Any, form: Form, serve: Serve, client_of: ClientOf, tmp_path: Path
) -> None:
    service = RecordService(RECORDS)
    with pytest.raises(TypeError, match="progress must be True, False or an ordinary function, not"):
        form.save(client_of(serve(service)), [SITE], tmp_path / "new" / "records.json", progress=progress)
    assert service.request_count == 0
    assert read_files(tmp_path) == {}


def test_data_counts_resumptions(serve: Serve, client_of: ClientOf) -> None:
    data = Data(client_of(serve(RecordService(RECORDS, [Break(0.3), Break(0.3)], piece=5000))), [SITE])
    assert data.resumptions == 0
    assert len([*data]) == 4000
    assert data.resumptions == 2
    assert len([*data.data_fetcher]) == 4000
    assert data.resumptions == 0, "each download counts by itself"


def test_data_async_counts_resumptions(serve: Serve, client_of: ClientOf) -> None:
    client = client_of(serve(RecordService(RECORDS, [Break(0.3)], piece=5000)))

    async def main() -> int:
        async with client:
            data = DataAsync(client, [SITE])
            assert len([record async for record in data]) == 4000
            return data.resumptions

    assert asyncio.run(main()) == 1


PROGRESS = Progress(
    records=1_234_567,
    bytes=305_200_000,
    seconds=7,
    megabytes_per_second=43.1,
    start=datetime_at(0),
    end=datetime_at(7200),
    reached=datetime_at(3600),
    fraction=0.5,
    seconds_left=83.4,
    resumptions=2,
)


def test_progress_str() -> None:
    assert str(PROGRESS) == (
        "1,234,567 records, 305.2 MB, 43.1 MB/s, 50%, 0:01:23 left, resumed 2 times, "
        "2025-09-18 13:00:00 of 2025-09-18 14:00:00 UTC"
    )
    little = structs.replace(PROGRESS, end=None, fraction=None, seconds_left=None, resumptions=0)
    assert str(little) == "1,234,567 records, 305.2 MB, 43.1 MB/s, 2025-09-18 13:00:00 UTC"
    assert str(structs.replace(little, reached=None)) == "1,234,567 records, 305.2 MB, 43.1 MB/s"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


Save = Callable[[TextIO | None], None]
"""Saves with progress, with a certain stream as stderr."""


@pytest.fixture
def save(form: Form, serve: Serve, client_of: ClientOf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Save:
    def with_stderr(stream: TextIO | None) -> None:
        client = client_of(serve(RecordService(RECORDS, piece=5000)), clock=TickingClock())
        monkeypatch.setenv("TERM", "xterm")
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stderr", stream)
            form.save(client, [SITE], tmp_path / "records.json", progress=True)

    return with_stderr


def test_display_on_terminal(save: Save, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("rich")
    monkeypatch.setenv("COLUMNS", "200")
    terminal = Terminal()
    save(terminal)
    shown = terminal.getvalue()
    assert "4,000 records" in shown
    assert "100%" in shown
    assert "━━━" in shown
    assert capsys.readouterr().out == ""


def test_display_on_terminal_without_rich(save: Save, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rich", None)
    monkeypatch.setenv("COLUMNS", "60")
    terminal = Terminal()
    save(terminal)
    lines = terminal.getvalue().split("\r")
    assert max(map(len, lines)) <= 60
    assert len(lines) > 5
    assert lines[-1].startswith("4,000 records")
    assert lines[-1].endswith("\n")
    assert terminal.getvalue().count("\n") == 1


def test_display_in_notebook(save: Save, monkeypatch: pytest.MonkeyPatch) -> None:
    """stderr is not a terminal, but a line can be overwritten."""
    ipython = SimpleNamespace(get_ipython=lambda: SimpleNamespace(kernel=object()))
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "ipykernel", ModuleType("ipykernel"))
    stream = io.StringIO()
    save(stream)
    assert stream.getvalue().count("\r") > 5
    assert "4,000 records" in stream.getvalue()


@pytest.mark.parametrize("stream", [io.StringIO(), None], ids=["redirected", "none"])
def test_display_in_log(
    stream: io.StringIO | None, save: Save, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "datastore_sdk")
    monkeypatch.setattr(displays, "_LOG_INTERVAL_SECONDS", 5.0)
    save(stream)
    lines = [record.getMessage() for record in caplog.records if " records, " in record.getMessage()]
    assert 2 < len(lines) < 12
    assert lines[-1].startswith("4,000 records")
    assert all(record.levelno == logging.INFO for record in caplog.records)
    assert stream is None or stream.getvalue() == ""
