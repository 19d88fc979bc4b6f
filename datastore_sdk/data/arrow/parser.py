"""Reads records as an Arrow batch, with a column for each field and without guessing.

Arrow's own parser is fast, but it takes strings that look like dates for dates, lets large ints lose digits among
floats, and refuses columns of several kinds. So what it makes of a column is taken only where nothing can have been
lost. Otherwise the column is built from the JSON texts of its values, each looked at.

A batch's column is of one of these types: null (nothing but nulls), bool, int64, float64, string; and binary, which
stands for JSON text: values of several kinds, objects and arrays, and what the other types cannot hold.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj

from datastore_sdk.data.streaming.json_decoder import Cells, decode_cells

JSON_TEXT = pa.binary()
"""The type of a column that holds JSON text."""
MAX_EXACT_INT = 2**53
"""Up to here, either side of zero, every int is a float too."""

_SAFE = frozenset({pa.null(), pa.bool_(), pa.int64(), pa.string()})
_TYPES: dict[frozenset[type], pa.DataType] = {
    frozenset(): pa.null(),
    frozenset({bool}): pa.bool_(),
    frozenset({int}): pa.int64(),
    frozenset({float}): pa.float64(),
    frozenset({int, float}): pa.float64(),
    frozenset({str}): pa.string(),
}


class ArrowParser:
    """Reads batches of records one after the other."""

    def __init__(self) -> None:
        self._strings: dict[str, pa.DataType] = {}
        """The columns whose strings were taken for dates."""

    def parse(self, texts: Sequence[msgspec.Raw]) -> pa.RecordBatch:
        """The records of these JSON texts, their fields in order of first appearance."""
        lines = b"\n".join(texts)
        try:
            table = pj.read_json(
                BytesIO(lines),
                read_options=pj.ReadOptions(use_threads=False, block_size=len(lines) + 1),
                parse_options=pj.ParseOptions(explicit_schema=pa.schema(self._strings)),
            )
        except pa.ArrowInvalid:
            return _batch(_Looked(texts).columns())
        (batch,) = table.to_batches()
        columns = dict(zip(batch.schema.names, batch.columns, strict=True))
        doubtful = [name for name, column in columns.items() if not _is_faithful(column)]
        if not doubtful:
            return batch
        looked = _Looked(texts)
        for name in doubtful:
            if pa.types.is_timestamp(columns[name].type):
                self._strings[name] = pa.string()
            columns[name] = looked.column(name)
        return _batch(columns)


def max_magnitude(column: pa.Array[Any]) -> float:
    """How far from zero the numbers of a column lie at most."""
    if column.null_count == len(column):
        return 0
    lowest: float = pc.min(column).as_py()
    highest: float = pc.max(column).as_py()
    return max(-lowest, highest)


class _Looked:
    """Columns built from the JSON texts of their values."""

    def __init__(self, texts: Sequence[msgspec.Raw]) -> None:
        self._records: list[Cells] = decode_cells(b"[" + b",".join(texts) + b"]")

    def columns(self) -> dict[str, pa.Array[Any]]:
        names = dict.fromkeys(name for record in self._records for name in record)
        # A lone surrogate has no UTF-8, which Arrow's names are in.
        return {name.encode(errors="backslashreplace").decode(): self.column(name) for name in names}

    def column(self, name: str) -> pa.Array[Any]:
        texts = [_text(record.get(name)) for record in self._records]
        try:
            return _typed([None if text is None else json.loads(text) for text in texts])
        except (ValueError, OverflowError, RecursionError):  # from Arrow, too: it refuses what a type cannot hold
            return pa.array(texts, JSON_TEXT)


def _typed(values: list[object]) -> pa.Array[Any]:
    kind = _TYPES.get(frozenset(type(value) for value in values if value is not None))
    if kind is None or any(isinstance(value, float) and math.isinf(value) for value in values):
        raise ValueError("no type holds all of these")
    return pa.array(values, kind)


def _text(value: msgspec.Raw | None) -> bytes | None:
    text = b"null" if value is None else bytes(value)
    return None if text == b"null" else text


def _is_faithful(column: pa.Array[Any]) -> bool:
    """Whether the parser cannot have lost anything."""
    return column.type in _SAFE or (column.type == pa.float64() and max_magnitude(column) < MAX_EXACT_INT)


def _batch(columns: Mapping[str, pa.Array[Any]]) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([*columns.values()], names=[*columns])
