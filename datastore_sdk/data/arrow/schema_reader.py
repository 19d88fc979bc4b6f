"""Read records of queries as Arrow batches of a fixed schema."""

from __future__ import annotations

import warnings
from collections import deque
from contextlib import closing

import msgspec
import pyarrow as pa

from datastore_sdk._io.effects import EffectGen, RunBlocking, YieldItem, redirect_items
from datastore_sdk._utils.validation import user_stack_level
from datastore_sdk.data.arrow.conform import SchemaParser
from datastore_sdk.data.arrow.pipeline import ParsePipeline
from datastore_sdk.data.schema import OnMismatch, Schema
from datastore_sdk.exceptions import SchemaWarning

_MAX_SHOWN_FIELDS = 10
"""Maximum number of fields that a warning names."""


def conform_batches(steps: EffectGen[None], schema: Schema, on_mismatch: OnMismatch) -> EffectGen[None]:
    """Emit Arrow batches of the schema, as records arrive; warn once at the end of what did not fit.

    Args:
        steps: Emits lists of the JSON texts of records.
        schema: The schema.
        on_mismatch: What a value does that does not fit its column.
    """
    parser = SchemaParser(schema, on_mismatch)
    ready: deque[pa.RecordBatch] = deque()
    with closing(ParsePipeline(parser.parse, ready.append)) as pipeline:

        def add(texts: list[msgspec.Raw]) -> EffectGen[None] | None:
            due = pipeline.add(texts)
            return None if due is None else _emit(due)

        def _emit(due: EffectGen[None]) -> EffectGen[None]:
            yield from due
            while ready:
                yield from YieldItem(ready.popleft())

        yield from redirect_items(add, steps)
        yield from RunBlocking(pipeline.drain)
        while ready:
            yield from YieldItem(ready.popleft())
    warn_of_mismatches(parser)


def warn_of_mismatches(parser: SchemaParser) -> None:
    """Warn once of values that did not fit their column, and of fields that were dropped."""
    problems: list[str] = []
    if parser.mismatches:
        named = [
            f"{name} ({count}, such as {first})"
            for name, (count, first) in sorted(parser.mismatches.items())[:_MAX_SHOWN_FIELDS]
        ]
        problems.append(f"values that do not fit their column are null: {', '.join(named)}")
    if parser.unknown_fields:
        named = [repr(name) for name in sorted(parser.unknown_fields)[:_MAX_SHOWN_FIELDS]]
        problems.append(
            f'fields that the schema does not know are dropped: {", ".join(named)} (unknown_fields="map" keeps them)'
        )
    if problems:
        warnings.warn("; ".join(problems), SchemaWarning, stacklevel=user_stack_level())
