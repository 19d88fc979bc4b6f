"""Validation of values against schemas. It also reports properties that a schema does not mention."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from datastore_sdk.drift.json_types import has_format, has_type, is_array, is_object, json_type
from datastore_sdk.drift.loader import join_pointer
from datastore_sdk.drift.node import SpecNode
from datastore_sdk.drift.schema import NormalSchema, normalize_schema

ARRAY_INDEX = "[]"
"""Replaces array indexes in the path of a value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaDeviation:
    """A value that differs from its schema."""

    rule: str
    node: SpecNode
    """The schema; for an unknown or missing property, the schema of the object."""
    path: str
    """JSON pointer into the response body."""
    key: str = ""
    """The unknown or missing property."""
    value: Any = None
    expected: str = ""


def find_deviations(value: Any, node: SpecNode, path: str = "") -> Iterator[SchemaDeviation]:
    """Return the differences of a value from its schema."""
    schema = normalize_schema(node)
    if value is None:
        if not schema.nullable:
            yield SchemaDeviation(rule="null-unexpected", node=node, path=path, expected=_describe_schema(schema))
    elif schema.alternatives:
        yield from _nearest_alternative(value, schema, node, path)
    elif schema.types is not None and not has_type(value, schema.types):
        yield SchemaDeviation(rule="type-differs", node=node, path=path, value=value, expected=_describe_schema(schema))
    else:
        yield from _value_deviations(value, schema, node, path)


def _nearest_alternative(value: Any, schema: NormalSchema, node: SpecNode, path: str) -> Iterator[SchemaDeviation]:
    """Return the deviations from the alternative that fits best."""
    found = [list(find_deviations(value, alternative, path)) for alternative in schema.alternatives]
    nearest = min(found, key=lambda each: (any(one.path == path and not one.key for one in each), len(each)))
    if nearest and all(any(one.path == path and one.rule == "type-differs" for one in each) for each in found):
        yield SchemaDeviation(rule="type-differs", node=node, path=path, value=value, expected=_describe_schema(schema))
    else:
        yield from nearest


def _value_deviations(value: Any, schema: NormalSchema, node: SpecNode, path: str) -> Iterator[SchemaDeviation]:
    for rule, values in (("enum-value-new", schema.values), ("known-value-new", schema.known_values)):
        if values is not None and not any(value == each and type(value) is type(each) for each in values):
            yield SchemaDeviation(rule=rule, node=node, path=path, value=value, expected=", ".join(map(repr, values)))
    if isinstance(value, str):
        format_ = str(schema.keywords.get("format", ""))
        if not has_format(value, format_):
            yield SchemaDeviation(rule="format-differs", node=node, path=path, value=value, expected=format_)
    elif is_array(value) and schema.items:
        for item in value:
            yield from find_deviations(item, schema.items, join_pointer(path, ARRAY_INDEX))
    elif is_object(value):
        yield from _property_deviations(value, schema, path)


def _property_deviations(value: dict[str, Any], schema: NormalSchema, path: str) -> Iterator[SchemaDeviation]:
    for key in sorted(schema.required - value.keys()):
        yield SchemaDeviation(rule="field-missing", node=schema.node, path=join_pointer(path, key), key=key)
    for key, item in value.items():
        at = join_pointer(path, key)
        if key in schema.properties:
            yield from find_deviations(item, schema.properties[key], at)
        elif isinstance(schema.additional_properties, SpecNode):
            yield from find_deviations(item, schema.additional_properties, join_pointer(path, "*"))
        elif not schema.is_open:
            yield SchemaDeviation(rule="field-unknown", node=schema.node, path=at, key=key, value=item)


def _describe_schema(schema: NormalSchema) -> str:
    """Describe the expected value for a message."""
    if schema.alternatives:
        return " or ".join(dict.fromkeys(_describe_schema(normalize_schema(each)) for each in schema.alternatives))
    return schema.name or " or ".join(sorted(schema.types or ())) or json_type(None)
