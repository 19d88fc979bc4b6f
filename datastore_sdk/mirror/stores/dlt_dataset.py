"""Mirror tables in a dataset of a dlt destination, read with SQL."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import dlt
import pyarrow as pa
from dlt.common.destination import Destination
from dlt.common.schema.typing import TColumnSchema
from dlt.dataset.utils import get_destination_clients
from dlt.destinations.job_client_impl import SqlJobClientBase

from datastore_sdk.data.schema import Schema
from datastore_sdk.exceptions import MirrorError, RestreamError
from datastore_sdk.mirror.columns import start_schema
from datastore_sdk.mirror.contents import read_schema
from datastore_sdk.mirror.spans import Span
from datastore_sdk.mirror.stores.dlt_tables import SECOND, RecordColumns, build_schema, table_columns, to_python
from datastore_sdk.mirror.tables import INFO, RECORDS, TABLES, Row, Table

_READ_ROWS = 10_000
"""Number of records that are read at a time."""


class DltDataset:
    """A dataset of a dlt destination that is a database with SQL.

    Args:
        destination: The destination, such as `dlt.destinations.duckdb("field.duckdb")`.
        dataset: Name of the dataset.

    Raises:
        ValueError: The destination is another one.
    """

    def __init__(self, destination: Destination[Any, Any], dataset: str) -> None:
        self.name = f"dlt:{destination.destination_name}/{dataset}"
        if not issubclass(destination.client_class, SqlJobClientBase):
            raise ValueError(  # noqa: TRY004 - its type is right, its kind is not
                f"{self.name} is not a database with SQL: dlt cannot replace intervals in it. For files, use "
                'Mirror("delta:folder")'
            )
        self._destination = destination
        self._dataset = dataset
        self._schemas: dict[tuple[Any, ...], dlt.Schema] = {}
        """Schemas by the columns of records."""

    def close(self) -> None:
        """Do nothing: there is no connection."""

    def read(self, table: Table) -> list[Row]:
        """Return all rows of a table."""
        with self._convert_errors(), self._connect() as client:
            return self._read(client, table)

    def read_records(self, site_id: int, span: Span) -> Iterator[pa.RecordBatch]:
        """Yield the records of a site and span."""
        columns = RecordColumns(read_schema({row["name"]: row["value"] for row in self.read(INFO)}))
        with self._convert_errors(), self._connect() as client:
            names = ", ".join(quote(client, name) for name in columns.names)
            query = f"select {names} from {qualify(client, RECORDS)} where {in_span(client)}"
            with client.sql_client.execute_query(query, site_id, *span) as cursor:
                while rows := cursor.fetchmany(_READ_ROWS):
                    yield columns.restore(dict(zip(columns.names, row, strict=True)) for row in rows)

    def count_records(self) -> dict[int, int]:
        """Return the number of records by site."""
        with self._convert_errors(), self._connect() as client:
            query = f"select site_id, count(*) from {qualify(client, RECORDS)} group by site_id"
            found = client.sql_client.execute_sql(query)
        return {int(site): int(number) for site, number in found or ()}

    def _read(self, client: SqlJobClientBase, table: Table, condition: str = "") -> list[Row]:
        names = ", ".join(quote(client, name) for name in table.columns)
        with client.sql_client.execute_query(
            f"select {names} from {qualify(client, table.name)} {condition}"
        ) as cursor:
            found = cursor.fetchall()
        kinds = table.columns.items()
        return [{name: to_python(kind, value) for (name, kind), value in zip(kinds, row, strict=True)} for row in found]

    def _list_tables(self, records: Sequence[TColumnSchema]) -> dict[str, Sequence[TColumnSchema]]:
        """Return the columns of each table."""
        return {**{table.name: table_columns(table) for table in TABLES}, RECORDS: records}

    def _get_schema(self, columns: RecordColumns) -> dlt.Schema:
        """Return a schema of the tables. dlt validates it once: that takes longer than most statements."""
        hints = columns.hints()
        key = tuple((column["name"], column["data_type"]) for column in hints)
        if (schema := self._schemas.get(key)) is None:
            schema = self._schemas[key] = build_schema(self._list_tables(hints))
        return schema.clone()

    @contextmanager
    def _connect(self, schema: Schema | None = None) -> Generator[SqlJobClientBase]:
        """Connect to the database for a block."""
        columns = RecordColumns(schema or start_schema(si_units=False))
        client, _ = get_destination_clients(self._get_schema(columns), self._destination, self._dataset)
        with client:
            yield client

    @contextmanager
    def _convert_errors(self) -> Generator[None]:
        try:
            yield
        except RestreamError:
            raise
        except Exception as error:  # each database has exceptions of its own, and dlt passes them on
            cause = _find_cause(error)
            if isinstance(cause, RestreamError | KeyboardInterrupt):
                raise cause from error
            text = next(iter(str(cause).splitlines()), type(cause).__name__)
            raise MirrorError(f"{self.name} cannot be read or written; nothing was stored by halves. {text}") from error


def quote(client: SqlJobClientBase, name: str) -> str:
    """Return the quoted name of a column."""
    return str(client.sql_client.escape_column_name(name))


def qualify(client: SqlJobClientBase, table: str) -> str:
    """Return the quoted name of a table, with its dataset."""
    return str(client.sql_client.make_qualified_table_name(table))


def in_span(client: SqlJobClientBase) -> str:
    """Return the condition of the records of a site and span; its three values are parameters."""
    return f"site_id = %s and {quote(client, SECOND)} >= %s and {quote(client, SECOND)} < %s"


def _find_cause(error: BaseException) -> BaseException:
    while error.__cause__ is not None:
        error = error.__cause__
    return error
