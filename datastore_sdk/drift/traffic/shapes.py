"""Shapes of observed values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

from datastore_sdk.drift.json_types import is_array, is_datetime, is_object, json_type


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
