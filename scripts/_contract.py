"""The contract as the templates of the generated client read it.

The generator's own parser overlooks some of what a contract says: `explode`, security for all operations, descriptions
beside a `$ref`, constant headers, extensions (`x-...`). Those are read here, from the document itself.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Node: TypeAlias = dict[str, Any]

KNOWN_VALUES = "x-extensible-enum"
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The safe loader written in C, if PyYAML was built with it."""


class ContractError(Exception):
    """The contract contains something that the generated client cannot express."""


@dataclass(frozen=True)
class Operation:
    """Operation of the contract."""

    method: str
    endpoint: str
    """Path with placeholders for ids."""
    node: Node
    parameters: dict[str, Node]
    """Path and query parameters by name."""
    headers: dict[str, str]
    """Constant headers of the request."""
    authenticated: bool
    body: Node
    success: dict[int, Node]
    """Successful responses by status."""

    @property
    def streamed(self) -> bool:
        """Whether the response may be too large to be read at once."""
        return bool(self.node.get("x-streamed", False))

    @property
    def idempotent(self) -> bool:
        """Whether the call can be repeated without further effect."""
        return self.method != "post" or bool(self.node.get("x-idempotent", False))

    @property
    def response_text(self) -> str:
        """Descriptions of the successful responses, as the end of a sentence."""
        texts = dict.fromkeys(str(response["description"]).rstrip(".") for response in self.success.values())
        return ", or ".join(text[0].lower() + text[1:] for text in texts) + "."

    @property
    def repeated(self) -> list[str]:
        """Names of the array parameters that are repeated once per item; the others are joined by commas."""
        arrays = (node for node in self.parameters.values() if node["schema"].get("type") == "array")
        return [node["name"] for node in arrays if node.get("explode", True)]


def read_document(path: Path) -> Node:
    """Return an OpenAPI document in YAML or JSON."""
    document: Node = yaml.load(path.read_text(encoding="utf-8"), _LOADER)  # noqa: S506 - a safe one
    return document


class Contract:
    """An OpenAPI document."""

    def __init__(self, path: Path) -> None:
        self._document = read_document(path)

    def resolve(self, node: Node) -> Node:
        """Return the node, or the target of its `$ref`, overridden by the keys next to the `$ref`."""
        if "$ref" not in node:
            return node
        target: Any = self._document
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        return self.resolve(target) | {key: value for key, value in node.items() if key != "$ref"}

    def tag(self, name: str) -> str:
        """Return the description of a tag."""
        return next(str(tag["description"]) for tag in self._document["tags"] if tag["name"] == name)

    def schema(self, name: str) -> Node:
        """Return a component schema."""
        found: Node = self._document["components"]["schemas"][name]
        return found

    def properties(self, name: str) -> dict[str, Node]:
        """Return the properties of a component schema in the order of the contract."""
        return {key: self.resolve(node) for key, node in self.schema(name).get("properties", {}).items()}

    def get_known_values(self, node: Node) -> list[Any]:
        """Return the values known so far of a node and its alternatives."""
        nodes = (node, *map(self.resolve, node.get("anyOf", ())))
        return [value for each in nodes for value in each.get(KNOWN_VALUES, ())]

    @cached_property
    def operations(self) -> dict[str, Operation]:
        """All operations, by operationId."""
        return {each[-1]["operationId"]: self._operation(*each) for each in _nodes(self._document)}

    def without_headers(self) -> Node:
        """Return the document without header parameters, which the client sends by itself."""
        document = deepcopy(self._document)
        for _, _, item, operation in _nodes(document):
            for node in (item, operation):
                parameters: list[Node] = node.get("parameters", [])
                node["parameters"] = [each for each in parameters if self.resolve(each)["in"] != "header"]
        return document

    def _operation(self, method: str, path: str, item: Node, node: Node) -> Operation:
        parameters = [self.resolve(each) for each in (*item.get("parameters", ()), *node.get("parameters", ()))]
        for each in parameters:
            if each["in"] == "path" and each["schema"].get("type") != "integer":
                raise ContractError(f"path parameter {each['name']} of {path}: only integers can be generated")
        responses = {code: self.resolve(response) for code, response in node["responses"].items()}
        return Operation(
            method=method,
            endpoint=path,
            node=node,
            parameters={each["name"]: each for each in parameters if each["in"] in {"path", "query"}},
            headers={each["name"]: _constant(each) for each in parameters if each["in"] == "header"},
            authenticated=bool(node.get("security", self._document.get("security"))),
            body=self.resolve(node.get("requestBody", {})),
            success={int(code): response for code, response in responses.items() if code.startswith("2")},
        )


def _nodes(document: Node) -> Iterator[tuple[str, str, Node, Node]]:
    """Yield the operations of a document: method, path, path item, operation."""
    for path, item in document["paths"].items():
        yield from ((method, path, item, item[method]) for method in METHODS if method in item)


def _constant(header: Node) -> str:
    try:
        return str(header["schema"]["const"])
    except KeyError:
        raise ContractError(f"header parameter {header['name']}: only constant ones can be generated") from None
