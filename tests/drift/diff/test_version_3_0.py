"""OpenAPI 3.0 documents: equivalent schemas have no changes, and patches use the keywords of 3.0."""

from __future__ import annotations

import subprocess
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml

from datastore_sdk.drift import compare, suggest_patch
from datastore_sdk.drift.json_types import is_array, is_object
from tests.drift.drift_cases import TrafficCase
from tests.drift.spec_builders import DUMPER, REAL, Node, build_spec, object_schema, parse_spec, with_response_schema
from tests.drift.traffic_drift_cases import TRAFFIC_CASES
from tests.support.exhaustive import first

validators: Any = import_module("openapi_spec_validator")  # its types are not known in part


def older(value: Any) -> Any:
    """Convert a part of an OpenAPI 3.1 document to 3.0."""
    if is_array(value):
        return [older(item) for item in value]
    if not is_object(value):
        return value
    node: Node = {key: older(item) for key, item in value.items()}
    types: Any = node.get("type")
    if is_array(types):
        names = [name for name in types if name not in ("null", *(["integer"] if "number" in types else []))]
        del node["type"]
        node |= {"type": names[0]} if len(names) == 1 else {"anyOf": [{"type": name} for name in names]}
        node |= {"nullable": True} if "null" in types else {}
    choices: Any = node.get("anyOf")
    if is_array(choices) and {"type": "null"} in choices:
        others = [choice for choice in choices if choice != {"type": "null"}]
        del node["anyOf"]
        node |= {"allOf": others} if len(others) == 1 else {"anyOf": others}
        node["nullable"] = True
    if "const" in node:
        node["enum"] = [node.pop("const")]
    if is_array(node.get("examples")):
        node["example"] = node.pop("examples")[0]
    return node


@cache
def older_text() -> str:
    """Return the SDK's document as OpenAPI 3.0."""
    content: Node = {**older(parse_spec(REAL).document.content), "openapi": "3.0.3"}
    del content["info"]["summary"]
    text: str = yaml.dump(content, Dumper=DUMPER, sort_keys=False, width=120)
    return text


RATHER = {"information-changed", "examples-changed"}
"""Rules for what OpenAPI 3.0 writes differently."""


def errors_of(text: str) -> list[str]:
    """Return the errors of openapi-spec-validator."""
    return [str(error) for error in validators.OpenAPIV30SpecValidator(parse_spec(text).document.content).iter_errors()]


def test_converted_spec_is_equivalent() -> None:
    assert "nullable: true" in older_text()
    assert errors_of(older_text()) == []
    found = compare(parse_spec(REAL), parse_spec(older_text())).findings
    assert {finding.rule.removeprefix("request-parameter-") for finding in found} == RATHER


@pytest.mark.exhaustive
@pytest.mark.parametrize("planted", first(8, TRAFFIC_CASES), ids=lambda planted: planted.description)
def test_suggested_patch_removes_the_finding(planted: TrafficCase, tmp_path: Path) -> None:
    observed = planted.observe_with(parse_spec(older_text()))
    assert [finding.rule for finding in observed.findings()] == [planted.rule]
    suggestion = suggest_patch(parse_spec(older_text()), observed)
    assert bool(suggestion.patch) == planted.can_be_patched
    (tmp_path / "openapi.yaml").write_text(older_text(), "utf-8")
    if planted.can_be_patched:
        subprocess.run(["git", "apply", "-"], input=suggestion.patch, text=True, cwd=tmp_path, check=True)
    mended = (tmp_path / "openapi.yaml").read_text("utf-8")
    assert bool(planted.observe_with(parse_spec(mended)).findings()) != planted.can_be_patched
    assert errors_of(mended) == []
    assert '"null"' not in "".join(line for line in suggestion.patch.splitlines() if line.startswith("+"))


@pytest.mark.parametrize(
    "schema",
    [
        {"allOf": [{"$ref": "#/components/schemas/Part"}], "nullable": True},
        {"oneOf": [{"$ref": "#/components/schemas/Part"}, {"type": "string"}], "nullable": True},
        {"type": "string", "enum": ["a"], "nullable": True},
    ],
)
def test_change_of_nullable_is_found(schema: Node) -> None:
    def some(each: Node) -> Node:
        parts = {"Part": {"type": "object", "properties": {"a": {"type": "string"}}}}
        return {**with_response_schema(object_schema(each)), "openapi": "3.0.3", "components": {"schemas": parts}}

    (one,) = compare(build_spec(some(schema)), build_spec(some({**schema, "nullable": False}))).findings
    assert one.rule == "response-property-became-not-nullable"
