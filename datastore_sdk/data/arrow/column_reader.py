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
        request = _Request(self._types, self._refused, frozenset[str]().union(*self._recent))
        for _ in range(_MAX_ATTEMPTS):
            wanted = request.columns
            try:
                batch = _read(lines, pa.schema(wanted), "infer" if request.finds_unknown else "ignore")
            except pa.ArrowInvalid as error:
                if not request.leave_out(str(error)):
                    break
            else:
                if not request.add_unexpected(batch):
                    columns = dict(zip(batch.schema.names, batch.columns, strict=True))
                    present = {name: columns[name] for name in wanted if columns[name].null_count < batch.num_rows}
                    self._recent = (*self._recent, [*present])[-_MEMORY:]
                    unknown = columns.keys() - self._types.keys() if request.finds_unknown else None
                    return ReadColumns(present, request.refused, unknown)
        return ReadColumns({}, self._types.keys(), None)


class _Request:
    """The columns to be read, which change from one attempt to the next.

    Args:
        types: All columns and their types.
        refused: Columns that Arrow will refuse.
        expected: Columns that will have values.
    """

    def __init__(self, types: Mapping[str, pa.DataType], refused: frozenset[str], expected: frozenset[str]) -> None:
        self.refused = refused
        self.finds_unknown = True
        """Whether Arrow finds columns that are not requested. Then each of them must have values of one type."""
        self._types = types
        self._expected = expected

    @property
    def columns(self) -> dict[str, pa.DataType]:
        """The columns and their types."""
        return {
            name: kind
            for name, kind in self._types.items()
            if name not in self.refused and (name in self._expected or not self.finds_unknown)
        }

    def leave_out(self, message: str) -> bool:
        """Leave out columns that Arrow refused with this message; return whether any could be left out."""
        columns = self.columns
        changed = _CHANGED_COLUMN.search(message)
        if changed and changed[1] in columns:
            self.refused |= {changed[1]}
        elif changed and self.finds_unknown:
            self.finds_unknown = False
        elif _NOT_INT64 in message:
            self.refused |= {name for name, kind in columns.items() if kind == pa.int64()}
        else:
            return False
        return True

    def add_unexpected(self, batch: pa.RecordBatch) -> bool:
        """Add known columns that have values and were not requested; return whether there are any."""
        found = {field.name for field in batch.schema if field.type != pa.null()}
        unexpected = (found & self._types.keys()) - self.columns.keys() - self.refused
        self._expected |= unexpected
        return bool(unexpected)


def _read(lines: bytes, schema: pa.Schema, unexpected: Literal["infer", "ignore"]) -> pa.RecordBatch:
    table = pj.read_json(
        BytesIO(lines),
        read_options=pj.ReadOptions(use_threads=False, block_size=len(lines) + 1),
        parse_options=pj.ParseOptions(explicit_schema=schema, unexpected_field_behavior=unexpected),
    )
    (batch,) = table.to_batches()
    return batch
