"""Types and formats of JSON values, by the names of JSON Schema."""

from __future__ import annotations

import re
from datetime import date
from types import NoneType
from typing import Any, TypeGuard

_DATETIME = re.compile(
    r"\d{4}-\d\d-\d\d[T ]([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?(Z|[+-]\d\d:?\d\d)", re.IGNORECASE | re.ASCII
)

_NAMES: dict[type, str] = {
    NoneType: "null",
    bool: "boolean",
    int: "integer",
    str: "string",
    list: "array",
    dict: "object",
}


def is_object(value: Any) -> TypeGuard[dict[str, Any]]:
    """Return whether a value is an object."""
    return isinstance(value, dict)


def is_array(value: Any) -> TypeGuard[list[Any]]:
    """Return whether a value is an array."""
    return isinstance(value, list)


def json_type(value: Any) -> str:
    """Return the type of a value: `integer`, `number`, `string`, `boolean`, `null`, `array` or `object`."""
    if isinstance(value, float):
        return "integer" if value.is_integer() else "number"
    return _NAMES[type(value)]


def has_type(value: Any, types: frozenset[str]) -> bool:
    """Return whether a value other than null has one of the types; an integer is a number too."""
    name = json_type(value)
    return name in types or (name == "integer" and "number" in types)


def has_format(text: str, format_: str) -> bool:
    """Return whether a string has a format. Formats that the SDK does not parse are not checked."""
    match format_:
        case "date-time":
            return is_datetime(text)
        case "date":
            return _is_date(text)
        case _:
            return True


def is_datetime(text: str) -> bool:
    """Return whether a string is a date and time with a time zone."""
    return bool(_DATETIME.fullmatch(text)) and _is_date(text[:10])


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
