"""Holds values against schemas. Unlike a validator it also tells what a contract does not know."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from datastore_sdk.drift.json_types import fits, has_format, is_array, is_object, type_of
from datastore_sdk.drift.loader import join_pointer
from datastore_sdk.drift.node import SpecNode
from datastore_sdk.drift.schema import NormalSchema, schema_of

INDEX = "[]"
"""Stands for every index of an array in the path of a value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaDeviation:
    """A value that a contract does not have like this."""

    rule: str
    place: SpecNode
    """The schema; for a field, that of the object that has it or lacks it."""
    path: str
    """Where the value stands in the answer."""
    key: str = ""
    """The field, of a deviation of an object."""
    value: Any = None
    expected: str = ""


def deviations(value: Any, place: SpecNode, path: str = "") -> Iterator[SchemaDeviation]:
    """Where a value differs from its schema."""
    schema = schema_of(place)
    if value is None:
        if not schema.nullable:
            yield SchemaDeviation(rule="null-unexpected", place=place, path=path, expected=_told(schema))
    elif schema.alternatives:
        yield from _best(value, schema, place, path)
    elif schema.types is not None and not fits(value, schema.types):
        yield SchemaDeviation(rule="type-differs", place=place, path=path, value=value, expected=_told(schema))
    else:
        yield from _inner(value, schema, place, path)


def _best(value: Any, schema: NormalSchema, place: SpecNode, path: str) -> Iterator[SchemaDeviation]:
    """The deviations from the alternative that comes nearest."""
    found = [list(deviations(value, alternative, path)) for alternative in schema.alternatives]
    nearest = min(found, key=lambda each: (any(one.path == path and not one.key for one in each), len(each)))
    if nearest and all(any(one.path == path and one.rule == "type-differs" for one in each) for each in found):
        yield SchemaDeviation(rule="type-differs", place=place, path=path, value=value, expected=_told(schema))
    else:
        yield from nearest


def _inner(value: Any, schema: NormalSchema, place: SpecNode, path: str) -> Iterator[SchemaDeviation]:
    for rule, values in (("enum-value-new", schema.values), ("known-value-new", schema.known_values)):
        if values is not None and not any(value == each and type(value) is type(each) for each in values):
            yield SchemaDeviation(rule=rule, place=place, path=path, value=value, expected=", ".join(map(repr, values)))
    if isinstance(value, str):
        format_ = str(schema.keywords.get("format", ""))
        if not has_format(value, format_):
            yield SchemaDeviation(rule="format-differs", place=place, path=path, value=value, expected=format_)
    elif is_array(value) and schema.items:
        for item in value:
            yield from deviations(item, schema.items, join_pointer(path, INDEX))
    elif is_object(value):
        yield from _fields(value, schema, path)


def _fields(value: dict[str, Any], schema: NormalSchema, path: str) -> Iterator[SchemaDeviation]:
    for key in sorted(schema.required - value.keys()):
        yield SchemaDeviation(rule="field-missing", place=schema.place, path=join_pointer(path, key), key=key)
    for key, item in value.items():
        at = join_pointer(path, key)
        if key in schema.properties:
            yield from deviations(item, schema.properties[key], at)
        elif isinstance(schema.others, SpecNode):
            yield from deviations(item, schema.others, join_pointer(path, "*"))
        elif not schema.is_open:
            yield SchemaDeviation(rule="field-unknown", place=schema.place, path=at, key=key, value=item)


def _told(schema: NormalSchema) -> str:
    """What a value must be, in words."""
    if schema.alternatives:
        return " or ".join(dict.fromkeys(_told(schema_of(each)) for each in schema.alternatives))
    return schema.name or " or ".join(sorted(schema.types or ())) or type_of(None)
