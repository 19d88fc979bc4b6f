"""JSON values as JSON Schema calls them."""

from __future__ import annotations

import re
from datetime import date
from types import NoneType
from typing import Any, TypeGuard

_MOMENT = re.compile(
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
    """Whether a value is an object."""
    return isinstance(value, dict)


def is_array(value: Any) -> TypeGuard[list[Any]]:
    """Whether a value is an array."""
    return isinstance(value, list)


def type_of(value: Any) -> str:
    """The type of a value: `integer`, `number`, `string`, `boolean`, `null`, `array` or `object`."""
    if isinstance(value, float):
        return "integer" if value.is_integer() else "number"
    return _NAMES[type(value)]


def fits(value: Any, types: frozenset[str]) -> bool:
    """Whether a value, not null, is of one of the types."""
    name = type_of(value)
    return name in types or (name == "integer" and "number" in types)


def has_format(text: str, format_: str) -> bool:
    """Whether a text has a format; of those that the SDK does not read by, all texts do."""
    match format_:
        case "date-time":
            return is_moment(text)
        case "date":
            return _is_date(text)
        case _:
            return True


def is_moment(text: str) -> bool:
    """Whether a text is a date and a time with a time zone."""
    return bool(_MOMENT.fullmatch(text)) and _is_date(text[:10])


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
