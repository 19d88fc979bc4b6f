"""Mirror in any database that dlt can load.

dlt creates the tables, and copies records in bulk into the table `incoming_records`. One transaction then moves them
to `records`, in place of the interval, and writes cursor and ledger. dlt's own merge is not used: in some databases,
among them DuckDB, it deletes and inserts in separate transactions.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any

import dlt
import pyarrow as pa
from dlt.common.destination import Destination
from dlt.common.schema.typing import TColumnSchema
from dlt.common.schema.utils import new_column
from dlt.destinations.job_client_impl import SqlJobClientBase

from datastore_sdk.data.schema import Schema
from datastore_sdk.exceptions import MirrorConflictError, MirrorError
from datastore_sdk.mirror.stores.base import RecordsUpdate, StoreMissingError, Update, check_revisions
from datastore_sdk.mirror.stores.dlt_dataset import DltDataset, in_span, qualify, quote
from datastore_sdk.mirror.stores.dlt_tables import SECOND, RecordColumns, rename_fields
from datastore_sdk.mirror.tables import FIELDS, INFO, RECORDS, STATE, Row, Table, TableUpdate

INCOMING = "incoming_records"
"""Table that dlt copies records into."""
_BATCH = "batch"
"""Column of `incoming_records` that identifies the update, since a killed one leaves its records."""
_MAX_VALUES = 1000
"""Maximum number of values in a statement; SQL Server allows 2100."""
_PROBE = {"name": "transaction_probe", "value": ""}


class DltStore(DltDataset):
    """A dataset of a dlt destination that is a database with SQL and transactions.

    Args:
        destination: The destination, such as `dlt.destinations.duckdb("field.duckdb")`.
        dataset: Name of the dataset.

    Raises:
        ValueError: The destination is not such a database.
    """

    def __init__(self, destination: Destination[Any, Any], dataset: str) -> None:
        os.environ.setdefault("RUNTIME__DLTHUB_TELEMETRY", "false")  # dlt would report each load to its makers
        super().__init__(destination, dataset)
        if destination.capabilities().supports_transactions is False:
            raise ValueError(f"{self.name} has no transactions, so a mirror in it would not stay true")
        self._has_transactions = False
        self._columns: set[str] = set()
        """Columns that the table `records` is known to have."""

    def open(self, *, create: bool = False) -> None:
        """Create the tables if they are missing."""
        with self._convert_errors(), self._connect() as client:
            is_initialized = client.is_storage_initialized()
            if is_initialized and client.get_storage_table(INFO.name)[0]:
                return
            if not create:
                raise StoreMissingError(self.name)
            if not is_initialized:
                client.initialize_storage()
            client.update_stored_schema()

    def apply(self, update: Update) -> None:
        """Copy the records to the table `incoming_records`; then carry out the update in one transaction."""
        with self._convert_errors():
            self._check_transactions()
            records = update.records
            if records is None:
                self._commit(lambda client: self._write(client, update))
                return
            batch = secrets.token_hex(8)
            number = self._load(records, batch)

            def write(client: SqlJobClientBase) -> None:
                self._replace_records(client, records, batch, number)
                self._write(client, update)

            self._commit(write)

    def _commit(self, write: Callable[[SqlJobClientBase], None]) -> None:
        """Call a function in a transaction."""
        with self._connect() as client, client.sql_client.begin_transaction():
            write(client)

    def _check_transactions(self) -> None:
        """Check that the database undoes a transaction that fails, before anything rests on that."""
        if self._has_transactions:
            return

        def fail(client: SqlJobClientBase) -> None:
            _insert(client, INFO, [_PROBE])
            raise _ProbeError(self.name)

        with suppress(_ProbeError):
            self._commit(fail)
        with self._connect() as client:
            if any(row["name"] == _PROBE["name"] for row in self._read(client, INFO)):
                _delete(client, INFO.name, [{"name": _PROBE["name"]}])
                raise MirrorError(f"{self.name} has no transactions, so a mirror in it would not stay true")
        self._has_transactions = True

    def _load(self, update: RecordsUpdate, batch: str) -> int:
        """Copy records into the table `incoming_records`; return their number."""
        columns, number = RecordColumns(update.schema), 0
        self._add_columns(update.schema, columns)

        def rows() -> Iterator[pa.RecordBatch]:
            nonlocal number
            for read in update.read():
                number += read.num_rows
                if read.num_rows:
                    yield columns.convert(read).append_column(_BATCH, pa.array([batch] * read.num_rows, pa.string()))

        incoming = dlt.resource(rows, name=INCOMING, write_disposition="append")
        # A folder of its own for each load: a killed load leaves nothing that a later one would continue.
        with tempfile.TemporaryDirectory(prefix="restream-") as folder:
            pipeline = dlt.pipeline(
                "restream_mirror", pipelines_dir=folder, destination=self._destination, dataset_name=self._dataset
            )
            pipeline.config.restore_from_destination = False
            pipeline.runtime_config.intercept_signals = False  # `Mirror.stop` waits for the end of the update
            try:
                pipeline.run(incoming, schema=self._get_schema(columns))
            finally:
                pipeline.deactivate()
        return number

    def _add_columns(self, schema: Schema, columns: RecordColumns) -> None:
        if self._columns.issuperset(columns.names):
            return
        with self._connect(schema) as client:
            client.update_stored_schema()
        self._columns |= {*columns.names}

    def _list_tables(self, records: Sequence[TColumnSchema]) -> dict[str, Sequence[TColumnSchema]]:
        return {**super()._list_tables(records), INCOMING: [*records, new_column(_BATCH, "text")]}

    def _replace_records(self, client: SqlJobClientBase, update: RecordsUpdate, batch: str, number: int) -> None:
        sql = client.sql_client
        incoming, records = qualify(client, INCOMING), qualify(client, RECORDS)
        found = sql.execute_sql(f"select count(*) from {incoming} where {_BATCH} = %s", batch)
        if not found or int(found[0][0]) != number:
            raise MirrorConflictError(
                f"{self.name}: the records that dlt loaded are not all there; nothing was stored. Does another mirror "
                "write to it at the same time?"
            )
        for span in update.spans:
            sql.execute_sql(f"delete from {records} where {in_span(client)}", update.site_id, *span)
        if number:
            names = ", ".join(quote(client, name) for name in RecordColumns(update.schema).names)
            copied = f"select {names} from {incoming} where {_BATCH} = %s"
            sql.execute_sql(f"insert into {records} ({names}) {copied}", batch)
        sql.execute_sql(f"delete from {incoming} where 1 = 1")  # also those of killed updates

    def _write(self, client: SqlJobClientBase, update: Update) -> None:
        """Write everything but the records."""
        if update.revisions:
            stored = {row["site_id"]: row["revision"] for row in self._read(client, STATE)}
            check_revisions(self.name, update.revisions, stored)
        sql, records = client.sql_client, qualify(client, RECORDS)
        for site in update.forgotten_sites:
            sql.execute_sql(f"delete from {records} where site_id = %s", site)
        for site, second in update.trimmed:
            sql.execute_sql(f"delete from {records} where site_id = %s and {SECOND} < %s", site, second)
        for table in update.tables:
            _replace_rows(client, rename_fields(table) if table.table is FIELDS else table)


class _ProbeError(MirrorError):
    """Ends a transaction on purpose."""


def _replace_rows(client: SqlJobClientBase, update: TableUpdate) -> None:
    _delete(client, update.table.name, update.replaced)
    _insert(client, update.table, update.rows)


def _delete(client: SqlJobClientBase, table: str, keys: Sequence[Row]) -> None:
    for part in _chunk(keys):
        conditions: list[str] = []
        values: list[Any] = []
        for key in part:
            tests = [f"{quote(client, name)} {'is null' if value is None else '= %s'}" for name, value in key.items()]
            conditions.append(f"({' and '.join(tests)})")
            values += [value for value in key.values() if value is not None]
        client.sql_client.execute_sql(f"delete from {qualify(client, table)} where {' or '.join(conditions)}", *values)


def _insert(client: SqlJobClientBase, table: Table, rows: Sequence[Row]) -> None:
    names = ", ".join(quote(client, name) for name in table.columns)
    for part in _chunk(rows, len(table.columns)):
        cells = [[row.get(name) for name in table.columns] for row in part]
        marks = ", ".join(f"({', '.join('null' if value is None else '%s' for value in row)})" for row in cells)
        values = [_without_nul(value) for row in cells for value in row if value is not None]
        client.sql_client.execute_sql(f"insert into {qualify(client, table.name)} ({names}) values {marks}", *values)


def _chunk(rows: Sequence[Row], width: int = 0) -> Iterator[Sequence[Row]]:
    if not rows:
        return
    size = max(_MAX_VALUES // (width or len(rows[0])), 1)
    for first in range(0, len(rows), size):
        yield rows[first : first + size]


def _without_nul(value: Any) -> Any:
    """Return a value without the character NUL, which some databases cannot store."""
    return value.replace("\x00", "\ufffd") if isinstance(value, str) else value
