"""Schemas in one normal form for OpenAPI 3.0 and 3.1."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from datastore_sdk.drift.json_types import is_array
from datastore_sdk.drift.loader import SpecDocument
from datastore_sdk.drift.node import SpecNode, root_node

KNOWN_VALUES_KEYWORD = "x-extensible-enum"
"""Extension for an enumeration that may get new values without notice."""
_BARE_TYPE_KEYS = frozenset({"type", "title", "description", "nullable"})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NormalSchema:
    """A schema in normal form."""

    node: SpecNode
    """The node of the schema; for alternatives and `allOf`, the node around them."""
    keywords: Mapping[str, Any]
    """The original keywords, merged over `allOf`."""
    types: frozenset[str] | None
    """The allowed types without null; None: any."""
    nullable: bool
    values: tuple[Any, ...] | None
    """The allowed values without null (`enum`, `const`); None: any."""
    known_values: tuple[Any, ...] | None
    """The known values of an extensible enumeration (`x-extensible-enum`)."""
    properties: Mapping[str, SpecNode] = field(default_factory=dict[str, SpecNode])
    required: frozenset[str] = frozenset()
    additional_properties: SpecNode | bool | None = None
    """Schema of other keys (`additionalProperties`), or whether they are allowed; None: unspecified."""
    items: SpecNode | None = None
    alternatives: tuple[SpecNode, ...] = ()
    """The alternatives without null (`anyOf`, `oneOf`)."""

    @property
    def name(self) -> str | None:
        """The name in `components`, if it has one."""
        before, _, name = self.node.pointer.rpartition("/")
        return name if before == "/components/schemas" else None

    @property
    def is_open(self) -> bool:
        """Whether the schema describes objects with other keys than its properties."""
        return bool(self.additional_properties) or (not self.properties and self.additional_properties is None)


def supports_null_type(document: SpecDocument) -> bool:
    """Return whether null is a type (OpenAPI 3.1) instead of the keyword `nullable` (3.0)."""
    return not root_node(document).get_text("openapi").startswith("3.0")


def normalize_schema(node: SpecNode) -> NormalSchema:
    """Return the normal form of a schema."""
    schema = _normalize_node(node)
    for part in node.get_items("allOf"):
        schema = _merge(schema, normalize_schema(part))
    return replace(schema, nullable=True) if node.mapping.get("nullable") else schema


def _normalize_node(node: SpecNode) -> NormalSchema:
    keywords = node.mapping
    types, nullable = _read_types(keywords)
    values = _read_values(keywords)
    if values is not None and None in values:
        nullable, values = types is None or nullable, tuple(value for value in values if value is not None)
    elif values is not None and types is None:
        nullable = False
    choices = [*node.get_items("anyOf"), *node.get_items("oneOf")]
    alternatives = tuple(choice for choice in choices if choice.mapping.get("type") != "null")
    if choices:
        nullable = (types is None or nullable) and len(alternatives) < len(choices)
    others = node.get("additionalProperties")
    schema = NormalSchema(
        node=node,
        keywords=keywords,
        types=types,
        nullable=nullable,
        values=values,
        known_values=_as_tuple(keywords.get(KNOWN_VALUES_KEYWORD)),
        properties=node.get_children("properties"),
        required=frozenset(node.get_names("required")),
        additional_properties=others if others is None or others.mapping else others.value is not False,
        items=node.get("items"),
        alternatives=alternatives,
    )
    if len(alternatives) == 1:
        return _unwrap_alternative(schema)
    return _merge_types(schema) if alternatives and all(map(_is_bare_type, alternatives)) else schema


def _unwrap_alternative(schema: NormalSchema) -> NormalSchema:
    """Replace a schema that has one alternative besides null by that alternative."""
    only = normalize_schema(schema.alternatives[0])
    beside = {key: value for key, value in schema.keywords.items() if key not in ("anyOf", "oneOf")}
    return replace(only, nullable=schema.nullable or only.nullable, keywords={**only.keywords, **beside})


def _is_bare_type(node: SpecNode) -> bool:
    """Return whether a schema has a type and no other constraints."""
    return "type" in node.mapping and node.mapping.keys() <= _BARE_TYPE_KEYS


def _merge_types(schema: NormalSchema) -> NormalSchema:
    """Merge alternatives that are bare types, as OpenAPI 3.0 writes them, into a list of types."""
    named = [normalize_schema(each) for each in schema.alternatives]
    types = frozenset(name for each in named for name in each.types or ())
    if "number" in types:
        types -= {"integer"}
    return replace(
        schema,
        types=types if schema.types is None else types & schema.types,
        nullable=schema.nullable or any(each.nullable for each in named),
        alternatives=(),
    )


def _merge(schema: NormalSchema, part: NormalSchema) -> NormalSchema:
    """Return the schema of values that match both schemas."""
    types = part.types if schema.types is None else schema.types if part.types is None else schema.types & part.types
    return replace(
        schema,
        keywords={**part.keywords, **{key: value for key, value in schema.keywords.items() if key != "allOf"}},
        types=types,
        nullable=schema.nullable and part.nullable,
        values=schema.values if part.values is None else part.values,
        known_values=schema.known_values if part.known_values is None else part.known_values,
        properties={**part.properties, **schema.properties},
        required=schema.required | part.required,
        additional_properties=part.additional_properties
        if schema.additional_properties is None
        else schema.additional_properties,
        items=schema.items or part.items,
        alternatives=schema.alternatives or part.alternatives,
    )


def _read_types(keywords: Mapping[str, Any]) -> tuple[frozenset[str] | None, bool]:
    written = keywords.get("type")
    if written is None:
        inferred = _infer_types(keywords)
        return inferred, inferred is None or bool(keywords.get("nullable"))
    named = set(map(str, written)) if is_array(written) else {str(written)}
    nullable = "null" in named or bool(keywords.get("nullable"))
    if "number" in named:
        named.discard("integer")
    return frozenset(named - {"null"}), nullable


def _infer_types(keywords: Mapping[str, Any]) -> frozenset[str] | None:
    """Return the type that `properties` or `items` imply."""
    if "properties" in keywords:
        return frozenset({"object"})
    return frozenset({"array"}) if "items" in keywords else None


def _read_values(keywords: Mapping[str, Any]) -> tuple[Any, ...] | None:
    if "const" in keywords:
        return (keywords["const"],)
    return _as_tuple(keywords.get("enum"))


def _as_tuple(value: Any) -> tuple[Any, ...] | None:
    return tuple(value) if is_array(value) else None
