"""Small contracts, and the real one with something changed."""

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


def contract(content: Node, name: str = "some.yaml") -> Spec:
    """A contract from its content."""
    return from_text(json.dumps(content), name)


@cache
def from_text(text: str, name: str = "openapi.yaml") -> Spec:
    return Spec(SpecDocument(name, text, parse_document(text, name)))


def changed(mutate: Mutation) -> Spec:
    """The real contract with a change."""
    content = deepcopy(from_text(REAL).document.content)
    mutate(content)
    # Not validated, which takes most of a second for each test.
    return Spec(SpecDocument("new.yaml", json.dumps(content, indent=1), content), validate=False)


def one_call(operation: Node | None = None, /, **more: Any) -> Node:
    """A contract with the call `POST /things/`."""
    call = {"operationId": "get_thing", "responses": {"200": {"description": "It."}}, **(operation or {})}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Things", "version": "1"},
        "paths": {"/things/": {"post": call}},
        **more,
    }


def answering(schema: Any, **response: Any) -> Node:
    """A contract whose call answers with a schema."""
    return one_call({"responses": {"200": {"description": "It.", "content": {JSON: {"schema": schema}}, **response}}})


def taking(schema: Any, **body: Any) -> Node:
    """A contract whose call takes a schema."""
    return one_call({"requestBody": {"content": {JSON: {"schema": schema}}, **body}})


def asking(*parameters: Node) -> Node:
    """A contract whose call takes parameters."""
    return one_call({"parameters": [{"in": "query", "schema": {"type": "string"}, **each} for each in parameters]})


def with_header(header: Node | None) -> Node:
    """A contract whose answer has a header, or has not."""
    headers = {} if header is None else {"X-Some": header}
    return one_call({"responses": {"200": {"description": "It.", "headers": headers}}})


def about(schema: Node) -> Node:
    """An object with one property."""
    return {"type": "object", "properties": {"some": schema}}


PLACES: dict[str, Callable[[Node], Node]] = {
    "request-body": taking,
    "request-property": lambda schema: taking(about(schema)),
    "request-parameter": lambda schema: asking({"name": "some", "schema": schema}),
    "response-body": answering,
    "response-property": lambda schema: answering(about(schema)),
    "response-header": lambda schema: with_header({"schema": schema}),
}
"""Where a schema can stand, by the beginnings of the ids of rules."""
