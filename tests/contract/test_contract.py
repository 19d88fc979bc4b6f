"""The contract by itself: valid, and whole in what it says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from openapi_spec_validator import validate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from _contract import Contract

Node = dict[str, Any]


def within(node: Any, at: str = "#") -> Iterator[tuple[str, Node]]:
    """All objects of a document, with where they stand."""
    if isinstance(node, dict):
        yield at, node
        for key, value in node.items():  # pyright: ignore[reportUnknownVariableType]
            yield from within(value, f"{at}/{key}")
    elif isinstance(node, list):
        for index, value in enumerate(node):  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
            yield from within(value, f"{at}/{index}")


def schemas_within(contract: Contract, node: Node) -> set[str]:
    """Names of the component schemas that a node refers to, directly or not."""
    found: set[str] = set()
    waiting = [node]
    while waiting:
        for _, part in within(waiting.pop()):
            name = str(part.get("$ref", "")).removeprefix("#/components/schemas/")
            if name and "/" not in name and name not in found:
                found.add(name)
                waiting.append(contract.schema(name))
    return found


def test_contract_is_valid_openapi(document: Node) -> None:
    validate(document)


def test_operations_have_names_and_descriptions(contract: Contract, document: Node) -> None:
    tags = {tag["name"] for tag in document["tags"]}
    for name, operation in contract.operations.items():
        assert re.fullmatch("[a-z]+(_[a-z]+)+", name)
        assert operation.node["summary"].endswith("."), name
        assert len(operation.node["tags"]) == 1
        assert set(operation.node["tags"]) <= tags
        assert operation.endpoint.endswith("/")


def test_schemas_have_descriptions(document: Node) -> None:
    components = document["components"]
    described = dict[str, Node]()
    for kind in ("parameters", "requestBodies", "responses", "schemas"):
        described |= {f"{kind}/{name}": node for name, node in components[kind].items()}
    for at, node in within(components["schemas"]):
        # `properties` is the name of a keyword, and could be that of a property.
        if isinstance(node.get("properties"), dict) and not at.endswith("/properties"):
            described |= {f"{at}/{name}": value for name, value in node["properties"].items()}
    for at, node in described.items():
        assert re.search(r"[.:)]$", node.get("description", "").strip()), at


def test_components_are_all_used(document: Node) -> None:
    used = {node["$ref"] for _, node in within(document) if "$ref" in node}
    for kind in ("parameters", "requestBodies", "responses", "schemas"):
        for name in document["components"][kind]:
            assert f"#/components/{kind}/{name}" in used


def test_operations_declare_their_errors(contract: Contract) -> None:
    for name, operation in contract.operations.items():
        answers = {code: contract.resolve(node) for code, node in operation.node["responses"].items()}
        assert answers.keys() >= {"401", "403", "429", "default"}, name
        assert ("404" in answers) == ("{" in operation.endpoint), name
        for code, answer in answers.items():
            if not code.startswith("2"):
                assert answer["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Error"}


def test_schemas_of_requests_are_closed_of_responses_open(contract: Contract) -> None:
    asked, answered = set[str](), set[str]()
    for operation in contract.operations.values():
        asked |= schemas_within(contract, operation.body)
        for answer in operation.success.values():
            answered |= schemas_within(contract, answer)
    for name in asked | answered:
        node = contract.schema(name)
        if node.get("type") == "object":
            assert (node.get("additionalProperties") is False) == (name in asked), name
    assert not asked & answered
    enumerations = [at for name in answered for at, node in within(contract.schema(name)) if "enum" in node]
    assert enumerations == []


def test_security_is_required_except_for_the_token_endpoint(contract: Contract) -> None:
    assert [name for name, each in contract.operations.items() if not each.authenticated] == ["create_token"]


@pytest.mark.parametrize(
    ("name", "one"),
    [("pads", "pad"), ("sites", "site")],
)
def test_operations_of_pads_and_sites_match(contract: Contract, name: str, one: str) -> None:
    names = {each for each, operation in contract.operations.items() if operation.node["tags"] == [name]}
    assert names == {
        f"list_{name}",
        f"get_{one}",
        f"list_{one}_fields",
        f"list_{one}_stages",
        f"list_{one}_stage_aggregations",
        f"stream_{one}_data",
        f"list_{one}_data_changes",
        f"acknowledge_{one}_data_changes",
        f"get_{one}_data_change",
        f"list_{one}_parameters",
        f"create_{one}_parameters",
        f"get_{one}_parameter",
        f"replace_{one}_parameter",
        f"update_{one}_parameter",
        f"delete_{one}_parameter",
    }
