"""Parse records to an Arrow batch, with a column for each field and without guessing.

Arrow's own parser is fast, but it takes strings that look like dates for dates, lets large ints lose digits among
floats, and refuses columns of mixed types. So a column that it returns is used only if nothing can have been lost.
Other columns are built from the JSON texts of their values.

A column of a batch has one of these types: null (only nulls), bool, int64, float64, string; or binary, which stands for
JSON text: values of several types, objects and arrays, and what the other types cannot hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from io import BytesIO
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.json as pj

from datastore_sdk.data.arrow.column_builder import build_batch, build_column, build_json_column
from datastore_sdk.data.arrow.column_range import max_magnitude
from datastore_sdk.data.arrow.column_texts import MAX_EXACT_INT, RecordTexts
from datastore_sdk.data.arrow.record_groups import find_conflicts, find_long_records, merge_groups, split_records

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

    def parse(self, texts: Sequence[msgspec.Raw]) -> pa.RecordBatch:
        """Parse the JSON texts of records. Fields that earlier batches lack come in order of first appearance."""
        if are_long := find_long_records(texts):
            short, long = map(self._parse_together, split_records(texts, are_long))
            new = self._find_new([*short.schema.names, *long.schema.names])
            if len(new) <= 1:  # several could stand in another order
                return _merge_records(short, long, are_long, texts)
        return self._parse_together(texts)

    def _parse_together(self, texts: Sequence[msgspec.Raw]) -> pa.RecordBatch:
        lines = b"\n".join(texts)
        strings, new = self._strings, self._find_new(self._strings)
        known = pa.schema({name: kind for name, kind in strings.items() if name not in new})  # they come first
        try:
            table = pj.read_json(
                BytesIO(lines),
                read_options=pj.ReadOptions(use_threads=False, block_size=len(lines) + 1),
                parse_options=pj.ParseOptions(explicit_schema=known),
            )
        except pa.ArrowInvalid:
            return build_batch(texts)
        (batch,) = table.to_batches()
        unsafe = {
            field.name: field.type
            for field, column in zip(batch.schema, batch.columns, strict=True)
            if not _is_faithful(column)
        }
        if not unsafe:
            return batch
        dates = [name for name, kind in unsafe.items() if pa.types.is_timestamp(kind)]
        self._strings = {**self._strings, **dict.fromkeys(dates, pa.string())}  # another thread may read it
        return _replace(
            batch,
            {
                name: (build_json_column if pa.types.is_nested(unsafe[name]) else build_column)(column)
                for name, column in RecordTexts(texts).read(unsafe).items()
            },
        )


def _merge_records(
    short: pa.RecordBatch, long: pa.RecordBatch, are_long: list[bool], texts: Sequence[msgspec.Raw]
) -> pa.RecordBatch:
    """Merge long and short records; a column that has another type in the two groups is built from its texts."""
    conflicts = find_conflicts(short.schema, long.schema)
    if not conflicts:
        return merge_groups(short, long, are_long)
    short, long = (_replace(group, {name: pa.nulls(group.num_rows) for name in conflicts}) for group in (short, long))
    built = {name: build_column(column) for name, column in RecordTexts(texts).read(conflicts).items()}
    return _replace(merge_groups(short, long, are_long), built)


def _replace(batch: pa.RecordBatch, columns: Mapping[str, pa.Array[Any]]) -> pa.RecordBatch:
    """Return a batch with other columns of the same names."""
    return pa.RecordBatch.from_arrays(
        [columns.get(name, column) for name, column in zip(batch.schema.names, batch.columns, strict=True)],
        names=batch.schema.names,
    )


def _is_faithful(column: pa.Array[Any]) -> bool:
    """Return whether Arrow's parser cannot have lost anything."""
    return column.type in _SAFE or (column.type == pa.float64() and max_magnitude(column) < MAX_EXACT_INT)
