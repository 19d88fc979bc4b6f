"""Download of one span of a site into a temporary file, as rows of the table `records`."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from datastore_sdk.data.arrow.spool import Spool
from datastore_sdk.data.schema import EXTRA_COLUMN, Schema
from datastore_sdk.mirror.columns import NewFields, to_extra, to_value
from datastore_sdk.mirror.spans import Span
from datastore_sdk.mirror.tables import EXTRA

_SECOND = 1_000_000
"""Microseconds of a second."""
_ORDINAL = pa.int64()
_fill_null: Any = pc.fill_null  # its stubs lack arrays of booleans


class Download:
    """The records of one span of a site, complete, in a temporary file.

    A store is changed only with complete downloads, in a short transaction. Records of another site or time are left
    out, since the service may ignore a parameter.

    Args:
        site_id: The site.
        span: The span.
        schema: The schema of the batches.
        batches: Batches of `record_batches(schema, on_mismatch="map")`.
    """

    def __init__(self, site_id: int, span: Span, schema: Schema, batches: Iterable[pa.RecordBatch]) -> None:
        self.span = span
        self.site_id = site_id
        self.count = 0
        """Number of records."""
        self.left_out = 0
        """Number of records of another site or time, or without a timestamp."""
        self.last: int | None = None
        """Second of the last record."""
        self.new_fields = NewFields(schema)
        self._spool = Spool()
        self._seen = array("I", bytes(4 * span.seconds))
        """Number of records by second."""
        try:
            for batch in batches:
                self._add(batch)
        except BaseException:
            self.close()
            raise
        del self._seen

    def close(self) -> None:
        """Delete the temporary file."""
        self._spool.close()

    def _add(self, batch: pa.RecordBatch) -> None:
        wanted = self._select(batch)
        self.left_out += batch.num_rows - wanted.num_rows
        if not wanted.num_rows:
            return
        micros: list[Any] = _micros(wanted).to_pylist()
        seconds = [value // _SECOND for value in micros]
        self.last = max(*seconds, self.last or seconds[0])
        self.count += len(seconds)
        ordinals = pa.array(self._number(seconds), _ORDINAL)
        extra: pa.Array[Any] = wanted.column(EXTRA_COLUMN)
        if extra.null_count < len(extra):
            for items in extra.drop_null().to_pylist():
                self.new_fields.note(items or ())
        self._spool.append(wanted.append_column("ordinal", ordinals))

    def _select(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Return the records of the site and span."""
        micros, sites = _micros(batch), batch.column(1)
        if not batch.num_rows:
            return batch
        first, end = pa.scalar(self.span.first * _SECOND), pa.scalar(self.span.end * _SECOND)
        at_time = pc.and_(pc.greater_equal(micros, first), pc.less(micros, end))
        of_site = _fill_null(pc.equal(sites, pa.scalar(self.site_id)), fill_value=True)
        wanted = _fill_null(pc.and_(at_time, of_site), fill_value=False)
        return batch if pc.all(wanted).as_py() else batch.filter(wanted)

    def _number(self, seconds: list[int]) -> list[int]:
        """Return the ordinal of each record within its second."""
        seen, first = self._seen, self.span.first
        ordinals: list[int] = []
        for second in seconds:
            index = second - first
            ordinals.append(seen[index])
            seen[index] += 1
        return ordinals

    def rows(self, schema: Schema) -> Iterator[pa.RecordBatch]:
        """Yield the rows of `records`, for a schema that has all columns of the download, and perhaps more."""
        target = records_schema(schema)
        for batch in self._spool:
            yield self._to_rows(batch, schema, target)

    def _to_rows(self, batch: pa.RecordBatch, schema: Schema, target: pa.Schema) -> pa.RecordBatch:
        count = batch.num_rows
        downloaded = {*batch.schema.names}
        columns: dict[str, pa.Array[Any]] = {
            "site_id": pa.repeat(pa.scalar(self.site_id, pa.int64()), count),
            "timestamp": batch.column("timestamp"),
            "ordinal": batch.column("ordinal"),
        }
        extra: pa.Array[Any] = batch.column(EXTRA_COLUMN)
        has_extra = extra.null_count < count
        unplaced: list[dict[str, str]] = [dict(items or ()) for items in extra.to_pylist()] if has_extra else []
        for column in schema.columns[2:]:
            if column.name in downloaded:
                columns[column.name] = batch.column(column.name)
            elif has_extra:
                values: list[Any] = []
                for others in unplaced:
                    value = to_value(column.type, others[column.field]) if column.field in others else None
                    values.append(value)
                    if value is not None:
                        del others[column.field]
                columns[column.name] = pa.array(values, target.field(column.name).type)
            else:
                columns[column.name] = pa.nulls(count, target.field(column.name).type)
        texts = [to_extra(others) for others in unplaced] if has_extra else [None] * count
        columns[EXTRA] = pa.array(texts, pa.string())
        return pa.RecordBatch.from_arrays([columns[name] for name in target.names], schema=target)


def records_schema(schema: Schema) -> pa.Schema:
    """Return the Arrow schema of the table `records`."""
    fields = schema.to_arrow()
    return pa.schema(
        [
            pa.field("site_id", pa.int64()),
            pa.field("timestamp", pa.timestamp("us", "UTC")),
            pa.field("ordinal", _ORDINAL),
            *(pa.field(column.name, fields.field(column.name).type) for column in schema.columns[2:]),
            pa.field(EXTRA, pa.string()),
        ]
    )


def _micros(batch: pa.RecordBatch) -> pa.Array[Any]:
    return batch.column(0).cast(pa.int64())


def read_rows(downloads: Iterable[Download], schema: Schema) -> Iterator[pa.RecordBatch]:
    """Yield the rows of several downloads, and delete each once it was read."""
    for download in downloads:
        with closing(download):
            yield from download.rows(schema)
