"""Loader of YAML and JSON documents from files and URLs, with the line of each value."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias, cast

import yaml

from datastore_sdk.drift.errors import DriftError
from datastore_sdk.drift.fetch import read_text

MAX_DEPTH = 200
"""Maximum nesting depth of a YAML document."""
MAX_VALUES = 5_000_000
"""Maximum number of values in a YAML document; an alias counts as all the values that it repeats."""
Node: TypeAlias = yaml.nodes.Node

_Safe: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The loader written in C, if PyYAML was built with it."""
_LOAD_ERRORS = (yaml.YAMLError, ValueError, TypeError, KeyError, AttributeError)
"""Raised by PyYAML for values that do not fit their tag, such as `!!int abc`, or have thousands of digits."""
_STRING = "tag:yaml.org,2002:str"
_DATE = "tag:yaml.org,2002:timestamp"


def _construct_mapping(loader: Any, node: yaml.MappingNode, deep: bool = False) -> dict[str, Any]:
    for key, _ in node.value:
        if isinstance(key, yaml.ScalarNode) and not key.tag.endswith(":merge"):
            key.tag = _STRING
    mapping: dict[str, Any] = _Safe.construct_mapping(loader, node, deep=deep)
    return mapping


_Loader: Any = type(
    "_Loader",
    (_Safe,),
    {
        "construct_mapping": _construct_mapping,
        "yaml_implicit_resolvers": {
            first: [(tag, pattern) for tag, pattern in resolvers if tag != _DATE]
            for first, resolvers in _Safe.yaml_implicit_resolvers.items()
        },
    },
)
"""Loads JSON values: keys are strings, also those of statuses, and dates stay strings."""


@dataclass(frozen=True)
class SpecDocument:
    """A loaded document.

    Args:
        name: The file or URL, without secrets.
        text: The text.
        content: The parsed value.
    """

    name: str
    text: str
    content: Any

    @cached_property
    def root(self) -> Node | None:
        """The YAML nodes, which have positions in the text; None if YAML cannot parse the JSON."""
        try:
            return yaml.compose(self.text, Loader=_Loader)
        except (yaml.YAMLError, RecursionError):
            return None

    def node(self, pointer: str) -> Node | None:
        """Return the YAML node at a JSON pointer; None if the pointer leads nowhere."""
        node = self.root
        for part in split_pointer(pointer):
            node = _child(node, part)
        return node

    def line(self, pointer: str) -> int | None:
        """Return the line of the value at a JSON pointer, or of its closest parent in the document."""
        node, line = self.root, None
        for part in split_pointer(pointer):
            for key, value in _pairs(node):
                if key.value == part:
                    line, node = key.start_mark.line + 1, value
                    break
            else:
                if isinstance(node, yaml.SequenceNode) and (item := _child(node, part)) is not None:
                    line, node = item.start_mark.line + 1, item
                else:
                    break
        return line


def load_document(source: str) -> SpecDocument:
    """Load a file or URL.

    Raises:
        DriftError: The source cannot be read, or is neither YAML nor JSON.
    """
    name, text = read_text(source)
    return SpecDocument(name, text, parse_document(text, name))


def parse_document(text: str, name: str) -> Any:
    """Parse a YAML or JSON text.

    Raises:
        DriftError: The text is neither YAML nor JSON, or it is too large or nested too deeply.
    """
    try:
        if text.lstrip()[:1] in ("{", "["):
            return json.loads(text)
    except json.JSONDecodeError:
        pass  # it may be YAML in flow style
    except RecursionError:
        raise _depth_error(name) from None
    except ValueError as error:  # an integer with thousands of digits
        raise _parse_error(name, error) from None
    try:
        _validate_size(text, name)
        return yaml.load(text, _Loader)  # noqa: S506 - a safe one
    except _LOAD_ERRORS as error:
        if "nesting depth" in str(error):  # libyaml's own limit, of some builds
            raise _depth_error(name) from None
        raise _parse_error(name, error) from None


def _validate_size(text: str, name: str) -> None:
    """Raise for documents that would take too long to walk, or would exhaust the stack of the recursive loader."""
    values = 0
    open_collections: list[tuple[str | None, int]] = []
    """The anchors of the open collections, with the number of values before each."""
    sizes: dict[str | None, int] = {}
    event: Any
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            open_collections.append((event.anchor, values))
        if isinstance(event, yaml.AliasEvent):
            if any(anchor == event.anchor for anchor, _ in open_collections):
                line = cast("Any", event.start_mark).line + 1
                raise DriftError(f"{name} cannot be read: the alias on line {line} refers to a value that contains it")
            values += sizes.get(event.anchor, 1)
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = open_collections.pop()
            sizes[anchor] = values - before
        elif isinstance(event, yaml.NodeEvent):
            values += 1
        if len(open_collections) > MAX_DEPTH:
            raise _depth_error(name)
        if values > MAX_VALUES:
            raise DriftError(f"{name} cannot be read: it has more than {MAX_VALUES} values")


def _depth_error(name: str) -> DriftError:
    return DriftError(f"{name} cannot be read: it is nested too deeply")


def _parse_error(name: str, error: Exception) -> DriftError:
    return DriftError(f"{name} cannot be read as YAML or JSON: {' '.join(str(error).split())}")


def split_pointer(pointer: str) -> list[str]:
    """Split a JSON pointer into keys and indexes."""
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def join_pointer(pointer: str, *parts: object) -> str:
    """Append keys and indexes to a JSON pointer."""
    return "".join([pointer, *("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)])


def _pairs(node: Node | None) -> Iterator[tuple[Node, Node]]:
    return iter(node.value) if isinstance(node, yaml.MappingNode) else iter(())


def _child(node: Node | None, part: str) -> Node | None:
    if isinstance(node, yaml.SequenceNode) and part.isdecimal() and int(part) < len(node.value):
        return cast("Node", node.value[int(part)])
    return next((value for key, value in _pairs(node) if key.value == part), None)
