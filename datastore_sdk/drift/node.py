"""A way to walk an OpenAPI document in which references read like what they refer to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from datastore_sdk.drift.json_types import is_array, is_object
from datastore_sdk.drift.loader import SpecDocument, join_pointer, split_pointer

REFERENCE = "$ref"
"""The key of a reference."""


@dataclass(frozen=True, slots=True, eq=False)
class SpecNode:
    """A value in a document.

    Args:
        document: The document.
        pointer: Where the value stands itself: behind a reference, not at it.
        value: The value, with what stood beside the reference over it.
        origin: Where the reference stands; the same as `pointer` where there is none.
    """

    document: SpecDocument
    pointer: str
    value: Any
    origin: str

    @property
    def named(self) -> tuple[str, str]:
        """The named schema that it belongs to and the property of it, each empty where there is none."""
        return _named(self.pointer)

    @property
    def owner(self) -> tuple[str, str]:
        """The same, but for a schema that a property refers to it is that property."""
        schema, key = _named(self.origin)
        return (schema, key) if key else self.named

    @property
    def mapping(self) -> Mapping[str, Any]:
        """The value where it is an object, else an empty one."""
        return self.value if is_object(self.value) else {}

    def get(self, key: str) -> SpecNode | None:
        """The value of a key, with its reference followed."""
        return self._at(key, self.mapping[key]) if key in self.mapping else None

    def text(self, key: str) -> str:
        """The value of a key as text; empty where there is none."""
        return str(self.mapping.get(key, ""))

    def names(self, key: str) -> list[str]:
        """The items of an array of texts."""
        found = self.mapping.get(key)
        return [str(item) for item in found] if is_array(found) else []

    def items(self) -> Iterator[tuple[str, SpecNode]]:
        """The keys with their values."""
        return ((str(key), self._at(key, value)) for key, value in self.mapping.items())

    def each(self, key: str) -> list[SpecNode]:
        """The items of an array."""
        found = self.mapping.get(key)
        items = found if is_array(found) else []
        return [
            _followed(self.document, join_pointer(self.pointer, key, index), item) for index, item in enumerate(items)
        ]

    def children(self, key: str) -> dict[str, SpecNode]:
        """The values of an object's keys."""
        inner = self.get(key)
        return dict(inner.items()) if inner else {}

    def _at(self, key: object, value: Any) -> SpecNode:
        return _followed(self.document, join_pointer(self.pointer, key), value)


def top(document: SpecDocument) -> SpecNode:
    """The whole document."""
    return SpecNode(document, "", document.content, "")


def _named(pointer: str) -> tuple[str, str]:
    match split_pointer(pointer):
        case ["components", "schemas", schema, "properties", key, *_]:
            return schema, key
        case ["components", "schemas", schema, *_]:
            return schema, ""
        case _:
            return "", ""


def resolve_reference(document: SpecDocument, reference: str) -> tuple[str, Any]:
    """Where a reference leads, as a JSON pointer, and what stands there.

    Raises:
        LookupError: It leads nowhere.
    """
    pointer = unquote(reference[1:])
    if pointer[:1] not in ("", "/"):
        raise LookupError(reference)
    value: Any = document.content
    for part in split_pointer(pointer):
        if is_object(value):
            value = value[part]
        elif is_array(value) and part.isdecimal():
            value = value[int(part)]
        else:
            raise LookupError(reference)
    return pointer, value


def _followed(document: SpecDocument, pointer: str, value: Any) -> SpecNode:
    """The value, or what it refers to; that it refers to something was checked before."""
    origin = pointer
    while is_object(value) and isinstance(value.get(REFERENCE), str):
        beside = {key: item for key, item in value.items() if key != REFERENCE}
        pointer, found = resolve_reference(document, value[REFERENCE])
        value = {**found, **beside} if is_object(found) else found
    return SpecNode(document, pointer, value, origin)
