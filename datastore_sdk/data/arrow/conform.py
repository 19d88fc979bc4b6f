"""Parse records into Arrow batches of a fixed schema."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Container, Iterator, Sequence
from datetime import UTC, datetime
from io import BytesIO
from threading import Lock
from typing import Any, Literal

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj

from datastore_sdk.data.arrow.parser import find_range
from datastore_sdk.data.schema import EXTRA_COLUMN, Column, ColumnType, OnMismatch, Schema
from datastore_sdk.data.streaming.json_decoder import Cells, decode_cells
from datastore_sdk.data.streaming.record_identity import MAX_NANOSECONDS, MAX_SECOND
from datastore_sdk.exceptions import SchemaMismatchError

_TIMESTAMP = pa.timestamp("us", "UTC")
_INT64 = range(-(2**63), 2**63)
_MICROSECOND = 1_000_000
_SECONDS = range(-62_135_596_800, 253_402_300_800)
"""Unix seconds of the years 1 to 9999."""
_NUMBERS = b"-0123456789n"
_ANY = bytes(range(128))
_BEGINS: dict[ColumnType, bytes] = {
    "timestamp": _NUMBERS,
    "int64": _NUMBERS,
    "float64": _NUMBERS,
    "string": b'"n',
    "bool": b"tfn",
}
"""First bytes of the values of a column; n begins null."""
_CHANGED_COLUMN = re.compile(r"Column\(/(.*)\) changed")
"""Arrow's message about a value of another type than the column."""
_MIN_PIECE = 64
"""Number of records of a piece that is not halved any more."""
_MAX_SHOWN = 60
"""Maximum number of characters of a value in a message."""


class SchemaParser:
    """Parser of records into batches of one schema.

    Arrow's JSON parser reads most records. It refuses a whole text for one value that does not fit, so a text with such
    values is halved, and at last they are parsed one by one. May be used by several threads.

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
        self._schema = schema
        self._on_mismatch = on_mismatch
        self._lock = Lock()
        others = [(column.field, self.arrow_schema.field(column.name).type) for column in schema.columns[1:]]
        timestamp = schema.columns[0].field
        self._read_schemas = [pa.schema([(timestamp, kind), *others]) for kind in (pa.int64(), pa.float64())]
        """The schemas for Arrow's parser: timestamps are numbers there. The last one that fitted comes first."""
        self._begins = {column.field: _BEGINS[column.type] for column in schema.columns}
        self._fields = {column.field: column for column in schema.columns}

    def parse(self, texts: Sequence[msgspec.Raw]) -> pa.RecordBatch:
        """Parse the JSON texts of records.

        Raises:
            SchemaMismatchError: A value does not fit its column, and `on_mismatch` is `raise`.
        """
        pieces = [*self._parse_pieces(texts)]
        return pieces[0] if len(pieces) == 1 else _concatenate(pieces)

    def _parse_pieces(self, texts: Sequence[msgspec.Raw]) -> Iterator[pa.RecordBatch]:
        """Yield the records in pieces; a piece with odd records is halved, so that it costs little."""
        if (batch := self._parse_fast(texts)) is not None:
            yield batch
        elif len(texts) > _MIN_PIECE:
            middle = len(texts) // 2
            yield from self._parse_pieces(texts[:middle])
            yield from self._parse_pieces(texts[middle:])
        else:
            yield self._parse_mixed(texts)

    def _parse_mixed(self, texts: Sequence[msgspec.Raw]) -> pa.RecordBatch:
        """Parse records with a value that begins oddly apart from the others."""
        odd = [index for index, record in enumerate(_split(texts)) if self._is_odd(record)]
        others = sorted({*range(len(texts))} - {*odd})
        batch = self._parse_fast([texts[index] for index in others]) if odd and others else None
        if batch is None:
            return self._parse_slowly(texts)
        slow = self._parse_slowly([texts[index] for index in odd])
        order = sorted(range(len(texts)), key=[*others, *odd].__getitem__)
        return _concatenate([batch, slow]).take(pa.array(order))

    def _is_odd(self, record: Cells) -> bool:
        """Return whether a value begins in a way that its column does not allow."""
        begins = self._begins
        return any(bytes(cell)[:1] not in begins.get(name, _ANY) for name, cell in record.items())

    def _parse_fast(self, texts: Sequence[msgspec.Raw]) -> pa.RecordBatch | None:
        """Parse with Arrow's parser; None if it refuses a value."""
        read, inferred = self._read_any(b"\n".join(texts))
        if read is None or (timestamps := _convert_timestamps(read.column(0))) is None:
            return None
        known = len(self._schema.columns)
        columns: list[pa.Array[Any]] = [timestamps, *(read.column(index) for index in range(1, known))]
        unknown = read.schema.names[known:] if inferred else None
        if unknown == []:
            if self._schema.unknown_fields == "map":
                columns.append(pa.nulls(read.num_rows, self.arrow_schema.field(EXTRA_COLUMN).type))
        elif unknown is not None and self._schema.unknown_fields == "drop":
            self.unknown_fields.update(unknown)
        else:
            columns += self._read_unknown(_split(texts))
        return pa.RecordBatch.from_arrays(columns, schema=self.arrow_schema)

    def _read_any(self, lines: bytes) -> tuple[pa.RecordBatch | None, bool]:
        """Return the batch, and whether it has the unknown fields: not if their values have several types."""
        first, second = self._read_schemas
        try:
            return _read(lines, first, "infer"), True
        except pa.ArrowInvalid as error:
            message = str(error)
        changed = _CHANGED_COLUMN.search(message)
        try:
            if changed and changed[1] not in self._fields:
                return _read(lines, first, "ignore"), False
            if "to int64" in message or (changed and self._fields[changed[1]].type == "timestamp"):
                batch = _read(lines, second, "infer")
                self._read_schemas = [second, first]
                return batch, True
        except pa.ArrowInvalid:
            pass
        return None, False

    def _parse_slowly(self, texts: Sequence[msgspec.Raw]) -> pa.RecordBatch:
        """Parse value by value."""
        records = _split(texts)
        misfits: list[set[str]] = [set() for _ in records]
        columns = [
            pa.array(
                [self._convert(column, record, fields) for record, fields in zip(records, misfits, strict=True)],
                self.arrow_schema.field(column.name).type,
            )
            for column in self._schema.columns
        ]
        columns += self._read_unknown(records, misfits)
        return pa.RecordBatch.from_arrays(columns, schema=self.arrow_schema)

    def _read_unknown(
        self, records: Sequence[Cells], misfits: Sequence[Container[str]] | None = None
    ) -> list[pa.Array[Any]]:
        """Return the column `extra` if there is one; otherwise note the names of unknown fields.

        Args:
            records: The records.
            misfits: For each record, the known fields whose values go to `extra`, too.
        """
        unknown = [
            [
                (_to_utf8(name), bytes(cell).decode(errors="backslashreplace"))
                for name, cell in record.items()
                if name not in self._fields or name in fields
            ]
            for record, fields in zip(records, misfits or [()] * len(records), strict=True)
        ]
        if self._schema.unknown_fields == "map":
            return [pa.array([items or None for items in unknown], self.arrow_schema.field(EXTRA_COLUMN).type)]
        self.unknown_fields.update(name for items in unknown for name, _ in items)
        return []

    def _convert(self, column: Column, record: Cells, misfits: set[str]) -> Any:
        cell = record.get(column.field)
        text = b"null" if cell is None else bytes(cell)
        if text == b"null":
            return None
        try:
            return _CONVERTERS[column.type](json.loads(text))
        except (ValueError, TypeError, OverflowError, RecursionError):
            shown = text.decode(errors="backslashreplace")[:_MAX_SHOWN]
        if self._on_mismatch == "raise":
            raise SchemaMismatchError(f"{column.field} is {column.type} in the schema, but a record has {shown}")
        if self._on_mismatch == "map":
            misfits.add(column.field)
            return None
        with self._lock:
            count, first = self.mismatches.get(column.field, (0, shown))
            self.mismatches[column.field] = count + 1, first
        return None


def _read(lines: bytes, schema: pa.Schema, unexpected: Literal["infer", "ignore"]) -> pa.RecordBatch:
    table = pj.read_json(
        BytesIO(lines),
        read_options=pj.ReadOptions(use_threads=False, block_size=len(lines) + 1),
        parse_options=pj.ParseOptions(explicit_schema=schema, unexpected_field_behavior=unexpected),
    )
    (batch,) = table.to_batches()
    return batch


def _convert_timestamps(numbers: pa.Array[Any]) -> pa.Array[Any] | None:
    """Convert unix times of one unit, seconds to nanoseconds; None if units differ or a time is out of range."""
    if numbers.null_count == len(numbers):
        return numbers.cast(pa.int64()).cast(_TIMESTAMP)
    lowest, highest = find_range(numbers)
    unit = _unit_of(highest)
    if not math.isfinite(highest - lowest) or _unit_of(lowest) != unit:
        return None
    if not _SECONDS[0] <= lowest / unit <= highest / unit <= _SECONDS[-1]:
        return None
    if numbers.type == pa.float64():
        micros = pc.round(pc.divide(pc.multiply(numbers, float(_MICROSECOND)), float(unit))).cast(pa.int64())
    elif unit <= _MICROSECOND:
        micros = pc.multiply(numbers, _MICROSECOND // unit)
    else:
        micros = pc.divide(numbers, unit // _MICROSECOND)
    return micros.cast(_TIMESTAMP)


def _unit_of(number: float) -> int:
    """Return how many units of a unix time make a second: 1, 1000 (milliseconds), ..."""
    unit = 1
    while MAX_SECOND * unit <= abs(number) < MAX_NANOSECONDS:
        unit *= 1000
    return unit


def _concatenate(batches: Sequence[pa.RecordBatch]) -> pa.RecordBatch:
    (batch,) = pa.Table.from_batches(batches).combine_chunks().to_batches()
    return batch


def _split(texts: Sequence[msgspec.Raw]) -> list[Cells]:
    return decode_cells(b"[" + b",".join(texts) + b"]")


def _to_microseconds(value: object) -> int:
    """Return unix microseconds of a timestamp as the service may send it: see `record_identity`."""
    if isinstance(value, str):
        value = _parse_timestamp(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < MAX_NANOSECONDS:
        raise TypeError("not a timestamp")
    unit = _unit_of(value)
    micros = round(value * _MICROSECOND / unit) if isinstance(value, float) else value * _MICROSECOND // unit
    if micros // _MICROSECOND not in _SECONDS:
        raise ValueError("not in the years 1 to 9999")
    return micros


def _parse_timestamp(text: str) -> float:
    try:
        parsed = datetime.fromisoformat(text.strip())
    except ValueError:
        return float(text)
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()


def _to_float(value: object) -> float:
    if not isinstance(value, int | float):  # a flag may come as true or as 1
        raise TypeError("not a number")
    if math.isinf(number := float(value)):
        raise ValueError("not finite")
    return number


def _to_int(value: object) -> int:
    if isinstance(value, str | float) and (isinstance(value, str) or value.is_integer()):
        value = int(value)  # ids may come as text
    if isinstance(value, bool) or not isinstance(value, int) or value not in _INT64:
        raise TypeError("not an integer of 64 bits")
    return value


def _to_bool(value: object) -> bool:
    if not isinstance(value, int | float) or value not in (0, 1):  # a flag may come as true or as 1
        raise TypeError("not a boolean")
    return bool(value)


def _to_utf8(name: str) -> str:
    """Return a name without lone surrogates, which Arrow cannot hold."""
    return name.encode(errors="backslashreplace").decode()


def _to_string(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not a string")
    value.encode()  # lone surrogates have no UTF-8
    return value


_CONVERTERS: dict[ColumnType, Callable[[object], Any]] = {
    "timestamp": _to_microseconds,
    "int64": _to_int,
    "float64": _to_float,
    "string": _to_string,
    "bool": _to_bool,
}
