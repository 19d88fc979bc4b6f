"""Inference of schemas from the shapes of observed values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

from datastore_sdk.drift.json_types import is_array, is_datetime, is_object, json_type
from datastore_sdk.drift.loader import join_pointer

TO_DO = "Seen in traffic. To be described."
"""Placeholder description."""
SCHEMAS_POINTER = "/components/schemas"

_TYPE_ORDER = ("string", "integer", "number", "boolean", "array", "object", "null")


@dataclass(frozen=True, slots=True)
class ValueShape:
    """Types of observed values, and the shapes of their properties and items."""

    types: frozenset[str] = frozenset()
    all_datetimes: bool = True
    """Whether every string was a date and time."""
    object_count: int = 0
    """Number of objects."""
    properties: Mapping[str, ValueShape] = field(default_factory=dict[str, "ValueShape"])
    key_counts: Mapping[str, int] = field(default_factory=dict[str, int])
    """Number of objects with each key."""
    items: ValueShape | None = None

    def __or__(self, other: ValueShape) -> ValueShape:
        keys = dict.fromkeys((*self.properties, *other.properties))
        nothing = ValueShape()
        return ValueShape(
            self.types | other.types,
            self.all_datetimes and other.all_datetimes,
            self.object_count + other.object_count,
            {key: self.properties.get(key, nothing) | other.properties.get(key, nothing) for key in keys},
            {key: self.key_counts.get(key, 0) + other.key_counts.get(key, 0) for key in keys},
            self.items | other.items if self.items and other.items else self.items or other.items,
        )


def infer_shape(value: Any) -> ValueShape:
    """Return the shape of a value."""
    types = frozenset({json_type(value)})
    if isinstance(value, str):
        return ValueShape(types, all_datetimes=is_datetime(value))
    if is_object(value):
        properties = {key: infer_shape(item) for key, item in value.items()}
        return ValueShape(types, object_count=1, properties=properties, key_counts=dict.fromkeys(properties, 1))
    if is_array(value) and value:
        return ValueShape(types, items=reduce(ValueShape.__or__, map(infer_shape, value)))
    return ValueShape(types)


class SchemaInference:
    """Infers schemas from shapes. Schemas of objects get names.

    Args:
        existing_names: Names of existing schemas.
        has_null_type: Whether null is a type and `type` may be a list (OpenAPI 3.1).
    """

    def __init__(self, existing_names: Iterable[str], *, has_null_type: bool = True) -> None:
        self._existing_names = set(existing_names)
        self._has_null_type = has_null_type
        self.named_schemas: dict[str, dict[str, Any]] = {}
        """The schemas of objects, by name."""

    def infer(self, shape: ValueShape, name: str, *, described: bool = True) -> dict[str, Any]:
        """Return a schema for values of a shape.

        Args:
            shape: The shape.
            name: Base for the name of an object schema.
            described: Whether to add a placeholder description.
        """
        description = {"description": TO_DO} if described else {}
        types = shape.types - {"null"}
        if not types:
            return {"description": TO_DO}
        choices = self._scalar_schemas(types)
        if "string" in types and shape.all_datetimes:
            choices[0]["format"] = "date-time"
        if "array" in types:
            items = shape.items or ValueShape()
            described_items = "object" not in items.types
            choices.append({"type": "array", "items": self.infer(items, f"{name}_item", described=described_items)})
        if "object" in types:
            choices.append({"$ref": f"#{join_pointer(SCHEMAS_POINTER, self._infer_object(shape, name))}"})
        schema = choices[0] if len(choices) == 1 else {"anyOf": choices}
        return {**(self._make_nullable(schema) if "null" in shape.types else schema), **description}

    def _scalar_schemas(self, types: frozenset[str]) -> list[dict[str, Any]]:
        """Return the schemas of strings, numbers and booleans."""
        scalars = sort_types(types - {"array", "object"})
        if len(scalars) > 1 and self._has_null_type:
            return [{"type": scalars}]
        return [{"type": name} for name in scalars]

    def _make_nullable(self, schema: dict[str, Any]) -> dict[str, Any]:
        if not self._has_null_type:
            return {**({"allOf": [schema]} if "$ref" in schema else schema), "nullable": True}
        if "anyOf" in schema:
            return {"anyOf": [*schema["anyOf"], {"type": "null"}]}
        if "$ref" in schema or schema["type"] == "array":
            return {"anyOf": [schema, {"type": "null"}]}
        current = schema["type"]
        return {**schema, "type": [*(current if is_array(current) else [current]), "null"]}

    def _infer_object(self, shape: ValueShape, name: str) -> str:
        title = "".join(part[:1].upper() + part[1:] for part in re.split(r"[^A-Za-z0-9]+", name))
        while title in self._existing_names:
            title += "Value"
        self._existing_names.add(title)
        schema: dict[str, Any] = {"type": "object", "description": TO_DO}
        if required := [key for key, count in shape.key_counts.items() if count == shape.object_count]:
            schema["required"] = required
        if shape.properties:
            properties = {key: self.infer(inner, f"{name}_{key}") for key, inner in shape.properties.items()}
            schema["properties"] = properties
        self.named_schemas[title] = schema
        return title


def sort_types(types: Iterable[str]) -> list[str]:
    """Sort types in the order that the SDK's document uses."""
    return sorted(types, key=_TYPE_ORDER.index)
