"""Every rule that is not about schemas alone: properties, parameters, bodies, answers, calls, who may make them."""

from __future__ import annotations

from typing import Any

import pytest

from datastore_sdk.drift import Severity, compare
from datastore_sdk.drift.diff.rules import RULES, SCHEMA_RULES
from tests.drift.spec_builders import JSON, Node, about, answering, asking, contract, one_call, taking, with_header

B, C, D = Severity
STRING = {"type": "string"}


def having(*required: str, **properties: Any) -> Node:
    return {"type": "object", "required": [*required], "properties": properties}


def secured(requirement: list[Any], schemes: Node | None = None) -> Node:
    return {**one_call({"security": requirement}), "components": {"securitySchemes": schemes or {}}}


def at(path: str, **operation: Any) -> Node:
    call = {"operationId": "get_thing", "responses": {"200": {"description": "It."}}, **operation}
    return {**one_call(), "paths": {path: {"post": call}}}


def answers(**responses: Any) -> Node:
    given = {status.strip("_"): {"description": "It.", **response} for status, response in responses.items()}
    return one_call({"responses": given})


ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
BODY: Node = {"content": {JSON: {}}}
OTHER_BODY: Node = {"content": {"text/csv": {}}}
BOTH_BODIES: Node = {"content": {JSON: {}, "text/csv": {}}}
SOME = {"name": "some"}
BEARER, BASIC = {"type": "http", "scheme": "bearer"}, {"type": "http", "scheme": "basic"}

CASES: dict[str, tuple[Node, Node, Severity]] = {
    "request-property-added": (taking(having()), taking(having(a=STRING)), C),
    "request-property-added-required": (taking(having()), taking(having("a", a=STRING)), B),
    "request-property-removed": (taking(having(a=STRING)), taking(having()), B),
    "request-property-renamed": (taking(having(stage=STRING)), taking(having(stages=STRING)), B),
    "request-property-became-required": (taking(having(a=STRING)), taking(having("a", a=STRING)), B),
    "request-property-became-optional": (taking(having("a", a=STRING)), taking(having(a=STRING)), C),
    "response-property-added": (answering(having()), answering(having(a=STRING)), C),
    "response-property-added-required": (answering(having()), answering(having("a", a=STRING)), C),
    "response-property-removed": (answering(having(a=STRING)), answering(having()), B),
    "response-property-renamed": (answering(having(stage=STRING)), answering(having(stages=STRING)), B),
    "response-property-became-required": (answering(having(a=STRING)), answering(having("a", a=STRING)), C),
    "response-property-became-optional": (answering(having("a", a=STRING)), answering(having(a=STRING)), B),
    "request-parameter-added": (asking(), asking(SOME), C),
    "request-parameter-added-required": (asking(), asking({**SOME, "required": True}), B),
    "request-parameter-removed": (asking(SOME), asking(), B),
    "request-parameter-renamed": (asking({"name": "stage"}), asking({"name": "stages"}), B),
    "request-parameter-moved": (asking(SOME), asking({**SOME, "in": "header"}), B),
    "request-parameter-became-required": (asking(SOME), asking({**SOME, "required": True}), B),
    "request-parameter-became-optional": (asking({**SOME, "required": True}), asking(SOME), C),
    "request-parameter-serialization-changed": (asking(SOME), asking({**SOME, "explode": False}), B),
    "request-parameter-media-type-added": (asking({**SOME, **BODY}), asking({**SOME, **BOTH_BODIES}), C),
    "request-parameter-media-type-removed": (asking({**SOME, **BOTH_BODIES}), asking({**SOME, **BODY}), B),
    "request-body-added": (one_call(), taking(STRING), C),
    "request-body-added-required": (one_call(), taking(STRING, required=True), B),
    "request-body-removed": (taking(STRING), one_call(), B),
    "request-body-became-required": (taking(STRING), taking(STRING, required=True), B),
    "request-body-became-optional": (taking(STRING, required=True), taking(STRING), C),
    "request-body-media-type-added": (one_call({"requestBody": BODY}), one_call({"requestBody": BOTH_BODIES}), C),
    "request-body-media-type-removed": (one_call({"requestBody": BOTH_BODIES}), one_call({"requestBody": BODY}), B),
    "response-success-status-added": (answers(_200={}), answers(_200={}, _202={}), B),
    "response-success-status-removed": (answers(_200={}, _202={}), answers(_200={}), B),
    "response-other-status-added": (answers(_200={}), answers(_200={}, _404={}), C),
    "response-other-status-removed": (answers(_200={}, default={}), answers(_200={}), C),
    "response-body-added": (answers(_200={}), answers(_200=BODY), C),
    "response-body-removed": (answers(_200=BODY), answers(_200={}), B),
    "response-media-type-added": (answers(_200=BODY), answers(_200=BOTH_BODIES), C),
    "response-media-type-removed": (answers(_200=BOTH_BODIES), answers(_200=BODY), B),
    "response-header-added": (with_header(None), with_header({}), C),
    "response-header-removed": (with_header({}), with_header(None), C),
    "response-required-header-removed": (with_header({"required": True}), with_header(None), B),
    "response-header-became-optional": (with_header({"required": True}), with_header({}), B),
    "response-header-became-required": (with_header({}), with_header({"required": True}), C),
    "endpoint-added": ({**one_call(), "paths": {}}, one_call(), C),
    "endpoint-removed": (one_call(), {**one_call(), "paths": {}}, B),
    "endpoint-moved": (at("/things/"), at("/v2/things/"), B),
    "endpoint-deprecated": (one_call(), one_call({"deprecated": True}), C),
    "endpoint-reactivated": (one_call({"deprecated": True}), one_call(), C),
    "path-parameter-renamed": (
        at("/things/{id}/", parameters=[ID]),
        at("/things/{thing}/", parameters=[{**ID, "name": "thing"}]),
        C,
    ),
    "operation-id-changed": (one_call(), one_call({"operationId": "read_thing"}), B),
    "operation-tag-changed": (one_call({"tags": ["a"]}), one_call({"tags": ["b"]}), C),
    "operation-extension-changed": (one_call(), one_call({"x-streamed": True}), C),
    "security-alternative-added": (secured([{"a": []}]), secured([{"a": []}, {"b": []}]), C),
    "security-alternative-removed": (secured([{"a": []}, {"b": []}]), secured([{"a": []}]), B),
    "security-scope-added": (secured([{"a": []}]), secured([{"a": ["read"]}]), B),
    "security-scope-removed": (secured([{"a": ["read"]}]), secured([{"a": []}]), C),
    "security-scheme-changed": (secured([{"a": []}], {"a": BEARER}), secured([{"a": []}], {"a": BASIC}), B),
    "server-added": (one_call(servers=[{"url": "/a"}]), one_call(servers=[{"url": "/a"}, {"url": "/b"}]), C),
    "server-removed": (one_call(servers=[{"url": "/a"}, {"url": "/b"}]), one_call(servers=[{"url": "/a"}]), B),
    "summary-changed": (one_call({"summary": "Get."}), one_call({"summary": "Get it."}), D),
    "information-changed": (one_call(), one_call(info={"title": "Things", "version": "2"}), D),
    "unused-part-changed": (one_call(), one_call(components={"schemas": {"Some": STRING}}), C),
}


def test_every_rule_has_a_case() -> None:
    endings = tuple(f"-{how}" for how in SCHEMA_RULES)
    of_schemas = {rule for rule in RULES.keys() - CASES.keys() if rule.endswith(endings)}
    assert CASES.keys() | of_schemas == RULES.keys()


@pytest.mark.parametrize("rule", CASES)
def test_change_is_found_by_its_rule(rule: str) -> None:
    old, new, severity = CASES[rule]
    (finding,) = compare(contract(old), contract(new)).findings
    assert finding.rule == rule
    assert finding.severity is severity is RULES[rule].severity


@pytest.mark.parametrize("rule", CASES)
def test_message_is_a_sentence(rule: str) -> None:
    old, new, _ = CASES[rule]
    (finding,) = compare(contract(old), contract(new)).findings
    assert finding.message[0].isupper() or finding.message[0] == "`"
    assert finding.message.endswith(".")
    assert not {"{", "}", "None", "''", "``"} & set(finding.message.split())


def test_invisible_property_is_not_compared() -> None:
    hidden = about({"type": "string", "readOnly": True})
    assert not [
        f for f in compare(contract(taking(having())), contract(taking(hidden))).findings if "property" in f.rule
    ]
    shown = about({"type": "string", "writeOnly": True})
    (finding,) = compare(contract(answering(about(STRING))), contract(answering(shown))).findings
    assert finding.rule == "response-property-removed"


def test_ambiguous_rename_is_a_removal() -> None:
    old, new = having(stage=STRING), having(stages=STRING, staged=STRING)
    found = compare(contract(answering(old)), contract(answering(new))).findings
    assert [finding.rule for finding in found] == ["response-property-removed", *["response-property-added"] * 2]


def test_renamed_property_is_matched_by_description() -> None:
    old = having(stage={"type": "integer", "description": "Number of the stage."})
    new = having(no={"type": "integer", "description": "Number of the stage."})
    (finding,) = compare(contract(answering(old)), contract(answering(new))).findings
    assert finding.message.endswith("was renamed to `no`.")


def test_change_of_a_shared_part_is_one_finding() -> None:
    def twice(schema: Node) -> Node:
        reference = {"$ref": "#/components/schemas/Thing"}
        response = {"200": {"description": "It.", "content": {JSON: {"schema": reference}}}}
        paths = {path: {"get": {"operationId": path[1:], "responses": response}} for path in ("/a", "/b")}
        return {**one_call(), "paths": paths, "components": {"schemas": {"Thing": schema}}}

    (finding,) = compare(contract(twice(having(a=STRING))), contract(twice(having()))).findings
    assert finding.endpoints == ("GET /a", "GET /b")
    assert finding.message == "`Thing.a` was removed."
    assert finding.pointer == "/components/schemas/Thing/properties/a"


def test_change_of_global_security_is_one_finding() -> None:
    def secured_by(*names: str) -> Node:
        paths: Node = {path: {"get": {"operationId": path[1:], "responses": {}}} for path in ("/a", "/b")}
        return {**one_call(), "paths": paths, "security": [{name: []} for name in names]}

    (finding,) = compare(contract(secured_by("a", "b")), contract(secured_by("a"))).findings
    assert (finding.rule, finding.endpoints) == ("security-alternative-removed", ("GET /a", "GET /b"))
