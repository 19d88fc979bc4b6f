"""Exact values in every format, for all kinds of bodies and mixtures of them, against the standard library's parser."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datastore_sdk.data.streaming.json_splitter import JsonArraySplitter
from datastore_sdk.data.writers.registry import find_writer
from tests.data.json_literals import STYLES, Record, Style, exactly
from tests.data.streaming.splitter_helpers import DECODERS, cut, exact_of, in_pieces
from tests.data.writers.csv_helpers import rows_of
from tests.support.exhaustive import examples
from tests.support.hypothesis_settings import PROPERTY

NAMES = ["timestamp", "a", "b", "Infinity", "null", "a:", "\u00b0F", 'to "Infinity"', "{", "late_1", "late_2"]
LITERALS = [
    *('"Infinity"', '"\\u0049nfinity"', '"Inf\\u0069nit\\u0079"', '"\\\\u0049nfinity"', '"to Infinity"', '"-Infinity"'),
    *('": \\"Infinity\\""', '":\\"Infinity\\","', '": Infinity"', '"\\"Infinity\\""', '"a: "', '":"'),
    *('{"a": "Infinity"}', '{"Infinity": "Infinity", "b": [null, {"c": "Infinity"}]}', '["Infinity", null]'),
    *("null", '"null"', '"a,null,b"', '",null"', '"x,"', '"null,"', '"\\"null"', '"nul"', "[null]", '{"null": null}'),
    *('"{"', '"}"', '"["', '"]}, {"', '"{\\"a\\": \\"Infinity\\"}"', "[]", "{}", '["{", "]"]', '[{"a": "}"}]'),
    *("[[[[[[1, 2]]]]]]", '{"a": {"a": {"a": {"a": {"a": [null, "\\""]}}}}}', "[1,\\n2]".replace("\\n", "\n")),
    *('"\\ud83d\\udee2"', '"\\ud83d"', '"\\udee2\\ud83d"', '"\\\\ud83d"', '"\\\\\\ud83d"', '"\\u00b0\\uFFFF"'),
    *(
        '"\\\\"',
        '"\\n"',
        '"\\r\\n"',
        '"C:\\\\null"',
        '"\\/"',
        '""',
        '"O"',
        '"\u00b0F \u6cb9 \U0001f6e2"',
        '"2025-09-09"',
    ),
    *("5", "5.0", "-0.0", "1E5", "0.10", "true", "false", "1e400", "-1e400", "123456789012345678901", str(2**53 + 1)),
]


def records_with(literals: list[str]) -> st.SearchStrategy[Record]:
    return st.dictionaries(st.sampled_from(NAMES), st.sampled_from(literals), max_size=6).map(
        lambda members: Record(tuple((json.dumps(name), literal) for name, literal in members.items()))
    )


RECORDS = records_with(LITERALS)
SIMPLE = records_with([literal for literal in LITERALS if not set(literal) & set("\\[{")])
"""Records without escapes, objects and arrays: their CSV takes a faster path."""
BODIES = st.lists(RECORDS, max_size=8)
COMMON = [
    Record((('"timestamp"', "1"), ('"a"', "2.5"))),
    Record((('"timestamp"', "1"), ('"a"', "null"))),
    Record((('"timestamp"', "1"), ('"a"', '"Infinity"'), ('"b"', "5"))),
    Record((('"timestamp"', "1"), ('"b"', '{"a": "Infinity"}'), ('"a"', '"Infinity"'))),
    Record((('"timestamp"', "1"), ('"b"', '"\\""'))),
]
styles = st.sampled_from([*STYLES.values()])
kinds = settings(PROPERTY, max_examples=examples(400), suppress_health_check=[HealthCheck.function_scoped_fixture])


def literals_of(record: Record) -> dict[str, str]:
    """Return the JSON text of each value, null for a missing number."""
    return {
        json.loads(name): "null" if literal.startswith('"') and json.loads(literal) == "Infinity" else literal
        for name, literal in record.literals
    }


def exact(record: Record) -> dict[str, Any]:
    """Return the values with the text of each number."""
    return {name: exactly(literal) for name, literal in literals_of(record).items()}


def write_file(path: Path, pieces: Iterable[bytes]) -> bytes:
    """Return the file that a body in these pieces becomes."""
    with path.open("wb") as file, find_writer(path)(file) as writer:
        splitter = JsonArraySplitter(writer.codec.decode)
        batches = [batch for piece in pieces for batch in splitter.feed(piece)]
        for batch in [*batches, *splitter.finish()]:
            for effect in writer.write(batch) or ():
                effect.function()  # type: ignore[attr-defined]
        writer.finish()
    return path.read_bytes()


@pytest.mark.parametrize("form", ["texts", "cells"])
@kinds
@given(records=BODIES, style=styles, size=st.integers(1, 200))
def test_text_forms_of_any_kind_are_exact(form: str, records: list[Record], style: Style, size: int) -> None:
    found = [exact_of(record) for record in cut(DECODERS[form], in_pieces(style(records), size))]
    assert [[*record.items()] for record in found] == [[*exact(record).items()] for record in records]


@kinds
@given(records=BODIES, style=styles, size=st.integers(1, 200))
def test_dicts_of_any_kind_are_exact(records: list[Record], style: Style, size: int) -> None:
    found = cut(DECODERS["dicts"], in_pieces(style(records), size))
    expected = [{name: _number(json.loads(text)) for name, text in literals_of(record).items()} for record in records]
    assert [repr(record) for record in found] == [repr(record) for record in expected]


def _number(value: Any) -> Any:
    """Return the fast parser's value for an int beyond 64 bits."""
    return float(value) if type(value) is int and not -(2**63) <= value < 2**64 else value


@pytest.mark.parametrize("suffix", [".json", ".ndjson"])
@kinds
@given(records=BODIES, style=styles, size=st.integers(1, 200))
def test_json_files_of_any_kind_are_exact(
    suffix: str, records: list[Record], style: Style, size: int, tmp_path: Path
) -> None:
    content = write_file(tmp_path / f"file{suffix}", in_pieces(style(records), size))
    found = exactly(content) if suffix == ".json" else [exactly(line) for line in content.split(b"\n")[:-1]]
    assert [[*record.items()] for record in found] == [[*exact(record).items()] for record in records]


@kinds
@given(records=BODIES | st.lists(SIMPLE, max_size=8), style=styles, size=st.integers(1, 200))
def test_csv_files_of_any_kind_are_exact(records: list[Record], style: Style, size: int, tmp_path: Path) -> None:
    rows = [literals_of(record) for record in records]
    columns = [*dict.fromkeys(name for row in rows for name in row)]
    expected = [columns, *([_cell(row.get(name, "null")) for name in columns] for row in rows)] if columns else None
    found = rows_of(write_file(tmp_path / "file.csv", in_pieces(style(records), size)))
    assert found == (expected or [[""]] * len(rows))


def _cell(literal: str) -> str:
    if literal == "null":
        return ""
    value = json.loads(literal)
    return value if isinstance(value, str) else literal


@kinds
@given(records=BODIES, style=styles, size=st.integers(1, 200))
def test_parquet_files_of_any_kind_are_exact(records: list[Record], style: Style, size: int, tmp_path: Path) -> None:
    rows = [{name: json.loads(text) for name, text in literals_of(record).items()} for record in records]
    rows = [{name: value for name, value in row.items() if name != "timestamp"} for row in rows]  # becomes a datetime
    records = [Record(tuple(pair for pair in record.literals if pair[0] != '"timestamp"')) for record in records]
    file: Any = pq.ParquetFile(BytesIO(write_file(tmp_path / "file.parquet", in_pieces(style(records), size))))
    table = file.read()
    columns = [*dict.fromkeys(name for row in rows for name in row)]
    assert table.column_names == columns
    for name in columns:
        expected = [row.get(name) for row in rows]
        found = table.column(name).to_pylist()
        if str(table.schema.field(name).type) == "string" and found != expected:
            found = [None if text is None else json.loads(text) for text in found]
        assert found == expected
        assert [type(value) for value in found] == [type(value) for value in expected] or not _has_mixed_types(expected)


def _has_mixed_types(values: Sequence[object]) -> bool:
    return {*map(type, values)} - {type(None)} != {int, float}


@pytest.mark.parametrize("form", ["texts", "cells", "dicts"])
@settings(PROPERTY, max_examples=examples(20))
@given(odd=st.lists(RECORDS, min_size=1, max_size=3), data=st.data())
def test_odd_records_among_many_change_no_other(form: str, odd: list[Record], data: st.DataObject) -> None:
    records = data.draw(st.permutations([*odd, *COMMON * 60]))
    for size in (1000, 1 << 16):
        found = cut(DECODERS[form], in_pieces(STYLES["blanks"](records), size))
        alone = [record for each in records for record in cut(DECODERS[form], [STYLES["blanks"]([each])])]
        assert [_to_comparable(record) for record in found] == [_to_comparable(record) for record in alone]


def _to_comparable(record: Any) -> Any:
    if isinstance(record, msgspec.Raw):
        return bytes(record)
    return [(name, bytes(value) if isinstance(value, msgspec.Raw) else repr(value)) for name, value in record.items()]
