"""Convert the JSON texts of a column's values to the type that a schema gives the column."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from datastore_sdk.data.arrow.column_range import find_range
from datastore_sdk.data.arrow.column_texts import ColumnTexts, load_values
from datastore_sdk.data.schema import ColumnType
from datastore_sdk.data.streaming.record_identity import MAX_NANOSECONDS, MAX_SECOND

READ_TYPES: dict[ColumnType, pa.DataType] = {
    "timestamp": pa.int64(),
    "int64": pa.int64(),
    "float64": pa.float64(),
    "string": pa.string(),
    "bool": pa.bool_(),
}
"""Type as which Arrow's JSON parser reads a column: timestamps are numbers there."""
_READ_VALUES: dict[ColumnType, set[type]] = {
    "timestamp": {int},
    "int64": {int},
    "float64": {int, float},
    "string": {str},
    "bool": {bool},
}
"""Types of the values that Arrow's JSON parser takes for a column."""
_TIMESTAMP = pa.timestamp("us", "UTC")
_INT64 = range(-(2**63), 2**63)
_MICROSECOND = 1_000_000
_SECONDS = range(-62_135_596_800, 253_402_300_800)
"""Unix seconds of the years 1 to 9999."""
_TOO_DEEP = ()
"""Stands for a value that is nested too deeply to be decoded."""


class ConvertedColumn(msgspec.Struct, frozen=True):
    """A column, and which of its values were odd."""

    column: pa.Array[Any]
    misfits: Sequence[int] = ()
    """Records whose values do not fit the type. They are null."""
    is_usual: bool = True
    """Whether Arrow's JSON parser probably takes such values."""


def convert_column(kind: ColumnType, texts: ColumnTexts) -> ConvertedColumn:
    """Convert the values of a column."""
    values = _load(texts)
    is_usual = {*map(type, values)} - {type(None)} <= _READ_VALUES[kind]
    if is_usual and (column := _build_usual(kind, values)) is not None:
        return ConvertedColumn(column)
    convert = _CONVERTERS[kind]
    converted = [None if value is None else _try(convert, value) for value in values]
    misfits = [
        index
        for index, (value, result) in enumerate(zip(values, converted, strict=True))
        if result is None and value is not None
    ]
    column = pa.array(converted, _TIMESTAMP if kind == "timestamp" else READ_TYPES[kind])
    return ConvertedColumn(column, misfits, is_usual and not misfits)


def convert_timestamps(times: pa.Array[Any]) -> pa.Array[Any] | None:
    """Convert unix times of one unit, seconds to nanoseconds; None if units differ or a time is out of range."""
    if times.null_count == len(times):
        return times.cast(_TIMESTAMP)
    lowest, highest = find_range(times)
    unit = _unit_of(highest)
    if _unit_of(lowest) != unit or not _SECONDS[0] <= lowest / unit <= highest / unit <= _SECONDS[-1]:
        return None
    if unit <= _MICROSECOND:
        return pc.multiply(times, _MICROSECOND // unit).cast(_TIMESTAMP)
    return pc.divide(times, unit // _MICROSECOND).cast(_TIMESTAMP)


def _load(texts: ColumnTexts) -> Sequence[object]:
    try:
        return load_values(texts)
    except RecursionError:
        return [*map(_load_one, texts)]


def _load_one(text: Any) -> object:
    try:
        return json.loads(bytes(text))
    except RecursionError:
        return _TOO_DEEP


def _build_usual(kind: ColumnType, values: Sequence[object]) -> pa.Array[Any] | None:
    """Build a column of values that need no conversion; None if one is out of range."""
    try:
        column = pa.array(values, READ_TYPES[kind])
    except (ValueError, OverflowError):  # for example a lone surrogate
        return None
    if kind == "float64" and pc.any(pc.is_inf(column)).as_py():
        return None
    return convert_timestamps(column) if kind == "timestamp" else column


def _try(convert: Callable[[object], Any], value: object) -> Any:
    try:
        return convert(value)
    except (ValueError, TypeError, OverflowError):
        return None


def _unit_of(number: float) -> int:
    """Return how many units of a unix time make a second: 1, 1000 (milliseconds), ..."""
    unit = 1
    while MAX_SECOND * unit <= abs(number) < MAX_NANOSECONDS:
        unit *= 1000
    return unit


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
