"""Read columns of known types with Arrow's JSON parser, as far as it takes their values.

Arrow refuses a whole text for one value of another type than its column. Then the column is left out, and the text is
read again. Columns that Arrow refused are left out of the next batch, too, and so are columns without a value in recent
batches, since Arrow takes time for each column that a record lacks.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from io import BytesIO
from typing import Any, Literal

import msgspec
import pyarrow as pa
import pyarrow.json as pj

_CHANGED_COLUMN = re.compile(r"Column\(/(.*)\) changed")
"""Arrow's message about a value of another type than its column."""
_NOT_INT64 = "to int64"
"""Part of Arrow's message about a number that is not an int. The message does not name the column."""
_MAX_ATTEMPTS = 4
"""Maximum number of attempts to read a batch."""
_MEMORY = 8
"""Number of batches whose columns are expected in the next one."""


class ReadColumns(msgspec.Struct, frozen=True):
    """The columns of a batch that Arrow read."""

    columns: Mapping[str, pa.Array[Any]]
    refused: Collection[str]
    """Known columns that may have other values. All others have only nulls."""
    unknown: Collection[str] | None
    """Names of unknown columns; None if they were not found out."""


class ColumnReader:
    """Reader of the columns of similar batches. May be used by several threads.

    Args:
        types: The columns and their types.
    """

    def __init__(self, types: Mapping[str, pa.DataType]) -> None:
        self._types = types
        self._refused: frozenset[str] = frozenset()
        self._recent: tuple[Collection[str], ...] = (types.keys(),)
        """Columns with values, of each of the last batches."""

    def expect_refused(self, names: Iterable[str]) -> None:
        """Expect that Arrow refuses these columns of the next batch, too."""
        self._refused = frozenset(names)

    def read(self, texts: Sequence[msgspec.Raw]) -> ReadColumns:
        """Read the JSON texts of records."""
        lines = b"\n".join(texts)
        refused = set(self._refused)
        expected = set[str]().union(*self._recent)
        finds_unknown = True
        for _ in range(_MAX_ATTEMPTS):
            wanted = {
                name: kind
                for name, kind in self._types.items()
                if name not in refused and (name in expected or not finds_unknown)
            }
            try:
                batch = _read(lines, pa.schema(wanted), "infer" if finds_unknown else "ignore")
            except pa.ArrowInvalid as error:
                changed = _CHANGED_COLUMN.search(str(error))
                if changed and changed[1] in wanted:
                    refused.add(changed[1])
                elif changed and finds_unknown:
                    finds_unknown = False  # a column that is not wanted has values of several types
                elif _NOT_INT64 in str(error):
                    refused.update(name for name, kind in wanted.items() if kind == pa.int64())
                else:
                    break
                continue
            columns = dict(zip(batch.schema.names, batch.columns, strict=True))
            inferred = {name: column for name, column in columns.items() if name not in wanted}
            unexpected = {
                name
                for name, column in inferred.items()
                if name in self._types and name not in refused and column.type != pa.null()
            }
            if unexpected:
                expected |= unexpected
                continue
            present = [name for name in wanted if columns[name].null_count < batch.num_rows]
            self._recent = (*self._recent, present)[-_MEMORY:]
            return ReadColumns(
                {name: columns[name] for name in present},
                refused,
                inferred.keys() - self._types.keys() if finds_unknown else None,
            )
        return ReadColumns({}, self._types.keys(), None)


def _read(lines: bytes, schema: pa.Schema, unexpected: Literal["infer", "ignore"]) -> pa.RecordBatch:
    table = pj.read_json(
        BytesIO(lines),
        read_options=pj.ReadOptions(use_threads=False, block_size=len(lines) + 1),
        parse_options=pj.ParseOptions(explicit_schema=schema, unexpected_field_behavior=unexpected),
    )
    (batch,) = table.to_batches()
    return batch
