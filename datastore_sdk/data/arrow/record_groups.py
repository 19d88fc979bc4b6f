"""Parse long and short records apart.

Arrow's JSON parser takes time for each column that a record lacks. Most records have a few fields, and one in ten has
most of them, so parsed together the short ones cost three times as much as alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress
from operator import not_

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

Texts = Sequence[msgspec.Raw]
_LONG = 2
"""A record is long if its text is so many times longer than the mean."""
_MIN_LONG = 16
"""Minimum number of long records that are worth another call of the parser."""


def find_long_records(texts: Texts) -> list[bool]:
    """Return whether each record is long; an empty list if the records need not be parsed apart."""
    lengths = [*map(len, texts)]
    limit = _LONG * sum(lengths) / max(len(lengths), 1)
    if max(lengths, default=0) <= limit:
        return []
    are_long = [length > limit for length in lengths]
    return are_long if are_long.count(True) >= _MIN_LONG else []


def split_records(texts: Texts, are_long: list[bool]) -> tuple[Texts, Texts]:
    """Return the short records and the long ones, each in order."""
    return [*compress(texts, map(not_, are_long))], [*compress(texts, are_long)]


def find_conflicts(one: pa.Schema, other: pa.Schema) -> list[str]:
    """Return the columns that have values of different types."""
    types = {field.name: field.type for field in one if field.type != pa.null()}
    return [
        field.name for field in other if field.type != pa.null() and types.get(field.name, field.type) != field.type
    ]


def merge_groups(short: pa.RecordBatch, long: pa.RecordBatch, are_long: list[bool]) -> pa.RecordBatch:
    """Return all records in order, with the columns of both groups, which must not conflict."""
    table = pa.concat_tables([pa.Table.from_batches([group]) for group in (short, long)], promote_options="default")
    long_mask = pa.array(are_long)
    places = pa.concat_arrays([pc.indices_nonzero(pc.invert(long_mask)), pc.indices_nonzero(long_mask)])
    (batch,) = table.combine_chunks().to_batches()
    return batch.take(pc.sort_indices(places))
