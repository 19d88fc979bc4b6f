"""Contracts that are not written as OpenAPI says: refused with the place, never read as something that was removed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from datastore_sdk.cli import main
from datastore_sdk.drift import DriftError, Spec, compare
from datastore_sdk.drift.json_types import is_array, is_object
from datastore_sdk.drift.loader import SpecDocument, parse
from tests.drift.spec_builders import REAL, Node, answering, contract, from_text, one_call

validators: Any = import_module("openapi_spec_validator")  # its types are not known in part

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
      callbacks: {told: {"{$request.body#/url}": {get: {responses: {"200": {description: Yes.}}}}}}
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
        whatever: true
    Other: {allOf: [{type: object, properties: {a: {const: 1}}}], not: {type: string}}
"""
ODD: list[Any] = [None, True, 5, 1.5, "x", [], {}, [None], {"a": 1}, {"$ref": "#/nowhere"}, {"$ref": 5}]


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The keys and indexes that lead to each value."""
    items = value.items() if is_object(value) else enumerate(value) if is_array(value) else ()
    for key, inner in items:
        yield (*path, key)
        yield from places(inner, (*path, key))


def replaced(content: Node, path: tuple[Any, ...], value: Any) -> Node:
    content = deepcopy(content)
    inner: Any = content
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return content


def refusal(content: Any, name: str = "new.yaml") -> str:
    """What a contract is refused with; empty where it is not."""
    try:
        new = Spec(SpecDocument(name, "", content))
    except DriftError as error:
        return str(error)
    compare(from_text(FULL), new)
    compare(new, from_text(FULL))
    return ""


def wrong_types(content: Any) -> list[str]:
    """What the schema of OpenAPI itself says about types."""
    errors: list[Any] = [*validators.OpenAPIV31SpecValidator(content).iter_errors()]
    return [str(error) for error in errors if "is not of type" in str(error)]


LOOSER = ("default", "exclusiveMaximum")
"""The validator holds defaults against their schemas too; a flag is what OpenAPI 3.0 has there."""


def test_what_is_replaced_anywhere_is_refused_with_its_place_or_allowed(request: pytest.FixtureRequest) -> None:
    """At each place by each odd value; without `--all` by some of them, in turns."""
    content = from_text(FULL).document.content
    assert not [*validators.OpenAPIV31SpecValidator(content).iter_errors()]
    refused = 0
    step = 1 if request.config.getoption("--all") else 3
    for number, path in enumerate(places(content)):
        for odd in ODD[number % step :: step]:
            changed = replaced(content, path, odd)
            if refusal(changed):
                refused += 1
            elif path[-1] not in LOOSER and "$ref" not in str(odd):  # which the validator would follow in examples
                assert not wrong_types(changed), (path, odd)
    assert refused > 1000 / step


WRONG: list[tuple[Callable[[Node], object], str]] = [
    (lambda c: c.update(paths=[]), "line 7: /paths must be an object, not an array"),
    (lambda c: c["paths"].update({"/a/": []}), "/paths/~1a~1 must be an object, not an array"),
    (lambda c: c["paths"].update({"/a/": {"get": "x"}}), "/paths/~1a~1/get must be an object, not a text"),
    (
        lambda c: c["paths"].update({"/a/": {"get": {"responses": []}}}),
        "/paths/~1a~1/get/responses must be an object, not an array",
    ),
    (
        lambda c: c["paths"].update({"/a/": {"parameters": [{"name": "a"}]}}),
        "/paths/~1a~1/parameters/0 has no `in`",
    ),
    (
        lambda c: c["components"]["schemas"].update(Thing="text"),
        "/components/schemas/Thing must be an object or true or false, not a text",
    ),
    (
        lambda c: c["components"]["schemas"]["Thing"].update(type="strong"),
        '/type must be one of string, integer, number, boolean, array, object, null or an array, not "strong"',
    ),
    (
        lambda c: c["components"]["schemas"]["Thing"].update(type=["string", None]),
        "array, object, null, not null without quotes",
    ),
    (lambda c: c["components"]["schemas"]["Thing"].update(type=[]), "/type must not be empty"),
    (lambda c: c["components"]["schemas"]["Thing"].update(example=b"x"), "/example is a bytes, which JSON cannot say"),
    (lambda c: c["components"]["schemas"]["Thing"].update(enum=[{1}]), "/enum/0 is a set, which JSON cannot say"),
]


@pytest.mark.parametrize(("mutate", "told"), WRONG, ids=[told for _, told in WRONG])
def test_the_place_is_named(mutate: Callable[[Node], object], told: str) -> None:
    content = deepcopy(from_text(FULL).document.content)
    mutate(content)
    with pytest.raises(DriftError, match=r"^new\.yaml") as caught:
        Spec(SpecDocument("new.yaml", FULL, content))
    assert told in str(caught.value)


REFERENCES = [
    ("other.yaml#/Thing", "refers to another document, 'other.yaml#/Thing': bundle them into one first"),
    ("#/components/schemas/Nothing", "leads nowhere: '#/components/schemas/Nothing'"),
    ("#/paths/5", "leads nowhere"),
    ("#anchor", "leads nowhere"),
    ("#/info/title", "/info/title must be an object or true or false, not a text"),
    ("#/paths/~1things~1/post/responses/200/content/application~1json/schema", "is made of itself"),
]


@pytest.mark.parametrize(("reference", "told"), REFERENCES)
def test_references_that_cannot_be_followed(reference: str, told: str) -> None:
    with pytest.raises(DriftError, match=r"^some\.yaml, line 1: /") as caught:
        contract(answering({"$ref": reference}))
    assert told in str(caught.value)


@pytest.mark.parametrize("keyword", ["allOf", "anyOf", "oneOf"])
def test_what_is_made_of_itself_is_refused(keyword: str) -> None:
    parts = {"A": {keyword: [{"$ref": "#/components/schemas/B"}]}, "B": {keyword: [{"$ref": "#/components/schemas/A"}]}}
    for name in parts:
        content = {**answering({"$ref": f"#/components/schemas/{name}"}), "components": {"schemas": parts}}
        with pytest.raises(DriftError, match=r"/components/schemas/A is made of itself"):
            contract(content)


def test_what_is_inside_itself_is_not() -> None:
    part = {
        "type": "object",
        "properties": {"inner": {"anyOf": [{"$ref": "#/components/schemas/A"}, {"type": "null"}]}},
    }
    content = {**answering({"$ref": "#/components/schemas/A"}), "components": {"schemas": {"A": part}}}
    assert not compare(contract(content), contract(content)).findings


def test_references_are_urls() -> None:
    content = answering({"$ref": "#/components/schemas/A%20b"})
    content["components"] = {"schemas": {"A b": {"type": "string"}}}
    (finding,) = compare(contract(content), contract(answering({"type": "integer"}))).findings[:1]
    assert finding.rule == "response-body-type-changed"


def test_what_only_openapi_3_0_says_is_allowed() -> None:
    schema = {"type": "integer", "nullable": True, "minimum": 0, "exclusiveMinimum": True, "example": 5}
    assert not refusal({**answering(schema), "openapi": "3.0.3"})


def test_examples_and_extensions_can_hold_anything() -> None:
    odd: Node = {"$ref": 5, "type": {}, "inner": [{"$ref": "#/nowhere"}]}
    assert not refusal({**answering({"example": odd, "default": odd, "x-odd": odd}), "x-odd": odd})
    call = one_call({"responses": {"200": {"description": "It."}, "x-odd": odd}})
    call["paths"]["x-odd"] = odd
    assert not compare(contract(call), contract(one_call())).findings[1:]


def test_the_real_one_is_well_formed() -> None:
    Spec(SpecDocument("openapi.yaml", REAL, parse(REAL, "openapi.yaml")))


@pytest.mark.parametrize("command", [["spec", "sdk"], ["traffic", "none.yaml", "--contract"]])
def test_the_command_cannot_run(command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "new.yaml"
    path.write_text(REAL.replace("      responses:\n", "      responses: []\n      x-responses:\n", 1), "utf-8")
    assert main(["drift", *command, str(path)]) == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert f"datastore: {path}, line 49: /paths/~1external~1thirdparty~1v1~1pads~1/get/responses must be" in err
