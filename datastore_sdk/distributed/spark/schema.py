"""Conversion of a schema to Spark's types and back."""

from __future__ import annotations

from pyspark.sql.types import (
    BooleanType,
    DataType,
    DoubleType,
    LongType,
    StringType,
    StructField,
    StructType,
    TimestampType,
)

from datastore_sdk.data.schema import Column, ColumnType, Schema

_TYPES: dict[ColumnType, DataType] = {
    "timestamp": TimestampType(),
    "int64": LongType(),
    "float64": DoubleType(),
    "string": StringType(),
    "bool": BooleanType(),
}
_METADATA = ("field", "unit", "label", "color")
"""Attributes of a column that are metadata in Spark."""


def to_struct(schema: Schema) -> StructType:
    """Return the schema for Spark. Units and labels are metadata of the columns."""
    return StructType(
        [StructField(column.name, _TYPES[column.type], metadata=_metadata(column)) for column in schema.columns]
    )


def from_struct(struct: StructType, *, si_units: bool) -> Schema:
    """Return the schema of a struct: one of `to_struct`, or the user's own.

    Raises:
        ValueError: The struct does not begin with `timestamp` and `site_id`, or has a type that records cannot have.
    """
    types: dict[DataType, ColumnType] = {kind: name for name, kind in _TYPES.items()}
    columns: list[Column] = []
    for field in struct:
        if field.dataType not in types:
            known = ", ".join(kind.simpleString() for kind in types)
            raise ValueError(f"column {field.name} is {field.dataType.simpleString()}; it must be one of {known}")
        metadata = {name: value for name, value in (field.metadata or {}).items() if name in _METADATA}
        columns.append(Column(name=field.name, type=types[field.dataType], **metadata))
    return Schema(columns=tuple(columns), si_units=si_units)


def _metadata(column: Column) -> dict[str, str]:
    values = {name: getattr(column, name) for name in _METADATA}
    return {name: value for name, value in values.items() if value is not None}
