"""Records in the columns of a fixed schema, compared with a slow oracle."""

from __future__ import annotations

import json
import math
import random
import warnings
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import polars as pl
import pyarrow as pa
import pyarrow.feather as pf
import pyarrow.parquet as pq
import pytest

from datastore_sdk import Data
from datastore_sdk.data.arrow import column_reader, conform, value_conversion
from datastore_sdk.data.arrow.column_texts import ColumnTexts
from datastore_sdk.data.arrow.conform import SchemaParser
from datastore_sdk.data.arrow.value_conversion import ConvertedColumn
from datastore_sdk.data.schema import Column, ColumnType, Schema
from datastore_sdk.data.streaming.json_decoder import decode_texts
from datastore_sdk.exceptions import SchemaMismatchError, SchemaWarning
from tests.support.exhaustive import first
from tests.support.sync_async_calls import Form

KEYS = (Column(name="timestamp", type="timestamp"), Column(name="site_id", type="int64"))
SCHEMA = Schema(
    columns=(
        *KEYS,
        Column(name="rate", type="float64", unit="bbl/min", label="Rate"),
        Column(name="valve", type="string"),
        Column(name="flag", type="bool"),
        Column(name="rate_25c", type="float64"),
        Column(name="rate_25C", type="float64"),
    )
)
MAP = msgspec.structs.replace(SCHEMA, unknown_fields="map")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
VALUES: list[Any] = [
    *(None, 0, 5, -7, 2.5, 1e300, 10**30, True, False, "O", "C", "", "12", "2025-01-01", "Infinity"),
    *([1], {"a": 1}, "\u00e9\U0001f600", 'quote " and \\', 2**53 + 1),
]
TIMESTAMPS: list[Any] = [
    *(
        1757376000,
        1757376000.25,
        1757376000123,
        "2025-09-09T00:00:00Z",
        "2025-09-09T02:00:00+02:00",
        "2025-09-09 00:00",
    ),
    *("1757376000", None, "soon", [1], 10**40, -1, 2**40, 1757376000123456, 1757376000123456789),
]


def raws(records: list[dict[str, Any]]) -> list[msgspec.Raw]:
    return decode_texts(json.dumps(records, ensure_ascii=False).encode())  # "Infinity" becomes null there


def parse_expected_timestamp(value: Any) -> datetime | None:
    if isinstance(value, str):
        try:
            timestamp = datetime.fromisoformat(value)
        except ValueError:
            try:
                value = float(value)
            except ValueError:
                return None
        else:
            return timestamp if timestamp.tzinfo else timestamp.replace(tzinfo=UTC)
    if not isinstance(value, int | float) or abs(value) >= 10**20:
        return None
    unit = 1
    while abs(value) >= 10**11 * unit:
        unit *= 1000
    try:
        return EPOCH + timedelta(
            microseconds=value * 10**6 // unit if isinstance(value, int) else round(value * 10**6 / unit)
        )
    except OverflowError:
        return None


def build_expected_value(kind: ColumnType, value: Any) -> Any:
    if kind == "float64" and isinstance(value, int | float):
        return None if math.isinf(float(value)) else float(value)
    if kind == "string" and isinstance(value, str):
        return None if "\ud800" in value else value  # Arrow cannot hold a lone surrogate
    if kind == "bool" and isinstance(value, int | float) and value in (0, 1):
        return bool(value)
    if kind == "int64" and isinstance(value, str):
        return int(value) if value.isdecimal() else None
    if kind == "int64" and isinstance(value, int | float) and not isinstance(value, bool) and value == int(value):
        return int(value) if abs(value) < 2**63 else None
    return None


def build_expected_row(schema: Schema, sent: dict[str, Any]) -> dict[str, Any]:
    record = {name: None if value == "Infinity" else value for name, value in sent.items()}
    row = {
        column.name: parse_expected_timestamp(record.get(column.field))
        if column.type == "timestamp"
        else build_expected_value(column.type, record.get(column.field))
        for column in schema.columns
    }
    if schema.unknown_fields == "map":
        known = {column.field for column in schema.columns}
        extra = [(name, json.dumps(value, ensure_ascii=False)) for name, value in record.items() if name not in known]
        row["extra"] = extra or None
    return row


USUAL = {"rate": 80.25, "valve": "O", "flag": True, "rate_25c": 1, "rate_25C": 2.5}


def random_record(chance: random.Random, odd: float, unit: float, names: Sequence[str]) -> dict[str, Any]:
    """Return a record; one in ten is long."""
    second = 1757376000 + chance.randrange(10_000)
    record: dict[str, Any] = {"timestamp": second * unit, "site_id": 981}
    if chance.random() < odd:
        record["timestamp"] = chance.choice(TIMESTAMPS)
    for name in names:
        if chance.random() < 0.7:
            record[name] = chance.choice(VALUES) if chance.random() < odd else USUAL[name]
    if chance.random() < 0.1:
        record["valve"] = "x" * 500
    for name in ("late", "new"):
        if chance.random() < odd:
            record[name] = chance.choice(VALUES)
    return record


@pytest.mark.parametrize("seed", first(12, range(300)))
def test_parse_any_batches_equal_the_oracle(seed: int) -> None:
    """A parser that remembers columns of one batch reads the next one alike."""
    chance = random.Random(seed)
    schema = chance.choice([SCHEMA, MAP])
    parser = SchemaParser(schema)
    for _ in range(chance.choice([1, 4])):
        odd = chance.choice([0, 0.01, 0.3])
        unit = chance.choice([1, 1, 1.0, 1000, 10**6, 10**9])
        names = chance.sample([*USUAL], chance.randrange(len(USUAL) + 1))
        records = [random_record(chance, odd, unit, names) for _ in range(chance.choice([1, 2, 50, 400]))]
        batch = parser.parse(raws(records))
        assert batch.schema.equals(schema.to_arrow(), check_metadata=True)
        assert batch.to_pylist() == [build_expected_row(schema, record) for record in records]


def test_parse_counts_mismatches_and_unknown_fields() -> None:
    parser = SchemaParser(SCHEMA)
    records: list[dict[str, Any]] = [
        {"timestamp": 1, "rate": "fast"},
        {"timestamp": 2, "rate": [1], "late": 5},
        {"timestamp": 3, "rate": 1},
    ]
    assert parser.parse(raws(records)).column(2).to_pylist() == [None, None, 1]
    assert parser.mismatches == {"rate": (2, '"fast"')}
    assert parser.unknown_fields == {"late"}


def test_parse_with_raise_names_field_and_value() -> None:
    with pytest.raises(SchemaMismatchError, match='rate is float64 in the schema, but a record has "fast"'):
        SchemaParser(SCHEMA, "raise").parse(raws([{"timestamp": 1, "rate": "fast"}]))


BODY = json.dumps(
    [
        {"timestamp": 1757376000, "site_id": 981, "rate": 80, "valve": "O", "rate_25c": 1, "rate_25C": 2},
        {"timestamp": 1757376001, "site_id": 981, "rate": "Infinity", "late": 5},
        {"timestamp": 1757376002, "site_id": 981, "rate": "fast", "flag": False},
    ]
).encode()
EXPECTED_TIMESTAMPS = [datetime(2025, 9, 9, 0, 0, second, tzinfo=UTC) for second in range(3)]


def test_to_arrow_with_schema_has_its_columns_and_warns_once(of: Callable[[bytes], Data], form: Form) -> None:
    with pytest.warns(SchemaWarning) as warned:
        table: pa.Table = form(of(BODY), "to_arrow", schema=SCHEMA)
    (warning,) = warned
    assert str(warning.message) == (
        'values that do not fit their column are null: rate (1, such as "fast"); '
        "fields that the schema does not know are dropped: 'late' (unknown_fields=\"map\" keeps them)"
    )
    if form.is_sync:
        assert Path(warning.filename).name in {Path(__file__).name, "sync_async_calls.py"}
    assert table.schema.equals(SCHEMA.to_arrow())
    assert table.column("rate").to_pylist() == [80, None, None]
    assert table.column("timestamp").to_pylist() == EXPECTED_TIMESTAMPS
    metadata = table.schema.field("rate").metadata or {}
    assert metadata[b"unit"] == b"bbl/min"


def test_unknown_fields_as_map_keep_their_json(of: Callable[[bytes], Data], form: Form) -> None:
    with pytest.warns(SchemaWarning, match="rate"):
        table: pa.Table = form(of(BODY), "to_arrow", schema=MAP)
    assert table.column("extra").to_pylist() == [None, [("late", "5")], None]


@pytest.mark.parametrize("suffix", [".parquet", ".arrow", ".feather"])
def test_save_with_schema_equals_to_arrow(of: Callable[[bytes], Data], form: Form, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"x{suffix}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SchemaWarning)
        table: pa.Table = form(of(BODY), "to_arrow", schema=SCHEMA)
        form(of(BODY), "save", path, schema=SCHEMA)
        read = pq.read_table(path) if suffix == ".parquet" else pf.read_table(path)
    assert read.equals(table)
    assert read.schema.equals(table.schema, check_metadata=True)


def test_save_with_schema_raise_leaves_nothing(of: Callable[[bytes], Data], form: Form, tmp_path: Path) -> None:
    with pytest.raises(SchemaMismatchError):
        form(of(BODY), "save", tmp_path / "x.parquet", schema=SCHEMA, on_mismatch="raise")
    assert list(tmp_path.iterdir()) == []


def test_save_text_with_schema_is_refused_before_a_request(
    of: Callable[[bytes], Data], form: Form, tmp_path: Path
) -> None:
    for name in ("x.csv", "x.json.gz", "x.ndjson"):
        with pytest.raises(ValueError, match=r"schema is for \.parquet, \.arrow, \.feather"):
            form(of(b"not asked"), "save", tmp_path / name, schema=SCHEMA)


def test_files_of_different_days_concatenate_without_options(
    of: Callable[[bytes], Data], form: Form, tmp_path: Path
) -> None:
    days = [
        [{"timestamp": 1757376000, "site_id": 981, "rate": 80}],
        [{"timestamp": 1757462400, "site_id": 981, "rate": 80.5, "valve": "O"}],
        [{"timestamp": 1757548800, "site_id": 981, "flag": True}],
        [],
    ]
    schema = SCHEMA.rename_for("duckdb")
    paths = [tmp_path / f"{number}.parquet" for number in range(len(days))]
    for day, path in zip(days, paths, strict=True):
        form(of(json.dumps(day).encode()), "save", path, schema=schema)
    tables = [pq.read_table(path) for path in paths]
    assert pa.concat_tables(tables).num_rows == 3
    assert pl.read_parquet(tmp_path / "*.parquet").shape == (3, len(schema.columns))
    with duckdb.connect() as database:
        database.execute(f"select count(*), sum(rate), count(distinct timestamp) from '{tmp_path}/*.parquet'")
        assert database.fetchall() == [(3, 160.5, 3)]


def test_record_batches_stream_in_bounded_batches(of: Callable[[bytes], Data], form: Form) -> None:
    records = [{"timestamp": 1757376000 + second, "site_id": 981, "rate": second / 3} for second in range(60_000)]
    body = json.dumps(records).encode()
    table: pa.Table = form(of(body), "to_arrow", schema=SCHEMA)
    batches = form.items(of(body).record_batches(SCHEMA))
    assert len(batches) > 2
    assert max(batch.nbytes for batch in batches) < 4_000_000
    assert pa.Table.from_batches(batches).equals(table)
    assert table.column("rate").to_pylist() == [second / 3 for second in range(60_000)]


@pytest.fixture
def converted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Numbers of values of the columns that are converted value by value, not read by Arrow."""
    counts: list[int] = []
    convert = value_conversion.convert_column

    def count(kind: ColumnType, texts: ColumnTexts) -> ConvertedColumn:
        counts.append(len(texts))
        return convert(kind, texts)

    monkeypatch.setattr(conform, "convert_column", count)
    return counts


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The columns of each attempt of Arrow's JSON parser."""
    attempts: list[list[str]] = []
    read = column_reader._read

    def note(lines: bytes, schema: pa.Schema, unexpected: Any) -> pa.RecordBatch:
        attempts.append(schema.names)
        return read(lines, schema, unexpected)

    monkeypatch.setattr(column_reader, "_read", note)
    return attempts


def usual_records(count: int = 400) -> list[dict[str, Any]]:
    return [{"timestamp": 1757376000 + n, "site_id": 981, "rate": n / 3, "valve": "O"} for n in range(count)]


ODD_VALUES: dict[str, tuple[dict[str, Any], int]] = {
    "text in a number column": ({"rate": "fast"}, 1),
    "boolean in a number column": ({"rate": True}, 1),
    "number in a text column": ({"valve": 5}, 1),
    "fraction in an int column": ({"site_id": 981.5}, 2),
    "other unit": ({"timestamp": 1757376000123}, 1),
    "ISO timestamp": ({"timestamp": "2025-09-09T00:00:00Z"}, 1),
    "unknown field of several types": ({"new": 5}, 0),
    "lone surrogate": ({"valve": "\ud800"}, 4),
}


@pytest.mark.parametrize("each", [False, True], ids=["once", "in each record"])
@pytest.mark.parametrize(("odd", "columns"), ODD_VALUES.values(), ids=ODD_VALUES)
def test_an_odd_value_costs_only_its_column(
    odd: dict[str, Any], columns: int, each: bool, converted: list[int]
) -> None:
    records = [{**record, "new": "x"} for record in usual_records()]
    for index in range(len(records)) if each else [123]:
        records[index] |= odd
    texts = [msgspec.Raw(json.dumps(record).encode()) for record in records]
    assert SchemaParser(MAP).parse(texts).to_pylist() == [build_expected_row(MAP, record) for record in records]
    assert len(converted) <= columns


def test_refused_column_is_left_out_until_its_values_fit(reads: list[list[str]]) -> None:
    parser = SchemaParser(SCHEMA)
    odd = raws([{**record, "rate": "fast"} for record in usual_records()])
    attempts: list[int] = []
    for texts in (odd, odd, odd, raws(usual_records()), raws(usual_records())):
        parser.parse(texts)
        attempts.append(len(reads))
        reads.clear()
    assert attempts == [2, 1, 1, 1, 1]
    assert parser.mismatches["rate"][0] == 1200
    parser.parse(raws(usual_records()))
    assert "rate" in reads[0]


def test_only_columns_with_values_are_read(reads: list[list[str]]) -> None:
    parser = SchemaParser(SCHEMA)
    for _ in range(9):
        parser.parse(raws(usual_records()))
    assert reads[-1] == ["timestamp", "site_id", "rate", "valve"]
    late = [{**record, "flag": True, "rate_25c": None} for record in usual_records()]
    assert parser.parse(raws(late)).column("flag").to_pylist() == [True] * 400
    assert reads[-1] == ["timestamp", "site_id", "rate", "valve", "flag"]


def test_late_columns_beside_mixed_unknown_fields_are_read() -> None:
    parser = SchemaParser(SCHEMA)
    for _ in range(9):
        parser.parse(raws(usual_records()))
    records = [{**record, "flag": True, "new": "x" if record["rate"] > 9 else 1} for record in usual_records()]
    assert parser.parse(raws(records)).to_pylist() == [build_expected_row(SCHEMA, record) for record in records]
    assert parser.unknown_fields == {"new"}


def test_a_number_beyond_floats_does_not_fit() -> None:
    parser = SchemaParser(SCHEMA)
    texts = [msgspec.Raw(b'{"timestamp":1,"rate":%b}' % number) for number in (b"1e400", b"2.5", b"-1e400")]
    assert parser.parse(texts).column("rate").to_pylist() == [None, 2.5, None]
    assert parser.mismatches == {"rate": (2, "1e400")}


def test_long_records_are_read_apart(reads: list[list[str]]) -> None:
    parser = SchemaParser(SCHEMA)
    records = usual_records()
    for record in records[5::10]:
        record.update(valve="x" * 500, flag=True)
    for _ in range(9):
        batch = parser.parse(raws(records))
        assert batch.to_pylist() == [build_expected_row(SCHEMA, record) for record in records]
    short = ["timestamp", "site_id", "rate", "valve"]
    assert reads[-2:] == [short, [*short, "flag"]]


@pytest.mark.parametrize("unit", [1.0, 1000, 10**6, 10**9], ids=["float", "ms", "us", "ns"])
def test_timestamps_of_any_unit(unit: float) -> None:
    records = [{"timestamp": (1757376000 + n) * unit} for n in range(100)]
    batch = SchemaParser(SCHEMA).parse(raws(records))
    assert [*batch.column(0).to_pylist()] == [EPOCH + timedelta(seconds=1757376000 + n) for n in range(100)]


def test_odd_values_in_many_columns(reads: list[list[str]]) -> None:
    """After a few attempts all are converted value by value; later ones are expected to be refused."""
    schema = Schema(columns=(*KEYS, *(Column(name=f"c{number}", type="float64") for number in range(9))))
    records = [{"timestamp": 1757376000 + n, f"c{n % 9}": "x" if n % 7 == 0 else n / 3} for n in range(400)]
    parser = SchemaParser(schema)
    for _ in range(3):
        assert parser.parse(raws(records)).to_pylist() == [build_expected_row(schema, record) for record in records]
    assert len(reads) == 4 + 2 + 2


def test_unknown_name_with_lone_surrogate_is_escaped() -> None:
    text = msgspec.Raw(b'{"timestamp":1,"\\ud800":5}')
    assert SchemaParser(MAP).parse([text]).column("extra").to_pylist() == [[("\\ud800", "5")]]
    parser = SchemaParser(SCHEMA)
    parser.parse([text])
    assert len(parser.unknown_fields) == 1


def test_mismatches_of_several_threads_are_all_counted() -> None:
    parser = SchemaParser(SCHEMA)
    texts = raws([{"timestamp": 1, "rate": "fast"}] * 50)
    with ThreadPoolExecutor(4) as threads:
        deque(threads.map(parser.parse, [texts] * 40), maxlen=0)
    assert parser.mismatches["rate"][0] == 2000
