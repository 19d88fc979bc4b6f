"""Rules about properties, parameters, bodies, responses, operations and security."""

from __future__ import annotations

from typing import Any

import pytest

from datastore_sdk.drift import Severity, compare
from datastore_sdk.drift.diff.rules import RULES, SCHEMA_RULES
from tests.drift.spec_builders import (
    JSON,
    Node,
    build_spec,
    object_schema,
    with_header,
    with_operation,
    with_parameters,
    with_request_schema,
    with_response_schema,
)

B, C, D = Severity
STRING = {"type": "string"}


def object_with(*required: str, **properties: Any) -> Node:
    return {"type": "object", "required": [*required], "properties": properties}


def with_security(requirement: list[Any], schemes: Node | None = None) -> Node:
    return {**with_operation({"security": requirement}), "components": {"securitySchemes": schemes or {}}}


def at(path: str, **operation: Any) -> Node:
    call = {"operationId": "get_thing", "responses": {"200": {"description": "It."}}, **operation}
    return {**with_operation(), "paths": {path: {"post": call}}}


def with_responses(**responses: Any) -> Node:
    named = {status.strip("_"): {"description": "It.", **response} for status, response in responses.items()}
    return with_operation({"responses": named})


ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
BODY: Node = {"content": {JSON: {}}}
BOTH_BODIES: Node = {"content": {JSON: {}, "text/csv": {}}}
SOME = {"name": "some"}
BEARER, BASIC = {"type": "http", "scheme": "bearer"}, {"type": "http", "scheme": "basic"}

CASES: dict[str, tuple[Node, Node, Severity]] = {
    "request-property-added": (with_request_schema(object_with()), with_request_schema(object_with(a=STRING)), C),
    "request-property-added-required": (
        with_request_schema(object_with()),
        with_request_schema(object_with("a", a=STRING)),
        B,
    ),
    "request-property-removed": (with_request_schema(object_with(a=STRING)), with_request_schema(object_with()), B),
    "request-property-renamed": (
        with_request_schema(object_with(stage=STRING)),
        with_request_schema(object_with(stages=STRING)),
        B,
    ),
    "request-property-became-required": (
        with_request_schema(object_with(a=STRING)),
        with_request_schema(object_with("a", a=STRING)),
        B,
    ),
    "request-property-became-optional": (
        with_request_schema(object_with("a", a=STRING)),
        with_request_schema(object_with(a=STRING)),
        C,
    ),
    "response-property-added": (with_response_schema(object_with()), with_response_schema(object_with(a=STRING)), C),
    "response-property-added-required": (
        with_response_schema(object_with()),
        with_response_schema(object_with("a", a=STRING)),
        C,
    ),
    "response-property-removed": (with_response_schema(object_with(a=STRING)), with_response_schema(object_with()), B),
    "response-property-renamed": (
        with_response_schema(object_with(stage=STRING)),
        with_response_schema(object_with(stages=STRING)),
        B,
    ),
    "response-property-became-required": (
        with_response_schema(object_with(a=STRING)),
        with_response_schema(object_with("a", a=STRING)),
        C,
    ),
    "response-property-became-optional": (
        with_response_schema(object_with("a", a=STRING)),
        with_response_schema(object_with(a=STRING)),
        B,
    ),
    "request-parameter-added": (with_parameters(), with_parameters(SOME), C),
    "request-parameter-added-required": (with_parameters(), with_parameters({**SOME, "required": True}), B),
    "request-parameter-removed": (with_parameters(SOME), with_parameters(), B),
    "request-parameter-renamed": (with_parameters({"name": "stage"}), with_parameters({"name": "stages"}), B),
    "request-parameter-moved": (with_parameters(SOME), with_parameters({**SOME, "in": "header"}), B),
    "request-parameter-became-required": (with_parameters(SOME), with_parameters({**SOME, "required": True}), B),
    "request-parameter-became-optional": (with_parameters({**SOME, "required": True}), with_parameters(SOME), C),
    "request-parameter-serialization-changed": (with_parameters(SOME), with_parameters({**SOME, "explode": False}), B),
    "request-parameter-media-type-added": (
        with_parameters({**SOME, **BODY}),
        with_parameters({**SOME, **BOTH_BODIES}),
        C,
    ),
    "request-parameter-media-type-removed": (
        with_parameters({**SOME, **BOTH_BODIES}),
        with_parameters({**SOME, **BODY}),
        B,
    ),
    "request-body-added": (with_operation(), with_request_schema(STRING), C),
    "request-body-added-required": (with_operation(), with_request_schema(STRING, required=True), B),
    "request-body-removed": (with_request_schema(STRING), with_operation(), B),
    "request-body-became-required": (with_request_schema(STRING), with_request_schema(STRING, required=True), B),
    "request-body-became-optional": (with_request_schema(STRING, required=True), with_request_schema(STRING), C),
    "request-body-media-type-added": (
        with_operation({"requestBody": BODY}),
        with_operation({"requestBody": BOTH_BODIES}),
        C,
    ),
    "request-body-media-type-removed": (
        with_operation({"requestBody": BOTH_BODIES}),
        with_operation({"requestBody": BODY}),
        B,
    ),
    "response-success-status-added": (with_responses(_200={}), with_responses(_200={}, _202={}), B),
    "response-success-status-removed": (with_responses(_200={}, _202={}), with_responses(_200={}), B),
    "response-other-status-added": (with_responses(_200={}), with_responses(_200={}, _404={}), C),
    "response-other-status-removed": (with_responses(_200={}, default={}), with_responses(_200={}), C),
    "response-body-added": (with_responses(_200={}), with_responses(_200=BODY), C),
    "response-body-removed": (with_responses(_200=BODY), with_responses(_200={}), B),
    "response-media-type-added": (with_responses(_200=BODY), with_responses(_200=BOTH_BODIES), C),
    "response-media-type-removed": (with_responses(_200=BOTH_BODIES), with_responses(_200=BODY), B),
    "response-header-added": (with_header(None), with_header({}), C),
    "response-header-removed": (with_header({}), with_header(None), C),
    "response-required-header-removed": (with_header({"required": True}), with_header(None), B),
    "response-header-became-optional": (with_header({"required": True}), with_header({}), B),
    "response-header-became-required": (with_header({}), with_header({"required": True}), C),
    "endpoint-added": ({**with_operation(), "paths": {}}, with_operation(), C),
    "endpoint-removed": (with_operation(), {**with_operation(), "paths": {}}, B),
    "endpoint-moved": (at("/things/"), at("/v2/things/"), B),
    "endpoint-deprecated": (with_operation(), with_operation({"deprecated": True}), C),
    "endpoint-reactivated": (with_operation({"deprecated": True}), with_operation(), C),
    "path-parameter-renamed": (
        at("/things/{id}/", parameters=[ID]),
        at("/things/{thing}/", parameters=[{**ID, "name": "thing"}]),
        C,
    ),
    "operation-id-changed": (with_operation(), with_operation({"operationId": "read_thing"}), B),
    "operation-tag-changed": (with_operation({"tags": ["a"]}), with_operation({"tags": ["b"]}), C),
    "operation-extension-changed": (with_operation(), with_operation({"x-streamed": True}), C),
    "security-alternative-added": (with_security([{"a": []}]), with_security([{"a": []}, {"b": []}]), C),
    "security-alternative-removed": (with_security([{"a": []}, {"b": []}]), with_security([{"a": []}]), B),
    "security-scope-added": (with_security([{"a": []}]), with_security([{"a": ["read"]}]), B),
    "security-scope-removed": (with_security([{"a": ["read"]}]), with_security([{"a": []}]), C),
    "security-scheme-changed": (with_security([{"a": []}], {"a": BEARER}), with_security([{"a": []}], {"a": BASIC}), B),
    "server-added": (
        with_operation(servers=[{"url": "/a"}]),
        with_operation(servers=[{"url": "/a"}, {"url": "/b"}]),
        C,
    ),
    "server-removed": (
        with_operation(servers=[{"url": "/a"}, {"url": "/b"}]),
        with_operation(servers=[{"url": "/a"}]),
        B,
    ),
    "summary-changed": (with_operation({"summary": "Get."}), with_operation({"summary": "Get it."}), D),
    "information-changed": (with_operation(), with_operation(info={"title": "Things", "version": "2"}), D),
    "unused-part-changed": (with_operation(), with_operation(components={"schemas": {"Some": STRING}}), C),
}


def test_every_rule_has_a_case() -> None:
    endings = tuple(f"-{how}" for how in SCHEMA_RULES)
    of_schemas = {rule for rule in RULES.keys() - CASES.keys() if rule.endswith(endings)}
    assert CASES.keys() | of_schemas == RULES.keys()


@pytest.mark.parametrize("rule", CASES)
def test_change_is_found_by_its_rule(rule: str) -> None:
    old, new, severity = CASES[rule]
    (finding,) = compare(build_spec(old), build_spec(new)).findings
    assert finding.rule == rule
    assert finding.severity is severity is RULES[rule].severity


@pytest.mark.parametrize("rule", CASES)
def test_message_is_a_sentence(rule: str) -> None:
    old, new, _ = CASES[rule]
    (finding,) = compare(build_spec(old), build_spec(new)).findings
    assert finding.message[0].isupper() or finding.message[0] == "`"
    assert finding.message.endswith(".")
    assert not {"{", "}", "None", "''", "``"} & set(finding.message.split())


def test_invisible_property_is_not_compared() -> None:
    hidden = object_schema({"type": "string", "readOnly": True})
    assert not [
        f
        for f in compare(
            build_spec(with_request_schema(object_with())), build_spec(with_request_schema(hidden))
        ).findings
        if "property" in f.rule
    ]
    shown = object_schema({"type": "string", "writeOnly": True})
    (finding,) = compare(
        build_spec(with_response_schema(object_schema(STRING))), build_spec(with_response_schema(shown))
    ).findings
    assert finding.rule == "response-property-removed"


def test_ambiguous_rename_is_a_removal() -> None:
    old, new = object_with(stage=STRING), object_with(stages=STRING, staged=STRING)
    found = compare(build_spec(with_response_schema(old)), build_spec(with_response_schema(new))).findings
    assert [finding.rule for finding in found] == ["response-property-removed", *["response-property-added"] * 2]


def test_renamed_property_is_matched_by_description() -> None:
    old = object_with(stage={"type": "integer", "description": "Number of the stage."})
    new = object_with(no={"type": "integer", "description": "Number of the stage."})
    (finding,) = compare(build_spec(with_response_schema(old)), build_spec(with_response_schema(new))).findings
    assert finding.message.endswith("was renamed to `no`.")


def test_change_of_a_shared_part_is_one_finding() -> None:
    def twice(schema: Node) -> Node:
        reference = {"$ref": "#/components/schemas/Thing"}
        response = {"200": {"description": "It.", "content": {JSON: {"schema": reference}}}}
        paths = {path: {"get": {"operationId": path[1:], "responses": response}} for path in ("/a", "/b")}
        return {**with_operation(), "paths": paths, "components": {"schemas": {"Thing": schema}}}

    (finding,) = compare(build_spec(twice(object_with(a=STRING))), build_spec(twice(object_with()))).findings
    assert finding.endpoints == ("GET /a", "GET /b")
    assert finding.message == "`Thing.a` was removed."
    assert finding.pointer == "/components/schemas/Thing/properties/a"


def test_change_of_global_security_is_one_finding() -> None:
    def with_requirements(*names: str) -> Node:
        paths: Node = {path: {"get": {"operationId": path[1:], "responses": {}}} for path in ("/a", "/b")}
        return {**with_operation(), "paths": paths, "security": [{name: []} for name in names]}

    (finding,) = compare(build_spec(with_requirements("a", "b")), build_spec(with_requirements("a"))).findings
    assert (finding.rule, finding.endpoints) == ("security-alternative-removed", ("GET /a", "GET /b"))
