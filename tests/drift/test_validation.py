"""Invalid OpenAPI documents are refused with file, line and pointer, and never compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from datastore_sdk.cli import main
from datastore_sdk.drift import DriftError, Spec, compare
from datastore_sdk.drift.json_types import is_array, is_object
from datastore_sdk.drift.loader import SpecDocument, parse_document
from tests.drift.spec_builders import REAL, Node, build_spec, parse_spec, with_operation, with_response_schema

FULL = """
openapi: 3.1.0
info: {title: Things, version: "1", contact: {name: N}, license: {name: MIT}}
servers: [{url: /, description: Here., variables: {v: {default: a, enum: [a]}}}]
tags: [{name: things, externalDocs: {url: "https://example.com"}}]
security: [{key: []}]
paths:
  /things/{id}/:
    summary: Things.
    parameters:
      - $ref: "#/components/parameters/Id"
      - {name: q, in: query, schema: {type: string, enum: [a]}, explode: false, style: form, examples: {a: {value: 5}}}
    post:
      operationId: post_thing
      tags: [things]
      requestBody: {$ref: "#/components/requestBodies/Thing"}
      responses:
        "200":
          description: It.
          headers: {X-Some: {schema: {type: integer}, required: true}}
          content: {application/json: {schema: {$ref: "#/components/schemas/Thing"}, example: {a: 1}}}
          links: {next: {operationId: post_thing, description: Next.}}
        default: {$ref: "#/components/responses/No"}
      callbacks: {notify: {"{$request.body#/url}": {get: {responses: {"200": {description: Yes.}}}}}}
      deprecated: true
      security: [{}]
      x-anything: {a: [1]}
components:
  parameters: {Id: {name: id, in: path, required: true, schema: {type: integer}}}
  requestBodies: {Thing: {required: true, content: {application/json: {schema: {$ref: "#/components/schemas/Thing"}}}}}
  responses: {"No": {description: No.}}
  headers: {H: {description: H., schema: {type: string}}}
  examples: {E: {summary: E., value: [1]}}
  securitySchemes:
    key: {type: apiKey, name: k, in: header}
    flow: {type: oauth2, flows: {clientCredentials: {tokenUrl: /token, scopes: {a: A.}}}}
  schemas:
    Thing:
      type: object
      title: Thing
      required: [name]
      additionalProperties: {type: [string, "null"]}
      discriminator: {propertyName: name, mapping: {a: "#/components/schemas/Thing"}}
      properties:
        name: {type: string, minLength: 1, pattern: a, readOnly: true, default: a, examples: [a]}
        size: {type: integer, minimum: 0, exclusiveMaximum: 5, multipleOf: 1, x-extensible-enum: [1]}
        list: {type: array, items: {$ref: "#/components/schemas/Thing"}, minItems: 1, uniqueItems: true}
        some: {anyOf: [{$ref: "#/components/schemas/Other"}, {type: "null"}], description: Some., deprecated: true}
        any: true
    Other: {allOf: [{type: object, properties: {a: {const: 1}}}], not: {type: string}}
"""
WRONG_VALUES: list[Any] = [None, True, 5, 1.5, "x", [], {}, [None], {"a": 1}, {"$ref": "#/nowhere"}, {"$ref": 5}]


def value_paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Return the keys and indexes that lead to each value."""
    items = value.items() if is_object(value) else enumerate(value) if is_array(value) else ()
    for key, inner in items:
        yield (*path, key)
        yield from value_paths(inner, (*path, key))


def replace_value(content: Node, path: tuple[Any, ...], value: Any) -> Node:
    content = deepcopy(content)
    inner: Any = content
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return content


def error_message(content: Any, name: str = "new.yaml") -> str:
    """Return the error for a document; empty if it is accepted and can be compared."""
    try:
        new = Spec(SpecDocument(name, "", content))
    except DriftError as error:
        return str(error)
    compare(parse_spec(FULL), new)
    compare(new, parse_spec(FULL))
    return ""


@pytest.mark.exhaustive
def test_replaced_value_is_refused_or_can_be_compared(request: pytest.FixtureRequest) -> None:
    """Replace each value by wrong ones; without `--all` by every 23rd, at a different offset for each value."""
    content = parse_spec(FULL).document.content
    refused = 0
    step = 1 if request.config.getoption("--all") else 23
    for number, path in enumerate(value_paths(content)):
        for wrong in WRONG_VALUES[number % step :: step]:
            message = error_message(replace_value(content, path, wrong))
            assert "\n" not in message
            refused += message.startswith("new.yaml: /")
    assert refused > 1000 / step


SCHEMA = "/components/schemas/Thing"
INVALID: list[tuple[Callable[[Node], object], str]] = [
    (lambda c: c.update(paths=[]), "line 7: /paths must be an object, not an array"),
    (lambda c: c["paths"].update({"/a/": []}), "/paths/~1a~1 must be an object, not an array"),
    (lambda c: c["paths"].update({"/a/": {"get": "x"}}), "/paths/~1a~1/get must be an object, not a string"),
    (
        lambda c: c["paths"].update({"/a/": {"get": {"responses": []}}}),
        "/paths/~1a~1/get/responses must be an object, not an array",
    ),
    (
        lambda c: c["paths"].update({"/a/": {"parameters": [{"name": "a"}]}}),
        "/paths/~1a~1/parameters/0 has no key `in`",
    ),
    (
        lambda c: c["components"]["parameters"]["Id"].update({"in": "body"}),
        'components/parameters/Id/in must be one of query, header, path, cookie, not "body"',
    ),
    (lambda c: c["components"]["schemas"].update(Thing="text"), f"{SCHEMA} must be an object or a boolean, not a str"),
    (
        lambda c: c["components"]["schemas"]["Thing"].update(type="strong"),
        '/type must be one of array, boolean, integer, null, number, object, string or an array, not "strong"',
    ),
    (
        lambda c: c["components"]["schemas"]["Thing"].update(type=["string", None]),
        "/type/1 must be one of array, boolean, integer, null, number, object, string, not null without quotes",
    ),
    (lambda c: c["components"]["schemas"]["Thing"].update(type=[]), "/type must not be empty"),
    (lambda c: c["components"]["schemas"]["Thing"].update(maximum="5"), "/maximum must be a number, not a string"),
    (lambda c: c["components"]["schemas"]["Thing"].update(required="a"), "/required must be an array, not a string"),
    (lambda c: c["components"]["schemas"]["Thing"].update(example=b"x"), "/example is a bytes, which is not a JSON v"),
    (lambda c: c["components"]["schemas"]["Thing"].update(enum=[{1}]), "/enum/0 is a set, which is not a JSON value"),
    (lambda c: c.update(tags={}, servers={}), "/servers must be an array, not an object (and 1 more problem)"),
]


@pytest.mark.parametrize(("mutate", "message"), INVALID, ids=[message for _, message in INVALID])
def test_invalid_value_is_reported_with_its_place(mutate: Callable[[Node], object], message: str) -> None:
    content = deepcopy(parse_spec(FULL).document.content)
    mutate(content)
    with pytest.raises(DriftError, match=r"^new\.yaml, line \d+: /") as caught:
        Spec(SpecDocument("new.yaml", FULL, content))
    assert message in str(caught.value)


INVALID_3_0: list[tuple[Node, str]] = [
    ({"type": "strong"}, '/type must be one of array, boolean, integer, number, object, string, not "strong"'),
    ({"type": ["string", "null"]}, "/type must be a string, not an array"),
    ({"properties": {"a": "text"}}, "/properties/a must be an object, not a string"),
    ({"additionalProperties": 5}, "/additionalProperties must be an object or a boolean, not an integer"),
    ({"properties": {"a": {"minLength": "1"}}}, "/properties/a/minLength must be an integer, not a string"),
    ({"allOf": [{"$ref": 5}]}, "/allOf/0/$ref must be a string, not an integer"),
]


@pytest.mark.parametrize(("schema", "message"), INVALID_3_0, ids=[message for _, message in INVALID_3_0])
def test_invalid_schema_in_openapi_3_0_is_reported(schema: Node, message: str) -> None:
    error = error_message({**with_response_schema(schema), "openapi": "3.0.3"})
    assert error == f"new.yaml: /paths/~1things~1/post/responses/200/content/application~1json/schema{message}"


def test_invalid_parts_in_openapi_3_0_are_reported() -> None:
    schemes = {"key": {"type": "apiKey", "name": 5, "in": "header"}}
    content = {**with_operation({"parameters": [{"name": "a", "in": "body"}]}), "openapi": "3.0.3"}
    assert '/parameters/0/in must be one of path, query, header, cookie, not "body"' in error_message(content)
    content = {**with_operation(), "openapi": "3.0.3", "components": {"securitySchemes": schemes}}
    assert "/components/securitySchemes/key/name must be a string, not an integer" in error_message(content)


def test_missing_and_unknown_keys_are_accepted() -> None:
    for version in ("3.0.3", "3.1.0"):
        content = {**with_operation({"responses": {"200": {"odd": 1}}, "odd": 1}), "openapi": version, "odd": 1}
        del content["info"]
        assert not error_message(content)


REFERENCES = [
    ("other.yaml#/Thing", "refers to another document, 'other.yaml#/Thing': bundle both into one file first"),
    ("#/components/schemas/Nothing", "refers to nothing in this document: '#/components/schemas/Nothing'"),
    ("#/paths/5", "refers to nothing"),
    ("#anchor", "refers to nothing"),
    ("#/info/title", "refers to a string, not to an object: '#/info/title'"),
    ("#/paths/~1things~1/post/responses/200/content/application~1json/schema", "is composed of itself"),
]


@pytest.mark.parametrize(("reference", "message"), REFERENCES)
def test_reference_without_target_is_refused(reference: str, message: str) -> None:
    with pytest.raises(DriftError, match=r"^some\.yaml, line 1: /") as caught:
        build_spec(with_response_schema({"$ref": reference}))
    assert message in str(caught.value)


@pytest.mark.parametrize("keyword", ["allOf", "anyOf", "oneOf"])
def test_schema_composed_of_itself_is_refused(keyword: str) -> None:
    parts = {"A": {keyword: [{"$ref": "#/components/schemas/B"}]}, "B": {keyword: [{"$ref": "#/components/schemas/A"}]}}
    for name in parts:
        content = {**with_response_schema({"$ref": f"#/components/schemas/{name}"}), "components": {"schemas": parts}}
        with pytest.raises(DriftError, match=r"/components/schemas/A is composed of itself"):
            build_spec(content)


def test_schema_with_a_property_of_itself_is_accepted() -> None:
    part = {
        "type": "object",
        "properties": {"inner": {"anyOf": [{"$ref": "#/components/schemas/A"}, {"type": "null"}]}},
    }
    content = {**with_response_schema({"$ref": "#/components/schemas/A"}), "components": {"schemas": {"A": part}}}
    assert not compare(build_spec(content), build_spec(content)).findings


def test_reference_with_an_escaped_name_is_followed() -> None:
    content = with_response_schema({"$ref": "#/components/schemas/A%20b"})
    content["components"] = {"schemas": {"A b": {"type": "string"}}}
    (finding,) = compare(build_spec(content), build_spec(with_response_schema({"type": "integer"}))).findings[:1]
    assert finding.rule == "response-body-type-changed"


def test_reference_in_a_property_named_like_a_keyword_is_checked() -> None:
    for name in ("default", "example", "x-odd", "$ref"):
        content = with_response_schema({"properties": {name: {"$ref": "#/nowhere"}}})
        assert f"/properties/{name}/$ref refers to nothing" in error_message(content)


def test_schema_in_the_dialect_of_openapi_3_0_is_accepted() -> None:
    schema = {"type": "integer", "nullable": True, "minimum": 0, "exclusiveMinimum": True, "example": 5}
    assert not error_message({**with_response_schema(schema), "openapi": "3.0.3"})


def test_examples_and_extensions_may_hold_any_value() -> None:
    odd: Node = {"$ref": 5, "type": {}, "inner": [{"$ref": "#/nowhere"}]}
    assert not error_message({**with_response_schema({"example": odd, "default": odd, "x-odd": odd}), "x-odd": odd})
    call = with_operation({"responses": {"200": {"description": "It."}, "x-odd": odd}})
    call["paths"]["x-odd"] = odd
    assert not compare(build_spec(call), build_spec(with_operation())).findings[1:]


def test_spec_of_the_sdk_is_valid() -> None:
    Spec(SpecDocument("openapi.yaml", REAL, parse_document(REAL, "openapi.yaml")))


def test_deeply_nested_schema_is_refused() -> None:
    schema: Node = {}
    for _ in range(300):
        schema = {"items": schema}
    assert "nested too deeply" in error_message(with_response_schema(schema))


@pytest.mark.parametrize("command", [["spec", "sdk"], ["traffic", "none.yaml", "--spec"]])
def test_command_with_an_invalid_spec_exits_with_3(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "new.yaml"
    path.write_text(REAL.replace("      responses:\n", "      responses: []\n      x-responses:\n", 1), "utf-8")
    assert main(["drift", *command, str(path)]) == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert f"datastore: {path}, line 49: /paths/~1external~1thirdparty~1v1~1pads~1/get/responses must be" in err
