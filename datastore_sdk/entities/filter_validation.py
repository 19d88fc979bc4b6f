"""Validation of filters against the TypedDicts in `datastore_sdk/filters.py`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from enum import Enum, StrEnum
from functools import cache, partial
from typing import Any, cast, get_args, get_type_hints

from datastore_sdk._utils.validation import (
    resolve_alias,
    unwrap_scalar,
    validate_choice,
    validate_datetime,
    validate_flag,
    validate_int,
    validate_known,
    validate_not_empty,
    validate_number,
    validate_text,
)
from restream_api.types import Model, QueryValue, encode_value

Check = Callable[[Any, str], object]
"""Validates a value and returns it as a plain Python value. The second argument is the name, for messages."""

EXTRA_FILTERS_HINT = ". Pass filters that only the service knows as extra_filters={...}"
"""End of the error message for an unknown filter."""
_SDK_NAMES = {"lat": "latitude", "long": "longitude", "pad__id": "pad_id", "site__id": "site_id"}
"""The service's filter names, and the names that the SDK uses for them. Both are accepted."""
_LATITUDES, _LONGITUDES, _RADIUS_MILES = (-90, 90), (-180, 180), (0, 12_451)
"""Degrees, and miles up to half of the Earth's circumference."""
_RANGES = {
    **dict.fromkeys(("latitude", "latitude_gte", "latitude_lte"), _LATITUDES),
    **dict.fromkeys(("longitude", "longitude_gte", "longitude_lte"), _LONGITUDES),
    "radius_miles": _RADIUS_MILES,
}


def validate_filters(filters: Mapping[str, object], kind: type, what: str) -> dict[str, Any]:
    """Validate filters and return them under the names of their TypedDict, as plain Python values.

    Args:
        filters: The filters, under the SDK's names or the service's. None means that a filter is not set.
        kind: The TypedDict.
        what: The listed objects, for messages: "pads".

    Raises:
        TypeError: A filter does not exist, or a value has the wrong type.
        ValueError: A value is empty or out of range, or a filter is passed under both of its names.
    """
    checks = _build_checks(kind)
    own_names = {name: own for name in filters if (own := _SDK_NAMES.get(name, name)) in checks}
    validate_known(
        (name for name in filters if name not in own_names), checks, f"a filter of {what}", EXTRA_FILTERS_HINT
    )
    values: dict[str, object] = {}
    for name, own in own_names.items():
        values[own] = resolve_alias(values.get(own), filters[name], own, name)
    return {name: checks[name](value, name) for name, value in values.items() if value is not None}


def validate_extra_filters(filters: Mapping[str, QueryValue] | None, sent: Iterable[str]) -> dict[str, QueryValue]:
    """Validate filters that only the service knows, and return their values as text.

    Args:
        filters: The filters, under the service's names. None means that a filter is not set.
        sent: Names of the query parameters that the request already has.

    Raises:
        TypeError: A name is not a str, or a value is neither a scalar nor a list of scalars.
        ValueError: A value is empty or not finite, or the request already has the name.
    """
    if filters is None:
        return {}
    if not isinstance(filters, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance] - users without a type checker
        raise TypeError(f"extra_filters must be a dict of names and values, not {type(filters).__name__}: {filters!r}")
    reserved = {*sent}
    for name in filters:
        if validate_text(name, "a name in extra_filters") in reserved:
            raise ValueError(f"extra_filters has {name!r}, which another argument already sends: pass only one of them")
    return {
        name: _format_values(value, f"extra_filters[{name!r}]") for name, value in filters.items() if value is not None
    }


def _format_values(value: object, what: str) -> str | list[str]:
    """Return the value as text; a list as a list of texts."""
    validate_not_empty(value, what)
    to_list = getattr(value, "tolist", None)  # numpy and pandas objects
    items: object = to_list() if callable(to_list) else value
    if isinstance(items, list | tuple | set | frozenset):
        return [_format_value(item, f"an item of {what}") for item in cast("Iterable[object]", items)]
    return _format_value(value, what)


def _format_value(value: object, what: str) -> str:
    scalar_value = unwrap_scalar(value)
    match scalar_value:
        case Enum() | bool() | int():
            return encode_value(scalar_value)
        case str():
            return validate_text(scalar_value, what)
        case float() | Decimal():
            return encode_value(validate_number(scalar_value, what, -sys.float_info.max, sys.float_info.max))
        case datetime():
            return encode_value(validate_datetime(scalar_value, what))
        case _:
            allowed = "a str, a number, a bool, a datetime or a list of them"
            raise TypeError(f"{what} must be {allowed}, not {type(value).__name__}: {value!r}")


@cache
def _build_checks(kind: type) -> dict[str, Check]:
    """Return the check for each key of a TypedDict."""
    return {
        name: partial(_validate_filter, _select_check(get_args(hint))) for name, hint in get_type_hints(kind).items()
    }


def _validate_filter(check: Check, value: object, what: str) -> object:
    validate_not_empty(value, what)
    return check(value, what)


def _select_check(types: tuple[Any, ...]) -> Check:
    """Return the check for a union of types from a TypedDict."""
    if bool in types:
        return validate_flag
    if int in types:
        return partial(_validate_filter_id, kind=next((each for each in types if issubclass(each, Model)), None))
    if float in types:
        return _validate_in_range
    if str in types:
        return validate_text
    return partial(_validate_choice, next(each for each in types if issubclass(each, StrEnum)))


def _validate_filter_id(value: object, what: str, kind: type | None) -> int:
    """Validate an id. 0 is allowed: it matches no object."""
    if (number := validate_int(value, what, kind)) < 0:
        raise ValueError(f"{what} must not be negative, not {number}")
    return number


def _validate_in_range(value: object, what: str) -> float:
    return validate_number(value, what, *_RANGES[what])


def _validate_choice(kind: type[StrEnum], value: str, what: str) -> StrEnum:
    return validate_choice(kind, value, what)
