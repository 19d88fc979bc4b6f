"""Builders of small OpenAPI documents and of changed copies of the SDK's document."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from functools import cache
from typing import Any

import yaml

from datastore_sdk.drift import Spec
from datastore_sdk.drift.loader import SpecDocument, parse_document
from tests.support.paths import ROOT

REAL = (ROOT / "openapi.yaml").read_text("utf-8")

Node = dict[str, Any]
Mutation = Callable[[Node], object]

JSON = "application/json"
DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def build_spec(content: Node, name: str = "some.yaml", *, validate: bool = True) -> Spec:
    """Build a spec from its content."""
    return parse_spec(json.dumps(content), name, validate=validate)


@cache
def parse_spec(text: str, name: str = "openapi.yaml", *, validate: bool = True) -> Spec:
    """Return the spec of a text. The SDK's own is not validated, which takes long; test_validation.py does that."""
    return Spec(SpecDocument(name, text, parse_document(text, name)), validate=validate and text != REAL)


def mutate_spec(mutate: Mutation) -> Spec:
    """Return the SDK's document with a change."""
    content = deepcopy(parse_spec(REAL).document.content)
    mutate(content)
    # Not validated, which takes most of a second for each test.
    return Spec(SpecDocument("new.yaml", json.dumps(content, indent=1), content), validate=False)


def with_operation(operation: Node | None = None, /, **more: Any) -> Node:
    """Return a document with the operation `POST /things/`."""
    call = {"operationId": "get_thing", "responses": {"200": {"description": "It."}}, **(operation or {})}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Things", "version": "1"},
        "paths": {"/things/": {"post": call}},
        **more,
    }


def with_response_schema(schema: Any, **response: Any) -> Node:
    """Return a document whose response has a schema."""
    return with_operation(
        {"responses": {"200": {"description": "It.", "content": {JSON: {"schema": schema}}, **response}}}
    )


def with_request_schema(schema: Any, **body: Any) -> Node:
    """Return a document whose request body has a schema."""
    return with_operation({"requestBody": {"content": {JSON: {"schema": schema}}, **body}})


def with_parameters(*parameters: Node) -> Node:
    """Return a document with parameters."""
    return with_operation(
        {"parameters": [{"in": "query", "schema": {"type": "string"}, **each} for each in parameters]}
    )


def with_header(header: Node | None) -> Node:
    """Return a document with a response header, or without."""
    headers = {} if header is None else {"X-Some": header}
    return with_operation({"responses": {"200": {"description": "It.", "headers": headers}}})


def object_schema(schema: Node) -> Node:
    """Return the schema of an object with one property."""
    return {"type": "object", "properties": {"some": schema}}


LOCATIONS: dict[str, Callable[[Node], Node]] = {
    "request-body": with_request_schema,
    "request-property": lambda schema: with_request_schema(object_schema(schema)),
    "request-parameter": lambda schema: with_parameters({"name": "some", "schema": schema}),
    "response-body": with_response_schema,
    "response-property": lambda schema: with_response_schema(object_schema(schema)),
    "response-header": lambda schema: with_header({"schema": schema}),
}
"""Builders of documents with a schema in each location, by the prefix of rule ids."""
