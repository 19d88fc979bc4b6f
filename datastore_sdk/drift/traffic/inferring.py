"""Schemas for values of which only the shape is known."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from datastore_sdk.drift.documents import joined
from datastore_sdk.drift.traffic.shapes import Shape

TO_DO = "Seen in traffic. To be described."
"""The description of what nobody has described yet."""
SCHEMAS = "/components/schemas"

_ORDER = ("string", "integer", "number", "boolean", "array", "object", "null")


class Inferred:
    """Schemas for shapes. Those for objects get names of their own.

    Args:
        taken: Names of schemas that are there already.
    """

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = set(taken)
        self.named: dict[str, dict[str, Any]] = {}
        """The schemas for objects, by name."""

    def schema(self, shape: Shape, name: str, *, described: bool = True) -> dict[str, Any]:
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
        plain = ordered(types - {"array", "object"})
        choices: list[dict[str, Any]] = [{"type": plain[0] if len(plain) == 1 else plain}] if plain else []
        if "string" in types and shape.all_moments:
            choices[0]["format"] = "date-time"
        if "array" in types:
            items = shape.items or Shape()
            described_items = "object" not in items.types
            choices.append({"type": "array", "items": self.schema(items, f"{name}_item", described=described_items)})
        if "object" in types:
            choices.append({"$ref": f"#{joined(SCHEMAS, self._object(shape, name))}"})
        if "null" in shape.types and plain and len(choices) == 1:
            choices[0]["type"] = [*plain, "null"]
        elif "null" in shape.types:
            choices.append({"type": "null"})
        return {**(choices[0] if len(choices) == 1 else {"anyOf": choices}), **words}

    def _object(self, shape: Shape, name: str) -> str:
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
