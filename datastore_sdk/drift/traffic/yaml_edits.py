"""Edits of a YAML text that keep comments, layout and quotes."""

from __future__ import annotations

import json
import re
from typing import Any

import yaml

from datastore_sdk.drift.json_types import is_array, is_object
from datastore_sdk.drift.loader import Node, SpecDocument

_UNQUOTED = re.compile(r"[A-Za-z_$][\w $/().<>=*+-]*[\w.)]|[A-Za-z_]", re.ASCII)
_WORDS = {"null", "true", "false", "yes", "no", "on", "off", "y", "n", "~"}
"""Words that YAML may not read as strings."""


class YamlEditor:
    """Collects edits of a document and applies them together.

    Args:
        document: The document.
    """

    def __init__(self, document: SpecDocument) -> None:
        self._document = document
        self._text = document.text
        self._changes: list[tuple[int, int, str]] = []
        self._inserted: set[tuple[int, str]] = set()
        self._removed: dict[str, set[int]] = {}

    def result(self) -> str:
        """Return the edited text."""
        text = self._text
        while self._removed:
            self._cut_items(*self._removed.popitem())
        for start, end, new in sorted(self._changes, key=lambda change: change[:2], reverse=True):
            text = text[:start] + new + text[end:]
        return text

    def replace_value(self, pointer: str, value: Any) -> bool:
        """Replace a value. Like the other methods, return False if there is nothing to edit."""
        node = self._document.node(pointer)
        return node is not None and self._replace(
            node.start_mark.index, _end_index(self._text, node), format_flow(value)
        )

    def replace_pair(self, pointer: str, key: str, new_key: str, value: Any) -> bool:
        """Replace a key and its value in a mapping."""
        for name, node in _pairs(self._document.node(pointer)):
            if name.value == key:
                return self._replace(
                    name.start_mark.index, _end_index(self._text, node), f"{new_key}: {format_flow(value)}"
                )
        return False

    def remove_pair(self, pointer: str, key: str) -> bool:
        """Remove a key and its value from a mapping."""
        return self._remove(pointer, key, [name.value for name, _ in _pairs(self._document.node(pointer))])

    def insert_pair(self, pointer: str, key: str, value: Any, *, before: str = "") -> bool:
        """Insert a key and a value into a mapping: before another key, else at the end."""
        node = self._document.node(pointer)
        pairs = _pairs(node)
        if not pairs or node is None:
            return False
        if _in_flow_style(node):
            return self._insert(_end_index(self._text, pairs[-1][1]), f", {format_scalar(key)}: {format_flow(value)}")
        indent = pairs[0][0].start_mark.column
        text = "\n".join(format_block({key: value}, indent))
        for name, _ in pairs:
            if name.value == before:
                return self._insert(name.start_mark.index - indent, f"{text}\n")
        return self._insert(self._line_end(_end_index(self._text, pairs[-1][1])), f"\n{text}")

    def append_item(self, pointer: str, value: Any) -> bool:
        """Append an item to a list."""
        node = self._document.node(pointer)
        items = _items(node)
        if node is None or not items:
            return False
        end = _end_index(self._text, items[-1])
        if _in_flow_style(node):
            return self._insert(end, f", {format_flow(value)}")
        indent = node.start_mark.column
        return self._insert(self._line_end(end), f"\n{' ' * indent}- {format_flow(value)}")

    def remove_item(self, pointer: str, value: str) -> bool:
        """Remove an item from a list."""
        return self._remove(pointer, value, [item.value for item in _items(self._document.node(pointer))])

    def _remove(self, pointer: str, name: str, names: list[str]) -> bool:
        if name in names:
            self._removed.setdefault(pointer, set()).add(names.index(name))
        return name in names

    def _cut_items(self, pointer: str, indexes: set[int]) -> None:
        """Remove items from a list or mapping, with the commas or lines between them."""
        node = self._document.node(pointer)
        spans = [
            *((name.start_mark.index, _end_index(self._text, value)) for name, value in _pairs(node)),
            *((item.start_mark.index, _end_index(self._text, item)) for item in _items(node)),
        ]
        if len(indexes) == len(spans):
            self._empty_collection(pointer, node)
            return
        if not _in_flow_style(node):
            for start, end in (spans[index] for index in indexes):
                self._replace(self._text.rfind("\n", 0, start) + 1, self._line_end(end) + 1, "")
            return
        remaining = [index for index in range(len(spans)) if index not in indexes]
        for index in sorted(indexes):
            before = max((each for each in remaining if each < index), default=None)
            if index + 1 < len(spans) and (remaining and remaining[-1] > index):
                self._replace(spans[index][0], spans[index + 1][0], "")
            elif before == index - 1:
                self._replace(spans[index - 1][1], spans[-1][1], "")

    def _empty_collection(self, pointer: str, node: Node | None) -> None:
        """Leave an empty list or mapping; without it, the value would be null."""
        empty: Any = {} if isinstance(node, yaml.MappingNode) else []
        for name, value in _pairs(self._document.node(pointer.rpartition("/")[0])):
            if value is node:  # a block value starts on the next line, where `[]` would be invalid
                self._replace(name.end_mark.index, _end_index(self._text, value), f": {format_flow(empty)}")
                return
        self.replace_value(pointer, empty)

    def _line_end(self, index: int) -> int:
        end = self._text.find("\n", index)
        return end if end >= 0 else len(self._text)

    def _insert(self, index: int, text: str) -> bool:
        """Insert a text. Several insertions at one place keep their order."""
        if (index, text) in self._inserted:
            return True
        self._inserted.add((index, text))
        for number, (start, end, before) in enumerate(self._changes):
            if start == end == index:
                self._changes[number] = (start, end, before + text)
                return True
        return self._replace(index, index, text)

    def _replace(self, start: int, end: int, text: str) -> bool:
        """Replace a part of the text; return False if another edit conflicts. Aliases lead to the same part twice."""
        for known in self._changes:
            if known[0] < end and start < known[1]:
                return known == (start, end, text)
        self._changes.append((start, end, text))
        return True


def format_flow(value: Any) -> str:
    """Format a value on one line: `{ type: [string, "null"], description: What it is. }`."""
    if is_object(value):
        inner = ", ".join(f"{format_scalar(key)}: {format_flow(item)}" for key, item in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    return f"[{', '.join(map(format_flow, value))}]" if is_array(value) else format_scalar(value)


def format_scalar(value: Any) -> str:
    """Format a scalar; a string without quotes if YAML reads the same string."""
    if isinstance(value, str) and _UNQUOTED.fullmatch(value) and value.lower() not in _WORDS:
        return value
    text = json.dumps(value, ensure_ascii=False)
    return "".join(character if character.isprintable() else json.dumps(character)[1:-1] for character in text)


def format_block(value: dict[str, Any], indent: int) -> list[str]:
    """Format a mapping on several lines; values without mappings inside take one line."""
    lines: list[str] = []
    for key, item in value.items():
        prefix = f"{' ' * indent}{format_scalar(key)}:"
        if is_object(item) and any(map(is_object, item.values())):
            lines += [prefix, *format_block(item, indent + 2)]
        else:
            lines.append(f"{prefix} {format_flow(item)}")
    return lines


def _in_flow_style(node: Node | None) -> bool:
    return isinstance(node, yaml.CollectionNode) and bool(node.flow_style)


def _items(node: Node | None) -> list[Node]:
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def _pairs(node: Node | None) -> list[tuple[Node, Node]]:
    return list(node.value) if isinstance(node, yaml.MappingNode) else []


def _end_index(text: str, node: Node) -> int:
    """Return the index of the end of a value. The end mark of block nodes is the start of the next node."""
    last = node
    while isinstance(last, yaml.CollectionNode) and not last.flow_style and last.value:
        last = last.value[-1][1] if isinstance(last, yaml.MappingNode) else last.value[-1]
    return len(text[: last.end_mark.index].rstrip())
