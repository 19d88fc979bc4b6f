"""Comparison of schemas."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from datastore_sdk.drift import api_index
from datastore_sdk.drift.diff.change import Change, pair_by_key
from datastore_sdk.drift.diff.properties import match_names, visible_properties
from datastore_sdk.drift.diff.rules import CONSTRAINTS, LOWER_BOUNDS, UPPER_BOUNDS, Direction, to_kebab_case
from datastore_sdk.drift.node import SpecNode
from datastore_sdk.drift.schema import NormalSchema, normalize_schema

_ZERO_BY_DEFAULT = ("minLength", "minItems", "minProperties")
_DESCRIPTION_KEYS = ("title", "description")
_EXAMPLE_KEYS = ("example", "examples")


@dataclass(frozen=True, slots=True)
class NamedSchemaPair:
    """A pair of named schemas, and where it was found."""

    before: NormalSchema
    after: NormalSchema
    location: SchemaLocation


class SchemaChangeCache(dict[tuple[Direction, str, str], tuple[list[Change], list[NamedSchemaPair]]]):
    """Changes of the properties of named schemas, with the named schemas that they refer to. Endpoints share it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaLocation:
    """The part of an endpoint that is being compared."""

    direction: Direction
    prefix: str
    """Prefix of rule ids: `response-property`."""
    subject: str
    """Its name in messages."""
    parameter: str = ""
    owner: tuple[str, str] = ("", "")
    """The closest named schema around it, and the property of that schema."""
    compared: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    """The pairs of schemas compared so far; recursive schemas would never end without it."""
    queue: deque[NamedSchemaPair] = field(default_factory=deque[NamedSchemaPair])
    """The pairs of named schemas to be compared. A queue, since recursion through a long chain would be too deep."""
    cache: SchemaChangeCache = field(default_factory=SchemaChangeCache)
    """Changes of named schemas."""

    def descend(self, schema: NormalSchema, step: str) -> SchemaLocation:
        """Return the location of a property (`.name`), of items (`[]`) or of other keys (`[*]`)."""
        owner = (schema.name, step[1:]) if schema.name and step.startswith(".") else self.owner
        prefix = f"`{schema.name}`" if schema.name and not self.parameter else self.subject
        subject = f"{prefix[:-1]}{step}`" if prefix.endswith("`") else f"`{step.lstrip('.')}` of {prefix}"
        return replace(self, subject=subject, owner=owner)


def compare_schemas(old: SpecNode, new: SpecNode, location: SchemaLocation) -> Iterator[Change]:
    """Return the changes of a schema and of the schemas inside."""
    yield from _compare_nodes(old, new, location)
    while location.queue:
        named = location.queue.popleft()
        yield from _compare_contents(named.before, named.after, named.location)


def _compare_nodes(old: SpecNode, new: SpecNode, location: SchemaLocation) -> Iterator[Change]:
    before, after = normalize_schema(old), normalize_schema(new)
    yield from _compare_descriptions(old, new, location)
    if before.nullable != after.nullable:
        yield _build_change(f"became-{'' if after.nullable else 'not-'}nullable", old, new, location)
    if before.name:
        _enqueue(NamedSchemaPair(before, after, location), location)
    elif _mark_compared(before, after, location):
        yield from _compare_contents(before, after, location)


def _enqueue(named: NamedSchemaPair, location: SchemaLocation) -> None:
    if _mark_compared(named.before, named.after, location):
        queued = replace(named.location, compared=location.compared, queue=location.queue)
        location.queue.append(replace(named, location=queued))


def _mark_compared(before: NormalSchema, after: NormalSchema, location: SchemaLocation) -> bool:
    pair = (before.node.pointer, after.node.pointer)
    if pair in location.compared:
        return False
    location.compared.add(pair)
    return True


def _compare_contents(before: NormalSchema, after: NormalSchema, location: SchemaLocation) -> Iterator[Change]:
    if before.alternatives or after.alternatives:
        yield from _compare_alternatives(before, after, location)
        if not (before.alternatives and after.alternatives):
            return  # the other one was compared as an alternative
    elif before.types != after.types:
        yield from _compare_types(before, after, location)
        if not _covers(before.types, after.types) and not _covers(after.types, before.types):
            return
    yield from _compare_values(before, after, location)
    yield from _compare_keywords(before, after, location)
    yield from (
        _compare_named_properties(before, after, location)
        if before.name
        else _compare_properties(before, after, location)
    )
    yield from _compare_additional_properties(before, after, location)
    if before.items and after.items:
        yield from _compare_nodes(before.items, after.items, location.descend(before, "[]"))


def _build_change(
    how: str, old: SpecNode, new: SpecNode, location: SchemaLocation, *, was: Any = None, now: Any = None
) -> Change:
    schema, key = old.owner if api_index.model_of(old.owner[0]) else location.owner
    return Change(
        rule=f"{location.prefix}-{how}",
        node=new,
        subject=location.subject,
        old=was,
        new=now,
        parameter=location.parameter,
        schema="" if location.parameter else schema,
        key=key,
    )


def _compare_descriptions(old: SpecNode, new: SpecNode, location: SchemaLocation) -> Iterator[Change]:
    for how, keys in (("description-changed", _DESCRIPTION_KEYS), ("examples-changed", _EXAMPLE_KEYS)):
        if any(old.mapping.get(key) != new.mapping.get(key) for key in keys):
            yield _build_change(how, old, new, location)
    was, now = bool(old.mapping.get("deprecated")), bool(new.mapping.get("deprecated"))
    if was != now:
        yield _build_change("deprecated" if now else "reactivated", old, new, location)


def _compare_types(before: NormalSchema, after: NormalSchema, location: SchemaLocation) -> Iterator[Change]:
    if _covers(after.types, before.types):
        how = "type-widened"
    elif _covers(before.types, after.types):
        how = "type-narrowed"
    else:
        how = "type-changed"
    yield _build_change(
        how, before.node, after.node, location, was=_format_types(before.types), now=_format_types(after.types)
    )


def _covers(wide: frozenset[str] | None, narrow: frozenset[str] | None) -> bool:
    if wide is None or narrow is None:
        return wide is None
    return all(name in wide or (name == "integer" and "number" in wide) for name in narrow)


def _format_types(types: frozenset[str] | None) -> str:
    return "anything" if types is None else " or ".join(f"`{name}`" for name in sorted(types)) or "`null`"


def _compare_alternatives(before: NormalSchema, after: NormalSchema, location: SchemaLocation) -> Iterator[Change]:
    old, new = (_alternatives_by_signature(each.alternatives or (each.node,)) for each in (before, after))
    for signature, was, now in pair_by_key(old, new):
        if was and now:
            yield from _compare_nodes(was, now, location)
        elif was:
            yield _build_change("alternative-removed", before.node, after.node, location, was=signature)
        else:
            yield _build_change("alternative-added", before.node, after.node, location, now=signature)


def _alternatives_by_signature(alternatives: Sequence[SpecNode]) -> dict[str, SpecNode]:
    """Return alternatives by their name, else by their types and position."""
    signed: dict[str, SpecNode] = {}
    for node in alternatives:
        schema = normalize_schema(node)
        label = f"`{schema.name}`" if schema.name else _format_types(schema.types)
        alike = sum(signature.startswith(label) for signature in signed)
        signed[f"{label} (number {alike + 1})" if alike else label] = node
    return signed


def _compare_values(before: NormalSchema, after: NormalSchema, location: SchemaLocation) -> Iterator[Change]:
    old, new = before.node, after.node
    if before.values is None and after.values is not None:
        yield _build_change("became-enum", old, new, location, now=list(after.values))
    elif before.values is not None and after.values is None:
        yield _build_change("became-not-enum", old, new, location, was=list(before.values))
    if (before.known_values is None) != (after.known_values is None):
        how = "not-listed" if after.known_values is None else "listed"
        yield _build_change(f"known-values-{how}", old, new, location, now=list(after.known_values or ()))
    for kind, was, now in (
        ("enum-value", before.values, after.values),
        ("known-value", before.known_values, after.known_values),
    ):
        if was is not None and now is not None:
            for value in _missing_values(was, now):
                yield _build_change(f"{kind}-removed", old, new, location, was=json.dumps(value))
            for value in _missing_values(now, was):
                yield _build_change(f"{kind}-added", old, new, location, now=json.dumps(value))


def _missing_values(values: tuple[Any, ...], others: tuple[Any, ...]) -> list[Any]:
    known = {json.dumps(value) for value in others}
    return [value for value in values if json.dumps(value) not in known]


def _compare_keywords(before: NormalSchema, after: NormalSchema, location: SchemaLocation) -> Iterator[Change]:
    old, new = before.node, after.node
    limits, limits_now = _normalize_limits(before.keywords), _normalize_limits(after.keywords)
    for keyword in (*LOWER_BOUNDS, *UPPER_BOUNDS):
        was, now = limits.get(keyword), limits_now.get(keyword)
        if was != now:
            how = "set" if was is None else "unset" if now is None else "increased" if now > was else "decreased"
            yield _build_change(f"{to_kebab_case(keyword)}-{how}", old, new, location, was=was, now=now)
    for keyword in ("format", *CONSTRAINTS):
        was, now = before.keywords.get(keyword), after.keywords.get(keyword)
        if was != now:
            how = "added" if was is None else "removed" if now is None else "changed"
            yield _build_change(f"{to_kebab_case(keyword)}-{how}", old, new, location, was=was, now=now)
    was, now = bool(before.keywords.get("uniqueItems")), bool(after.keywords.get("uniqueItems"))
    if was != now:
        yield _build_change(f"unique-items-{'set' if now else 'unset'}", old, new, location)
    for keyword, how in (("discriminator", "discriminator-changed"), ("default", "default-changed")):
        was, now = before.keywords.get(keyword), after.keywords.get(keyword)
        if was != now:
            yield _build_change(how, old, new, location, was=was, now=now)
    was, now = _extensions(before.keywords), _extensions(after.keywords)
    if was != now:
        yield _build_change("reading-changed", old, new, location, was=was, now=now)


def _normalize_limits(keywords: Mapping[str, Any]) -> dict[str, Any]:
    """Return bounds as in OpenAPI 3.1: exclusive ones are numbers, and a minimum length of 0 is left out."""
    limits = {
        key: keywords[key] for key in (*LOWER_BOUNDS, *UPPER_BOUNDS) if isinstance(keywords.get(key), (int, float))
    }
    for inclusive, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        flag = limits.get(exclusive)
        if isinstance(flag, bool):
            del limits[exclusive]
            if flag and inclusive in limits:
                limits[exclusive] = limits.pop(inclusive)
    return {keyword: value for keyword, value in limits.items() if value != 0 or keyword not in _ZERO_BY_DEFAULT}


def _extensions(keywords: Mapping[str, Any]) -> dict[str, Any]:
    """Return the extensions that the client generator reads."""
    return {key: value for key, value in keywords.items() if key.startswith("x-") and key != "x-extensible-enum"}


def _compare_named_properties(before: NormalSchema, after: NormalSchema, location: SchemaLocation) -> Iterator[Change]:
    """Return the changes of a named schema's properties, from the cache except for parameters."""
    if location.parameter:
        yield from _compare_properties(before, after, location)
        return
    key = (location.direction, before.node.pointer, after.node.pointer)
    if key not in location.cache:
        alone = replace(location, compared=set[tuple[str, str]](), queue=deque[NamedSchemaPair]())
        location.cache[key] = ([*_compare_properties(before, after, alone)], [*alone.queue])
    changes, named = location.cache[key]
    yield from changes
    for each in named:
        _enqueue(each, location)


def _compare_properties(before: NormalSchema, after: NormalSchema, location: SchemaLocation) -> Iterator[Change]:
    inner = replace(location, prefix=f"{location.direction}-property")
    old, new = visible_properties(before, location.direction), visible_properties(after, location.direction)
    for key, new_key in match_names(old, new):
        was, now = old.get(key), new.get(new_key)
        at = inner.descend(before, f".{key or new_key}")
        if was and now:
            if key != new_key:
                yield _build_property_change("renamed", was, now, at, before, key, now_called=new_key)
            required, required_now = key in before.required, new_key in after.required
            if required != required_now:
                yield _build_property_change(
                    f"became-{'required' if required_now else 'optional'}", was, now, at, before, key
                )
            yield from _compare_nodes(was, now, at)
        elif was:
            yield _build_property_change("removed", was, was, at, before, key)
        elif now:
            how = "added-required" if new_key in after.required else "added"
            yield _build_property_change(how, now, now, at, before, new_key)


def _compare_additional_properties(
    before: NormalSchema, after: NormalSchema, location: SchemaLocation
) -> Iterator[Change]:
    inner = replace(location, prefix=f"{location.direction}-property")
    old, new = before.additional_properties, after.additional_properties
    was_open, is_open = old is not False, new is not False
    if was_open != is_open:
        yield _build_change("became-open" if is_open else "became-closed", before.node, after.node, location)
    if isinstance(before.additional_properties, SpecNode) and isinstance(after.additional_properties, SpecNode):
        yield from _compare_nodes(
            before.additional_properties, after.additional_properties, inner.descend(before, "[*]")
        )


def _build_property_change(
    how: str,
    old: SpecNode,
    new: SpecNode,
    location: SchemaLocation,
    owner: NormalSchema,
    key: str,
    *,
    now_called: str | None = None,
) -> Change:
    change = _build_change(how, old, new, location, now=now_called)
    return replace(change, schema=owner.name or "", key=key)
