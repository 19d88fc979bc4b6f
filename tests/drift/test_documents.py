"""Reading documents: from files and URLs, in YAML and JSON, and everything that can be wrong with them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from datastore_sdk.drift import Contract, DriftError, compare, load, shipped
from datastore_sdk.drift.documents import Document, parse
from tests.drift.contracts import REAL, answering, contract, from_text, one_call
from tests.support.answers import always, answer
from tests.support.fixtures import Serve, nothing_left, serve

__all__ = ["nothing_left", "serve"]


def test_yaml_and_json_are_the_same(tmp_path: Path) -> None:
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(yaml.safe_load(REAL)), "utf-8")
    assert compare(from_text(REAL), Contract(load(str(path)))).findings == ()


def test_a_contract_from_a_url(serve: Serve) -> None:
    server = serve(always(answer(200, REAL.encode())))
    assert compare(shipped(), Contract(load(f"{server.url}/openapi.yaml"))).findings == ()


def test_keys_are_strings_and_dates_stay_text() -> None:
    text = "responses:\n  200: {at: 2025-09-17T00:00:00Z, on: yes}\n"
    assert parse(text, "x") == {"responses": {"200": {"at": "2025-09-17T00:00:00Z", "on": True}}}


def test_lines_are_known() -> None:
    document = Document("x", "a:\n  b/c:\n    - 1\n    - d: 2\n", None)
    assert document.line("/a/b~1c/1/d") == 4
    assert document.line("/a/b~1c/0") == 3
    assert document.line("/a/b~1c/7/e") == 2, "the last one on the way"
    assert document.line("") is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: [", "cannot be read as YAML"),
        ('{"a": ', "cannot be read as YAML or JSON"),
        ("a: !!python/object:os.system {}", "cannot be read as YAML"),
        ("[" * 100_000, "nested too deeply"),
        ("a: " + "[" * 100_000, "nested too deeply"),
        ("- " * 100_000, "nested too deeply"),
        ("- 1", "no OpenAPI 3 document: it has no `openapi` key"),
        ("", "no OpenAPI 3 document"),
        ("swagger: '2.0'\npaths: {}", "no OpenAPI 3 document"),
        ("openapi: 4.0.0\npaths: {}", "its version is '4.0.0'"),
        ("openapi: 3.1.0", "it has no `paths`"),
    ],
)
def test_what_is_no_contract_is_refused(text: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "some.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(DriftError, match=r"some\.yaml") as caught:
        Contract(load(str(path)))
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("reference", "told"),
    [
        ("other.yaml#/Thing", "refers to another document"),
        ("#/components/schemas/Nothing", "leads nowhere"),
        ("#/paths/~1things~1/post/responses/200/content/application~1json/schema", "refers to itself"),
    ],
)
def test_references_that_cannot_be_followed(reference: str, told: str) -> None:
    some = contract(answering({"$ref": reference}))
    with pytest.raises(DriftError, match=told):
        compare(some, contract(answering({})))


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(DriftError, match="No such file"):
        load(str(tmp_path / "none.yaml"))
    with pytest.raises(DriftError, match="directory"):
        load(str(tmp_path))
    (tmp_path / "latin.yaml").write_bytes(b"a: \xe4")
    with pytest.raises(DriftError, match="no text in UTF-8"):
        load(str(tmp_path / "latin.yaml"))


@pytest.mark.parametrize("reply", [answer(404, b"no"), answer(500, b"no")])
def test_urls_that_do_not_answer(serve: Serve, reply: bytes) -> None:
    url = f"{serve(always(reply)).url}/openapi.yaml"
    with pytest.raises(DriftError, match="cannot be fetched"):
        load(url)


def test_urls_that_nobody_is_at() -> None:
    with pytest.raises(DriftError, match="cannot be fetched"):
        load("http://127.0.0.1:1/openapi.yaml")
    with pytest.raises(DriftError, match="cannot be fetched"):
        load("http://[/openapi.yaml")


def test_documents_are_not_endless(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("datastore_sdk.drift.documents.LONGEST", 10)
    (tmp_path / "long.yaml").write_text("a" * 11, "utf-8")
    with pytest.raises(DriftError, match="too long"):
        load(str(tmp_path / "long.yaml"))


def test_odd_contracts_do_no_harm() -> None:
    """Whatever stands where something else should: nothing is found there, and nothing fails."""
    odd: list[Any] = [None, 5, "x", [], {}, [None], {"200": None}]
    for value in odd:
        content = one_call({"responses": value, "parameters": value, "requestBody": value, "tags": []})
        compare(contract(content), contract(one_call()))
        compare(contract(one_call()), contract(content))
        compare(contract(answering(value)), contract(answering({"type": value, "properties": value, "enum": value})))
