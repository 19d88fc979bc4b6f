"""Build a table of records, batch by batch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

import msgspec
import pyarrow as pa

from datastore_sdk._io.effects import EffectGen
from datastore_sdk.data.arrow.parser import ArrowParser
from datastore_sdk.data.arrow.pipeline import ParsePipeline
from datastore_sdk.data.arrow.schema import ColumnTypes
from datastore_sdk.data.field_metadata import FieldMetadataByName


class BatchStore(Protocol):
    """Store of batches until all columns are known: a list, or a spool."""

    def append(self, batch: pa.RecordBatch, /) -> None:
        """Add a batch."""
        ...

    def __iter__(self) -> Iterator[pa.RecordBatch]: ...


class TableBuilder:
    """Builder of a table with the columns that the records have.

    Args:
        store: Keeps the batches until all columns are known; it stays with its owner.
    """

    def __init__(self, store: BatchStore) -> None:
        self._store = store
        self._columns = ColumnTypes()
        self._pipeline = ParsePipeline(ArrowParser(self._columns.find_new).parse, self._append)

    def set_columns(self, columns: Iterable[str], fallback: Iterable[str] = ()) -> None:
        """Set the columns that come first in any case, and those of a table without records."""
        self._columns.set_columns(columns, fallback)

    def add(self, texts: list[msgspec.Raw]) -> EffectGen[None] | None:
        """Add the JSON texts of records; return steps to do before the next ones, if there are any."""
        return self._pipeline.add(texts)

    def finish(self, metadata: FieldMetadataByName) -> pa.RecordBatchReader:
        """Return all records, as a stream that can be read once. Blocks."""
        self._pipeline.drain()
        schema = self._columns.build_schema(metadata)
        batches = (self._columns.convert(batch, schema) for batch in self._store)
        return pa.RecordBatchReader.from_batches(schema, batches)

    def close(self) -> None:
        """End the threads."""
        self._pipeline.close()

    def _append(self, batch: pa.RecordBatch) -> None:
        self._columns.add(batch)
        self._store.append(batch)
