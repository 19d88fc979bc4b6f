"""Changes to the text of a YAML document that leave everything else in it as it is: comments, layout, quotes."""

from __future__ import annotations

import json
import re
from typing import Any

import yaml

from datastore_sdk.drift.json_types import is_array, is_object
from datastore_sdk.drift.loader import Node, SpecDocument

_PLAIN = re.compile(r"[A-Za-z_$][\w $/().<>=*+-]*[\w.)]|[A-Za-z_]", re.ASCII)
_WORDS = {"null", "true", "false", "yes", "no", "on", "off", "y", "n", "~"}
"""What YAML may read as something else than text."""


class YamlEditor:
    """Changes to one document, which are made all at once.

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
        """The text with all changes made."""
        text = self._text
        while self._removed:
            self._cut(*self._removed.popitem())
        for start, end, new in sorted(self._changes, key=lambda change: change[:2], reverse=True):
            text = text[:start] + new + text[end:]
        return text

    def replace_value(self, pointer: str, value: Any) -> bool:
        """Puts another value in place of one; False where there is none, as from the other methods."""
        node = self._document.node(pointer)
        return node is not None and self._change(node.start_mark.index, _end(self._text, node), flow(value))

    def replace_pair(self, pointer: str, key: str, new_key: str, value: Any) -> bool:
        """Puts another key and value in place of those of a mapping."""
        for name, node in _pairs(self._document.node(pointer)):
            if name.value == key:
                return self._change(name.start_mark.index, _end(self._text, node), f"{new_key}: {flow(value)}")
        return False

    def remove_pair(self, pointer: str, key: str) -> bool:
        """Takes a key and its value out of a mapping."""
        return self._remove(pointer, key, [name.value for name, _ in _pairs(self._document.node(pointer))])

    def insert_pair(self, pointer: str, key: str, value: Any, *, before: str = "") -> bool:
        """Puts a key and a value into a mapping: before another key, else at its end."""
        node = self._document.node(pointer)
        pairs = _pairs(node)
        if not pairs or node is None:
            return False
        if _in_flow_style(node):
            return self._after(_end(self._text, pairs[-1][1]), f", {scalar(key)}: {flow(value)}")
        indent = pairs[0][0].start_mark.column
        text = "\n".join(block({key: value}, indent))
        for name, _ in pairs:
            if name.value == before:
                return self._after(name.start_mark.index - indent, f"{text}\n")
        return self._after(self._line_end(_end(self._text, pairs[-1][1])), f"\n{text}")

    def append_item(self, pointer: str, value: Any) -> bool:
        """Puts an item at the end of a list."""
        node = self._document.node(pointer)
        items = _items(node)
        if node is None or not items:
            return False
        end = _end(self._text, items[-1])
        if _in_flow_style(node):
            return self._after(end, f", {flow(value)}")
        indent = node.start_mark.column
        return self._after(self._line_end(end), f"\n{' ' * indent}- {flow(value)}")

    def remove_item(self, pointer: str, value: str) -> bool:
        """Takes an item out of a list."""
        return self._remove(pointer, value, [item.value for item in _items(self._document.node(pointer))])

    def _remove(self, pointer: str, name: str, names: list[str]) -> bool:
        if name in names:
            self._removed.setdefault(pointer, set()).add(names.index(name))
        return name in names

    def _cut(self, pointer: str, indexes: set[int]) -> None:
        """Cuts parts out of a list or mapping, with the commas or lines between them."""
        node = self._document.node(pointer)
        spans = [
            *((name.start_mark.index, _end(self._text, value)) for name, value in _pairs(node)),
            *((item.start_mark.index, _end(self._text, item)) for item in _items(node)),
        ]
        if len(indexes) == len(spans):
            self._empty(pointer, node)
            return
        if not _in_flow_style(node):
            for start, end in (spans[index] for index in indexes):
                self._change(self._text.rfind("\n", 0, start) + 1, self._line_end(end) + 1, "")
            return
        kept = [index for index in range(len(spans)) if index not in indexes]
        for index in sorted(indexes):
            before = max((each for each in kept if each < index), default=None)
            if index + 1 < len(spans) and (kept and kept[-1] > index):
                self._change(spans[index][0], spans[index + 1][0], "")
            elif before == index - 1:
                self._change(spans[index - 1][1], spans[-1][1], "")

    def _empty(self, pointer: str, node: Node | None) -> None:
        """Leaves an empty list or mapping: nothing at all would be read as null."""
        left: Any = {} if isinstance(node, yaml.MappingNode) else []
        for name, value in _pairs(self._document.node(pointer.rpartition("/")[0])):
            if value is node:  # it may begin on another line than its key, where `[]` could not stand
                self._change(name.end_mark.index, _end(self._text, value), f": {flow(left)}")
                return
        self.replace_value(pointer, left)

    def _line_end(self, index: int) -> int:
        end = self._text.find("\n", index)
        return end if end >= 0 else len(self._text)

    def _after(self, index: int, text: str) -> bool:
        """Inserts; several insertions at one place come in the order in which they were asked for."""
        if (index, text) in self._inserted:
            return True
        self._inserted.add((index, text))
        for number, (start, end, before) in enumerate(self._changes):
            if start == end == index:
                self._changes[number] = (start, end, before + text)
                return True
        return self._change(index, index, text)

    def _change(self, start: int, end: int, text: str) -> bool:
        """Changes a part of the text, unless it is to be changed in another way: aliases stand for one place."""
        for known in self._changes:
            if known[0] < end and start < known[1]:
                return known == (start, end, text)
        self._changes.append((start, end, text))
        return True


def flow(value: Any) -> str:
    """A value on one line: `{ type: [string, "null"], description: What it is. }`."""
    if is_object(value):
        inner = ", ".join(f"{scalar(key)}: {flow(item)}" for key, item in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    return f"[{', '.join(map(flow, value))}]" if is_array(value) else scalar(value)


def scalar(value: Any) -> str:
    """A text without quotes where YAML reads it as the same text."""
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        return value
    text = json.dumps(value, ensure_ascii=False)
    return "".join(sign if sign.isprintable() else json.dumps(sign)[1:-1] for sign in text)


def block(value: dict[str, Any], indent: int) -> list[str]:
    """A mapping over several lines; what has no mappings inside stands on one."""
    lines: list[str] = []
    for key, item in value.items():
        begun = f"{' ' * indent}{scalar(key)}:"
        if is_object(item) and any(map(is_object, item.values())):
            lines += [begun, *block(item, indent + 2)]
        else:
            lines.append(f"{begun} {flow(item)}")
    return lines


def _in_flow_style(node: Node | None) -> bool:
    return isinstance(node, yaml.CollectionNode) and bool(node.flow_style)


def _items(node: Node | None) -> list[Node]:
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def _pairs(node: Node | None) -> list[tuple[Node, Node]]:
    return list(node.value) if isinstance(node, yaml.MappingNode) else []


def _end(text: str, node: Node) -> int:
    """Where a value ends. Nodes in block style end, by their marks, where the next one begins."""
    last = node
    while isinstance(last, yaml.CollectionNode) and not last.flow_style and last.value:
        last = last.value[-1][1] if isinstance(last, yaml.MappingNode) else last.value[-1]
    return len(text[: last.end_mark.index].rstrip())
