"""Rows of the tables as Arrow tables."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from datastore_sdk.data.schema import ColumnType
from datastore_sdk.mirror.tables import Row, Table

_TYPES: dict[ColumnType, pa.DataType] = {
    "timestamp": pa.timestamp("us", "UTC"),
    "int64": pa.int64(),
    "float64": pa.float64(),
    "string": pa.string(),
    "bool": pa.bool_(),
}


def table_schema(table: Table) -> pa.Schema:
    """Return the Arrow schema of a table."""
    return pa.schema([pa.field(name, _TYPES[kind]) for name, kind in table.columns.items()])


def rows_to_arrow(table: Table, rows: Sequence[Row]) -> pa.Table:
    """Return rows as an Arrow table."""
    return pa.Table.from_pylist([*rows], table_schema(table))
