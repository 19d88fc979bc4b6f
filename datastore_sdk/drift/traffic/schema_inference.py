"""Schemas for values of which only the shape is known."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from datastore_sdk.drift.json_types import is_array
from datastore_sdk.drift.loader import join_pointer
from datastore_sdk.drift.traffic.shapes import ValueShape

TO_DO = "Seen in traffic. To be described."
"""The description of what nobody has described yet."""
SCHEMAS = "/components/schemas"

_ORDER = ("string", "integer", "number", "boolean", "array", "object", "null")


class SchemaInference:
    """Schemas for shapes. Those for objects get names of their own.

    Args:
        taken: Names of schemas that are there already.
        has_null_type: Whether null is a type, and a value can be of several (OpenAPI 3.1).
    """

    def __init__(self, taken: Iterable[str], *, has_null_type: bool = True) -> None:
        self._taken = set(taken)
        self._has_null_type = has_null_type
        self.named: dict[str, dict[str, Any]] = {}
        """The schemas for objects, by name."""

    def schema(self, shape: ValueShape, name: str, *, described: bool = True) -> dict[str, Any]:
        """A schema that values of a shape fit.

        Args:
            shape: The shape.
            name: What a schema for objects is to be named after.
            described: Whether it stands where the contract has a description.
        """
        words = {"description": TO_DO} if described else {}
        types = shape.types - {"null"}
        if not types:
            return {"description": TO_DO}
        choices = self._plain(types)
        if "string" in types and shape.all_moments:
            choices[0]["format"] = "date-time"
        if "array" in types:
            items = shape.items or ValueShape()
            described_items = "object" not in items.types
            choices.append({"type": "array", "items": self.schema(items, f"{name}_item", described=described_items)})
        if "object" in types:
            choices.append({"$ref": f"#{join_pointer(SCHEMAS, self._object(shape, name))}"})
        schema = choices[0] if len(choices) == 1 else {"anyOf": choices}
        return {**(self._or_null(schema) if "null" in shape.types else schema), **words}

    def _plain(self, types: frozenset[str]) -> list[dict[str, Any]]:
        """The schemas for what has nothing inside."""
        plain = ordered(types - {"array", "object"})
        if len(plain) > 1 and self._has_null_type:
            return [{"type": plain}]
        return [{"type": name} for name in plain]

    def _or_null(self, schema: dict[str, Any]) -> dict[str, Any]:
        if not self._has_null_type:
            return {**({"allOf": [schema]} if "$ref" in schema else schema), "nullable": True}
        if "anyOf" in schema:
            return {"anyOf": [*schema["anyOf"], {"type": "null"}]}
        if "$ref" in schema or schema["type"] == "array":
            return {"anyOf": [schema, {"type": "null"}]}
        given = schema["type"]
        return {**schema, "type": [*(given if is_array(given) else [given]), "null"]}

    def _object(self, shape: ValueShape, name: str) -> str:
        title = "".join(part[:1].upper() + part[1:] for part in re.split(r"[^A-Za-z0-9]+", name))
        while title in self._taken:
            title += "Value"
        self._taken.add(title)
        schema: dict[str, Any] = {"type": "object", "description": TO_DO}
        if required := [key for key, count in shape.seen.items() if count == shape.objects]:
            schema["required"] = required
        if shape.properties:
            properties = {key: self.schema(inner, f"{name}_{key}") for key, inner in shape.properties.items()}
            schema["properties"] = properties
        self.named[title] = schema
        return title


def ordered(types: Iterable[str]) -> list[str]:
    """Types in the order in which the contract lists them."""
    return sorted(types, key=_ORDER.index)
