"""OpenAPI documents as endpoints, and the document that this SDK was generated from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from pathlib import Path

from datastore_sdk.drift.errors import DriftError
from datastore_sdk.drift.loader import SpecDocument, load_document
from datastore_sdk.drift.node import SpecNode, root_node
from datastore_sdk.drift.validation import validate_document, validate_json_values, validate_references

HTTP_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
FILE_NAME = "openapi.yaml"

_PLACEHOLDER = re.compile(r"\{[^{}]*\}")


@dataclass(frozen=True)
class Endpoint:
    """An operation: a method on a path."""

    method: str
    path: str
    path_item: SpecNode
    """The path item."""
    operation: SpecNode
    """The operation object."""

    @property
    def name(self) -> str:
        """Method and path: `GET /external/thirdparty/v1/pads/`."""
        return f"{self.method.upper()} {self.path}"

    @property
    def key(self) -> tuple[str, str]:
        """Method and path without the names of path parameters; unique in a document."""
        return self.method, _PLACEHOLDER.sub("{}", self.path)

    @property
    def operation_id(self) -> str:
        """The `operationId`."""
        return self.operation.get_text("operationId")

    @cached_property
    def parameters(self) -> dict[tuple[str, str], SpecNode]:
        """Parameters by location (path, query, header, cookie) and name. The operation overrides the path item."""
        nodes = [*self.path_item.get_items("parameters"), *self.operation.get_items("parameters")]
        return {(node.get_text("in"), node.get_text("name")): node for node in nodes}

    @cached_property
    def responses(self) -> dict[str, SpecNode]:
        """Responses by status: `200`, `4XX`, `default`."""
        return {
            status: node
            for status, node in self.operation.get_children("responses").items()
            if not _is_extension(status)
        }

    @cached_property
    def security(self) -> list[dict[str, list[str]]]:
        """Alternative security requirements: names of security schemes with their scopes."""
        document = root_node(self.operation.document).mapping
        return [*self.operation.mapping.get("security", document.get("security", []))]


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
        self.root = root_node(document)
        version = self.root.get_text("openapi")
        if not version.startswith("3."):
            actual = f"its version is {version!r}" if version else "it has no key `openapi`"
            raise DriftError(f"{document.name} is not an OpenAPI 3 document: {actual}")
        if "paths" not in self.root.mapping:
            raise DriftError(f"{document.name} describes no endpoints: it has no key `paths`")
        validate_json_values(document)
        if validate:
            validate_document(document)
        validate_references(document)

    @cached_property
    def endpoints(self) -> dict[tuple[str, str], Endpoint]:
        """All endpoints by `Endpoint.key`."""
        return {endpoint.key: endpoint for endpoint in self._endpoints()}

    @cached_property
    def _patterns(self) -> list[tuple[re.Pattern[str], str]]:
        """Patterns of the paths; those with the fewest parameters first."""
        paths = sorted({endpoint.path for endpoint in self._endpoints()}, key=lambda path: path.count("{"))
        return [(re.compile("[^/]+".join(map(re.escape, _PLACEHOLDER.split(path)))), path) for path in paths]

    def match_path(self, path: str) -> str | None:
        """Return the path template for the path of a request; None if no template matches."""
        return next((written for pattern, written in self._patterns if pattern.fullmatch(path)), None)

    def find_endpoint(self, method: str, path: str) -> Endpoint | None:
        """Return the endpoint of a method and a path template; None for an unknown one."""
        return self.endpoints.get((method.lower(), _PLACEHOLDER.sub("{}", path)))

    def _endpoints(self) -> Iterator[Endpoint]:
        for path, item in self.root.get_children("paths").items():
            for method in HTTP_METHODS:
                node = item.get(method)
                if node is not None and not _is_extension(path):
                    yield Endpoint(method, path, item, node)


def _is_extension(key: str) -> bool:
    return key.startswith("x-")


def load_spec(source: str) -> Spec:
    """Load an OpenAPI document from a file or URL, in YAML or JSON.

    Raises:
        DriftError: The source cannot be read, or is not a valid OpenAPI 3 document.
    """
    return Spec(load_document(source))


def load_shipped_spec() -> Spec:
    """Load the document that this SDK was generated from; in a clone of the repository, the one at its root."""
    installed = Path(str(files("datastore_sdk") / FILE_NAME))
    path = installed if installed.is_file() else Path(__file__).parents[2] / FILE_NAME
    here = Path.cwd()
    document = load_document(str(path.relative_to(here) if path.is_relative_to(here) else path))
    return Spec(document, validate=False)
