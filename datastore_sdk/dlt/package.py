"""Updates of one cycle, collected for one load package of a dlt pipeline.

The tables of a package are loaded one by one, in any order, and a killed load is continued later or never. So only rows
of loads that dlt has completed count as stored: `_dlt_loads` has them.
"""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import dlt
import pyarrow as pa
import pyarrow.compute as pc
from dlt.common.destination import Destination
from dlt.destinations.job_client_impl import SqlJobClientBase
from dlt.extract.extractors import materialize_schema_item

from datastore_sdk.mirror.columns import start_schema
from datastore_sdk.mirror.spans import Span, merge, subtract
from datastore_sdk.mirror.stores.base import RecordsUpdate, Update
from datastore_sdk.mirror.stores.dlt_dataset import DltDataset, qualify
from datastore_sdk.mirror.stores.dlt_tables import SECOND, RecordColumns, rename_fields, table_columns
from datastore_sdk.mirror.tables import FIELDS, INFO, SOURCES, Row, Table, TableUpdate

_LOAD_ID = "_dlt_load_id"
_COMPLETED = 0
"""Status of a completed load in `_dlt_loads`."""


class DltPackage(DltDataset):
    """One cycle's updates of a dataset that a dlt pipeline loads.

    Args:
        destination: The destination of the pipeline.
        dataset: The dataset of the pipeline.
        sources: Kinds and ids of the pads and sites of the cycle. Others in the dataset are left alone.
    """

    def __init__(self, destination: Destination[Any, Any], dataset: str, sources: Iterable[tuple[str, int]]) -> None:
        super().__init__(destination, dataset)
        self._sources = {*sources}
        self._tables: dict[str, TableUpdate] = {}
        self._folder: Path | None = None
        """Temporary folder of the records."""
        self._files: list[Path] = []
        self._replaced: dict[int, list[Span]] = {}
        """Intervals whose records are collected, by site."""
        self._columns = RecordColumns(start_schema(si_units=False))

    def open(self, *, create: bool = False) -> None:
        """Do nothing: dlt creates the tables."""

    def read(self, table: Table) -> list[Row]:
        """Return the rows of a table that were stored completely; none if it does not exist yet."""
        with self._convert_errors(), self._connect() as client:
            if not client.is_storage_initialized() or not client.get_storage_table(table.name)[0]:
                return []
            rows = self._read(client, table, "" if table is INFO else _in_completed_loads(client))
        return [row for row in rows if table is not SOURCES or (row["kind"], row["id"]) in self._sources]

    def apply(self, update: Update) -> None:
        """Collect an update."""
        if update.records is not None:
            self._collect_records(update.records)
        for table in update.tables:
            self._collect_rows(table)

    def build_rows(self, table: Table) -> Iterator[Any]:
        """Yield the rows of a table, as items of a dlt resource."""
        update = self._tables.get(table.name)
        if update is None:
            return
        merge_by: dict[str, Any] = {"disposition": "merge", "strategy": "delete-insert"}
        hints: dict[str, Any] = {"primary_key": table.key}
        if update.key:
            keys = [" and ".join(f"{name} = {int(value)}" for name, value in key.items()) for key in update.replaced]
            hints = {}
            merge_by["destination_scope"] = " or ".join(f"({key})" for key in sorted(keys))
        hints |= {"table_name": table.name, "columns": _by_name(table_columns(table)), "write_disposition": merge_by}
        marked = dlt.mark.make_hints(**hints)
        if not update.rows:
            yield dlt.mark.with_hints(materialize_schema_item(), marked, create_table_variant=True)
        for row in (rename_fields(update) if table is FIELDS else update).rows:
            item = {name: row.get(name) for name in table.columns}
            yield dlt.mark.with_hints(item, marked, create_table_variant=True)

    def build_records(self) -> Iterator[Any]:
        """Yield the records, as items of a dlt resource. They replace everything in their intervals."""
        spans = [(site, span) for site, spans in sorted(self._replaced.items()) for span in merge(spans)]
        if not spans:
            return
        scope = " or ".join(
            f"(site_id = {site} and {SECOND} >= {span.first} and {SECOND} < {span.end})" for site, span in spans
        )
        hints = dlt.mark.make_hints(
            columns=_by_name(self._columns.hints()),
            write_disposition={"disposition": "merge", "strategy": "delete-insert", "destination_scope": scope},
        )
        yield dlt.mark.with_hints(materialize_schema_item(), hints)  # an interval may have no records any more
        for path in self._files:
            with pa.memory_map(str(path)) as file, pa.ipc.open_stream(file) as batches:
                for batch in batches:
                    yield _complete(batch, self._columns.arrow)
            path.unlink()

    def _collect_records(self, update: RecordsUpdate) -> None:
        """Write records to a file, but those of intervals that the package has already.

        Data changes of a cycle overlap at times. All were listed before the first was read, so each download has them
        all.
        """
        known = self._replaced.setdefault(update.site_id, [])
        new = [part for span in update.spans for part in subtract(span, known)]
        self._columns = columns = RecordColumns(update.schema)
        path = self._get_folder() / f"{len(self._files)}.arrow"
        with path.open("wb") as file, pa.ipc.new_stream(file, columns.arrow) as writer:
            for batch in update.read():
                wanted = _select(columns.convert(batch), new)
                if wanted.num_rows:
                    writer.write_batch(wanted)
        known += new
        self._files.append(path)

    def _get_folder(self) -> Path:
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="restream-"))
            weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)  # also if a run breaks off
        return self._folder

    def _collect_rows(self, update: TableUpdate) -> None:
        table, key = update.table, update.key or update.table.key
        replaced = {tuple(row.values()) for row in update.replaced}
        earlier = self._tables.get(table.name, TableUpdate(table, ()))
        others = (row for row in earlier.rows if tuple(row.get(name) for name in key) not in replaced)
        removed = (*earlier.removed, *update.removed)
        self._tables[table.name] = TableUpdate(table, (*others, *update.rows), update.key, removed)


def _in_completed_loads(client: SqlJobClientBase) -> str:
    loads = qualify(client, "_dlt_loads")
    return f"where {_LOAD_ID} in (select load_id from {loads} where status = {_COMPLETED})"


def _select(batch: pa.RecordBatch, spans: Iterable[Span]) -> pa.RecordBatch:
    """Return the records in some spans."""
    seconds = batch.column(SECOND)
    wanted: Any = pa.array([False] * batch.num_rows, pa.bool_())
    for span in spans:
        first, end = pa.scalar(span.first), pa.scalar(span.end)
        wanted = pc.or_(wanted, pc.and_(pc.greater_equal(seconds, first), pc.less(seconds, end)))
    return batch.filter(wanted)


def _complete(batch: pa.RecordBatch, schema: pa.Schema) -> pa.Table:
    """Return a batch with null in the columns that it lacks."""
    table = pa.Table.from_batches([batch])
    columns: list[Any] = [
        table.column(field.name) if field.name in table.schema.names else pa.nulls(table.num_rows, field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(columns, schema=schema)


def _by_name(columns: Iterable[Any]) -> dict[str, Any]:
    return {column["name"]: column for column in columns}
