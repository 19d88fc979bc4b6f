"""JSON files: one array, every value as it was sent."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datastore_sdk.data.writers.json_writer import JsonWriter
from tests.data.json_literals import RECORDS, STYLES, Record, Style, exactly
from tests.data.writers.csv_helpers import write_file
from tests.support.hypothesis_settings import PROPERTY


@settings(PROPERTY, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(st.lists(RECORDS, max_size=4), max_size=4), style=st.sampled_from([*STYLES.values()]))
def test_the_file_parses_to_the_same_literals(batches: list[list[Record]], style: Style, tmp_path: Path) -> None:
    content = write_file(JsonWriter, batches, style, tmp_path / "file")
    records = [record for batch in batches for record in batch]
    assert exactly(content) == [record.exact for record in records]
    assert [[*row] for row in exactly(content)] == [[*record.exact] for record in records], "the order of the names"


@pytest.mark.parametrize("style", [style for name, style in STYLES.items() if name != "reflowed"])
def test_one_record_a_line(style: Style, tmp_path: Path) -> None:
    records = [Record((('"a"', str(number)), ('"b"', '"},{"'))) for number in range(5)]
    lines = write_file(JsonWriter, [records[:2], records[2:]], style, tmp_path / "file").decode().splitlines()
    assert lines[0] == "["
    assert lines[-1] == "]"
    assert [exactly(line.removesuffix(",")) for line in lines[1:-1]] == [record.exact for record in records]


def test_no_records(tmp_path: Path) -> None:
    assert exactly(write_file(JsonWriter, [], STYLES["one line"], tmp_path / "file")) == []
