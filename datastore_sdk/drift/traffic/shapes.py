"""What values have in common, from which a schema for them can be written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

from datastore_sdk.drift.json_types import is_array, is_moment, is_object, type_of


@dataclass(frozen=True, slots=True)
class ValueShape:
    """The types that values had, and the shapes of what was in them."""

    types: frozenset[str] = frozenset()
    all_moments: bool = True
    """Whether every text was a date and a time."""
    objects: int = 0
    """How many objects there were."""
    properties: Mapping[str, ValueShape] = field(default_factory=dict[str, "ValueShape"])
    seen: Mapping[str, int] = field(default_factory=dict[str, int])
    """In how many of the objects each key was."""
    items: ValueShape | None = None

    def __or__(self, other: ValueShape) -> ValueShape:
        keys = dict.fromkeys((*self.properties, *other.properties))
        nothing = ValueShape()
        return ValueShape(
            self.types | other.types,
            self.all_moments and other.all_moments,
            self.objects + other.objects,
            {key: self.properties.get(key, nothing) | other.properties.get(key, nothing) for key in keys},
            {key: self.seen.get(key, 0) + other.seen.get(key, 0) for key in keys},
            self.items | other.items if self.items and other.items else self.items or other.items,
        )


def shape_of(value: Any) -> ValueShape:
    """The shape of one value."""
    types = frozenset({type_of(value)})
    if isinstance(value, str):
        return ValueShape(types, all_moments=is_moment(value))
    if is_object(value):
        properties = {key: shape_of(item) for key, item in value.items()}
        return ValueShape(types, objects=1, properties=properties, seen=dict.fromkeys(properties, 1))
    if is_array(value) and value:
        return ValueShape(types, items=reduce(ValueShape.__or__, map(shape_of, value)))
    return ValueShape(types)
