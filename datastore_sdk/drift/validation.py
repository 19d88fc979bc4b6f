"""Whether a document is written as OpenAPI 3 says, as far as that is read here.

Strict in what stands where: what was overlooked instead would pass for something that was removed. Not so in what is
missing or unknown, without which everything else can still be read.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter
from typing import Any, TypeAlias

from datastore_sdk.drift.errors import DriftError
from datastore_sdk.drift.grammar import ALTERNATIVES, CAN_BE_FLAGS, CHOICES, OBJECTS, REQUIRED, SCALARS
from datastore_sdk.drift.json_types import is_array, is_object, type_of
from datastore_sdk.drift.loader import SpecDocument, joined
from datastore_sdk.drift.node import REFERENCE, target

Step: TypeAlias = tuple[str, Any, str]
"""What is still to be looked at: where, the value, its kind."""

_WORDS = {
    "string": "a text",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "array": "an array",
    "object": "an object",
    "null": "null",
}


@dataclass(frozen=True, slots=True)
class Kind:
    """What can stand at a place."""

    types: frozenset[str]
    """The types that it can have; of other types another kind must be meant."""
    inner: str = "any"
    """The kind of its items, or of what is under its keys."""
    name: str = ""
    """Its name in the grammar, where it has keys of its own, or only some texts are allowed."""
    can_refer: bool = False
    can_be_empty: bool = True


def check(document: SpecDocument) -> None:
    """Looks at the whole document.

    Raises:
        DriftError: Something does not stand where OpenAPI says. The first such place is named.
    """
    work: deque[Step] = deque([("", document.content, "document")])
    seen = {("", "document")}
    says_more: dict[str, list[str]] = {}
    while work:
        pointer, value, text = work.popleft()
        kind = _fitting(document, pointer, value, text)
        steps = [*_inside(value, kind, pointer)]
        if is_object(value):
            if kind.can_refer and REFERENCE in value:
                steps.append(_referred(document, pointer, value[REFERENCE], text))
                says_more.setdefault(pointer, []).append(steps[-1][0])
            _check_keys(document, pointer, value, kind)
            if kind.name == "schema":
                says_more.setdefault(pointer, []).extend(_parts(value, pointer))
        for step in steps:
            mark = (step[0], step[2])
            if mark not in seen:
                seen.add(mark)
                work.append(step)
    _check_circles(document, says_more)


def _fitting(document: SpecDocument, pointer: str, value: Any, text: str) -> Kind:
    """Which of the kinds that are allowed here a value is of."""
    kinds = _kinds(text)
    try:
        type_ = type_of(value)
    except KeyError:
        raise _malformed(document, pointer, f"is a {type(value).__name__}, which JSON cannot say") from None
    found = next((kind for kind in kinds if type_ in kind.types), None)
    choices = CHOICES.get(found.name if found else "")
    if found is None or (choices and value not in choices):
        allowed = dict.fromkeys(told for kind in kinds for told in _told(kind))
        shown = f'"{value}"' if found else _WORDS[type_]
        unquoted = " without quotes" if value is None and any(kind.name == "type" for kind in kinds) else ""
        raise _malformed(document, pointer, f"must be {' or '.join(allowed)}, not {shown}{unquoted}")
    if not value and not found.can_be_empty:
        raise _malformed(document, pointer, "must not be empty")
    return found


def _told(kind: Kind) -> Iterator[str]:
    if kind.name in CHOICES:
        yield f"one of {', '.join(CHOICES[kind.name])}"
    elif kind.name == "number":
        yield _WORDS["number"]  # of which whole ones are some
    else:
        yield from sorted(_WORDS[type_] for type_ in kind.types)


def _inside(value: Any, kind: Kind, pointer: str) -> Iterator[Step]:
    if is_array(value):
        yield from ((joined(pointer, index), item, kind.inner) for index, item in enumerate(value))
    elif is_object(value):
        keys = OBJECTS.get(kind.name, {})
        for key, item in value.items():
            if key == REFERENCE and kind.can_refer:
                continue
            inner = "any" if key.startswith("x-") and key not in keys else kind.inner
            yield joined(pointer, key), item, keys.get(key, inner)


def _referred(document: SpecDocument, pointer: str, reference: Any, text: str) -> Step:
    """What a reference leads to, which must be of the same kind."""
    at = joined(pointer, REFERENCE)
    if not isinstance(reference, str):
        raise _malformed(document, at, f"must be a text, not {_WORDS[type_of(reference)]}")
    if not reference.startswith("#"):
        raise _malformed(document, at, f"refers to another document, {reference!r}: bundle them into one first")
    try:
        place, value = target(document, reference)
    except LookupError:
        raise _malformed(document, at, f"leads nowhere: {reference!r}") from None
    return place, value, text


def _check_keys(document: SpecDocument, pointer: str, value: dict[str, Any], kind: Kind) -> None:
    if REFERENCE in value and kind.name and not kind.can_refer:
        raise _malformed(document, joined(pointer, REFERENCE), "stands where no reference can be")
    missing = [key for key in REQUIRED.get(kind.name, ()) if key not in value and REFERENCE not in value]
    if missing:
        raise _malformed(document, pointer, f"has no `{missing[0]}`")


def _parts(schema: dict[str, Any], pointer: str) -> Iterator[str]:
    """Where the schemas stand that say more of what a schema is about."""
    for key in ALTERNATIVES:
        parts = schema.get(key)
        yield from (joined(pointer, key, index) for index in range(len(parts) if is_array(parts) else 0))


def _check_circles(document: SpecDocument, says_more: dict[str, list[str]]) -> None:
    """Refuses what is, by references, a part or an alternative of itself: it would never come to an end."""
    try:
        TopologicalSorter(says_more).prepare()
    except CycleError as error:
        raise _malformed(document, min(error.args[1]), "is made of itself") from None


@cache
def _kinds(text: str) -> tuple[Kind, ...]:
    return tuple(map(_kind, text.split(" or ")))


def _kind(text: str) -> Kind:
    name = text.removesuffix("?")
    can_refer = name != text
    if name == "any":
        return Kind(frozenset(_WORDS))
    if name.startswith("["):
        inner, can_be_empty = name.removesuffix("+")[1:-1], not name.endswith("+")
        return Kind(frozenset({"array"}), inner=inner, can_be_empty=can_be_empty)
    if name.startswith("{"):
        return Kind(frozenset({"object"}), inner=name[1:-1], can_refer=can_refer)
    if name in OBJECTS:
        types = {"object", "boolean"} if name in CAN_BE_FLAGS else {"object"}
        return Kind(frozenset(types), name=name, can_refer=can_refer)
    return Kind(SCALARS.get(name, SCALARS["text"]), name=name)


def _malformed(document: SpecDocument, pointer: str, what: str) -> DriftError:
    line = document.line(pointer)
    place = f"{document.name}, line {line}" if line else document.name
    return DriftError(f"{place}: {pointer or 'the whole'} {what}")
