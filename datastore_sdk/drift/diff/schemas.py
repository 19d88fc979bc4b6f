"""What changed between two schemas."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from datastore_sdk.drift import api_index
from datastore_sdk.drift.diff.change import Change, both
from datastore_sdk.drift.diff.properties import matched, visible
from datastore_sdk.drift.diff.rules import LEAST, MOST, PLAIN, Direction, kebab
from datastore_sdk.drift.node import SpecNode
from datastore_sdk.drift.schema import NormalSchema, schema_of

_FROM_ZERO = ("minLength", "minItems", "minProperties")
_WORDS = ("title", "description")
_EXAMPLES = ("example", "examples")


@dataclass(frozen=True, slots=True)
class NamedSchema:
    """A pair of named schemas, and where it was met."""

    before: NormalSchema
    after: NormalSchema
    where: SchemaLocation


class SchemaChangeCache(dict[tuple[Direction, str, str], tuple[list[Change], list[NamedSchema]]]):
    """What changed in the properties of named schemas, and which others those refer to: the same for all calls."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaLocation:
    """Which part of a call is looked at."""

    direction: Direction
    prefix: str
    """The beginning of the ids of its rules: `response-property`."""
    subject: str
    """What it is called in sentences."""
    parameter: str = ""
    owner: tuple[str, str] = ("", "")
    """The named schema, and the property of it, through which one got here."""
    seen: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    """The pairs of schemas that were compared already, on which circular ones would go on for ever."""
    waiting: deque[NamedSchema] = field(default_factory=deque[NamedSchema])
    """The pairs of named schemas that are still to be compared: one inside the other, they could be nested deeply."""
    known: SchemaChangeCache = field(default_factory=SchemaChangeCache)
    """What changed in the properties of named schemas."""

    def inside(self, schema: NormalSchema, step: str) -> SchemaLocation:
        """The place of a property (`.name`), an item (`[]`) or another value inside."""
        owner = (schema.name, step[1:]) if schema.name and step.startswith(".") else self.owner
        begun = f"`{schema.name}`" if schema.name and not self.parameter else self.subject
        subject = f"{begun[:-1]}{step}`" if begun.endswith("`") else f"`{step.lstrip('.')}` of {begun}"
        return replace(self, subject=subject, owner=owner)


def changes_of_schemas(old: SpecNode, new: SpecNode, where: SchemaLocation) -> Iterator[Change]:
    """What changed, from the outside inwards."""
    yield from _compared(old, new, where)
    while where.waiting:
        named = where.waiting.popleft()
        yield from _inner(named.before, named.after, named.where)


def _compared(old: SpecNode, new: SpecNode, where: SchemaLocation) -> Iterator[Change]:
    before, after = schema_of(old), schema_of(new)
    yield from _words(old, new, where)
    if before.nullable != after.nullable:
        yield _change(f"became-{'' if after.nullable else 'not-'}nullable", old, new, where)
    if before.name:
        _wait(NamedSchema(before, after, where), where)
    elif _is_new(before, after, where):
        yield from _inner(before, after, where)


def _wait(named: NamedSchema, where: SchemaLocation) -> None:
    if _is_new(named.before, named.after, where):
        met = replace(named.where, seen=where.seen, waiting=where.waiting)
        where.waiting.append(replace(named, where=met))


def _is_new(before: NormalSchema, after: NormalSchema, where: SchemaLocation) -> bool:
    pair = (before.place.pointer, after.place.pointer)
    if pair in where.seen:
        return False
    where.seen.add(pair)
    return True


def _inner(before: NormalSchema, after: NormalSchema, where: SchemaLocation) -> Iterator[Change]:
    if before.alternatives or after.alternatives:
        yield from _alternatives(before, after, where)
        if not (before.alternatives and after.alternatives):
            return  # one of them is an alternative of the other, and compared as such
    elif before.types != after.types:
        yield from _types(before, after, where)
        if not _covers(before.types, after.types) and not _covers(after.types, before.types):
            return
    yield from _values(before, after, where)
    yield from _keywords(before, after, where)
    yield from _known_properties(before, after, where) if before.name else _properties(before, after, where)
    yield from _others(before, after, where)
    if before.items and after.items:
        yield from _compared(before.items, after.items, where.inside(before, "[]"))


def _change(
    how: str, old: SpecNode, new: SpecNode, where: SchemaLocation, *, was: Any = None, now: Any = None
) -> Change:
    schema, key = old.owner if api_index.model_of(old.owner[0]) else where.owner
    return Change(
        rule=f"{where.prefix}-{how}",
        place=new,
        subject=where.subject,
        old=was,
        new=now,
        parameter=where.parameter,
        schema="" if where.parameter else schema,
        key=key,
    )


def _words(old: SpecNode, new: SpecNode, where: SchemaLocation) -> Iterator[Change]:
    for how, keys in (("description-changed", _WORDS), ("examples-changed", _EXAMPLES)):
        if any(old.mapping.get(key) != new.mapping.get(key) for key in keys):
            yield _change(how, old, new, where)
    was, now = bool(old.mapping.get("deprecated")), bool(new.mapping.get("deprecated"))
    if was != now:
        yield _change("deprecated" if now else "reactivated", old, new, where)


def _types(before: NormalSchema, after: NormalSchema, where: SchemaLocation) -> Iterator[Change]:
    if _covers(after.types, before.types):
        how = "type-widened"
    elif _covers(before.types, after.types):
        how = "type-narrowed"
    else:
        how = "type-changed"
    yield _change(how, before.place, after.place, where, was=_told(before.types), now=_told(after.types))


def _covers(wide: frozenset[str] | None, narrow: frozenset[str] | None) -> bool:
    if wide is None or narrow is None:
        return wide is None
    return all(name in wide or (name == "integer" and "number" in wide) for name in narrow)


def _told(types: frozenset[str] | None) -> str:
    return "anything" if types is None else " or ".join(f"`{name}`" for name in sorted(types)) or "`null`"


def _alternatives(before: NormalSchema, after: NormalSchema, where: SchemaLocation) -> Iterator[Change]:
    old, new = (_signed(each.alternatives or (each.place,)) for each in (before, after))
    for signature, was, now in both(old, new):
        if was and now:
            yield from _compared(was, now, where)
        elif was:
            yield _change("alternative-removed", before.place, after.place, where, was=signature)
        else:
            yield _change("alternative-added", before.place, after.place, where, now=signature)


def _signed(alternatives: Sequence[SpecNode]) -> dict[str, SpecNode]:
    """Alternatives by what they are known by: their names, else their types, else their order."""
    signed: dict[str, SpecNode] = {}
    for place in alternatives:
        schema = schema_of(place)
        told = f"`{schema.name}`" if schema.name else _told(schema.types)
        alike = sum(signature.startswith(told) for signature in signed)
        signed[f"{told} (number {alike + 1})" if alike else told] = place
    return signed


def _values(before: NormalSchema, after: NormalSchema, where: SchemaLocation) -> Iterator[Change]:
    old, new = before.place, after.place
    if before.values is None and after.values is not None:
        yield _change("became-enum", old, new, where, now=list(after.values))
    elif before.values is not None and after.values is None:
        yield _change("became-not-enum", old, new, where, was=list(before.values))
    if (before.known_values is None) != (after.known_values is None):
        how = "not-listed" if after.known_values is None else "listed"
        yield _change(f"known-values-{how}", old, new, where, now=list(after.known_values or ()))
    for kind, was, now in (
        ("enum-value", before.values, after.values),
        ("known-value", before.known_values, after.known_values),
    ):
        if was is not None and now is not None:
            for value in _missing(was, now):
                yield _change(f"{kind}-removed", old, new, where, was=json.dumps(value))
            for value in _missing(now, was):
                yield _change(f"{kind}-added", old, new, where, now=json.dumps(value))


def _missing(values: tuple[Any, ...], others: tuple[Any, ...]) -> list[Any]:
    known = {json.dumps(value) for value in others}
    return [value for value in values if json.dumps(value) not in known]


def _keywords(before: NormalSchema, after: NormalSchema, where: SchemaLocation) -> Iterator[Change]:
    old, new = before.place, after.place
    limits, limits_now = _limits(before.keywords), _limits(after.keywords)
    for keyword in (*LEAST, *MOST):
        was, now = limits.get(keyword), limits_now.get(keyword)
        if was != now:
            how = "set" if was is None else "unset" if now is None else "increased" if now > was else "decreased"
            yield _change(f"{kebab(keyword)}-{how}", old, new, where, was=was, now=now)
    for keyword in ("format", *PLAIN):
        was, now = before.keywords.get(keyword), after.keywords.get(keyword)
        if was != now:
            how = "added" if was is None else "removed" if now is None else "changed"
            yield _change(f"{kebab(keyword)}-{how}", old, new, where, was=was, now=now)
    was, now = bool(before.keywords.get("uniqueItems")), bool(after.keywords.get("uniqueItems"))
    if was != now:
        yield _change(f"unique-items-{'set' if now else 'unset'}", old, new, where)
    for keyword, how in (("discriminator", "discriminator-changed"), ("default", "default-changed")):
        was, now = before.keywords.get(keyword), after.keywords.get(keyword)
        if was != now:
            yield _change(how, old, new, where, was=was, now=now)
    was, now = _marks(before.keywords), _marks(after.keywords)
    if was != now:
        yield _change("reading-changed", old, new, where, was=was, now=now)


def _limits(keywords: Mapping[str, Any]) -> dict[str, Any]:
    """Limits as OpenAPI 3.1 writes them: an exclusive one is a number, and a least length of 0 says nothing."""
    limits = {key: keywords[key] for key in (*LEAST, *MOST) if isinstance(keywords.get(key), (int, float))}
    for plain, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        flag = limits.get(exclusive)
        if isinstance(flag, bool):
            del limits[exclusive]
            if flag and plain in limits:
                limits[exclusive] = limits.pop(plain)
    return {keyword: value for keyword, value in limits.items() if value != 0 or keyword not in _FROM_ZERO}


def _marks(keywords: Mapping[str, Any]) -> dict[str, Any]:
    """The extensions that the generated client goes by."""
    return {key: value for key, value in keywords.items() if key.startswith("x-") and key != "x-extensible-enum"}


def _known_properties(before: NormalSchema, after: NormalSchema, where: SchemaLocation) -> Iterator[Change]:
    """Those of a named schema are called after it, wherever it was met; but for parameters, which have their own."""
    if where.parameter:
        yield from _properties(before, after, where)
        return
    key = (where.direction, before.place.pointer, after.place.pointer)
    if key not in where.known:
        alone = replace(where, seen=set[tuple[str, str]](), waiting=deque[NamedSchema]())
        where.known[key] = ([*_properties(before, after, alone)], [*alone.waiting])
    changes, named = where.known[key]
    yield from changes
    for each in named:
        _wait(each, where)


def _properties(before: NormalSchema, after: NormalSchema, where: SchemaLocation) -> Iterator[Change]:
    inner = replace(where, prefix=f"{where.direction}-property")
    old, new = visible(before, where.direction), visible(after, where.direction)
    for key, new_key in matched(old, new):
        was, now = old.get(key), new.get(new_key)
        at = inner.inside(before, f".{key or new_key}")
        if was and now:
            if key != new_key:
                yield _of_property("renamed", was, now, at, before, key, now_called=new_key)
            required, required_now = key in before.required, new_key in after.required
            if required != required_now:
                yield _of_property(f"became-{'required' if required_now else 'optional'}", was, now, at, before, key)
            yield from _compared(was, now, at)
        elif was:
            yield _of_property("removed", was, was, at, before, key)
        elif now:
            how = "added-required" if new_key in after.required else "added"
            yield _of_property(how, now, now, at, before, new_key)


def _others(before: NormalSchema, after: NormalSchema, where: SchemaLocation) -> Iterator[Change]:
    inner = replace(where, prefix=f"{where.direction}-property")
    was_open, is_open = before.others is not False, after.others is not False
    if was_open != is_open:
        yield _change("became-open" if is_open else "became-closed", before.place, after.place, where)
    if isinstance(before.others, SpecNode) and isinstance(after.others, SpecNode):
        yield from _compared(before.others, after.others, inner.inside(before, "[*]"))


def _of_property(
    how: str,
    old: SpecNode,
    new: SpecNode,
    where: SchemaLocation,
    owner: NormalSchema,
    key: str,
    *,
    now_called: str | None = None,
) -> Change:
    change = _change(how, old, new, where, now=now_called)
    return replace(change, schema=owner.name or "", key=key)
