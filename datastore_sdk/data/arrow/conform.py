"""Parse records into Arrow batches of a fixed schema."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from threading import Lock
from typing import Any

import msgspec
import pyarrow as pa

from datastore_sdk.data.arrow.column_reader import ColumnReader
from datastore_sdk.data.arrow.column_texts import RecordTexts
from datastore_sdk.data.arrow.record_groups import find_long_records, merge_groups, split_records
from datastore_sdk.data.arrow.value_conversion import READ_TYPES, convert_column, convert_timestamps
from datastore_sdk.data.schema import EXTRA_COLUMN, ColumnType, OnMismatch, Schema
from datastore_sdk.data.streaming.json_decoder import Cells
from datastore_sdk.exceptions import SchemaMismatchError

_MAX_SHOWN = 60
"""Maximum number of characters of a value in a message."""


class SchemaParser:
    """Parser of records into batches of one schema.

    Arrow's JSON parser reads most columns; one with a value that it refuses is converted value by value. May be used by
    several threads.

    Args:
        schema: The schema.
        on_mismatch: What a value does that does not fit its column.
    """

    def __init__(self, schema: Schema, on_mismatch: OnMismatch = "null") -> None:
        self.arrow_schema = schema.to_arrow()
        self.unknown_fields: set[str] = set()
        """Fields that were dropped, since the schema does not know them."""
        self.mismatches: dict[str, tuple[int, str]] = {}
        """Columns with values that did not fit: how many, and the first one."""
        self._extra_type = self.arrow_schema.field(EXTRA_COLUMN).type if schema.unknown_fields == "map" else None
        self._on_mismatch = on_mismatch
        self._lock = Lock()
        self._timestamp = schema.columns[0].field
        self._types: dict[str, ColumnType] = {column.field: column.type for column in schema.columns}
        types = {field: READ_TYPES[kind] for field, kind in self._types.items()}
        self._all, self._short, self._long = (ColumnReader(types) for _ in range(3))

    def parse(self, texts: Sequence[msgspec.Raw]) -> pa.RecordBatch:
        """Parse the JSON texts of records.

        Raises:
            SchemaMismatchError: A value does not fit its column, and `on_mismatch` is `raise`.
        """
        if not (are_long := find_long_records(texts)):
            return self._parse_together(texts, self._all)
        short, long = split_records(texts, are_long)
        batches = self._parse_together(short, self._short), self._parse_together(long, self._long)
        return merge_groups(*batches, are_long)

    def _parse_together(self, texts: Sequence[msgspec.Raw], reader: ColumnReader) -> pa.RecordBatch:
        read = reader.read(texts)
        columns, refused = dict(read.columns), set(read.refused)
        if (numbers := columns.pop(self._timestamp, None)) is not None:
            if (timestamps := convert_timestamps(numbers)) is not None:
                columns[self._timestamp] = timestamps
            else:
                refused.add(self._timestamp)
        records = RecordTexts(texts)
        unknown = records.names.keys() - self._types.keys() if read.unknown is None else read.unknown
        found = records.read([field for field in self._types if field in refused]) if refused else {}
        converted = {field: convert_column(self._types[field], column) for field, column in found.items()}
        reader.expect_refused(field for field, column in converted.items() if not column.is_usual)
        columns.update((field, column.column) for field, column in converted.items())
        misfits: dict[int, set[str]] = {}
        for field, column in converted.items():
            if self._on_mismatch == "map":
                for index in column.misfits:
                    misfits.setdefault(index, set()).add(field)
            elif column.misfits:
                self._note_misfits(field, [found[field][index] for index in column.misfits])
        arrays = [
            columns[field] if field in columns else pa.nulls(len(texts), self.arrow_schema.field(index).type)
            for index, field in enumerate(self._types)
        ]
        if self._extra_type is None:
            self.unknown_fields.update(unknown)
        elif unknown or misfits:
            arrays.append(pa.array(self._find_extra(records.cells, misfits), self._extra_type))
        else:
            arrays.append(pa.nulls(len(texts), self._extra_type))
        return pa.RecordBatch.from_arrays(arrays, schema=self.arrow_schema)

    def _note_misfits(self, field: str, values: Sequence[Any]) -> None:
        """Count values that do not fit their column, or raise."""
        shown = bytes(values[0]).decode(errors="backslashreplace")[:_MAX_SHOWN]
        if self._on_mismatch == "raise":
            raise SchemaMismatchError(f"{field} is {self._types[field]} in the schema, but a record has {shown}")
        with self._lock:
            count, first = self.mismatches.get(field, (0, shown))
            self.mismatches[field] = count + len(values), first

    def _find_extra(self, records: Sequence[Cells], misfits: Mapping[int, Collection[str]]) -> list[Any]:
        """Return the items of each record for the column `extra`: unknown fields, and those that do not fit."""
        known = self._types.keys()
        return [
            [
                (_to_utf8(name), bytes(cell).decode(errors="backslashreplace"))
                for name, cell in record.items()
                if name not in known or (index in misfits and name in misfits[index])
            ]
            or None
            for index, record in enumerate(records)
        ]


def _to_utf8(name: str) -> str:
    """Return a name without lone surrogates, which Arrow cannot hold."""
    return name.encode(errors="backslashreplace").decode()
