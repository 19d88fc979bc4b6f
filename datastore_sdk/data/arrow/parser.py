"""Parse records to an Arrow batch, with a column for each field and without guessing.

Arrow's own parser is fast, but it takes strings that look like dates for dates, lets large ints lose digits among
floats, and refuses columns of mixed types. So a column that it returns is used only if nothing can have been lost.
Other columns are built from the JSON texts of their values.

A column of a batch has one of these types: null (only nulls), bool, int64, float64, string; or binary, which stands for
JSON text: values of several types, objects and arrays, and what the other types cannot hold.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from io import BytesIO
from typing import Any

import msgspec
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj

from datastore_sdk.data.arrow.record_groups import find_long_records, merge_groups, split_records
from datastore_sdk.data.streaming.json_decoder import Cells, decode_cells

JSON_TEXT = pa.binary()
"""Type of a column that holds JSON text."""
MAX_EXACT_INT = 2**53
"""Up to this magnitude, a float can hold every int exactly."""

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
    """Parses batches of records.

    Args:
        find_new: Returns which of these columns no earlier batch had.
    """

    def __init__(self, find_new: Callable[[Iterable[str]], set[str]]) -> None:
        self._find_new = find_new
        self._strings: dict[str, pa.DataType] = {}
        """Columns whose strings Arrow took for dates."""
        self._groups_fit = True
        """Whether long and short records had columns of the same types so far."""

    def parse(self, texts: Sequence[msgspec.Raw]) -> pa.RecordBatch:
        """Parse the JSON texts of records. Fields that earlier batches lack come in order of first appearance."""
        if self._groups_fit and (are_long := find_long_records(texts)):
            short, long = map(self._parse_together, split_records(texts, are_long))
            new = self._find_new([*short.schema.names, *long.schema.names])
            if len(new) <= 1:  # several could stand in another order
                if (batch := merge_groups(short, long, are_long)) is not None:
                    return batch
                self._groups_fit = False
        return self._parse_together(texts)

    def _parse_together(self, texts: Sequence[msgspec.Raw]) -> pa.RecordBatch:
        lines = b"\n".join(texts)
        try:
            table = pj.read_json(
                BytesIO(lines),
                read_options=pj.ReadOptions(use_threads=False, block_size=len(lines) + 1),
                parse_options=pj.ParseOptions(explicit_schema=pa.schema(self._strings)),
            )
        except pa.ArrowInvalid:
            return _batch(_ColumnReader(texts).read_all())
        (batch,) = table.to_batches()
        columns = dict(zip(batch.schema.names, batch.columns, strict=True))
        unsafe = [name for name, column in columns.items() if not _is_faithful(column)]
        if not unsafe:
            return batch
        reader = _ColumnReader(texts)
        for name in unsafe:
            kind = columns[name].type
            if pa.types.is_timestamp(kind):
                self._strings[name] = pa.string()
            columns[name] = reader.read_texts(name) if pa.types.is_nested(kind) else reader.read(name)
        return _batch(columns)


def max_magnitude(column: pa.Array[Any]) -> float:
    """Return the largest magnitude of the numbers of a column."""
    if column.null_count == len(column):
        return 0
    lowest, highest = find_range(column)
    return max(-lowest, highest)


def find_range(column: pa.Array[Any]) -> tuple[float, float]:
    """Return the smallest and the largest number of a column, which has one at least."""
    extremes: Any = pc.min_max(column).as_py()  # the stubs know lists only
    return extremes["min"], extremes["max"]


class _ColumnReader:
    """Builds columns from the JSON texts of their values."""

    def __init__(self, texts: Sequence[msgspec.Raw]) -> None:
        self._records: list[Cells] = decode_cells(b"[" + b",".join(texts) + b"]")

    def read_all(self) -> dict[str, pa.Array[Any]]:
        """Build a column for each field."""
        names: dict[str, None] = {}
        for record in self._records:
            if not names.keys() >= record.keys():
                names.update(dict.fromkeys(record))
        # Arrow's names are UTF-8, which has no lone surrogates.
        return {name.encode(errors="backslashreplace").decode(): self.read(name) for name in names}

    def read(self, name: str) -> pa.Array[Any]:
        """Build the column of a field."""
        try:
            return _build_typed(_load_values(b"[" + b",".join(self._texts(name)) + b"]"))
        except (ValueError, OverflowError, RecursionError):  # Arrow too refuses what a type cannot hold
            return self.read_texts(name)

    def read_texts(self, name: str) -> pa.Array[Any]:
        """Build the column of a field as JSON text."""
        return pa.array([None if text == b"null" else text for text in map(bytes, self._texts(name))], JSON_TEXT)

    def _texts(self, name: str) -> list[Any]:
        return [record.get(name, b"null") for record in self._records]


def _load_values(text: bytes) -> list[object]:
    """Return the values of a JSON array, ints exactly.

    Raises:
        ValueError: No type of a column can hold one of them.
    """
    try:
        values: list[object] = orjson.loads(text)
    except orjson.JSONDecodeError:  # a lone surrogate, or a number beyond floats
        values = json.loads(text)
    if any(type(value) is float and abs(value) >= MAX_EXACT_INT for value in values):
        values = json.loads(text)  # orjson returns floats for ints beyond 64 bits
    return values


def _build_typed(values: list[object]) -> pa.Array[Any]:
    types = {*map(type, values)} - {type(None)}
    column_type = _TYPES.get(frozenset(types))
    if column_type is None or (float in types and any(isinstance(v, float) and math.isinf(v) for v in values)):
        raise ValueError("no type holds all of these values")
    return pa.array(values, column_type)


def _is_faithful(column: pa.Array[Any]) -> bool:
    """Return whether Arrow's parser cannot have lost anything."""
    return column.type in _SAFE or (column.type == pa.float64() and max_magnitude(column) < MAX_EXACT_INT)


def _batch(columns: Mapping[str, pa.Array[Any]]) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([*columns.values()], names=[*columns])
