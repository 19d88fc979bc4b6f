"""Checks that returned objects are those that were asked for: the service may ignore a filter.

An object that does not carry what was asked for, or carries null, is kept: nothing says that it does not belong.
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
    """What a key of an object must be for the object to belong."""

    key: str
    """The key; those of nested objects are separated by dots: `site.id`."""
    requested: str
    """What was asked for, in words."""
    fits: Callable[[object], bool]
    """Whether a value is what was asked for. A value that cannot be compared fits."""


def has_id(key: str, *ids: int) -> MatchRule:
    """Return the rule that a key is one of some ids or numbers."""
    shown = " or ".join(map(str, ids[:SHOWN])) + (" or ..." if len(ids) > SHOWN else "")
    fitting = frozenset[int | None]({None, *ids})
    return MatchRule(key, shown, lambda value: parse_id(value) in fitting)


def has_operation(key: str, operation: StageNameFilters) -> MatchRule:
    """Return the rule that a state, such as `frac_frac`, is of an operation, or of none that is known here."""
    others = {*StageNameFilters} - {operation}

    def fits(value: object) -> bool:
        return not isinstance(value, str) or value.partition("_")[0].lower() not in others

    return MatchRule(key, f"of {operation.value}", fits)


def is_at_least(key: str, bound: float) -> MatchRule:
    """Return the rule that a number is not below a bound."""
    return MatchRule(key, f"{bound} or more", _where(_number, lambda number: number >= bound))


def is_at_most(key: str, bound: float) -> MatchRule:
    """Return the rule that a number is not above a bound."""
    return MatchRule(key, f"{bound} or less", _where(_number, lambda number: number <= bound))


def is_from(key: str, start: datetime) -> MatchRule:
    """Return the rule that a datetime is not before another."""
    return MatchRule(key, f"{start.isoformat()} or later", _where(_moment, lambda moment: moment >= start))


def is_until(key: str, end: datetime) -> MatchRule:
    """Return the rule that a datetime is not after the second of another."""
    limit = end + _SECOND
    return MatchRule(key, f"{end.isoformat()} or earlier", _where(_moment, lambda moment: moment < limit))


def matching(items: L, rules: Sequence[MatchRule], source: str, read: Callable[[Any], object] | None = None) -> L:
    """Return the objects that belong. Reports the others, which are left out.

    Args:
        items: Models, or dicts as they were sent.
        rules: What an object must be.
        source: What returned them, such as the name of an operation.
        read: Returns the model or dict of an item. Default: the item itself.
    """
    if not rules or not is_array(items):  # as_dict=True may be anything
        return items
    kept: list[Any] = []
    wrong: dict[MatchRule, list[object]] = {}
    for item in items:
        if broken := _broken(read(item) if read else item, rules):
            rule, value = broken
            wrong.setdefault(rule, []).append(value)
        else:
            kept.append(item)
    for rule, values in wrong.items():
        report_mismatches(source, rule.key, rule.requested, values, len(values), len(items))
    return cast("L", kept)


def belonging_texts(rules: Sequence[MatchRule], source: str) -> Callable[[bytes], bool]:
    """Return the check of an object in JSON; text that cannot be read belongs: others report it."""

    def belongs(text: bytes) -> bool:
        try:
            item: object = orjson.loads(text)
        except orjson.JSONDecodeError:
            return True
        return bool(matching([item], rules, source))

    return belongs


def check_object(item: object, rules: Sequence[MatchRule], operation: Operation[Any], client: Client) -> None:
    """Check that an object is the one that was asked for.

    Raises:
        ObjectMismatchError: The object is another one.
    """
    if broken := _broken(item, rules):
        rule, value = broken
        raise mismatch(f"{rule.key} is {shorten(value)}, not {rule.requested}", operation, client)


def mismatch(problem: str, operation: Operation[Any], client: Client) -> ObjectMismatchError:
    """Return the error for an answer that is not about the object that was asked for."""
    url = client.base_url + operation.target
    message = f"{operation.method} {url} did not return the object that was asked for: {problem}"
    return ObjectMismatchError(message, method=operation.method, url=url, problems=(problem,))


def carried(item: object, key: str) -> Any:
    """Return the value of a key of a model or a dict; None where it has none."""
    value: Any = item
    for name in key.split("."):
        if isinstance(value, Model):
            value = getattr(value, name, None)
        else:
            value = cast("Mapping[str, Any]", value).get(name) if isinstance(value, Mapping) else None
    return value


def _where(read: Callable[[object], V | None], holds: Callable[[V], bool]) -> Callable[[object], bool]:
    """The check of a value; one that cannot be read fits."""

    def fits(value: object) -> bool:
        plain = read(value)
        return plain is None or holds(plain)

    return fits


def _number(value: object) -> float | None:
    """A number, which the service may have sent as text; None for anything else."""
    read: object = None if isinstance(value, bool) else parse_value(float, value, "").value
    return None if not isinstance(read, float) or isnan(read) else read


def _moment(value: object) -> datetime | None:
    """A moment in any form in which the service may have sent it; None for anything else."""
    read: object = parse_value(AwareDatetime, value, "").value
    return read if isinstance(read, datetime) else None


def _broken(item: object, rules: Iterable[MatchRule]) -> tuple[MatchRule, object] | None:
    """The first rule that does not hold, and the value for which it does not."""
    for rule in rules:
        value = carried(item, rule.key)
        if value is not None and not rule.fits(value):
            return rule, value
    return None
