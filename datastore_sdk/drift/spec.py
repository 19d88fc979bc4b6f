"""An OpenAPI document as the calls that it describes; and the contract that this SDK was generated from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from pathlib import Path

from datastore_sdk.drift.errors import DriftError
from datastore_sdk.drift.loader import SpecDocument, load
from datastore_sdk.drift.node import SpecNode, top
from datastore_sdk.drift.validation import validate_document, validate_json_values, validate_references

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
FILE_NAME = "openapi.yaml"

_PLACEHOLDER = re.compile(r"\{[^{}]*\}")


@dataclass(frozen=True)
class Endpoint:
    """One call: a method on a path."""

    method: str
    path: str
    item: SpecNode
    """The path."""
    node: SpecNode
    """The method on it."""

    @property
    def name(self) -> str:
        """The call as people write it: `GET /external/thirdparty/v1/pads/`."""
        return f"{self.method.upper()} {self.path}"

    @property
    def shape(self) -> tuple[str, str]:
        """What tells it apart from others, whatever its path parameters are called."""
        return self.method, _PLACEHOLDER.sub("{}", self.path)

    @property
    def operation_id(self) -> str:
        """The contract's `operationId`."""
        return self.node.text("operationId")

    @cached_property
    def parameters(self) -> dict[tuple[str, str], SpecNode]:
        """By where they stand (path, query, header, cookie) and name; those of the call go before those of the path."""
        places = [*self.item.each("parameters"), *self.node.each("parameters")]
        return {(place.text("in"), place.text("name")): place for place in places}

    @cached_property
    def responses(self) -> dict[str, SpecNode]:
        """The answers by status: `200`, `4XX`, `default`."""
        return {status: place for status, place in self.node.children("responses").items() if _is_no_extension(status)}

    @cached_property
    def security(self) -> list[dict[str, list[str]]]:
        """What the call must show, in alternatives: names of schemes with their scopes."""
        document = top(self.node.document).mapping
        return [*self.node.mapping.get("security", document.get("security", []))]


class Spec:
    """An OpenAPI document of version 3.

    Args:
        document: The document.
        validate: Whether to validate the document against the JSON Schema of its OpenAPI version, which takes about a
            second. False: only references are checked. For documents that are known to be valid.

    Raises:
        DriftError: It is not an OpenAPI 3 document, or it is invalid.
    """

    def __init__(self, document: SpecDocument, *, validate: bool = True) -> None:
        self.document = document
        self.top = top(document)
        version = self.top.text("openapi")
        if not version.startswith("3."):
            actual = f"its version is {version!r}" if version else "it has no key `openapi`"
            raise DriftError(f"{document.name} is not an OpenAPI 3 document: {actual}")
        if "paths" not in self.top.mapping:
            raise DriftError(f"{document.name} describes no endpoints: it has no key `paths`")
        validate_json_values(document)
        if validate:
            validate_document(document)
        validate_references(document)

    @cached_property
    def endpoints(self) -> dict[tuple[str, str], Endpoint]:
        """All calls, by method and path with the names of path parameters taken out."""
        return {endpoint.shape: endpoint for endpoint in self._endpoints()}

    @cached_property
    def _patterns(self) -> list[tuple[re.Pattern[str], str]]:
        """Paths as patterns, the most literal first."""
        paths = sorted({endpoint.path for endpoint in self._endpoints()}, key=lambda path: path.count("{"))
        return [(re.compile("[^/]+".join(map(re.escape, _PLACEHOLDER.split(path)))), path) for path in paths]

    def path_of(self, path: str) -> str | None:
        """The path as the contract writes it, for one with its ids filled in."""
        return next((written for pattern, written in self._patterns if pattern.fullmatch(path)), None)

    def endpoint(self, method: str, path: str) -> Endpoint | None:
        """The call with this method and path (as the contract writes it)."""
        return self.endpoints.get((method.lower(), _PLACEHOLDER.sub("{}", path)))

    def _endpoints(self) -> Iterator[Endpoint]:
        for path, item in self.top.children("paths").items():
            for method in METHODS:
                node = item.get(method)
                if node is not None and _is_no_extension(path):
                    yield Endpoint(method, path, item, node)


def _is_no_extension(key: str) -> bool:
    return not key.startswith("x-")


def shipped() -> Spec:
    """The contract that this SDK was generated from; from a clone of the repository, the one in it."""
    installed = Path(str(files("datastore_sdk") / FILE_NAME))
    path = installed if installed.is_file() else Path(__file__).parents[2] / FILE_NAME
    here = Path.cwd()
    document = load(str(path.relative_to(here) if path.is_relative_to(here) else path))
    return Spec(document, validate=False)
