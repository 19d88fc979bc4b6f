"""Parquet and Arrow files and data frames, with the records of the sandbox in them."""

from __future__ import annotations

import asyncio
import resource
import tempfile
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.feather as pf
import pyarrow.parquet as pq
import pytest

from datastore_sdk import Data, DataAsync, Pad, Site
from datastore_sdk.data.arrow import pipeline, writers
from datastore_sdk.data.arrow.parser import ArrowParser
from datastore_sdk.data.arrow.spool import Spool
from datastore_sdk.exceptions import TruncatedBodyError
from datastore_sdk.sandbox import Sandbox
from tests.data.arrow.conftest import Of
from tests.data.arrow.table_helpers import HOURS, raw, rows, without_missing, write_batches, writer_of
from tests.support.fake_server import TIMEOUT_SECONDS
from tests.support.fake_service import Serving
from tests.support.http_responses import http_response, respond_by_path
from tests.support.leak_checks import assert_no_leaks
from tests.support.sync_async_calls import Form, Record, list_requests

TIMESTAMP = pa.timestamp("us", "UTC")
SUFFIXES = [".parquet", ".arrow", ".feather"]


@pytest.fixture
def table(hours: Data, form: Form) -> pa.Table:
    table: pa.Table = form(hours, "to_arrow")
    return table


def read(path: Path) -> pa.Table:
    return pq.read_table(path) if path.suffix == ".parquet" else pf.read_table(path)


def kind_of(values: set[type]) -> pa.DataType:
    kinds: dict[type, pa.DataType] = {int: pa.int64(), float: pa.float64(), bool: pa.bool_(), str: pa.string()}
    return kinds[float if values == {int, float} else values.pop()]


def test_a_table_has_the_records(hours: Data, form: Form, table: pa.Table) -> None:
    records: list[Record] = form.records(hours)
    assert rows(table) == [without_missing(record) for record in records]
    columns = dict.fromkeys(name for record in records for name in record)
    assert table.schema.names == [*columns]
    assert {"clean_conductivity_25c", "clean_conductivity_25C", "_external_power_"} <= columns.keys()
    for name in columns:
        kinds = {type(record[name]) for record in records if record.get(name) is not None}
        assert table.schema.field(name).type == (TIMESTAMP if name == "timestamp" else kind_of(kinds))


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_files_have_the_table(hours: Data, form: Form, tmp_path: Path, table: pa.Table, suffix: str) -> None:
    form(hours, "save", tmp_path / f"data{suffix}")
    assert read(tmp_path / f"data{suffix}").equals(table, check_metadata=True)


def test_a_file_of_several_row_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writers, "_ROW_GROUP_BYTES", 1_000_000)
    batches = [tuple(b'{"timestamp":%d,"a":%d.5}' % (n, n) for n in range(m, m + 500)) for m in range(0, 150_000, 500)]
    write_batches(tmp_path / "data.parquet", *batches)
    file = pq.ParquetFile(tmp_path / "data.parquet")
    assert file.num_row_groups == 3
    assert file.read().column("a").to_pylist() == [n + 0.5 for n in range(150_000)]


@pytest.mark.usefixtures("sandbox")
def test_other_libraries_read_the_files(hours: Data, form: Form, tmp_path: Path, table: pa.Table) -> None:
    for suffix in SUFFIXES:
        form(hours, "save", tmp_path / f"data{suffix}")
    expected = pl.DataFrame(table)
    assert pl.read_parquet(tmp_path / "data.parquet").equals(expected)
    assert pl.read_ipc(tmp_path / "data.arrow").equals(expected)
    assert pl.read_ipc(tmp_path / "data.feather").equals(expected)
    assert pd.read_parquet(tmp_path / "data.parquet").shape == (table.num_rows, table.num_columns)
    with duckdb.connect() as connection:
        query = "select count(*), max(slurry_rate), count(clean_analytics_spool_ph) from read_parquet(?)"
        assert connection.execute(query, [str(tmp_path / "data.parquet")]).fetchall() == [
            (len(expected), expected["slurry_rate"].max(), expected["clean_analytics_spool_ph"].count())
        ]


@pytest.mark.usefixtures("sandbox")
def test_pandas(hours: Data, form: Form, table: pa.Table) -> None:
    frame: pd.DataFrame = form(hours, "to_pandas")
    names = {TIMESTAMP: "datetime64[us, UTC]", pa.int64(): "Int64", pa.float64(): "Float64", pa.string(): "string"}
    assert {name: str(kind) for name, kind in frame.dtypes.items()} == {
        field.name: names[field.type] for field in table.schema
    }
    assert [*frame] == table.schema.names
    for name in table.schema.names:
        column: list[Any] = [None if value is pd.NA else value for value in frame[name]]
        assert column == table.column(name).to_pylist()


@pytest.mark.usefixtures("sandbox")
def test_polars(hours: Data, form: Form, table: pa.Table) -> None:
    frame: pl.DataFrame = form(hours, "to_polars")
    assert frame.to_dict(as_series=False) == table.to_pydict()
    kinds = {
        TIMESTAMP: pl.Datetime("us", "UTC"),
        pa.int64(): pl.Int64(),
        pa.float64(): pl.Float64(),
        pa.string(): pl.String(),
    }
    assert dict(frame.schema) == {field.name: kinds[field.type] for field in table.schema}


def test_types_of_frames(of: Of, form: Form) -> None:
    data = of(b'[{"timestamp":1,"a":1,"b":true,"c":null,"d":"O"},{"timestamp":2,"a":9007199254740993},{"e":1,"d":2}]')
    frame: pd.DataFrame = form(data, "to_pandas")
    kinds = ["datetime64[us, UTC]", "Int64", "boolean", "Int64", "string", "Int64"]
    assert [str(kind) for kind in frame.dtypes] == kinds
    assert frame["a"].to_list() == [1, 9007199254740993, pd.NA]
    assert frame["d"].to_list() == ['"O"', pd.NA, "2"]
    polars: pl.DataFrame = form(data, "to_polars")
    assert polars.dtypes == [pl.Datetime("us", "UTC"), pl.Int64, pl.Boolean, pl.Null, pl.String, pl.Int64]


def test_no_records(of: Of, form: Form, tmp_path: Path) -> None:
    """The operations of programs on other tables work on this one too."""
    data, schema = of(b"[]"), pa.schema([("timestamp", TIMESTAMP), ("site_id", pa.int64())])
    for suffix in SUFFIXES:
        form(data, "save", tmp_path / f"data{suffix}")
        assert read(tmp_path / f"data{suffix}").equals(schema.empty_table())
    assert form(data, "to_arrow").schema == schema
    for call in ("to_pandas", "to_polars"):
        assert list(form(data, call).columns) == ["timestamp", "site_id"]


def test_records_without_fields(of: Of, form: Form, tmp_path: Path) -> None:
    data = of(b"[{},{},{}]")
    for suffix in SUFFIXES:
        form(data, "save", tmp_path / f"data{suffix}")
        assert read(tmp_path / f"data{suffix}").to_pylist() == [{"timestamp": None, "site_id": None}] * 3
    assert len(form(data, "to_pandas")) == len(form(data, "to_polars")) == 3
    form(data, "save", tmp_path / "data.csv")
    assert (tmp_path / "data.csv").read_text() == '"timestamp","site_id"\n' + ",\n" * 3


def test_a_frame_of_a_body_that_breaks_off(of: Of, form: Form) -> None:
    for call in ("to_arrow", "to_pandas", "to_polars"):
        with pytest.raises(TruncatedBodyError):
            form(of(b'[{"timestamp": 1'), call)


@pytest.mark.parametrize("suffix", [".parquet", ".arrow"])
def test_the_file_is_the_same_however_records_come(
    tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In lists of other lengths, from several ranges, from a journal."""
    monkeypatch.setattr(pipeline.ParsePipeline.__init__, "__defaults__", (500,))
    monkeypatch.setattr(writers, "_ROW_GROUP_BYTES", 1000)
    records = [b'{"a":%d,"b":%b}' % (number, [b"1e5", b'"x"', b"0.10"][number // 100]) for number in range(300)]
    files = {
        write_batches(tmp_path / f"{size}{suffix}", *(tuple(records[at : at + size]) for at in range(0, 300, size)))
        for size in (1, 7, 100, 300)
    }
    assert len(files) == 1


@pytest.mark.parametrize("suffix", [".parquet", ".arrow"])
def test_no_thread_is_left(tmp_path: Path, suffix: str) -> None:
    with assert_no_leaks():
        write_batches(tmp_path / f"data{suffix}", (b'{"a":1}',))
    with assert_no_leaks(), writer_of(tmp_path / f"data{suffix}") as writer:
        writer.write(raw(b'{"a":1}'))  # and never finished


@pytest.mark.parametrize("suffix", [".parquet", ".arrow"])
def test_what_goes_wrong_in_the_thread_is_raised(tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Spool, "append", full)
    path = tmp_path / f"data{suffix}"
    path.write_bytes(b"old")
    with assert_no_leaks(), pytest.raises(OSError, match="No space left on device"):
        write_batches(path, (b'{"a":1}',))
    assert [(each.name, each.read_bytes()) for each in tmp_path.iterdir()] == [(path.name, b"old")]


@pytest.mark.parametrize("beside", [True, False])
def test_no_room_for_what_waits(beside: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says where: beside the file, or where temporary files lie."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    place = tmp_path / "data.parquet" if beside else tmp_path
    spool, batch = Spool(place if beside else None), pa.RecordBatch.from_pydict({"a": [*range(100_000)]})
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        with pytest.raises(OSError, match=f"File too large: '{place}'$"):
            spool.append(batch)
        spool.close()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_other_tasks_go_on_while_batches_are_read(serving: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting, released = threading.Event(), threading.Event()
    really_read, really_sink = ArrowParser.parse, pipeline.ParsePipeline._sink_next

    def sink(running: pipeline.ParsePipeline) -> None:
        waiting.set()
        really_sink(running)

    def read(reader: ArrowParser, texts: list[msgspec.Raw]) -> pa.RecordBatch:
        assert released.wait(TIMEOUT_SECONDS), "the event loop was kept"
        return really_read(reader, texts)

    async def release() -> None:
        await asyncio.to_thread(waiting.wait)
        released.set()

    async def main(data: DataAsync) -> pa.Table:
        table, _ = await asyncio.gather(data.ato_arrow(), release())
        return table

    monkeypatch.setattr(ArrowParser, "parse", read)
    monkeypatch.setattr(pipeline.ParsePipeline, "_sink_next", sink)
    monkeypatch.setattr(pipeline.ParsePipeline.__init__, "__defaults__", (1,))
    body = b"[" + b",".join(b'{"timestamp":%d,"note":"%b"}' % (second, b"x" * 1000) for second in range(1000)) + b"]"
    service = serving(respond_by_path({"/fields/": http_response(200, b"[]"), "/data/": http_response(200, body)}))
    data = asyncio.run(Site(id=981, client=service.client).aget_data())
    assert asyncio.run(main(data)).num_rows == 1000


# Other libraries that read `Data` itself, through the Arrow PyCapsule interface.


@pytest.fixture
def lazy(sandbox: Sandbox) -> Data:  # noqa: ARG001 - the environment leads to the sandbox
    return Pad(id=681).get_data(*HOURS, is_routed=True)


def test_libraries_read_data_itself(sandbox: Sandbox, lazy: Data) -> None:
    table = lazy.to_arrow()
    assert table.num_rows > 900
    sandbox.requests.clear()
    assert pa.table(lazy).equals(table, check_metadata=True)
    assert pa.RecordBatchReader.from_stream(lazy).read_all().equals(table)
    assert pl.DataFrame(lazy).equals(pl.DataFrame(table))
    assert [line.partition("?")[0] for line in list_requests(sandbox)] == [
        "GET /pads/681/fields/",
        "GET /pads/681/data/",
    ] * 3


def test_a_stream_in_another_schema(lazy: Data) -> None:
    wanted = pa.schema(
        [
            pa.field(field.name, pa.large_string() if field.type == pa.string() else field.type)
            for field in lazy.to_arrow().schema
        ]
    )
    assert pa.table(lazy, schema=wanted).schema == wanted


def test_duckdb_downloads_once(sandbox: Sandbox, lazy: Data) -> None:
    records = [*lazy]
    sandbox.requests.clear()
    with duckdb.connect() as connection:
        found = connection.execute("select count(*), sum(site_id), epoch(max(timestamp)) from lazy").fetchall()
    assert found == [(len(records), sum(record["site_id"] for record in records), records[-1]["timestamp"])]
    assert len(list_requests(sandbox)) == 2
    assert lazy.__arrow_c_schema__()
    lazy.__arrow_c_schema__()
    assert pa.table(lazy).num_rows == len(records)
    assert len(list_requests(sandbox)) == 4
    assert pa.table(lazy).num_rows == len(records)
    assert len(list_requests(sandbox)) == 6


def test_an_unread_stream_closes_its_files(lazy: Data) -> None:
    """Everything spooled to disk is removed: a file left open would fail the test."""
    lazy.__arrow_c_stream__()
    reader = pa.RecordBatchReader.from_stream(lazy)
    assert reader.read_next_batch().num_rows > 0
    lazy.__arrow_c_schema__()


@pytest.mark.parametrize("size", [1, 7, 600, 901, 902, 10_000])
def test_batches(hours: Data | DataAsync, form: Form, size: int) -> None:
    records: list[Record] = form.records(hours)
    lists: Any = form._all(hours.batches(size))
    assert [record for records_ in lists for record in records_] == records
    assert {len(each) for each in lists[:-1]} <= {size}
    assert 1 <= len(lists[-1]) <= size


def test_batches_of_nothing(of: Of, form: Form) -> None:
    assert form._all(of(b"[]").batches()) == []


def test_batches_of_no_size(hours: Data | DataAsync, sandbox: Sandbox) -> None:
    wrong: Any
    for wrong in (0, -1):
        with pytest.raises(ValueError, match="size must be positive"):
            hours.batches(wrong)
    for wrong in (1.5, True, None, "10"):
        with pytest.raises(TypeError, match="size must be an int"):
            hours.batches(wrong)
    assert list_requests(sandbox) == []


REQUESTED = ["timestamp", "site_id", "proppant_conc", "slurry_rate"]


@pytest.mark.parametrize("seconds", [60, 0])
@pytest.mark.parametrize("resume", [False, True], ids=["plain", "resume"])
def test_columns_are_the_requested_ones_for_any_records(
    sandbox: Sandbox,  # noqa: ARG001 - the environment leads to it
    tmp_path: Path,
    form: Form,
    seconds: int,
    resume: bool,
) -> None:
    """Columns follow the order of the request: the files of one day can be appended to those of another."""
    start = (
        datetime(2025, 9, 17, 9, tzinfo=UTC) if seconds else datetime(2020, 1, 1, tzinfo=UTC)
    )  # nothing measured yet
    data = form(Site(981), "get_data", start, start + timedelta(seconds=60), fields=REQUESTED[2:])
    for suffix in (".csv", ".csv.gz", ".parquet"):
        form(data, "save", tmp_path / f"day{suffix}", resume=resume)
    assert (tmp_path / "day.csv").read_text().splitlines()[0] == ",".join(f'"{name}"' for name in REQUESTED)
    assert pd.read_csv(tmp_path / "day.csv.gz").columns.to_list() == REQUESTED
    for table in (pq.read_table(tmp_path / "day.parquet"), form(data, "to_arrow")):
        assert table.schema.names == REQUESTED
        assert table.schema.field("timestamp").type == TIMESTAMP
        assert len(table) == (61 if seconds else 0)


ODD = {"too long for Python": b"9" * 5000, "deep beside an odd value": b"[" * 500 + b"]" * 500 + b',"b":1e400'}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
@pytest.mark.parametrize("suffix", [".ndjson", ".json", ".csv", ".parquet", ".arrow"])
def test_what_parsers_refuse(of: Of, form: Form, tmp_path: Path, suffix: str, odd: bytes) -> None:
    data = of(b'[{"timestamp":7,"site_id":981,"a":%b}]' % odd)
    for resume in (False, True):
        path = tmp_path / f"{resume}{suffix}"
        form(data, "save", path, resume=resume)
        whole, expected = path.read_bytes(), odd.partition(b",")[0]
        if suffix in SUFFIXES:
            whole = read(path).column("a")[0].as_py().encode()
        assert expected in whole
