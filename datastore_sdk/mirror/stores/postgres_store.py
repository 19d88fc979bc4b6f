"""Mirror in a PostgreSQL database, through ADBC: records are copied in binary."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

import adbc_driver_manager
import pyarrow as pa
import pyarrow.compute as pc
from adbc_driver_postgresql import dbapi  # type: ignore[import-untyped]

from datastore_sdk.exceptions import MirrorError
from datastore_sdk.mirror.stores.sql import SqlStore

_LOCK = "select pg_advisory_xact_lock(hashtext('restream mirror ' || current_schema())) is null as locked"
"""Lets one mirror of the schema write at a time. The lock ends with the transaction."""


class PostgresStore(SqlStore):
    """A PostgreSQL database.

    The tables are in the first schema of the search path: `postgresql://...?options=-csearch_path%3Dfield`.

    Args:
        url: URL of the database, `postgresql://user:password@host/database`.
    """

    indexes = ('create unique index records_key on records (site_id, "timestamp", ordinal)',)

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        super().__init__(f"postgresql://{parts.hostname or ''}{parts.path}")
        self._url = url
        self._secrets = [text for text in (parts.password,) if text]
        self._connection: Any = None

    def __repr__(self) -> str:
        return f"PostgresStore({self.name!r})"

    def open(self, *, create: bool = False) -> None:
        """Connect, and create the tables if they are missing."""
        with self._convert_errors():
            self._connection = dbapi.connect(self._url)
            try:
                self._execute("set timezone = 'UTC'")
                self._execute("set client_min_messages = warning")
                self._create_tables(create=create)
            except BaseException:
                self.close()
                raise

    def close(self) -> None:
        """Disconnect; the server rolls back an open transaction."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _execute(self, sql: str, values: Sequence[Any] = ()) -> None:
        with self._cursor() as cursor:
            cursor.execute(sql, [*values] or None)

    def _query(self, sql: str, values: Sequence[Any] = ()) -> pa.Table:
        with self._cursor() as cursor:
            cursor.execute(sql, [*values] or None)
            table: pa.Table = cursor.fetch_arrow_table()
            return table

    def _stream(self, sql: str, values: Sequence[Any] = ()) -> Iterator[pa.RecordBatch]:
        with self._cursor() as cursor:
            cursor.execute(sql, [*values] or None)
            yield from cursor.fetch_record_batch()

    def _insert(self, table: str, batches: pa.RecordBatchReader) -> None:
        storable = pa.RecordBatchReader.from_batches(batches.schema, map(_replace_nul, batches))
        with self._cursor() as cursor:
            cursor.adbc_ingest(table, storable, mode="append")

    def _has_table(self, name: str) -> bool:
        found = self._query("select to_regclass($1) is not null as found", [name])
        return bool(found.column("found")[0].as_py())

    def _begin(self) -> None:
        self._connection.rollback()  # ends the transaction of earlier reads
        self._query(_LOCK)

    def _commit(self) -> None:
        self._connection.commit()

    def _roll_back(self) -> None:
        try:
            self._connection.rollback()
        except adbc_driver_manager.Error:  # the connection is lost, and with it the transaction
            self.close()

    def _cursor(self) -> Any:
        if self._connection is None:
            raise MirrorError(f"{self.name} is not open")
        return self._connection.cursor()

    def _to_mirror_error(self, error: Exception) -> MirrorError | None:
        if not isinstance(error, adbc_driver_manager.Error):
            return None
        message = " ".join(str(error).split())
        for secret in self._secrets:
            message = message.replace(secret, "***")
        return MirrorError(f"{self.name}: the database failed; nothing was stored by halves. {message}")


def _replace_nul(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Replace the character NUL, which PostgreSQL cannot store in a text."""
    columns: list[Any] = [
        pc.replace_substring(column, "\x00", "\ufffd") if pa.types.is_string(column.type) else column
        for column in batch.columns
    ]
    return pa.RecordBatch.from_arrays(columns, schema=batch.schema)
