"""Single mutations of JSON responses: what real services do to a key now and then."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

from datastore_sdk.drift.json_types import is_array, is_object

Place = tuple[str | int, ...]
"""Keys and positions that lead to a value."""

_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
FIRST = 2
"""How many items of each array are mutated; the others are like them."""


class Mutation(NamedTuple):
    """A changed response."""

    kind: str
    place: Place
    response: Any


def _parse(text: str) -> datetime:
    return datetime.fromisoformat(text)


DATE_FORMS: dict[str, Callable[[str], Any]] = {
    "date without zone": lambda text: text.removesuffix("Z"),
    "date with offset": lambda text: text.replace("Z", "-05:00"),
    "date with short offset": lambda text: text.replace("Z", "+0000"),
    "date with a blank": lambda text: text.replace("T", " "),
    "date in basic form": lambda text: re.sub("[-:]", "", text),
    "date without time": lambda text: text[:10],
    "date in unix seconds": lambda text: int(_parse(text).timestamp()),
    "date in unix seconds as text": lambda text: str(int(_parse(text).timestamp())),
    "date in nanoseconds": lambda text: f"{_parse(text):%Y-%m-%dT%H:%M:%S}.123456789Z",
    "no date": lambda _: "soon",
}


def mutations(response: Any, first: int = FIRST) -> Iterator[Mutation]:
    """Yield all single mutations of a response. The response of each is only valid until the next is requested."""
    copy = json.loads(json.dumps(response))  # in which nothing is shared
    for place in _places(response, (), first):
        parent, key = _at(copy, place[:-1]), place[-1]
        value: Any = parent[key]
        if isinstance(key, str):
            before = dict(parent)
            del parent[key]
            yield Mutation("removed", place, copy)
            parent.clear()
            parent.update(before)
        for kind, other in _others(value):
            parent[key] = other
            yield Mutation(kind, place, copy)
        parent[key] = value
        if is_object(value):
            value["a_key_that_is_new"] = {"with": ["a", "value"]}
            yield Mutation("unknown key", place, copy)
            del value["a_key_that_is_new"]


def _places(value: Any, place: Place, first: int) -> Iterator[Place]:
    if place:
        yield place
    items: list[tuple[str | int, Any]] = []
    if is_object(value):
        items = [*value.items()]
    elif is_array(value):
        items = [*enumerate(value[:first])]
    for key, item in items:
        yield from _places(item, (*place, key), first)


def _at(value: Any, place: Place) -> Any:
    for key in place:
        value = value[key]
    return value


def _others(value: Any) -> Iterator[tuple[str, Any]]:
    if value is not None:
        yield "null", None
    match value:
        case None:
            yield "retyped", {"a": "surprise"}
            yield "retyped", "a text"
            yield "retyped", 7
        case bool():
            yield "retyped", "a text"
            yield "retyped", [value]
        case int() | float():
            yield "number as text", str(value)
            yield "retyped", "a text"
            yield "retyped", [value]
            yield "retyped", value + 0.5
        case str():
            yield "emptied", ""
            yield "retyped", 7
            yield "retyped", [value]
            yield "retyped", {"name": value}
            if _DATE.fullmatch(value):
                yield from ((kind, change(value)) for kind, change in DATE_FORMS.items())
            else:
                yield "unknown value", "a_value_that_is_new"
        case list():
            yield "emptied", []
            yield "retyped", {}
            yield "retyped", "a text"
        case dict():
            yield "emptied", {}
            yield "retyped", []
            yield "retyped", "a text"
        case _:
            raise AssertionError(value)


def unix(text: str) -> float:
    """Seconds of a date in ISO form, in UTC where it has no zone."""
    timestamp = datetime.fromisoformat(text)
    return (timestamp if timestamp.tzinfo else timestamp.replace(tzinfo=UTC)).timestamp()
