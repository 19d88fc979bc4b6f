"""Loading of YAML and JSON documents, and invalid ones."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest
import yaml

from datastore_sdk.drift import DriftError, compare, load_spec
from datastore_sdk.drift.loader import SpecDocument, parse_document
from tests.drift.spec_builders import REAL, parse_spec
from tests.support.fixtures import nothing_left, serve

__all__ = ["nothing_left", "serve"]


def test_yaml_and_json_give_equal_specs(tmp_path: Path) -> None:
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(yaml.safe_load(REAL)), "utf-8")
    assert compare(parse_spec(REAL), load_spec(str(path))).findings == ()


def test_yaml_keys_and_dates_are_strings() -> None:
    text = "responses:\n  200: {at: 2025-09-17T00:00:00Z, on: yes}\n"
    assert parse_document(text, "x") == {"responses": {"200": {"at": "2025-09-17T00:00:00Z", "on": True}}}


def test_line_of_a_pointer_is_found() -> None:
    document = SpecDocument("x", "a:\n  b/c:\n    - 1\n    - d: 2\n", None)
    assert document.line("/a/b~1c/1/d") == 4
    assert document.line("/a/b~1c/0") == 3
    assert document.line("/a/b~1c/7/e") == 2, "the last one on the way"
    assert document.line("") is None


LAUGHS = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join([f'*{before}'] * 10)}]\n" for before, name in itertools.pairwise("abcdefghi")
)
"""A few lines with a billion values."""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [", "cannot be read as YAML"),
        ('{"a": ', "cannot be read as YAML or JSON"),
        ("a: !!python/object:os.system {}", "cannot be read as YAML"),
        ("[" * 100_000, "nested too deeply"),
        ("a: " + "[" * 100_000, "nested too deeply"),
        ("- " * 100_000, "nested too deeply"),
        *(
            (f"a: !!{odd}", "cannot be read as YAML")
            for odd in ("int x", "float x", "bool x", "timestamp x", "map [x]")
        ),
        (f"a: {'9' * 5000}", "cannot be read as YAML or JSON: Exceeds the limit"),
        (f'{{"a": {"9" * 5000}}}', "cannot be read as YAML or JSON: Exceeds the limit"),
        ("a: &a [*a]", "the alias on line 1 refers to a value that contains it"),
        ("a: 1\nb: &b {c: {d: *b}}", "the alias on line 2 refers to a value that contains it"),
        (LAUGHS, "it has more than 5000000 values"),
        ("openapi: 3.1.0\npaths: !!set {a}", "/paths is a set, which is not a JSON value"),
        ("- 1", "not an OpenAPI 3 document: it has no key `openapi`"),
        ("", "not an OpenAPI 3 document"),
        ("swagger: '2.0'\npaths: {}", "not an OpenAPI 3 document"),
        ("openapi: 4.0.0\npaths: {}", "its version is '4.0.0'"),
        ("openapi: 3.1.0", "it has no key `paths`"),
    ],
)
def test_invalid_document_is_refused(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "some.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(DriftError, match=r"some\.yaml") as caught:
        load_spec(str(path))
    assert message in str(caught.value)


def test_yaml_tag_with_code_is_not_executed(tmp_path: Path) -> None:
    for text in ("!!python/object/apply:pathlib.Path.touch", "!!python/object/new:pathlib.Path", "!!python/name:os.x"):
        with pytest.raises(DriftError, match="could not determine a constructor"):
            parse_document(f"a: {text} ['{tmp_path}/touched']", "some.yaml")
    assert [*tmp_path.iterdir()] == []


def test_yaml_aliases_are_resolved() -> None:
    assert parse_document("a: &a {x: [1]}\nb: [*a, *a]\nc: {<<: *a, y: 2}", "x")["c"] == {"x": [1], "y": 2}
