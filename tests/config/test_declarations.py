"""Each option of `Client` is declared once, and everything else agrees with the declaration."""

from __future__ import annotations

import inspect
import os
from dataclasses import fields

import pytest

from datastore_sdk.client import Client
from datastore_sdk.config.client_config import OPTIONS, ClientConfig, ClientOptions, KeywordOptions
from datastore_sdk.config.environment import ALL_OPTIONS, environment_state
from tests.config.option_docs import (
    ARGUMENTS,
    CLIENT,
    ROWS,
    TABLE,
    default_of,
    docstring_arguments,
    table,
    variables_of,
)

RUN = "run: python tests/config/option_docs.py"


def test_docstring_of_client_matches_declarations() -> None:
    assert ARGUMENTS.findall(CLIENT.read_text("utf-8")) == [docstring_arguments()], RUN


def test_table_in_docs_matches_declarations() -> None:
    assert ROWS.findall(TABLE.read_text("utf-8")) == [table()], RUN


def test_signature_of_client_matches_declarations() -> None:
    names = {option.name for option in ALL_OPTIONS if option.is_argument}
    parameters = dict(inspect.signature(Client).parameters)
    assert {*parameters} - {"clock", "options"} == names
    assert names - {"profile"} == {*ClientOptions.__annotations__}
    assert {*ClientOptions.__annotations__} - {*KeywordOptions.__annotations__} == {"auth_token"}
    assert [name for name in names if parameters[name].default is not None] == []


def test_every_field_of_the_configuration_is_an_option() -> None:
    assert [field.name for field in fields(ClientConfig)] == ["auth", *(option.name for option in OPTIONS), "profile"]


def test_describe_shows_every_option() -> None:
    shown = {*Client("t0ken").describe()} | {*Client(client_id="crew", client_secret="s3cret").describe()}
    assert shown == {option.name for option in ALL_OPTIONS}


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_default_and_documentation_of_an_option(option: object) -> None:
    found = next(each for each in OPTIONS if each is option)
    assert found.doc.endswith(".")
    assert default_of(found) or variables_of(found)


@pytest.mark.parametrize("variable", [name for option in ALL_OPTIONS for name in variables_of(option)])
def test_environment_state_depends_on_every_variable(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = environment_state()
    monkeypatch.setenv(variable, os.environ.get(variable, "") + "x")
    assert environment_state() != before
