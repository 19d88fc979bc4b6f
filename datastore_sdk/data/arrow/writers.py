"""Write records as Parquet and Arrow files, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, Any, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from datastore_sdk._io.effects import EffectGen
from datastore_sdk.data.arrow.builder import TableBuilder
from datastore_sdk.data.arrow.conform import SchemaParser
from datastore_sdk.data.arrow.pipeline import ParsePipeline
from datastore_sdk.data.arrow.schema_reader import warn_of_mismatches
from datastore_sdk.data.arrow.spool import Spool
from datastore_sdk.data.field_metadata import FieldMetadataByName
from datastore_sdk.data.schema import OnMismatch, Schema
from datastore_sdk.data.streaming.codecs import TEXTS
from datastore_sdk.data.writers.base import Writer

_ROW_GROUP_BYTES = 1 << 24
"""Size of a row group of a Parquet file; as many bytes are held in memory."""


class BatchFile(Protocol):
    """File of Arrow batches of one schema."""

    def write(self, batch: pa.RecordBatch) -> None:
        """Write a batch."""
        ...

    def close(self) -> None:
        """Complete the file."""
        ...


class ParquetFile:
    """Parquet file.

    Args:
        file: The file to write to.
        schema: The columns.
    """

    def __init__(self, file: Any, schema: pa.Schema) -> None:
        # Values of other types seldom repeat. (The stubs know only a bool here.)
        strings: Any = [field.name for field in schema if pa.types.is_string(field.type)]
        self._writer = pq.ParquetWriter(file, schema, compression="zstd", use_dictionary=strings)
        self._group: list[pa.RecordBatch] = []
        self._group_bytes = 0

    def write(self, batch: pa.RecordBatch) -> None:
        """Write a batch, together with others as a row group."""
        self._group.append(batch)
        self._group_bytes += batch.nbytes
        if self._group_bytes >= _ROW_GROUP_BYTES:
            self._write_group()

    def close(self) -> None:
        """Complete the file."""
        if self._group:
            self._write_group()
        self._writer.close()

    def __del__(self) -> None:
        self._writer.is_open = False  # otherwise pyarrow would complete an abandoned file after it was closed

    def _write_group(self) -> None:
        group, self._group, self._group_bytes = self._group, [], 0
        self._writer.write_table(pa.Table.from_batches(group))


def open_arrow_file(file: Any, schema: pa.Schema) -> BatchFile:
    """Open an Arrow IPC file, which is what Feather (version 2) files are too."""
    writer: Any = pa.ipc.new_file(file, schema, options=pa.ipc.IpcWriteOptions(compression="lz4"))
    return writer  # type: ignore[no-any-return]  # it has these two methods


OpenBatchFile = Callable[[Any, pa.Schema], BatchFile]
"""Opens a file of a format, for batches of a schema."""


class TableWriter(Writer):
    """Writer of a table with the columns that the records have. Batches wait on disk until all columns are known."""

    codec = TEXTS
    uses_metadata = True

    def __init__(self, file: IO[bytes], open_file: OpenBatchFile) -> None:
        super().__init__(file)
        self._target = file
        self._open_file = open_file
        self._spool = Spool(Path(file.name))
        self._builder = TableBuilder(self._spool)
        self._metadata: FieldMetadataByName = {}

    def set_metadata(self, metadata: FieldMetadataByName) -> None:
        """Set units and labels, which become metadata of the columns."""
        self._metadata = metadata

    def set_columns(self, columns: Iterable[str], fallback: Iterable[str] = ()) -> None:
        """Set the columns that come first in any case, and those of a file without records."""
        self._builder.set_columns(columns, fallback)

    def write(self, batch: list[Any]) -> EffectGen[None] | None:
        """Write records."""
        return self._builder.add(batch)

    def finish(self) -> None:
        """Write the file."""
        reader = self._builder.finish(self._metadata)
        file = self._open_file(self._target, reader.schema)
        for batch in reader:
            file.write(batch)
        file.close()

    def close(self) -> None:
        """End the threads, and discard the spool."""
        self._builder.close()
        self._spool.close()


class SchemaWriter(Writer):
    """Writer of a table with the columns of a `Schema`, which is written as records arrive."""

    codec = TEXTS

    def __init__(self, file: IO[bytes], open_file: OpenBatchFile, schema: Schema, on_mismatch: OnMismatch) -> None:
        super().__init__(file)
        self._parser = SchemaParser(schema, on_mismatch)
        self._output = open_file(file, self._parser.arrow_schema)
        self._pipeline = ParsePipeline(self._parser.parse, self._output.write)

    def write(self, batch: list[Any]) -> EffectGen[None] | None:
        """Write records."""
        return self._pipeline.add(batch)

    def finish(self) -> None:
        """Complete the file."""
        self._pipeline.drain()
        self._output.close()
        warn_of_mismatches(self._parser)

    def close(self) -> None:
        """End the threads."""
        self._pipeline.close()
