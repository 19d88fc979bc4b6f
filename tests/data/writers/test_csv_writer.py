"""CSV files: every cell as it was sent, all columns of all records, in order of first appearance."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.data.json_literals import RECORDS, STYLES, Record, Style
from tests.data.writers.csv_helpers import csv_of, rows_of, table_of
from tests.support.exhaustive import examples
from tests.support.hypothesis_settings import PROPERTY


def record(**literals: str) -> Record:
    return Record(tuple((f'"{name}"', literal) for name, literal in literals.items()))


@settings(PROPERTY, max_examples=examples(100), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(st.lists(RECORDS, max_size=4), max_size=4), style=st.sampled_from([*STYLES.values()]))
def test_a_reader_gets_each_value_back(batches: list[list[Record]], style: Style, tmp_path: Path) -> None:
    content = csv_of(batches, tmp_path / "file", style)
    assert rows_of(content) == table_of([record for batch in batches for record in batch])


LINE_BREAKS = [
    '"a\\nb"',
    '"\\r\\n"',
    '"\\n\\n"',
    '"\\"\\n\\""',
    '"\\n\\"\\"\\n"',
    '",\\n"',
    '"plain"',
    '"\\u000a"',
    "null",
    "5",
]
RAGGED = st.lists(
    st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(LINE_BREAKS), max_size=4).map(lambda row: record(**row)),
    max_size=5,
)


@settings(PROPERTY, max_examples=examples(150), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(RAGGED, max_size=5))
def test_late_columns_and_line_breaks(batches: list[list[Record]], tmp_path: Path) -> None:
    """Rows of earlier segments are filled up; a line break within a cell does not end a row."""
    content = csv_of(batches, tmp_path / "file")
    assert rows_of(content) == table_of([row for batch in batches for row in batch])


def lines(batches: Sequence[Sequence[Record]], path: Path) -> list[bytes]:
    return csv_of(batches, path / "file").split(b"\n")[:-1]


def test_the_text_of_each_value(tmp_path: Path) -> None:
    row = record(
        timestamp="1758196800",
        rate="80.50",
        exponent="1e5",
        open="true",
        valve='"O"',
        gone="null",
        missing='"Infinity"',
    )
    assert lines([[row]], tmp_path) == [
        b'"timestamp","rate","exponent","open","valve","gone","missing"',
        b'1758196800,80.50,1e5,true,"O",,',
    ]


def test_an_empty_string_differs_from_null(tmp_path: Path) -> None:
    assert lines([[record(a='""', b="null", c="1"), record(c="2")]], tmp_path)[1:] == [b'"",,1', b",,2"]


def test_columns_stand_in_order_of_first_appearance(tmp_path: Path) -> None:
    batches = [[record(b="1", a="2")], [record(a="3", c="4"), record(d="5", b="6")], [record(a="7")]]
    assert lines(batches, tmp_path) == [b'"b","a","c","d"', b"1,2,,", b",3,4,", b"6,,,5", b",7,,"]


def test_names_in_another_order_are_the_same_columns(tmp_path: Path) -> None:
    assert lines([[record(a="1", b="2"), record(b="3", a="4")]], tmp_path) == [b'"a","b"', b"1,2", b"4,3"]


def test_names_that_differ_in_case_are_columns_of_their_own(tmp_path: Path) -> None:
    assert lines([[record(Rate="1", rate="2")]], tmp_path) == [b'"Rate","rate"', b"1,2"]


def test_one_column(tmp_path: Path) -> None:
    assert lines([[record(a="1"), record(a="null"), record(a='"x"')]], tmp_path)[0:2] == [b'"a"', b"1"]
    rows = rows_of(csv_of([[record(a="1"), record(a="null"), record(a='""')]], tmp_path / "file"))
    assert rows == [["a"], ["1"], [""], [""]], "a reader skips an empty line"


@pytest.mark.parametrize("counts", [[1], [3], [2, 2]])
def test_records_without_fields(counts: list[int], tmp_path: Path) -> None:
    batches = [[record()] * count for count in counts]
    assert rows_of(csv_of(batches, tmp_path / "file")) == [[""]] * sum(counts)


def test_records_without_fields_among_others(tmp_path: Path) -> None:
    batches = [[record(), record(a="1")], [record(), record(b="2", a="3")]]
    assert rows_of(csv_of(batches, tmp_path / "file")) == [["a", "b"], ["", ""], ["1", ""], ["", ""], ["3", "2"]]


def test_a_missing_value_differs_from_an_empty_string(tmp_path: Path) -> None:
    batches = [[record()], [record(a="null")], [record(a='""')], [record(a='"\\n\\n"')], [record(a="1", b='""')]]
    assert lines(batches, tmp_path) == [b'"a","b"', b",", b",", b'"",', b'"', b"", b'",', b'1,""']
    assert lines(batches[:4], tmp_path) == [b'"a"', b'""', b'""', b'""', b'"', b"", b'"']


def test_no_records(tmp_path: Path) -> None:
    assert csv_of([], tmp_path / "file") == b""


def test_many_segments(tmp_path: Path) -> None:
    batches = [[record(**{f"c{number}": str(number), "a": '"x\\ny"'})] for number in range(60)]
    content = csv_of(batches, tmp_path / "file")
    assert rows_of(content) == table_of([row for batch in batches for row in batch])


def test_blocks_end_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datastore_sdk.data.writers.csv_writer._BLOCK_BYTES", 7)
    batches = [[record(a='"x,y"', b="1")] * 20, [record(a='"\\n"')] * 20, [record(c='"late"')]]
    content = csv_of(batches, tmp_path / "file")
    assert rows_of(content) == table_of([row for batch in batches for row in batch])


def test_lone_surrogates_come_back(tmp_path: Path) -> None:
    content = csv_of([[record(a='"\\ud83d"')]], tmp_path / "file")
    assert rows_of(content) == [["a"], ["\ud83d"]]


def test_nothing_but_the_file_is_left(tmp_path: Path) -> None:
    csv_of([[record(a="1")], [record(b="2")]], tmp_path / "file")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
