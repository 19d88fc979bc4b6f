"""Build columns from the JSON texts of their values: slower than Arrow's parser, and without its guesses."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import msgspec
import pyarrow as pa

from datastore_sdk.data.arrow.column_texts import ColumnTexts, RecordTexts, load_values

JSON_TEXT = pa.binary()
"""Type of a column that holds JSON text."""

_TYPES: dict[frozenset[type], pa.DataType] = {
    frozenset(): pa.null(),
    frozenset({bool}): pa.bool_(),
    frozenset({int}): pa.int64(),
    frozenset({float}): pa.float64(),
    frozenset({int, float}): pa.float64(),
    frozenset({str}): pa.string(),
}


def build_batch(texts: Sequence[msgspec.Raw]) -> pa.RecordBatch:
    """Build all columns of records, in order of first appearance."""
    columns = {name: build_column(column) for name, column in RecordTexts(texts).read_all().items()}
    # Arrow's names are UTF-8, which has no lone surrogates.
    names = [name.encode(errors="backslashreplace").decode() for name in columns]
    return pa.RecordBatch.from_arrays([*columns.values()], names=names)


def build_column(texts: ColumnTexts) -> pa.Array[Any]:
    """Build a column of the type that holds all values."""
    try:
        return _build_typed(load_values(texts))
    except (ValueError, OverflowError, RecursionError):  # Arrow too refuses what a type cannot hold
        return build_json_column(texts)


def build_json_column(texts: ColumnTexts) -> pa.Array[Any]:
    """Build a column of JSON texts."""
    return pa.array([None if text == b"null" else text for text in map(bytes, texts)], JSON_TEXT)


def _build_typed(values: list[object]) -> pa.Array[Any]:
    types = {*map(type, values)} - {type(None)}
    column_type = _TYPES.get(frozenset(types))
    if column_type is None or (float in types and any(isinstance(v, float) and math.isinf(v) for v in values)):
        raise ValueError("no type holds all of these values")
    return pa.array(values, column_type)
