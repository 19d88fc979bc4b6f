"""Rules about schemas, in every location and direction."""

from __future__ import annotations

from typing import Any

import pytest

from datastore_sdk.drift import Severity, compare
from datastore_sdk.drift.diff.rules import (
    DESCRIPTIVE,
    HARMLESS,
    LOWER_BOUNDS,
    NARROWER,
    OTHER,
    RULES,
    SCHEMA_RULES,
    UPPER_BOUNDS,
    WIDER,
    SeverityPair,
    to_kebab_case,
)
from tests.drift.spec_builders import LOCATIONS, Node, build_spec, object_schema

Case = tuple[Node, Node, SeverityPair]

STRING, NUMBER = {"type": "string"}, {"type": "number"}
ONE_OF_TWO = {"anyOf": [STRING, {"type": "array", "items": STRING}]}

CASES: dict[str, Case] = {
    "type-widened": ({"type": "integer"}, NUMBER, WIDER),
    "type-narrowed": ({"type": ["string", "number"]}, STRING, NARROWER),
    "type-changed": (STRING, {"type": "integer"}, OTHER),
    "became-nullable": (STRING, {"type": ["string", "null"]}, WIDER),
    "became-not-nullable": ({"type": "string", "nullable": True}, STRING, NARROWER),
    "format-added": (STRING, {"type": "string", "format": "date"}, NARROWER),
    "format-removed": ({"type": "string", "format": "date"}, STRING, WIDER),
    "format-changed": ({"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}, OTHER),
    "became-enum": (STRING, {"type": "string", "enum": ["a"]}, NARROWER),
    "became-not-enum": ({"type": "string", "const": "a"}, STRING, WIDER),
    "enum-value-added": ({"enum": ["a"]}, {"enum": ["a", "b"]}, WIDER),
    "enum-value-removed": ({"enum": ["a", "b"]}, {"enum": ["a"]}, NARROWER),
    "known-values-listed": (STRING, {"type": "string", "x-extensible-enum": ["a"]}, HARMLESS),
    "known-values-not-listed": ({"type": "string", "x-extensible-enum": ["a"]}, STRING, HARMLESS),
    "known-value-added": ({"x-extensible-enum": ["a"]}, {"x-extensible-enum": ["a", "b"]}, HARMLESS),
    "known-value-removed": ({"x-extensible-enum": ["a", "b"]}, {"x-extensible-enum": ["a"]}, NARROWER),
    "pattern-added": (STRING, {"type": "string", "pattern": "a"}, NARROWER),
    "pattern-removed": ({"type": "string", "pattern": "a"}, STRING, WIDER),
    "pattern-changed": ({"type": "string", "pattern": "a"}, {"type": "string", "pattern": "b"}, OTHER),
    "multiple-of-added": (NUMBER, {"type": "number", "multipleOf": 2}, NARROWER),
    "multiple-of-removed": ({"type": "number", "multipleOf": 2}, NUMBER, WIDER),
    "multiple-of-changed": ({"type": "number", "multipleOf": 2}, {"type": "number", "multipleOf": 3}, OTHER),
    "unique-items-set": ({"type": "array"}, {"type": "array", "uniqueItems": True}, NARROWER),
    "unique-items-unset": ({"type": "array", "uniqueItems": True}, {"type": "array"}, WIDER),
    "alternative-added": (STRING, ONE_OF_TWO, WIDER),
    "alternative-removed": (ONE_OF_TWO, STRING, NARROWER),
    "discriminator-changed": ({}, {"discriminator": {"propertyName": "kind"}}, OTHER),
    "became-closed": ({"type": "object"}, {"type": "object", "additionalProperties": False}, NARROWER),
    "became-open": ({"type": "object", "additionalProperties": False}, {"type": "object"}, HARMLESS),
    "default-changed": ({"type": "string", "default": "a"}, {"type": "string", "default": "b"}, HARMLESS),
    "deprecated": (STRING, {"type": "string", "deprecated": True}, HARMLESS),
    "reactivated": ({"type": "string", "deprecated": True}, STRING, HARMLESS),
    "reading-changed": ({"type": "object"}, {"type": "object", "x-mapping": True}, HARMLESS),
    "description-changed": (STRING, {"type": "string", "description": "The size."}, DESCRIPTIVE),
    "examples-changed": (STRING, {"type": "string", "examples": ["a"]}, DESCRIPTIVE),
}
for _keyword in (*LOWER_BOUNDS, *UPPER_BOUNDS):
    _up, _down = (NARROWER, WIDER) if _keyword in LOWER_BOUNDS else (WIDER, NARROWER)
    CASES.update(
        {
            f"{to_kebab_case(_keyword)}-set": ({}, {_keyword: 1}, NARROWER),
            f"{to_kebab_case(_keyword)}-unset": ({_keyword: 1}, {}, WIDER),
            f"{to_kebab_case(_keyword)}-increased": ({_keyword: 1}, {_keyword: 2}, _up),
            f"{to_kebab_case(_keyword)}-decreased": ({_keyword: 2}, {_keyword: 1}, _down),
        }
    )


def test_every_rule_has_a_case() -> None:
    assert CASES.keys() == SCHEMA_RULES.keys()


@pytest.mark.parametrize("aspect", CASES)
def test_change_is_found_by_its_rule(aspect: str) -> None:
    old, new, meaning = CASES[aspect]
    for place, build in LOCATIONS.items():
        (finding,) = compare(build_spec(build(old)), build_spec(build(new))).findings
        assert finding.rule == f"{place}-{aspect}"
        assert finding.severity is meaning[place.startswith("response")] is RULES[finding.rule].severity
        assert finding.endpoints == ("POST /things/",)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"type": "string", "nullable": True}, {"type": ["string", "null"]}),
        ({"type": ["string", "null"]}, {"anyOf": [STRING, {"type": "null"}]}),
        ({"oneOf": [{"type": "null"}, STRING]}, {"type": ["string", "null"]}),
        ({"type": "string", "enum": ["a", None], "nullable": True}, {"type": ["string", "null"], "enum": ["a", None]}),
        ({"type": "string", "enum": ["a"]}, {"type": "string", "const": "a"}),
        ({"type": ["integer", "number"]}, NUMBER),
        ({"type": "number", "minimum": 1, "exclusiveMinimum": True}, {"type": "number", "exclusiveMinimum": 1}),
        ({"type": "number", "minimum": 1, "exclusiveMinimum": False}, {"type": "number", "minimum": 1}),
        ({"type": "string", "minLength": 0}, STRING),
        ({"allOf": [STRING, {"minLength": 2}]}, {"type": "string", "minLength": 2}),
        ({"properties": {"a": STRING}}, {"type": "object", "properties": {"a": STRING}}),
        ({"anyOf": [STRING, NUMBER]}, {"oneOf": [NUMBER, STRING]}),
        ({"enum": ["a", "b"]}, {"enum": ["b", "a"]}),
    ],
)
def test_equivalent_schemas_have_no_change(old: Node, new: Node) -> None:
    version = "3.0.3" if isinstance(old.get("exclusiveMinimum"), bool) else "3.1.0"
    for place, build in LOCATIONS.items():
        report = compare(build_spec({**build(old), "openapi": version}), build_spec(build(new)))
        assert [finding.rule for finding in report.findings] == ["unused-part-changed"], place


def test_change_in_items_and_other_keys_is_found() -> None:
    def nest(schema: Any) -> Node:
        return {"type": "array", "items": {"type": "object", "additionalProperties": {"anyOf": [schema, STRING]}}}

    old, new = nest({"type": "array", "items": NUMBER}), nest({"type": "array", "items": STRING})
    build = LOCATIONS["response-property"]
    (finding,) = compare(build_spec(build(old)), build_spec(build(new))).findings
    assert finding.rule == "response-property-type-changed"
    assert "some[][*][]" in finding.message


def test_added_alternative_is_the_only_finding() -> None:
    schema = {
        "type": "object",
        "required": ["a"],
        "properties": {"a": {"type": "string", "format": "date", "minLength": 1}},
    }
    build = LOCATIONS["response-property"]
    (finding,) = compare(build_spec(build(schema)), build_spec(build({"oneOf": [schema, STRING]}))).findings
    assert finding.rule == "response-property-alternative-added"


def test_similar_alternatives_are_matched_by_order() -> None:
    def two(*keys: str) -> Node:
        return {"anyOf": [{"type": "object", "properties": {key: STRING}} for key in keys]}

    build = LOCATIONS["response-body"]
    (finding,) = compare(build_spec(build(two("a", "b"))), build_spec(build(two("a", "bcdefg")))).findings[:1]
    assert (finding.rule, finding.severity) == ("response-property-removed", Severity.BREAKING)


def test_recursive_schema_is_compared() -> None:
    def tree(leaf: Node) -> Node:
        node = {"type": "object", "properties": {"leaf": leaf, "left": {"$ref": "#/components/schemas/Tree"}}}
        content = LOCATIONS["response-body"]({"$ref": "#/components/schemas/Tree"})
        return {**content, "components": {"schemas": {"Tree": node}}}

    (finding,) = compare(build_spec(tree(STRING)), build_spec(tree(NUMBER))).findings
    assert finding.message == "The type of `Tree.leaf` changed from `string` to `number`."
    assert finding.severity is Severity.BREAKING


def test_long_chain_of_schemas_is_compared() -> None:
    length = 1200  # more than the recursion limit

    def chain(leaf: Node) -> Node:
        last: Node = {"type": "object", "properties": {"leaf": leaf}}
        links = {
            f"Link{index}": object_schema({"$ref": f"#/components/schemas/Link{index + 1}"}) for index in range(length)
        }
        content = LOCATIONS["response-body"]({"$ref": "#/components/schemas/Link0"})
        return {**content, "components": {"schemas": {**links, f"Link{length}": last}}}

    (finding,) = compare(*(build_spec(chain(leaf), validate=False) for leaf in (STRING, NUMBER))).findings
    assert finding.message == f"The type of `Link{length}.leaf` changed from `string` to `number`."


def test_change_of_a_schema_has_all_endpoints() -> None:
    def calls(leaf: Node) -> Node:
        content = LOCATIONS["response-body"]({"type": "array", "items": {"$ref": "#/components/schemas/Part"}})
        path = content["paths"]["/things/"]
        content["paths"] = {
            "/things/": path,
            "/more/": {**path, "get": LOCATIONS["response-body"](leaf)["paths"]["/things/"]["post"]},
        }
        return {**content, "components": {"schemas": {"Part": object_schema(leaf)}}}

    about_leaf, about_part = compare(build_spec(calls(STRING)), build_spec(calls(NUMBER))).findings
    assert about_part.endpoints == ("POST /things/", "POST /more/")
    assert about_leaf.endpoints == ("GET /more/",)
