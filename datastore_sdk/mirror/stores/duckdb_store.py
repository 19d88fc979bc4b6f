"""Mirror in a DuckDB file."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from datastore_sdk._io.clock import monotonic
from datastore_sdk.exceptions import MirrorError
from datastore_sdk.mirror.stores.base import StoreMissingError
from datastore_sdk.mirror.stores.sql import SqlStore, quote

BUSY_SECONDS = 30.0
"""How long to wait for another program that has the file open."""
_POLL_SECONDS = 0.1
_SETTINGS = {"threads": "1", "preserve_insertion_order": "false"}
"""One thread holds one group of rows in memory. A memory limit would not lower that; with hundreds of columns, DuckDB
would fail instead."""
_GROUP_ROWS = 16_384
"""Number of rows of a group. With DuckDB's default of 122,880 a group has 50 MB with 50 columns; several are held when
DuckDB merges groups, and each cycle writes the last one again."""


class DuckDbStore(SqlStore):
    """A DuckDB file.

    While it is open, no other process can open it, even to read. So it is open only while a mirror writes to it.

    Args:
        path: The file.
    """

    has_asof = True

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self._path = path
        self._instance: duckdb.DuckDBPyConnection | None = None
        """DuckDB, without the file unless it is open. To create it takes ten times as long as to attach a file."""
        self._is_open = False

    @property
    def _open_connection(self) -> duckdb.DuckDBPyConnection:
        if self._instance is None or not self._is_open:
            raise MirrorError(f"{self.name} is not open")
        return self._instance

    def open(self, *, create: bool = False) -> None:
        """Open the file, and create the tables if it is new; wait while another program has it open."""
        if not create and not self._path.exists():
            raise StoreMissingError(self.name)
        with self._convert_errors():
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._instance = self._instance or self._create_instance()
            self._attach(self._instance)
            self._is_open = True
            try:
                self._create_tables(create=create)
            except BaseException:
                self.close()
                raise

    def _create_instance(self) -> duckdb.DuckDBPyConnection:
        instance = duckdb.connect(config={**_SETTINGS})
        instance.execute("set timezone = 'UTC'")
        with suppress(duckdb.CatalogException):  # DuckDB 1 does not have the setting
            instance.execute("set write_buffer_row_group_count = 1")
        return instance

    def _attach(self, instance: duckdb.DuckDBPyConnection) -> None:
        path, deadline = str(self._path).replace("'", "''"), monotonic() + BUSY_SECONDS
        while True:
            try:
                instance.execute(f"attach '{path}' as field (row_group_size {_GROUP_ROWS})")
                instance.execute("use field")
            except duckdb.Error as error:
                if "handle conflict" in str(error):  # DuckDB does not open a file twice in a process
                    raise MirrorError(
                        f"{self.name}: this program has another connection to the file; close it first. {error}"
                    ) from error
                if not isinstance(error, duckdb.IOException) or "lock" not in str(error):
                    raise
                if monotonic() >= deadline:
                    raise MirrorError(
                        f"{self.name}: another program has the file open (DuckDB allows one process at a time): "
                        f"close it, or copy the file to read it. {error}"
                    ) from error
                time.sleep(_POLL_SECONDS)
            else:
                return

    def close(self) -> None:
        """Close the file."""
        instance, self._is_open = self._instance, False
        if instance is None:
            return
        try:
            instance.execute("use memory")
            instance.execute("detach database if exists field")
        except duckdb.Error:  # within a transaction, or after a failure of the disk
            self._instance = None
            instance.close()

    def _execute(self, sql: str, values: Sequence[Any] = ()) -> None:
        self._open_connection.execute(sql, [*values])

    def _query(self, sql: str, values: Sequence[Any] = ()) -> pa.Table:
        table: pa.Table = self._open_connection.sql(sql, params=[*values]).to_arrow_table()
        return table

    def _stream(self, sql: str, values: Sequence[Any] = ()) -> Iterator[pa.RecordBatch]:
        yield from self._query(sql, values).to_batches()

    def _insert(self, table: str, batches: pa.RecordBatchReader) -> None:
        connection = self._open_connection
        connection.register("incoming", batches)
        try:
            connection.execute(f"insert into {quote(table)} by name select * from incoming")
        finally:
            connection.unregister("incoming")

    def _has_table(self, name: str) -> bool:
        try:
            self._query(f"select 1 from {quote(name)} limit 0")
        except duckdb.CatalogException:
            return False
        return True

    def _begin(self) -> None:
        self._open_connection.begin()

    def _commit(self) -> None:
        self._open_connection.commit()

    def _roll_back(self) -> None:
        try:
            self._open_connection.rollback()
        except duckdb.Error:  # it has rolled back by itself, and reports only that
            self.close()
            self.open()

    def _to_mirror_error(self, error: Exception) -> MirrorError | None:
        if isinstance(error, OSError):
            return MirrorError(f"{self.name}: {error.strerror or error}")
        if isinstance(error, duckdb.Error) and "No space left" in str(error):
            return MirrorError(f"{self.name}: the disk is full; nothing was stored by halves. Make room. {error}")
        if isinstance(error, duckdb.IOException):
            return MirrorError(f"{self.name} cannot be read or written; nothing was stored by halves. {error}")
        return MirrorError(f"{self.name}: {error}") if isinstance(error, duckdb.Error) else None
