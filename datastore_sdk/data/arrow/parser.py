"""Parse records to an Arrow batch, with a column for each field and without guessing.

Arrow's own parser is fast, but it takes strings that look like dates for dates, lets large ints lose digits among
floats, and refuses columns of mixed types. So a column that it returns is used only if nothing can have been lost.
Other columns are built from the JSON texts of their values.

A column of a batch has one of these types: null (only nulls), bool, int64, float64, string; or binary, which stands for
JSON text: values of several types, objects and arrays, and what the other types cannot hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from io import BytesIO
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj

from datastore_sdk.data.arrow.column_builder import (
    MAX_EXACT_INT,
    build_batch,
    build_column,
    build_json_column,
    read_columns,
)
from datastore_sdk.data.arrow.record_groups import find_long_records, merge_groups, split_records

_SAFE = frozenset({pa.null(), pa.bool_(), pa.int64(), pa.string()})


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
            return build_batch(texts)
        (batch,) = table.to_batches()
        columns = dict(zip(batch.schema.names, batch.columns, strict=True))
        unsafe = [name for name, column in columns.items() if not _is_faithful(column)]
        if not unsafe:
            return batch
        for name, column in read_columns(texts, unsafe).items():
            kind = columns[name].type
            if pa.types.is_timestamp(kind):
                self._strings[name] = pa.string()
            columns[name] = build_json_column(column) if pa.types.is_nested(kind) else build_column(column)
        return pa.RecordBatch.from_arrays([*columns.values()], names=[*columns])


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


def _is_faithful(column: pa.Array[Any]) -> bool:
    """Return whether Arrow's parser cannot have lost anything."""
    return column.type in _SAFE or (column.type == pa.float64() and max_magnitude(column) < MAX_EXACT_INT)
