"""Mirror in any database that dlt can load.

dlt creates the tables, and copies records in bulk into the table `incoming_records`. One transaction then moves them
to `records`, in place of the interval, and writes cursor and ledger. dlt's own merge is not used: in some databases,
among them DuckDB, it deletes and inserts in separate transactions.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import dlt
import pyarrow as pa
from dlt.common.destination import Destination
from dlt.common.schema.utils import new_column
from dlt.destinations.job_client_impl import SqlJobClientBase

from datastore_sdk.data.schema import Schema
from datastore_sdk.exceptions import MirrorConflictError, MirrorError, RestreamError
from datastore_sdk.mirror.columns import start_schema
from datastore_sdk.mirror.contents import load_contents
from datastore_sdk.mirror.spans import Span
from datastore_sdk.mirror.stores.base import RecordsUpdate, Update, check_revisions
from datastore_sdk.mirror.stores.dlt_tables import (
    SECOND,
    RecordColumns,
    build_schema,
    create_client,
    portable_names,
    read_rows,
    table_hints,
)
from datastore_sdk.mirror.tables import FIELDS, INFO, RECORDS, STATE, TABLES, Row, Table, TableUpdate

INCOMING = "incoming_records"
"""Table that dlt copies records into."""
_BATCH = "batch"
"""Column of `incoming_records` that tells the records of one update from those of a killed one."""
_MAX_VALUES = 1000
"""Maximum number of values in a statement; SQL Server allows 2100."""
_READ_ROWS = 10_000


class DltStore:
    """A dataset of a dlt destination that is a database with SQL and transactions.

    Args:
        destination: The destination, such as `dlt.destinations.duckdb("field.duckdb")`.
        dataset: Name of the dataset.

    Raises:
        ValueError: The destination is not such a database.
    """

    def __init__(self, destination: Destination[Any, Any], dataset: str) -> None:
        os.environ.setdefault("RUNTIME__DLTHUB_TELEMETRY", "false")  # dlt reports each load to its makers otherwise
        self.name = f"dlt:{destination.destination_name}/{dataset}"
        if not issubclass(destination.client_class, SqlJobClientBase):
            raise ValueError(  # noqa: TRY004 - its type is right, its kind is not
                f"{self.name} is not a database with SQL: it cannot replace intervals in a transaction. For files, use "
                'Mirror("delta:folder")'
            )
        if destination.capabilities().supports_transactions is False:
            raise ValueError(f"{self.name} has no transactions, so a mirror in it would not stay true")
        self._destination = destination
        self._dataset = dataset
        self._has_transactions = False
        self._columns: set[str] = set()
        """Columns that the table `records` is known to have."""

    def open(self, *, create: bool = False) -> None:
        """Create the tables if they are missing."""
        with self._convert_errors():
            schema = start_schema(si_units=False)
            with self._connect(schema) as client:
                if client.is_storage_initialized() and client.get_storage_table(INFO.name)[0]:
                    return
                if not create:
                    raise MirrorError(f"{self.name} has no mirror yet: add a pad or site first")
                if not client.is_storage_initialized():
                    client.initialize_storage()
                client.update_stored_schema()

    def close(self) -> None:
        """Do nothing: there is no connection."""

    def read(self, table: Table) -> list[Row]:
        """Return all rows of a table."""
        with self._convert_errors(), self._connect() as client:
            return [*read_rows(client, table)]

    def read_records(self, site_id: int, span: Span) -> Iterator[Any]:
        """Yield the records of a site and span."""
        columns = RecordColumns(load_contents(self).schema)
        with self._convert_errors(), self._connect() as client:
            sql = client.sql_client
            names = ", ".join(map(sql.escape_column_name, columns.names))
            query = f"select {names} from {_qualify(client, RECORDS)} where {_in_span(client)}"
            with sql.execute_query(query, site_id, *span) as cursor:
                while rows := cursor.fetchmany(_READ_ROWS):
                    yield columns.restore(dict(zip(columns.names, row, strict=True)) for row in rows)

    def count_records(self) -> dict[int, int]:
        """Return the number of records by site."""
        with self._convert_errors(), self._connect() as client:
            found = client.sql_client.execute_sql(
                f"select site_id, count(*) from {_qualify(client, RECORDS)} group by site_id"
            )
        return {int(site): int(number) for site, number in found or ()}

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
        """Check that the database undoes what a transaction did before it failed, before anything rests on that."""
        if self._has_transactions:
            return
        probe = ({"name": "transaction_probe", "value": ""},)

        def fail(client: SqlJobClientBase) -> None:
            _insert(client, INFO, probe)
            raise _ProbeError

        with suppress(_ProbeError):
            self._commit(fail)
        with self._connect() as client:
            left = [row for row in read_rows(client, INFO) if row["name"] == probe[0]["name"]]
            if left:
                _delete(client, INFO.name, [{"name": probe[0]["name"]}])
                raise MirrorError(f"{self.name} has no transactions, so a mirror in it would not stay true")
        self._has_transactions = True

    def _load(self, update: RecordsUpdate, batch: str) -> int:
        """Copy records into the table `incoming_records`; return their number."""
        columns, number = RecordColumns(update.schema), 0
        self._add_columns(update.schema, columns)

        def rows() -> Iterator[Any]:
            nonlocal number
            for rows in update.read():
                number += rows.num_rows
                if rows.num_rows:
                    yield columns.convert(rows).append_column(_BATCH, _repeat(batch, rows.num_rows))

        incoming = dlt.resource(rows, name=INCOMING, write_disposition="append")
        # A folder of its own for each load: a killed load leaves nothing that a later one would continue.
        with tempfile.TemporaryDirectory(prefix="restream-") as folder:
            pipeline = dlt.pipeline(
                "restream_mirror", pipelines_dir=folder, destination=self._destination, dataset_name=self._dataset
            )
            pipeline.config.restore_from_destination = False
            pipeline.runtime_config.intercept_signals = False  # `Mirror.stop` waits for the end of the update
            try:
                pipeline.run(incoming, schema=self._build_schema(columns))
            finally:
                pipeline.deactivate()
        return number

    def _add_columns(self, schema: Schema, columns: RecordColumns) -> None:
        if self._columns.issuperset(columns.names):
            return
        with self._connect(schema) as client:
            client.update_stored_schema()
        self._columns |= {*columns.names}

    def _replace_records(self, client: SqlJobClientBase, records: RecordsUpdate, batch: str, number: int) -> None:
        sql = client.sql_client
        incoming, target = _qualify(client, INCOMING), _qualify(client, RECORDS)
        found = sql.execute_sql(f"select count(*) from {incoming} where {_BATCH} = %s", batch)
        if not found or int(found[0][0]) != number:
            raise MirrorConflictError(
                f"{self.name}: the records that dlt loaded are not all there; nothing was stored. Does another mirror "
                "write to it at the same time?"
            )
        for span in records.spans:
            sql.execute_sql(f"delete from {target} where {_in_span(client)}", records.site_id, *span)
        if number:
            names = ", ".join(map(sql.escape_column_name, RecordColumns(records.schema).names))
            sql.execute_sql(f"insert into {target} ({names}) select {names} from {incoming} where {_BATCH} = %s", batch)
        sql.execute_sql(f"delete from {incoming} where 1 = 1")  # also those of killed updates

    def _write(self, client: SqlJobClientBase, update: Update) -> None:
        """Write everything but the records."""
        if update.revisions:
            stored = {row["site_id"]: row["revision"] for row in read_rows(client, STATE)}
            check_revisions(self.name, update.revisions, stored)
        sql, records = client.sql_client, _qualify(client, RECORDS)
        for site in update.forgotten_sites:
            sql.execute_sql(f"delete from {records} where site_id = %s", site)
        for site, second in update.trimmed:
            sql.execute_sql(f"delete from {records} where site_id = %s and {SECOND} < %s", site, second)
        for table in update.tables:
            _replace_rows(client, _rename_columns(table) if table.table is FIELDS else table)

    def _build_schema(self, columns: RecordColumns) -> dlt.Schema:
        hints = columns.hints()
        return build_schema(
            {table.name: table_hints(table) for table in TABLES}
            | {RECORDS: hints, INCOMING: [*columns.hints(), new_column(_BATCH, "text")]}
        )

    @contextmanager
    def _connect(self, schema: Schema | None = None) -> Generator[SqlJobClientBase]:
        """Connect to the database for a block."""
        columns = RecordColumns(schema or start_schema(si_units=False))
        with create_client(self._destination, self._dataset, self._build_schema(columns)) as client:
            yield client

    @contextmanager
    def _convert_errors(self) -> Generator[None]:
        try:
            yield
        except (RestreamError, _ProbeError):
            raise
        except Exception as error:  # each database has exceptions of its own, and dlt passes them on
            cause: BaseException = error
            while cause.__cause__ is not None:
                cause = cause.__cause__
            if isinstance(cause, RestreamError):
                raise cause from error
            lines = str(cause).splitlines() or [type(cause).__name__]
            raise MirrorError(
                f"{self.name} cannot be read or written; nothing was stored by halves. {lines[0]}"
            ) from error


class _ProbeError(Exception):
    """Ends a transaction on purpose."""


def _repeat(text: str, number: int) -> Any:
    return pa.repeat(pa.scalar(text, pa.string()), number)


def _rename_columns(update: TableUpdate) -> TableUpdate:
    """Return the rows of `fields` with the names that the columns have in the dataset."""
    reserved = RecordColumns(start_schema(si_units=False)).names
    names = portable_names([row["column_name"] for row in update.rows], reserved)
    return TableUpdate(FIELDS, tuple({**row, "column_name": names[row["column_name"]]} for row in update.rows))


def _replace_rows(client: SqlJobClientBase, update: TableUpdate) -> None:
    _delete(client, update.table.name, update.replaced)
    _insert(client, update.table, update.rows)


def _delete(client: SqlJobClientBase, table: str, keys: Sequence[Row]) -> None:
    for part in _chunk(keys):
        conditions: list[str] = []
        values: list[Any] = []
        for key in part:
            tests = [f"{_quote(client, name)} {'is null' if value is None else '= %s'}" for name, value in key.items()]
            conditions.append(f"({' and '.join(tests)})")
            values += [value for value in key.values() if value is not None]
        client.sql_client.execute_sql(f"delete from {_qualify(client, table)} where {' or '.join(conditions)}", *values)


def _insert(client: SqlJobClientBase, table: Table, rows: Sequence[Row]) -> None:
    names = ", ".join(_quote(client, name) for name in table.columns)
    for part in _chunk(rows, len(table.columns)):
        given = [[row.get(name) for name in table.columns] for row in part]
        marks = ", ".join(f"({', '.join('null' if value is None else '%s' for value in row)})" for row in given)
        values = [_storable(value) for row in given for value in row if value is not None]
        client.sql_client.execute_sql(f"insert into {_qualify(client, table.name)} ({names}) values {marks}", *values)


def _chunk(rows: Sequence[Row], width: int = 0) -> Iterator[Sequence[Row]]:
    if not rows:
        return
    size = max(_MAX_VALUES // (width or len(rows[0])), 1)
    for first in range(0, len(rows), size):
        yield rows[first : first + size]


def _storable(value: Any) -> Any:
    """Return a value without the character NUL, which some databases cannot store."""
    return value.replace("\x00", "\ufffd") if isinstance(value, str) else value


def _in_span(client: SqlJobClientBase) -> str:
    return f"site_id = %s and {_quote(client, SECOND)} >= %s and {_quote(client, SECOND)} < %s"


def _quote(client: SqlJobClientBase, name: str) -> str:
    return client.sql_client.escape_column_name(name)


def _qualify(client: SqlJobClientBase, table: str) -> str:
    return client.sql_client.make_qualified_table_name(table)
