"""Nodes of an OpenAPI document. Reading one follows its reference."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from datastore_sdk.drift.json_types import is_array, is_object
from datastore_sdk.drift.loader import SpecDocument, join_pointer, split_pointer

REFERENCE = "$ref"
"""The key of references."""


@dataclass(frozen=True, slots=True, eq=False)
class SpecNode:
    """A value in a document.

    Args:
        document: The document.
        pointer: The JSON pointer of the value; for a reference, of its target.
        value: The value; for a reference, its target with the keys beside `$ref` on top.
        origin: The JSON pointer of the reference; the same as `pointer` if there is no reference.
    """

    document: SpecDocument
    pointer: str
    value: Any
    origin: str

    @property
    def component(self) -> tuple[str, str]:
        """The names of the schema in `components` and of its property around the value; empty outside of schemas."""
        return _component(self.pointer)

    @property
    def owner(self) -> tuple[str, str]:
        """Like `component`; the property for a schema that a property refers to."""
        schema, key = _component(self.origin)
        return (schema, key) if key else self.component

    @property
    def mapping(self) -> Mapping[str, Any]:
        """The value if it is an object, else an empty dict."""
        return self.value if is_object(self.value) else {}

    def get(self, key: str) -> SpecNode | None:
        """Return the value of a key; None if the key is missing."""
        return self._child(key, self.mapping[key]) if key in self.mapping else None

    def get_text(self, key: str) -> str:
        """Return the value of a key as text; empty if the key is missing."""
        return str(self.mapping.get(key, ""))

    def get_names(self, key: str) -> list[str]:
        """Return an array of strings."""
        found = self.mapping.get(key)
        return [str(item) for item in found] if is_array(found) else []

    def items(self) -> Iterator[tuple[str, SpecNode]]:
        """Return the keys and values."""
        return ((str(key), self._child(key, value)) for key, value in self.mapping.items())

    def get_items(self, key: str) -> list[SpecNode]:
        """Return the items of an array."""
        found = self.mapping.get(key)
        items = enumerate(found if is_array(found) else [])
        return [_follow_references(self.document, join_pointer(self.pointer, key, at), item) for at, item in items]

    def get_children(self, key: str) -> dict[str, SpecNode]:
        """Return the keys and values of the object under a key."""
        inner = self.get(key)
        return dict(inner.items()) if inner else {}

    def _child(self, key: object, value: Any) -> SpecNode:
        return _follow_references(self.document, join_pointer(self.pointer, key), value)


def root_node(document: SpecDocument) -> SpecNode:
    """Return the root of a document."""
    return SpecNode(document, "", document.content, "")


def _component(pointer: str) -> tuple[str, str]:
    match split_pointer(pointer):
        case ["components", "schemas", schema, "properties", key, *_]:
            return schema, key
        case ["components", "schemas", schema, *_]:
            return schema, ""
        case _:
            return "", ""


def resolve_reference(document: SpecDocument, reference: str) -> tuple[str, Any]:
    """Return the JSON pointer and the value that a reference leads to.

    Raises:
        LookupError: The document has no such value.
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


def _follow_references(document: SpecDocument, pointer: str, value: Any) -> SpecNode:
    """Return the node of a value, or of its target. References are valid here: `validate_references` ran before."""
    origin = pointer
    while is_object(value) and isinstance(value.get(REFERENCE), str):
        siblings = {key: item for key, item in value.items() if key != REFERENCE}
        try:
            pointer, found = resolve_reference(document, value[REFERENCE])
        except LookupError:  # in a part of the document that is not validated
            break
        value = {**found, **siblings} if is_object(found) else found
    return SpecNode(document, pointer, value, origin)
