"""Documents in YAML or JSON, from a file or a URL, that know on which line a value stands."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias, cast

import yaml

from datastore_sdk.drift.errors import DriftError
from datastore_sdk.drift.fetch import read_text

DEEPEST = 200
"""How deep a document in YAML may be nested."""
MOST_VALUES = 5_000_000
"""How many values a document in YAML may have, those that aliases repeat among them."""
Node: TypeAlias = yaml.nodes.Node

_Safe: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The loader written in C, where PyYAML was built with it."""
_REFUSALS = (yaml.YAMLError, ValueError, TypeError, KeyError, AttributeError)
"""What PyYAML raises on a value that does not fit its tag, such as `!!int abc`, or has thousands of digits."""
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
"""Reads what JSON can say: keys are strings, as a status is, and a date stays one."""


@dataclass(frozen=True)
class SpecDocument:
    """A document as it was read.

    Args:
        name: The file or URL that it came from, without secrets.
        text: Its text.
        content: Its value.
    """

    name: str
    text: str
    content: Any

    @cached_property
    def root(self) -> Node | None:
        """The tree of YAML nodes, which know their places in the text; None where only JSON can read it."""
        try:
            return yaml.compose(self.text, Loader=_Loader)
        except (yaml.YAMLError, RecursionError):
            return None

    def node(self, pointer: str) -> Node | None:
        """The YAML node that a JSON pointer leads to."""
        node = self.root
        for part in split_pointer(pointer):
            node = _child(node, part)
        return node

    def line(self, pointer: str) -> int | None:
        """The line on which a value stands, or the last one on the way to it that is there."""
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


def load(source: str) -> SpecDocument:
    """Reads a file or URL.

    Raises:
        DriftError: It cannot be read, or is neither YAML nor JSON.
    """
    name, text = read_text(source)
    return SpecDocument(name, text, parse(text, name))


def parse(text: str, name: str) -> Any:
    """The value of a text in YAML or JSON.

    Raises:
        DriftError: It is neither, or nested too deeply.
    """
    try:
        if text.lstrip()[:1] in ("{", "["):
            return json.loads(text)
    except json.JSONDecodeError:
        pass  # YAML may begin like JSON
    except RecursionError:
        raise _too_deep(name) from None
    except ValueError as error:  # an integer of thousands of digits
        raise _unreadable(name, error) from None
    try:
        _check_extent(text, name)
        return yaml.load(text, _Loader)  # noqa: S506 - a safe one
    except _REFUSALS as error:
        raise _unreadable(name, error) from None


def _check_extent(text: str, name: str) -> None:
    """Refuses what would take for ever to walk, or crash the loader, which calls itself for each level."""
    values = 0
    begun: list[tuple[str | None, int]] = []
    """The anchors of what is not complete yet, and how many values there were before."""
    sizes: dict[str | None, int] = {}
    event: Any
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            begun.append((event.anchor, values))
        if isinstance(event, yaml.AliasEvent):
            if any(anchor == event.anchor for anchor, _ in begun):
                line = cast("Any", event.start_mark).line + 1
                raise DriftError(f"{name} cannot be read: line {line} puts a value inside itself")
            values += sizes.get(event.anchor, 1)
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = begun.pop()
            sizes[anchor] = values - before
        elif isinstance(event, yaml.NodeEvent):
            values += 1
        if len(begun) > DEEPEST:
            raise _too_deep(name)
        if values > MOST_VALUES:
            raise DriftError(f"{name} cannot be read: it has more than {MOST_VALUES} values")


def _too_deep(name: str) -> DriftError:
    return DriftError(f"{name} cannot be read: it is nested too deeply")


def _unreadable(name: str, error: Exception) -> DriftError:
    return DriftError(f"{name} cannot be read as YAML or JSON: {' '.join(str(error).split())}")


def split_pointer(pointer: str) -> list[str]:
    """The keys and indexes of a JSON pointer."""
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def join_pointer(pointer: str, *parts: object) -> str:
    """A JSON pointer from another one downwards."""
    return "".join([pointer, *("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)])


def _pairs(node: Node | None) -> Iterator[tuple[Node, Node]]:
    return iter(node.value) if isinstance(node, yaml.MappingNode) else iter(())


def _child(node: Node | None, part: str) -> Node | None:
    if isinstance(node, yaml.SequenceNode) and part.isdecimal() and int(part) < len(node.value):
        return cast("Node", node.value[int(part)])
    return next((value for key, value in _pairs(node) if key.value == part), None)
