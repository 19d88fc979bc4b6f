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
    """Records as the stream hands them over, from their JSON texts."""
    return decode_texts(b"[" + b",".join(records) + b"]")


def written(path: Path, *batches: tuple[bytes, ...]) -> bytes:
    """What a file has in it that was written batch by batch."""
    with writer_of(path) as writer:
        for batch in batches:
            carry_out(writer.write(writer.codec.decode(b"[" + b",".join(batch) + b"]")))
        writer.finish()
    return path.read_bytes()


def carry_out(steps: EffectGen[None] | None) -> None:
    """Does what a writer wants done before it takes the next records."""
    for effect in steps or ():
        assert isinstance(effect, RunBlocking)
        effect.function()


@contextmanager
def writer_of(path: Path) -> Generator[Writer]:
    """Writes a file."""
    with open_atomic(path) as file, find_writer(path)(file) as writer:
        yield writer


def table_of(*batches: tuple[bytes, ...], descriptions: Mapping[str, FieldMetadata] | None = None) -> pa.Table:
    """A table of batches, each of which is read by itself."""
    store: list[pa.RecordBatch] = []
    builder = TableBuilder(store)
    for batch in batches:
        carry_out(builder.add(raw(*batch)))
        builder._pipeline._submit()
    reader = builder.finish(descriptions or {})
    builder.close()
    return reader.read_all()


def without_missing(record: Record) -> Record:
    """A row of a table as the record that it came from: nulls and missing values are the same there."""
    return {name: value for name, value in record.items() if value is not None}


def rows(table: pa.Table) -> list[Record]:
    """The records of a table, their timestamp in seconds again."""
    found = [without_missing(row) for row in table.to_pylist()]
    for row in found:
        if isinstance(row.get("timestamp"), datetime):
            row["timestamp"] = int(row["timestamp"].timestamp())
    return found


def parsed(lines: bytes) -> list[Record]:
    """The records of newline-delimited JSON."""
    return [json.loads(line) for line in BytesIO(lines)]
