"""Check that returned objects match the request, because the service may ignore a filter.

An object is kept if it lacks the compared value, or has null there: nothing proves that it does not belong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from math import isnan
from typing import Any, TypeVar, cast

import orjson
from msgspec import Struct
from pydantic import AwareDatetime

from datastore_sdk._io.json_body import is_array, parse_id
from datastore_sdk._io.tolerant_parser import parse_value
from datastore_sdk.client import Client
from datastore_sdk.enums import StageNameFilters
from datastore_sdk.exceptions import ObjectMismatchError
from datastore_sdk.instrumentation.mismatches import SHOWN, report_mismatches, shorten
from restream_api.types import Model, Operation

V = TypeVar("V")
L = TypeVar("L", bound=list[Any])

_SECOND = timedelta(seconds=1)


class MatchRule(Struct, frozen=True):
    """Rule for the value of one key of an object."""

    key: str
    """The key; dots separate the keys of nested objects: `site.id`."""
    requested: str
    """The requested value, for messages."""
    fits: Callable[[object], bool]
    """Returns whether a value matches. A value that cannot be compared matches."""


def has_id(key: str, *ids: int) -> MatchRule:
    """Return the rule that the value is one of the ids."""
    requested = " or ".join(map(str, ids[:SHOWN])) + (" or ..." if len(ids) > SHOWN else "")
    fitting = frozenset[int | None]({None, *ids})
    return MatchRule(key, requested, lambda value: parse_id(value) in fitting)


def has_operation(key: str, operation: StageNameFilters) -> MatchRule:
    """Return the rule that a state, such as `frac_frac`, belongs to the operation or to an unknown one."""
    others = {*StageNameFilters} - {operation}

    def fits(value: object) -> bool:
        return not isinstance(value, str) or value.partition("_")[0].lower() not in others

    return MatchRule(key, f"of {operation.value}", fits)


def has_min(key: str, bound: float) -> MatchRule:
    """Return the rule that a number is at least the bound."""
    return MatchRule(key, f"{bound} or more", _holds_if_readable(_read_number, lambda number: number >= bound))


def has_max(key: str, bound: float) -> MatchRule:
    """Return the rule that a number is at most the bound."""
    return MatchRule(key, f"{bound} or less", _holds_if_readable(_read_number, lambda number: number <= bound))


def is_on_or_after(key: str, start: datetime) -> MatchRule:
    """Return the rule that a datetime is not before the start."""
    return MatchRule(
        key, f"{start.isoformat()} or later", _holds_if_readable(_read_datetime, lambda value: value >= start)
    )


def is_on_or_before(key: str, end: datetime) -> MatchRule:
    """Return the rule that a datetime is not after the end; the whole second of the end is included."""
    limit = end + _SECOND
    return MatchRule(
        key, f"{end.isoformat()} or earlier", _holds_if_readable(_read_datetime, lambda value: value < limit)
    )


def filter_matching(
    items: L, rules: Sequence[MatchRule], source: str, read: Callable[[Any], object] | None = None
) -> L:
    """Return the objects that match all rules, and report those left out.

    Args:
        items: Models, or dicts as the service sent them.
        rules: The rules that each object must match.
        source: Where the objects come from, such as the name of an operation.
        read: Returns the model or dict to compare for an item. Default: the item itself.
    """
    if not rules or not is_array(items):  # with as_dict=True, the JSON may be any value
        return items
    matches: list[Any] = []
    mismatches: dict[MatchRule, list[object]] = {}
    for item in items:
        if violation := _find_violation(read(item) if read else item, rules):
            rule, value = violation
            mismatches.setdefault(rule, []).append(value)
        else:
            matches.append(item)
    for rule, values in mismatches.items():
        report_mismatches(source, rule.key, rule.requested, values, len(values), len(items))
    return cast("L", matches)


def json_matches(rules: Sequence[MatchRule], source: str) -> Callable[[bytes], bool]:
    """Return a function that checks an object in JSON. It accepts invalid JSON, which the parser reports."""

    def matches(text: bytes) -> bool:
        try:
            item: object = orjson.loads(text)
        except orjson.JSONDecodeError:
            return True
        return bool(filter_matching([item], rules, source))

    return matches


def check_object(item: object, rules: Sequence[MatchRule], operation: Operation[Any], client: Client) -> None:
    """Check that an object is the requested one.

    Raises:
        ObjectMismatchError: A rule does not match.
    """
    if violation := _find_violation(item, rules):
        rule, value = violation
        raise build_mismatch_error(f"{rule.key} is {shorten(value)}, not {rule.requested}", operation, client)


def build_mismatch_error(problem: str, operation: Operation[Any], client: Client) -> ObjectMismatchError:
    """Return the error for a response about another object than the requested one."""
    url = client.base_url + operation.target
    message = f"{operation.method} {url} did not return the requested object: {problem}"
    return ObjectMismatchError(message, method=operation.method, url=url, problems=(problem,))


def get_value(item: object, key: str) -> Any:
    """Return the value of a dotted key in a model or dict, or None if it is missing."""
    value: Any = item
    for name in key.split("."):
        if isinstance(value, Model):
            value = getattr(value, name, None)
        else:
            value = cast("Mapping[str, Any]", value).get(name) if isinstance(value, Mapping) else None
    return value


def _holds_if_readable(read: Callable[[object], V | None], holds: Callable[[V], bool]) -> Callable[[object], bool]:
    """Return a check that accepts every value that cannot be read."""

    def fits(value: object) -> bool:
        parsed = read(value)
        return parsed is None or holds(parsed)

    return fits


def _read_number(value: object) -> float | None:
    """Return the number, which the service may have sent as text; None for any other value."""
    read: object = None if isinstance(value, bool) else parse_value(float, value, "").value
    return None if not isinstance(read, float) or isnan(read) else read


def _read_datetime(value: object) -> datetime | None:
    """Return the datetime, in any form that the service may send; None for any other value."""
    read: object = parse_value(AwareDatetime, value, "").value
    return read if isinstance(read, datetime) else None


def _find_violation(item: object, rules: Iterable[MatchRule]) -> tuple[MatchRule, object] | None:
    """Return the first rule that does not match, with the value; None if all match."""
    for rule in rules:
        value = get_value(item, rule.key)
        if value is not None and not rule.fits(value):
            return rule, value
    return None
