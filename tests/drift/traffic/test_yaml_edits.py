"""Edits of YAML texts change nothing else."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from datastore_sdk.drift.loader import SpecDocument
from datastore_sdk.drift.traffic.yaml_edits import YamlEditor, format_flow

TEXT = """\
# The whole.
flow: { a: 1, b: [x, y,
    z], c: "3" } # of three
block:
  a: 1 # one
  text: >-
    Some
    words.
  # The list.
  list:
    - x # first
    - y

  inner:
    deep: { a: 1 }

last: 5
"""


def edits(text: str = TEXT) -> YamlEditor:
    return YamlEditor(SpecDocument("x", text, yaml.safe_load(text)))


def lines(text: str) -> set[str]:
    return {*text.splitlines()} - {*TEXT.splitlines()}


@pytest.mark.parametrize("removed", [["x"], ["y"], ["z"], ["x", "y"], ["y", "z"], ["x", "z"], ["x", "y", "z"]])
def test_items_are_removed_from_a_flow_list(removed: list[str]) -> None:
    some = edits()
    assert all([some.remove_item("/flow/b", name) for name in removed])  # noqa: C419 - each is to be taken out
    left = [each for each in "xyz" if each not in removed]
    assert yaml.safe_load(some.result())["flow"] == {"a": 1, "b": left, "c": "3"}


@pytest.mark.parametrize(("key", "line"), [("x", "    - x # first"), ("y", "    - y")])
def test_items_are_removed_from_a_block_list(key: str, line: str) -> None:
    some = edits()
    assert some.remove_item("/block/list", key)
    assert some.result() == TEXT.replace(f"{line}\n", "")


@pytest.mark.parametrize("key", ["a", "b", "c"])
def test_pairs_are_removed_from_a_flow_mapping(key: str) -> None:
    some = edits()
    assert some.remove_pair("/flow", key)
    assert yaml.safe_load(some.result())["flow"].keys() == {"a", "b", "c"} - {key}
    assert some.result().startswith("# The whole.\nflow: { ")


def test_pairs_are_removed_from_a_block_mapping() -> None:
    some = edits()
    assert some.remove_pair("/block", "a")
    assert some.result() == TEXT.replace("  a: 1 # one\n", "")


def test_items_and_pairs_are_appended_in_order() -> None:
    some = edits()
    assert some.append_item("/flow/b", "null")
    assert some.append_item("/block/list", {"k": "v: w"})
    assert some.append_item("/block/list", 2)
    assert some.insert_pair("/flow", "d", ["a", 1])
    assert some.insert_pair("/block", "200", {"inner": {"a": {"b": 1}}})
    assert lines(some.result()) == {
        '    z, "null"], c: "3", d: [a, 1] } # of three',
        '    - { k: "v: w" }',
        "    - 2",
        '  "200":',
        "    inner:",
        "      a: { b: 1 }",
    }
    assert some.result().index("- 2") > some.result().index("- { k")
    value = yaml.safe_load(some.result())
    assert value["block"]["200"] == {"inner": {"a": {"b": 1}}}


def test_pairs_are_inserted_and_values_replaced() -> None:
    some = edits()
    assert some.insert_pair("/block", "new", "Some words.", before="list")
    assert some.replace_value("/block/a", ["x", None])
    assert some.replace_pair("/block/inner", "deep", "shallow", {})
    result = some.result()
    assert "  # The list.\n  new: Some words.\n  list:\n" in result
    assert "  a: [x, null] # one\n" in result
    assert "    shallow: {}\n" in result


@pytest.mark.parametrize("method", ["remove_pair", "remove_item", "append_item", "replace_value", "insert_pair"])
def test_missing_value_is_not_edited(method: str) -> None:
    some = edits()
    arguments = ("/none", "key", 1)[: 3 if method == "insert_pair" else 2]
    assert getattr(some, method)(*arguments) is False
    assert some.replace_pair("/flow", "none", "other", 1) is False
    assert some.result() == TEXT


TEXTS = ["plain", "two words", "", " x", "null", "True", "no", "5", "5 m", "a: b", "a, b", "#x", "[", "é", "a\nb", "-"]
OTHER_TEXTS = ["\u2028", "\x85", "\x07", "😀", "date-time", "{x", "a#b", "x #y", "x:", "~", "=", "y"]
OTHERS = [True, None, 5, 1.5, [], {}, ["a", ["b"]], {"$ref": "#/a"}, {"a": {"b": "c: d"}}]


@pytest.mark.parametrize("value", [*TEXTS, *OTHER_TEXTS, *OTHERS])
def test_flow_values_are_read_back(value: Any) -> None:
    assert yaml.safe_load(f"a: [{format_flow(value)}]\n") == {"a": [value]}


@pytest.mark.parametrize("value", [*TEXTS, *OTHER_TEXTS])
def test_keys_are_read_back(value: str) -> None:
    some = edits()
    assert some.insert_pair("/block", value, 1)
    assert some.insert_pair("/flow", value, 1)
    mended = yaml.safe_load(some.result())
    assert mended["block"][value] == mended["flow"][value] == 1


def test_emptied_collection_stays_a_collection() -> None:
    some = edits("a:\n  list: # both\n  - x\n  - y\n  map:\n    c: 1\n  flow: { list: [z], map: { e: 1 } }\n")
    for pointer, item in (("/a/list", "x"), ("/a/list", "y"), ("/a/flow/list", "z")):
        assert some.remove_item(pointer, item)
    assert some.remove_pair("/a/map", "c")
    assert some.remove_pair("/a/flow/map", "e")
    assert yaml.safe_load(some.result()) == {"a": {"list": [], "map": {}, "flow": {"list": [], "map": {}}}}


def test_target_of_aliases_is_edited_once() -> None:
    some = edits("a: &a { list: [x], type: y }\nb: *a\n")
    for pointer in ("/a", "/b"):
        assert some.insert_pair(pointer, "new", 1)
        assert some.append_item(f"{pointer}/list", "z")
        assert some.replace_value(f"{pointer}/type", "w")
    assert not some.replace_value("/b/type", "v")
    value = {"list": ["x", "z"], "type": "w", "new": 1}
    assert yaml.safe_load(some.result()) == {"a": value, "b": value}
