"""Stores that speak SQL: one transaction for each update."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from datastore_sdk.data.schema import ColumnType, Schema
from datastore_sdk.exceptions import MirrorError
from datastore_sdk.mirror.download import records_schema
from datastore_sdk.mirror.spans import Span, from_second
from datastore_sdk.mirror.stores.arrow_rows import rows_to_arrow
from datastore_sdk.mirror.stores.base import RecordsUpdate, StoreMissingError, Update, check_revisions
from datastore_sdk.mirror.stores.views import build_views
from datastore_sdk.mirror.tables import EXTRA, INFO, KEY_COLUMNS, RECORDS, STATE, TABLES, Row, Table, TableUpdate

SQL_TYPES: dict[ColumnType, str] = {
    "timestamp": "timestamptz",
    "int64": "bigint",
    "float64": "double precision",
    "string": "text",
    "bool": "boolean",
}


class SqlStore(ABC):
    """Base class of stores with SQL and transactions.

    Args:
        name: Name for messages.
    """

    has_asof = False
    """Whether the database knows ASOF joins."""
    indexes: tuple[str, ...] = ()
    """Statements that create the indexes that the database needs."""

    def __init__(self, name: str) -> None:
        self.name = name

    @abstractmethod
    def open(self, *, create: bool = False) -> None:
        """Connect, and create the tables if the store is new and `create` is True."""

    @abstractmethod
    def close(self) -> None:
        """Disconnect."""

    @abstractmethod
    def _execute(self, sql: str, values: Sequence[Any] = ()) -> None:
        """Execute a statement; parameters are `$1`, `$2`, ..."""

    @abstractmethod
    def _query(self, sql: str, values: Sequence[Any] = ()) -> pa.Table:
        """Return the result of a query."""

    @abstractmethod
    def _stream(self, sql: str, values: Sequence[Any] = ()) -> Iterator[pa.RecordBatch]:
        """Yield the result of a query."""

    @abstractmethod
    def _insert(self, table: str, batches: pa.RecordBatchReader) -> None:
        """Insert batches, by the names of their columns."""

    @abstractmethod
    def _begin(self) -> None:
        """Begin a transaction."""

    @abstractmethod
    def _commit(self) -> None:
        """Commit it."""

    @abstractmethod
    def _roll_back(self) -> None:
        """Roll it back."""

    @abstractmethod
    def _to_mirror_error(self, error: Exception) -> MirrorError | None:
        """Return the error to raise for an error of the database; None if it is another error."""

    def read(self, table: Table) -> list[Row]:
        """Return all rows of a table."""
        with self._convert_errors():
            return _to_rows(self._query(f"select {_names(table.columns)} from {quote(table.name)}"))

    def read_records(self, site_id: int, span: Span) -> Iterator[pa.RecordBatch]:
        """Yield the records of a site and span."""
        where, values = _in_span(site_id, span)
        with self._convert_errors():
            yield from self._stream(f"select * from {RECORDS} where {where}", values)

    def count_records(self) -> dict[int, int]:
        """Return the number of records by site."""
        with self._convert_errors():
            found = self._query(f"select site_id, count(*) as number from {RECORDS} group by site_id")
        return {row["site_id"]: row["number"] for row in _to_rows(found)}

    def apply(self, update: Update) -> None:
        """Carry out an update in one transaction."""
        with self._transaction():
            self._check_revisions(update)
            if update.records is not None:
                self._replace_records(update.records)
            for site in update.forgotten_sites:
                self._execute(f"delete from {RECORDS} where site_id = $1", [site])
            for site, second in update.trimmed:
                self._execute(
                    f'delete from {RECORDS} where site_id = $1 and "timestamp" < $2', [site, from_second(second)]
                )
            for table in update.tables:
                self._replace_rows(table)

    def _create_tables(self, *, create: bool) -> None:
        if self._has_table(INFO.name):
            return
        if not create:
            raise StoreMissingError(self.name)
        with self._transaction():
            for table in TABLES:
                self._execute(f"create table {quote(table.name)} ({_declare(table.columns)})")
            self._execute(f"create table {RECORDS} ({_declare({**KEY_COLUMNS, EXTRA: 'string'})})")
            for statement in self.indexes:
                self._execute(statement)
            self._create_views([])

    @abstractmethod
    def _has_table(self, name: str) -> bool:
        """Return whether there is a table of this name."""

    def _column_names(self) -> list[str]:
        """Return the names of the columns of `records`, in order."""
        return self._query(f"select * from {RECORDS} limit 0").column_names

    def _check_revisions(self, update: Update) -> None:
        if update.revisions:
            found = _to_rows(self._query(f"select site_id, revision from {STATE.name}"))
            check_revisions(self.name, update.revisions, {row["site_id"]: row["revision"] for row in found})

    def _replace_records(self, update: RecordsUpdate) -> None:
        self._add_columns(update.schema)
        for span in update.spans:
            where, values = _in_span(update.site_id, span)
            self._execute(f"delete from {RECORDS} where {where}", values)
        self._insert(RECORDS, pa.RecordBatchReader.from_batches(records_schema(update.schema), update.read()))

    def _add_columns(self, schema: Schema) -> None:
        existing = {*self._column_names()}
        new = [column for column in schema.columns[2:] if column.name not in existing]
        if not new:
            return
        for column in new:
            self._execute(f"alter table {RECORDS} add column {quote(column.name)} {SQL_TYPES[column.type]}")
        self._create_views([column.name for column in schema.columns[2:]])

    def _create_views(self, fields: Sequence[str]) -> None:
        for name, query in build_views(fields, has_asof=self.has_asof).items():
            self._execute(f"create or replace view {name} as {query}")

    def _replace_rows(self, update: TableUpdate) -> None:
        table = update.table
        for row in update.replaced:
            conditions, values = _equal(row)
            self._execute(f"delete from {quote(table.name)} where {conditions}", values)
        if update.rows:
            self._insert(table.name, rows_to_arrow(table, update.rows).to_reader())

    @contextmanager
    def _transaction(self) -> Generator[None]:
        with self._convert_errors():
            self._begin()
            try:
                yield
                self._commit()
            except BaseException:
                self._roll_back()
                raise

    @contextmanager
    def _convert_errors(self) -> Generator[None]:
        try:
            yield
        except MirrorError:
            raise
        except Exception as error:
            converted = self._to_mirror_error(error)
            if converted is None:
                raise
            raise converted from error


def quote(name: str) -> str:
    """Return a quoted name."""
    return '"' + name.replace('"', '""') + '"'


def _names(names: Iterable[str]) -> str:
    return ", ".join(map(quote, names))


def _declare(columns: Mapping[str, ColumnType]) -> str:
    return ", ".join(f"{quote(name)} {SQL_TYPES[kind]}" for name, kind in columns.items())


def _in_span(site_id: int, span: Span) -> tuple[str, list[Any]]:
    values = [site_id, from_second(span.first), from_second(span.end)]
    return 'site_id = $1 and "timestamp" >= $2 and "timestamp" < $3', values


def _equal(row: Row) -> tuple[str, list[Any]]:
    conditions: list[str] = []
    values: list[Any] = []
    for name, value in row.items():
        if value is None:
            conditions.append(f"{quote(name)} is null")
        else:
            values.append(value)
            conditions.append(f"{quote(name)} = ${len(values)}")
    return " and ".join(conditions), values


def _to_rows(found: pa.Table) -> list[Row]:
    rows: list[Row] = found.to_pylist()
    for row in rows:
        for name, value in row.items():
            if isinstance(value, datetime):
                row[name] = value.astimezone(UTC)
    return rows
