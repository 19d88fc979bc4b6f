"""Parquet and Arrow files, in bounded memory: batches are spooled to disk until all columns are known."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from datastore_sdk._io.effects import EffectGen
from datastore_sdk.data.arrow.builder import TableBuilder
from datastore_sdk.data.arrow.spool import Spool
from datastore_sdk.data.field_metadata import FieldMetadataByName
from datastore_sdk.data.streaming.codecs import TEXTS
from datastore_sdk.data.writers.base import Writer

_ROW_GROUP = 1 << 24
"""Minimum size of a row group of a Parquet file in bytes; so much is held in memory."""


class _TableWriter(Writer):
    codec = TEXTS
    uses_metadata = True

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__(file)
        self._target: Any = file  # any file will do; pyarrow's stubs know only some
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
        self._export(self._builder.finish(self._metadata))

    def close(self) -> None:
        """End the threads and delete the spool."""
        self._builder.close()
        self._spool.close()

    @abstractmethod
    def _export(self, batches: pa.RecordBatchReader) -> None: ...


class ParquetWriter(_TableWriter):
    """Writes records as Parquet."""

    def _export(self, batches: pa.RecordBatchReader) -> None:
        # Values of other types seldom repeat. (The stubs know only a bool here.)
        strings: Any = [field.name for field in batches.schema if pa.types.is_string(field.type)]
        with pq.ParquetWriter(self._target, batches.schema, compression="zstd", use_dictionary=strings) as file:
            for group in _groups(batches):
                file.write_table(pa.Table.from_batches(group))


class ArrowWriter(_TableWriter):
    """Writes records as an Arrow IPC file, which is also Feather version 2."""

    def _export(self, batches: pa.RecordBatchReader) -> None:
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        with pa.ipc.new_file(self._target, batches.schema, options=options) as file:
            for batch in batches:
                file.write_batch(batch)


def _groups(batches: Iterable[pa.RecordBatch]) -> Iterator[list[pa.RecordBatch]]:
    group: list[pa.RecordBatch] = []
    for batch in batches:
        group.append(batch)
        if sum(each.nbytes for each in group) >= _ROW_GROUP:
            yield group
            group = []
    if group:
        yield group
