"""JSON Schema as OpenAPI 3.0 and 3.1 write it, in one normal form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from datastore_sdk.drift.json_types import is_array
from datastore_sdk.drift.loader import SpecDocument
from datastore_sdk.drift.node import SpecNode, top

KNOWN_VALUES = "x-extensible-enum"
"""The usual extension for an enumeration to which values can be added without notice."""
_PLAIN = frozenset({"type", "title", "description", "nullable"})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NormalSchema:
    """What a value must be."""

    place: SpecNode
    """Where the schema stands; of several alternatives, or of parts put together, the whole."""
    keywords: Mapping[str, Any]
    """The keywords as they stand, those of all parts (`allOf`) together."""
    types: frozenset[str] | None
    """The types allowed, null aside; None for any."""
    nullable: bool
    values: tuple[Any, ...] | None
    """The only values allowed, null aside (`enum`, `const`); None for any."""
    known_values: tuple[Any, ...] | None
    """The values that come so far, to which others can be added (`x-extensible-enum`)."""
    properties: Mapping[str, SpecNode] = field(default_factory=dict[str, SpecNode])
    required: frozenset[str] = frozenset()
    others: SpecNode | bool | None = None
    """What keys that are not named may hold (`additionalProperties`); None where nothing is said."""
    items: SpecNode | None = None
    alternatives: tuple[SpecNode, ...] = ()
    """One of these, null aside (`anyOf`, `oneOf`)."""

    @property
    def name(self) -> str | None:
        """The name, where the document gives it one."""
        before, _, name = self.place.pointer.rpartition("/")
        return name if before == "/components/schemas" else None

    @property
    def is_open(self) -> bool:
        """Whether keys that are not named are part of the contract."""
        return bool(self.others) or (not self.properties and self.others is None)


def has_null_type(document: SpecDocument) -> bool:
    """Whether null is a type (OpenAPI 3.1), not a flag of others (`nullable`)."""
    return not top(document).text("openapi").startswith("3.0")


def schema_of(place: SpecNode) -> NormalSchema:
    """The schema at a place in its normal form."""
    schema = _own(place)
    for part in place.each("allOf"):
        schema = _both(schema, schema_of(part))
    return replace(schema, nullable=True) if place.mapping.get("nullable") else schema


def _own(place: SpecNode) -> NormalSchema:
    node = place.mapping
    types, nullable = _types(node)
    values = _values(node)
    if values is not None and None in values:
        nullable, values = types is None or nullable, tuple(value for value in values if value is not None)
    elif values is not None and types is None:
        nullable = False
    choices = [*place.each("anyOf"), *place.each("oneOf")]
    alternatives = tuple(choice for choice in choices if choice.mapping.get("type") != "null")
    if choices:
        nullable = (types is None or nullable) and len(alternatives) < len(choices)
    others = place.get("additionalProperties")
    schema = NormalSchema(
        place=place,
        keywords=node,
        types=types,
        nullable=nullable,
        values=values,
        known_values=_listed(node.get(KNOWN_VALUES)),
        properties=place.children("properties"),
        required=frozenset(place.names("required")),
        others=others if others is None or others.mapping else others.value is not False,
        items=place.get("items"),
        alternatives=alternatives,
    )
    if len(alternatives) == 1:
        return _alone(schema)
    return _together(schema) if alternatives and all(map(_is_plain, alternatives)) else schema


def _alone(schema: NormalSchema) -> NormalSchema:
    """A schema with a single alternative besides null is that alternative."""
    only = schema_of(schema.alternatives[0])
    beside = {key: value for key, value in schema.keywords.items() if key not in ("anyOf", "oneOf")}
    return replace(only, nullable=schema.nullable or only.nullable, keywords={**only.keywords, **beside})


def _is_plain(place: SpecNode) -> bool:
    """Whether a schema names a type, and says no more of it."""
    return "type" in place.mapping and place.mapping.keys() <= _PLAIN


def _together(schema: NormalSchema) -> NormalSchema:
    """Alternatives that are types and no more, as OpenAPI 3.0 has to write them, are the same as a list of types."""
    named = [schema_of(each) for each in schema.alternatives]
    types = frozenset(name for each in named for name in each.types or ())
    if "number" in types:
        types -= {"integer"}
    return replace(
        schema,
        types=types if schema.types is None else types & schema.types,
        nullable=schema.nullable or any(each.nullable for each in named),
        alternatives=(),
    )


def _both(schema: NormalSchema, part: NormalSchema) -> NormalSchema:
    """What fits two schemas at once."""
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
        others=part.others if schema.others is None else schema.others,
        items=schema.items or part.items,
        alternatives=schema.alternatives or part.alternatives,
    )


def _types(node: Mapping[str, Any]) -> tuple[frozenset[str] | None, bool]:
    given = node.get("type")
    if given is None:
        inferred = _inferred(node)
        return inferred, inferred is None or bool(node.get("nullable"))
    named = set(map(str, given)) if is_array(given) else {str(given)}
    nullable = "null" in named or bool(node.get("nullable"))
    if "number" in named:
        named.discard("integer")
    return frozenset(named - {"null"}), nullable


def _inferred(node: Mapping[str, Any]) -> frozenset[str] | None:
    """A schema that says what properties or items must be means objects or arrays."""
    if "properties" in node:
        return frozenset({"object"})
    return frozenset({"array"}) if "items" in node else None


def _values(node: Mapping[str, Any]) -> tuple[Any, ...] | None:
    if "const" in node:
        return (node["const"],)
    return _listed(node.get("enum"))


def _listed(value: Any) -> tuple[Any, ...] | None:
    return tuple(value) if is_array(value) else None
