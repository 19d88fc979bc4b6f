"""The tree of errors in the docstring of `exceptions` is the tree of the classes."""

from __future__ import annotations

import re
from inspect import get_annotations

from datastore_sdk import exceptions
from datastore_sdk.exceptions import RestreamError

LINE = re.compile(r"^ {4}(?P<branches>[ │├└─]*)(?P<name>[A-Z]\w+Error)(?P<text>.*)$", re.MULTILINE)
INDENT = 4


def parse_drawn_parents() -> dict[str, str]:
    """Return the parent of each class in the drawing."""
    parents: dict[str, str] = {}
    path: list[str] = []
    for found in LINE.finditer(exceptions.__doc__ or ""):
        depth = len(found["branches"]) // INDENT
        path[depth:] = [found["name"]]
        if depth:
            parents[found["name"]] = path[depth - 1]
    return parents


def list_error_classes() -> list[type[RestreamError]]:
    values = vars(exceptions).values()
    return [value for value in values if isinstance(value, type) and issubclass(value, RestreamError)]


def test_drawn_tree_matches_classes() -> None:
    actual = {
        kind.__name__: base.__name__
        for kind in list_error_classes()
        for base in kind.__bases__
        if issubclass(base, RestreamError)
    }
    assert parse_drawn_parents() == actual


def test_drawn_builtin_bases_match_classes() -> None:
    drawn = {
        found["name"]: re.findall(r"\(also an? (\w+)\)", found["text"])
        for found in LINE.finditer(exceptions.__doc__ or "")
    }
    actual = {
        kind.__name__: [base.__name__ for base in kind.__bases__ if base.__module__ == "builtins"]
        for kind in list_error_classes()
        if kind is not RestreamError
    }
    assert {name: bases for name, bases in drawn.items() if name != "RestreamError"} == actual


def test_drawn_attributes_exist() -> None:
    classes = {kind.__name__: kind for kind in list_error_classes()}
    missing = [
        f"{found['name']}.{name}"
        for found in LINE.finditer(exceptions.__doc__ or "")
        for name in re.findall(r"`([a-z_]+)`", found["text"])
        if not any(name in get_annotations(kind) for kind in classes[found["name"]].__mro__)
    ]
    assert missing == []
