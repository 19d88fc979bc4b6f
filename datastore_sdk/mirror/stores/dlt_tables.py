"""Tables of a mirror as dlt tables: names and types that any destination accepts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import dlt
import pyarrow as pa
import pyarrow.compute as pc
from dlt.common.schema.typing import TColumnSchema
from dlt.common.schema.utils import new_column, new_table

from datastore_sdk._utils.distinct_names import DistinctNames
from datastore_sdk.data.schema import ColumnType, Schema
from datastore_sdk.mirror.download import records_schema
from datastore_sdk.mirror.tables import EXTRA, FIELDS, KEY_COLUMNS, Row, Table, TableUpdate

SCHEMA_NAME = "restream"
"""Name of the dlt schema, and of the source."""
SECOND = "unix_second"
"""Column of `records` by which intervals are found. Databases compare integers in the same way, times they do not."""
_DATA_TYPES: dict[ColumnType, Any] = {
    "timestamp": "timestamp",
    "int64": "bigint",
    "float64": "double",
    "string": "text",
    "bool": "bool",
}
_OWN_NAMES = (*KEY_COLUMNS, SECOND, EXTRA)
_SECOND_TYPE = pa.int64()
_floor_divide: Any = pc.divide  # of non-negative integers


class RecordColumns:
    """Columns of `records` in a dlt dataset.

    Their names have lower case letters, digits and single underscores, so every naming convention of dlt keeps them.

    Args:
        schema: The schema of the mirror.
    """

    def __init__(self, schema: Schema) -> None:
        self._source = records_schema(schema)
        own = [name for name in self._source.names if name not in KEY_COLUMNS and name != EXTRA]
        portable = portable_names(own, _OWN_NAMES)
        self._names = {**{name: name for name in KEY_COLUMNS}, **portable, EXTRA: EXTRA}
        fields = [pa.field(self._names[field.name], field.type) for field in self._source]
        self.arrow = pa.schema([*fields, pa.field(SECOND, _SECOND_TYPE)])
        """Arrow schema of the rows."""

    @property
    def names(self) -> list[str]:
        """Names of the columns."""
        return self.arrow.names

    def hints(self) -> list[TColumnSchema]:
        """Return the columns for dlt."""
        return [new_column(field.name, _to_data_type(field.type)) for field in self.arrow]

    def convert(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Return a batch of the mirror with the columns of the dataset."""
        seconds = _floor_divide(batch.column("timestamp").cast(pa.int64()), 1_000_000)
        columns: list[Any] = [
            pc.replace_substring(column, "\x00", "\ufffd") if pa.types.is_string(column.type) else column
            for column in batch.columns
        ]
        return pa.RecordBatch.from_arrays([*columns, seconds], schema=self.arrow)

    def restore(self, rows: Iterable[Row]) -> pa.RecordBatch:
        """Return rows of the dataset as a batch of the mirror."""
        columns: dict[str, list[Any]] = {name: [] for name in self._source.names}
        for row in rows:
            for name, values in columns.items():
                values.append(_from_database(self._source.field(name).type, row[self._names[name]]))
        arrays: list[Any] = [pa.array(values, self._source.field(name).type) for name, values in columns.items()]
        return pa.RecordBatch.from_arrays(arrays, schema=self._source)


def portable_names(names: Iterable[str], reserved: Iterable[str] = ()) -> dict[str, str]:
    """Return a distinct portable name for each name. Appended names do not change those before them."""
    distinct, found = DistinctNames(reserved), dict[str, str]()
    for name in names:
        base = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_") or "field"
        base = f"field_{base}" if base[0].isdigit() or base.startswith("dlt_") else base
        found[name] = distinct.add(base)
    return found


def rename_fields(update: TableUpdate) -> TableUpdate:
    """Return the rows of `fields` with the names that the columns have in the dataset."""
    names = portable_names((row["column_name"] for row in update.rows), _OWN_NAMES)
    return TableUpdate(FIELDS, tuple({**row, "column_name": names[row["column_name"]]} for row in update.rows))


def table_columns(table: Table) -> list[TColumnSchema]:
    """Return the columns of a table for dlt."""
    return [new_column(name, _DATA_TYPES[kind]) for name, kind in table.columns.items()]


def build_schema(tables: Mapping[str, Sequence[TColumnSchema]]) -> dlt.Schema:
    """Return a dlt schema with these tables, by name."""
    schema = dlt.Schema(SCHEMA_NAME)
    for name, columns in tables.items():
        schema.update_table(new_table(name, columns=columns))
    return dlt.Schema.from_dict(schema.to_dict())  # a client accepts only a schema that was stored


def to_python(kind: ColumnType, value: Any) -> Any:
    """Return a value from a database: some return times as text, and integers as decimals."""
    if value is None:
        return None
    match kind:
        case "timestamp":
            time = datetime.fromisoformat(value) if isinstance(value, str) else value
            return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
        case "int64":
            return int(value)
        case "float64":
            return float(value)
        case "string" | "bool":
            return value


def _from_database(type_: pa.DataType, value: Any) -> Any:
    for kind, test in _TESTS.items():
        if test(type_):
            return to_python(kind, value)
    return value


_TESTS: dict[ColumnType, Any] = {
    "timestamp": pa.types.is_timestamp,
    "int64": pa.types.is_integer,
    "float64": pa.types.is_floating,
}


def _to_data_type(type_: pa.DataType) -> Any:
    return next((_DATA_TYPES[kind] for kind, test in _TESTS.items() if test(type_)), "text")
