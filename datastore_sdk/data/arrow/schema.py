"""Find the columns of all batches, and convert each batch to them.

Columns come in order of first appearance. Their types follow the values: int64, float64, bool or string. Ints and
floats together are float64 if a float can hold every int. Values of several types, or that fit no type, become strings
of JSON text, floats in their shortest form. A value that a record lacks is null. A column of nulls is float64 if the
field has a unit. The numbers of `timestamp` are UTC timestamps in microseconds, unless one is too large or too fine
for that.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from datastore_sdk.data.arrow.column_builder import JSON_TEXT
from datastore_sdk.data.arrow.column_range import max_magnitude
from datastore_sdk.data.arrow.column_texts import MAX_EXACT_INT
from datastore_sdk.data.field_metadata import FieldMetadataByName
from datastore_sdk.data.streaming.record_identity import MAX_SECOND

_TIMESTAMP = "timestamp"
_SITE = "site_id"
_UTC_TIMESTAMP = pa.timestamp("us", "UTC")
"""Microseconds, as in data frames of stages, so that `merge_asof` and `join_asof` work."""
_MICROSECONDS = 1e6
_MAX_MICROSECOND_FLOAT = 2**32
"""Up to this second (in 2106), floats can tell microseconds apart."""
_NUMBERS = frozenset({pa.int64(), pa.float64()})


class ColumnTypes:
    """Columns of all batches added."""

    def __init__(self) -> None:
        self._types: dict[str, pa.DataType] = {}
        self._fallback_types: dict[str, pa.DataType] = {}
        self._large: set[str] = set()
        """Columns with ints that a float cannot hold exactly."""
        self._in_microseconds = True
        """Whether microseconds can represent all timestamps."""

    def set_columns(self, names: Iterable[str], fallback: Iterable[str]) -> None:
        """Add the columns that come first in any case, and those of a table without records."""
        self._types.update(dict.fromkeys(names, pa.null()))
        self._fallback_types = dict.fromkeys(fallback, pa.null())

    def add(self, batch: pa.RecordBatch) -> None:
        """Add the columns of a batch."""
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            self._types[name] = _common(self._types.get(name, pa.null()), column.type)
            if column.type == pa.int64() and max_magnitude(column) > MAX_EXACT_INT:
                self._large.add(name)
            if name == _TIMESTAMP and column.type in _NUMBERS:
                self._in_microseconds = self._in_microseconds and _are_microseconds(column)

    def find_new(self, names: Iterable[str]) -> set[str]:
        """Return which of these columns were not added before. Other threads may add some meanwhile."""
        return {name for name in names if name not in self._types}

    def build_schema(self, descriptions: FieldMetadataByName) -> pa.Schema:
        """Return the schema. The metadata of a column has its `unit` and `label`, if they are known."""
        for name, kind in (self._types or self._fallback_types).items():
            self._types[name] = _type_without_values(name, descriptions) if kind == pa.null() else kind
        fields: list[pa.Field[Any]] = []
        for name in self._types:
            kind = self._type(name)
            metadata: dict[str | bytes, str | bytes] = {}
            if description := descriptions.get(name):
                metadata["label"] = description.label
                if description.unit is not None:
                    metadata["unit"] = description.unit
            fields.append(pa.field(name, pa.string() if kind == JSON_TEXT else kind, metadata=metadata or None))
        return pa.schema(fields)

    def convert(self, batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
        """Return a batch with all columns."""
        own = dict(zip(batch.schema.names, batch.columns, strict=True))
        missing = pa.nulls(batch.num_rows)
        columns = [_convert_column(own.get(name, missing), self._type(name)) for name in schema.names]
        return pa.RecordBatch.from_arrays(columns, schema=schema) if columns else batch

    def _type(self, name: str) -> pa.DataType:
        kind = self._types[name]
        if kind == pa.float64() and name in self._large:
            return JSON_TEXT
        if name == _TIMESTAMP and kind in {pa.int64(), pa.float64(), pa.null()} and self._in_microseconds:
            return _UTC_TIMESTAMP
        return kind


def _type_without_values(name: str, descriptions: FieldMetadataByName) -> pa.DataType:
    """Return the type that a column without a value probably has in other files, so that they fit together."""
    description = descriptions.get(name)
    if name == _SITE:
        return pa.int64()
    return pa.float64() if name != _TIMESTAMP and description and description.unit else pa.null()


def _common(one: pa.DataType, other: pa.DataType) -> pa.DataType:
    if one == other or other == pa.null():
        return one
    if one == pa.null():
        return other
    return pa.float64() if {one, other} <= _NUMBERS else JSON_TEXT


def _convert_column(column: pa.Array[Any], kind: pa.DataType) -> pa.Array[Any]:
    if kind == JSON_TEXT:
        return _as_json_text(column)
    if column.type == kind:
        return column
    if column.type == pa.float64():  # seconds to timestamps
        return pc.round(pc.multiply(column, _MICROSECONDS)).cast(pa.int64()).cast(kind)
    if kind == _UTC_TIMESTAMP:
        return column.cast(pa.timestamp("s", "UTC")).cast(kind)
    return column.cast(kind)


def _are_microseconds(column: pa.Array[Any]) -> bool:
    """Return whether each number of seconds is a whole number of microseconds, as nearly as floats can be."""
    if column.type == pa.int64():
        return max_magnitude(column) < MAX_SECOND  # larger numbers are not seconds
    if max_magnitude(column) > _MAX_MICROSECOND_FLOAT:
        return False
    nearest = pc.divide(pc.round(pc.multiply(column, _MICROSECONDS)), _MICROSECONDS)
    return bool(pc.all(pc.equal(nearest, column)).as_py())


def _as_json_text(column: pa.Array[Any]) -> pa.Array[Any]:
    if column.type in {JSON_TEXT, pa.null()}:
        return column.cast(pa.string())
    texts = [None if value is None else orjson.dumps(value).decode() for value in column.to_pylist()]
    return pa.array(texts, pa.string())
