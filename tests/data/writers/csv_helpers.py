"""Records written to files and read back."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from datastore_sdk.data.writers.base import Sink, Writer
from datastore_sdk.data.writers.csv_writer import CsvWriter
from tests.data.json_literals import MISSING, STYLES, Record, Style

MISSING_OR_NULL = (MISSING, "null")


def write_file(kind: Callable[[Sink], Writer], batches: Sequence[Sequence[Record]], style: Style, path: Path) -> bytes:
    """Return the file that a writer makes from records that arrive in batches."""
    with path.open("wb") as file, kind(file) as writer:
        for batch in batches:
            if batch:
                writer.write(writer.codec.decode(style([*batch])))
        writer.finish()
    return path.read_bytes()


def csv_of(batches: Sequence[Sequence[Record]], path: Path, style: Style = STYLES["one line"]) -> bytes:
    return write_file(CsvWriter, batches, style, path)


def rows_of(content: bytes) -> list[list[str]]:
    """Return the rows that Python's own reader reads, with characters that UTF-8 lacks restored."""
    text = content.decode(errors="surrogatepass")
    return [*csv.reader(io.StringIO(text, newline=""), strict=True)]


def table_of(records: Sequence[Record]) -> list[list[str]]:
    """Return the expected rows of the CSV file of the records, header first."""
    columns: dict[str, None] = {}
    for record in records:
        columns.update(dict.fromkeys(record.value))
    rows = [[_cell(name, record) for name in columns] for record in records]
    header = [[*columns]] if columns else []
    return header + (rows if columns else [[""] for _ in records])


def _cell(name: str, record: Record) -> str:
    literals = {json.loads(key): literal for key, literal in record.literals}
    literal = literals.get(name, "null")
    if literal in MISSING_OR_NULL:
        return ""
    value: Any = json.loads(literal)
    return value if isinstance(value, str) else literal
