"""Records become rows: order, seconds with several records, foreign records, new fields, changed kinds."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import msgspec
import pytest

from datastore_sdk.data.arrow.conform import SchemaParser
from datastore_sdk.data.schema import Column, Schema
from datastore_sdk.mirror.columns import MAX_NAME_BYTES, add_columns, start_schema
from datastore_sdk.mirror.download import Download, read_rows
from datastore_sdk.mirror.spans import Span

SITE = 981
SPAN = Span(1_700_000_000, 1_700_000_060)
COLUMNS = [Column(name="rate", type="float64"), Column(name="valve", type="string")]
SCHEMA = add_columns(start_schema(si_units=False), COLUMNS)


def download(records: Iterable[dict[str, Any]], schema: Schema = SCHEMA, size: int = 3) -> Download:
    """Download records in small batches."""
    complete = ({"timestamp": SPAN.first, "site_id": SITE, **record} for record in records)
    texts = [msgspec.Raw(json.dumps(record).encode()) for record in complete]
    parser = SchemaParser(schema, "map")
    batches = (parser.parse(texts[first : first + size]) for first in range(0, len(texts), size))
    return Download(SITE, SPAN, schema, batches)


def rows(found: Download, schema: Schema = SCHEMA) -> list[dict[str, Any]]:
    return [row for batch in read_rows([found], schema) for row in batch.to_pylist()]


def test_records_of_one_second_are_numbered() -> None:
    seconds = [5, 3, 5, 4, 5, 3]
    found = rows(download({"timestamp": SPAN.first + second, "rate": second} for second in seconds))
    assert [(row["rate"], row["ordinal"]) for row in found] == [(5, 0), (3, 0), (5, 1), (4, 0), (5, 2), (3, 1)]


def test_foreign_records_are_left_out() -> None:
    found = download(
        [
            {"timestamp": SPAN.first - 1},
            {"timestamp": SPAN.first, "rate": 1},
            {"timestamp": SPAN.end - 1, "rate": 2},
            {"timestamp": SPAN.end},
            {"site_id": 982},
            {"timestamp": None},
            {"site_id": None, "rate": 3},
        ]
    )
    assert (found.count, found.left_out, found.last) == (3, 4, SPAN.end - 1)
    assert [(row["rate"], row["site_id"]) for row in rows(found)] == [(1, SITE), (2, SITE), (3, SITE)]


def test_fractions_of_the_last_second_belong_to_it() -> None:
    assert download([{"timestamp": SPAN.end - 0.25}, {"timestamp": SPAN.end}]).count == 1


def test_new_fields_become_columns() -> None:
    found = download([{"rate": 1}, {"new": 3, "text": "O", "flag": True}, {"new": 3.5, "nested": {"a": [1]}}])
    schema = add_columns(SCHEMA, found.new_fields.columns())
    assert [(column.name, column.type) for column in schema.columns[4:]] == [
        ("flag", "float64"),
        ("new", "float64"),
        ("text", "string"),
    ]
    stored = rows(found, schema)
    assert [row["new"] for row in stored] == [None, 3.0, 3.5]
    assert [row["flag"] for row in stored] == [None, 1.0, None]
    assert json.loads(stored[2]["extra"]) == {"nested": {"a": [1]}}


def test_value_of_another_kind_is_kept_in_extra() -> None:
    stored = rows(download([{"rate": "OPEN", "valve": "C"}, {"rate": 2, "valve": 7}, {"rate": True}]))
    assert [row["rate"] for row in stored] == [None, 2.0, 1.0]
    assert [row["extra"] and json.loads(row["extra"]) for row in stored] == [{"rate": "OPEN"}, {"valve": 7}, None]


def test_field_with_numbers_and_texts_loses_neither() -> None:
    found = download([{"odd": "O"}, {"odd": 1.5}, {"odd": "C"}])
    stored = rows(found, add_columns(SCHEMA, found.new_fields.columns()))
    assert [row["odd"] for row in stored] == [None, 1.5, None]
    assert [row["extra"] and json.loads(row["extra"])["odd"] for row in stored] == ["O", None, "C"]


def test_names_that_differ_by_case_get_columns_of_their_own() -> None:
    names = ["clean_25c", "clean_25C", "clean__flow", "Timestamp", "ordinal", "Extra", "_x_"]
    schema = add_columns(start_schema(si_units=False), [Column(name=name, type="float64") for name in names])
    assert schema.names[2:] == ("clean_25c", "clean_25C_2", "clean__flow", "Timestamp_2", "ordinal_2", "Extra_2", "_x_")
    assert [column.field for column in schema.columns[2:]] == names


def test_long_names_stay_different() -> None:
    schema = add_columns(SCHEMA, [Column(name="x" * 80 + end, type="float64") for end in "abc"])
    names = schema.names[4:]
    assert len({name.casefold() for name in names}) == 3
    assert max(len(name.encode()) for name in names) == MAX_NAME_BYTES


def test_existing_columns_never_change() -> None:
    assert add_columns(SCHEMA, [Column(name="rate", type="string")]) is SCHEMA


def test_failed_download_leaves_no_file() -> None:
    def batches() -> Iterable[Any]:
        yield SchemaParser(SCHEMA, "map").parse([msgspec.Raw(b'{"timestamp": 1700000000, "site_id": 981}')])
        raise OSError("the connection broke")

    with pytest.raises(OSError, match="broke"):
        Download(SITE, SPAN, SCHEMA, batches())
