"""Validation of filters, by the names and types that `datastore_sdk/filters.py` declares."""

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
"""Returns the plain value of an argument, given the argument's name."""

OTHERWISE = ". Filters that only the service knows go into extra_filters={...}"
"""How to pass a filter that is not declared."""
_OWN_NAMES = {"lat": "latitude", "long": "longitude", "pad__id": "pad_id", "site__id": "site_id"}
"""The service's names of filters that have other names here. Both are accepted."""
_LATITUDES, _LONGITUDES, _MILES = (-90, 90), (-180, 180), (0, 12_451)
"""Degrees; and miles, up to half of the Earth's circumference."""
_RANGES = {
    **dict.fromkeys(("latitude", "latitude_gte", "latitude_lte"), _LATITUDES),
    **dict.fromkeys(("longitude", "longitude_gte", "longitude_lte"), _LONGITUDES),
    "radius_miles": _MILES,
}


def checked_filters(filters: Mapping[str, object], kind: type, what: str) -> dict[str, Any]:
    """Return the filters that are given, by the names of their TypedDict, as plain Python values.

    Args:
        filters: The filters, by our names or the service's. None means not given.
        kind: The TypedDict.
        what: What the filters are of, such as "pads".

    Raises:
        TypeError: There is no such filter, or a value is of the wrong type.
        ValueError: A value is empty or out of its range, or a filter is given by both of its names.
    """
    checks = _checks(kind)
    own_names = {name: own for name in filters if (own := _OWN_NAMES.get(name, name)) in checks}
    validate_known((name for name in filters if name not in own_names), checks, f"a filter of {what}", OTHERWISE)
    given: dict[str, object] = {}
    for name, own in own_names.items():
        given[own] = resolve_alias(given.get(own), filters[name], own, name)
    return {name: checks[name](value, name) for name, value in given.items() if value is not None}


def checked_extra_filters(filters: Mapping[str, QueryValue] | None, sent: Iterable[str]) -> dict[str, QueryValue]:
    """Return the filters that are passed on as they are, as text.

    Args:
        filters: The filters by the service's names. None means not given.
        sent: The names that the request has already.

    Raises:
        TypeError: A name is not a str, or a value is neither a scalar nor a list of scalars.
        ValueError: A value is empty or not finite, or a name is sent already.
    """
    if filters is None:
        return {}
    if not isinstance(filters, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance] - users without a type checker
        raise TypeError(f"extra_filters must be a dict of names and values, not {type(filters).__name__}: {filters!r}")
    taken = {*sent}
    for name in filters:
        if validate_text(name, "a name in extra_filters") in taken:
            raise ValueError(f"extra_filters has {name!r}, which another argument sends already: give one of them")
    return {name: _texts(value, f"extra_filters[{name!r}]") for name, value in filters.items() if value is not None}


def _texts(value: object, what: str) -> str | list[str]:
    """The text of a value, or those of a list."""
    validate_not_empty(value, what)
    to_list = getattr(value, "tolist", None)  # of numpy and pandas
    items: object = to_list() if callable(to_list) else value
    if isinstance(items, list | tuple | set | frozenset):
        return [_text(item, f"an item of {what}") for item in cast("Iterable[object]", items)]
    return _text(value, what)


def _text(value: object, what: str) -> str:
    plain = unwrap_scalar(value)
    match plain:
        case Enum() | bool() | int():
            return encode_value(plain)
        case str():
            return validate_text(plain, what)
        case float() | Decimal():
            return encode_value(validate_number(plain, what, -sys.float_info.max, sys.float_info.max))
        case datetime():
            return encode_value(validate_datetime(plain, what))
        case _:
            allowed = "a str, a number, a bool, a datetime or a list of them"
            raise TypeError(f"{what} must be {allowed}, not {type(value).__name__}: {value!r}")


@cache
def _checks(kind: type) -> dict[str, Check]:
    """The check of each key of a TypedDict."""
    return {name: partial(_checked, _check_for(get_args(hint))) for name, hint in get_type_hints(kind).items()}


def _checked(check: Check, value: object, what: str) -> object:
    validate_not_empty(value, what)
    return check(value, what)


def _check_for(types: tuple[Any, ...]) -> Check:
    """The check for a union of types, as the TypedDicts declare them."""
    if bool in types:
        return validate_flag
    if int in types:
        return partial(_checked_id, kind=next((each for each in types if issubclass(each, Model)), None))
    if float in types:
        return _checked_within
    if str in types:
        return validate_text
    return partial(_checked_member, next(each for each in types if issubclass(each, StrEnum)))


def _checked_id(value: object, what: str, kind: type | None) -> int:
    """An id of a filter. 0 is one: no object has it."""
    if (number := validate_int(value, what, kind)) < 0:
        raise ValueError(f"{what} must not be negative, not {number}")
    return number


def _checked_within(value: object, what: str) -> float:
    return validate_number(value, what, *_RANGES[what])


def _checked_member(kind: type[StrEnum], value: str, what: str) -> StrEnum:
    return validate_choice(kind, value, what)
