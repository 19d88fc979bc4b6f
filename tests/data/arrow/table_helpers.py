"""Records for the tests of formats."""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa

from datastore_sdk._io.effects import EffectGen, RunBlocking
from datastore_sdk.data.arrow.builder import TableBuilder
from datastore_sdk.data.field_metadata import FieldMetadata
from datastore_sdk.data.saving.files import open_atomic
from datastore_sdk.data.streaming.json_decoder import decode_texts
from datastore_sdk.data.writers.base import Writer
from datastore_sdk.data.writers.registry import find_writer

HOURS = datetime(2025, 9, 9, 7, tzinfo=UTC), datetime(2025, 9, 9, 7, 15, tzinfo=UTC)

Record = dict[str, Any]


def raw(*records: bytes) -> list[msgspec.Raw]:
    """Return records as the stream yields them, from their JSON texts."""
    return decode_texts(b"[" + b",".join(records) + b"]")


def write_batches(path: Path, *batches: tuple[bytes, ...]) -> bytes:
    """Write a file batch by batch and return its content."""
    with writer_of(path) as writer:
        for batch in batches:
            carry_out(writer.write(writer.codec.decode(b"[" + b",".join(batch) + b"]")))
        writer.finish()
    return path.read_bytes()


def carry_out(steps: EffectGen[None] | None) -> None:
    """Do the work that a writer requires before it receives the next records."""
    for effect in steps or ():
        assert isinstance(effect, RunBlocking)
        effect.function()


@contextmanager
def writer_of(path: Path) -> Generator[Writer]:
    """Write a file."""
    with open_atomic(path) as file, find_writer(path)(file) as writer:
        yield writer


def table_of(*batches: tuple[bytes, ...], descriptions: Mapping[str, FieldMetadata] | None = None) -> pa.Table:
    """Return a table of batches, each of which is read by itself."""
    store: list[pa.RecordBatch] = []
    builder = TableBuilder(store)
    for batch in batches:
        carry_out(builder.add(raw(*batch)))
        builder._pipeline._submit()
    reader = builder.finish(descriptions or {})
    builder.close()
    return reader.read_all()


def without_missing(record: Record) -> Record:
    """Return a row of a table as the record that it came from; nulls and missing values are equal there."""
    return {name: value for name, value in record.items() if value is not None}


def rows(table: pa.Table) -> list[Record]:
    """Return the records of a table, with timestamps in seconds again."""
    found = [without_missing(row) for row in table.to_pylist()]
    for row in found:
        if isinstance(row.get("timestamp"), datetime):
            row["timestamp"] = int(row["timestamp"].timestamp())
    return found


def parse_lines(lines: bytes) -> list[Record]:
    """Return the records of newline-delimited JSON."""
    return [json.loads(line) for line in BytesIO(lines)]
