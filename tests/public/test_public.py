"""The public names, their signatures and their documentation do not change by accident."""

from __future__ import annotations

import ast
import inspect
import json
import os
import subprocess
import sys
from enum import StrEnum
from typing import get_args

import pytest

import datastore_sdk
from datastore_sdk import Pad, Site, State, enums, exceptions, filters
from datastore_sdk.entities import DataChange
from datastore_sdk.filters import (
    AllSiteFilters,
    DataForm,
    PadFilters,
    PadStateFilters,
    SiteFilters,
    StageFilters,
    StateFilters,
)
from tests.public.signatures import SNAPSHOT, attributes, describe_public_names, methods, public_classes, source_of
from tests.support.paths import PYTHONPATH

SDK_CLASSES = [kind for kind in public_classes() if kind.__module__.startswith("datastore_sdk")]
CALLS = ("get_", "create_", "update", "delete_", "confirm_", "save")


def test_nothing_public_has_changed() -> None:
    assert describe_public_names().splitlines() == SNAPSHOT.read_text("utf-8").splitlines(), (
        "The public names or signatures have changed. If that is meant, say so in CHANGELOG.md and run: "
        ".venv/bin/python tests/public/signatures.py"
    )


def test_all_public_names_are_there() -> None:
    assert len(set(datastore_sdk.__all__)) == len(datastore_sdk.__all__)
    assert all(hasattr(datastore_sdk, name) for name in datastore_sdk.__all__)
    for name in datastore_sdk.__all__:
        value = getattr(datastore_sdk, name)
        assert inspect.getdoc(value) or not isinstance(value, type)


def test_classes_and_attributes_are_documented() -> None:
    assert [kind.__name__ for kind in SDK_CLASSES if not ast.get_docstring(source_of(kind))] == []
    for kind in SDK_CLASSES:
        names = [f"{kind.__name__}.{name}" for name, _, documented in attributes(source_of(kind)) if not documented]
        assert names == []


def test_methods_are_documented() -> None:
    for kind in SDK_CLASSES:
        written = [method for method in methods(source_of(kind)) if not method.name.startswith("__")]
        real = [method for method in written if "overload" not in map(ast.unparse, method.decorator_list)]
        assert [f"{kind.__name__}.{method.name}" for method in real if not ast.get_docstring(method)] == []


def test_calls_say_what_they_raise() -> None:
    for kind in SDK_CLASSES:
        documented = {method.name: ast.get_docstring(method) or "" for method in methods(source_of(kind))}
        calls = [name for name in documented if name.startswith(CALLS)]
        assert [f"{kind.__name__}.{name}" for name in calls if "Raises:\n" not in documented[name]] == []


@pytest.mark.parametrize("method", ["get_data", "get_stages_metadata", "create_stages_aggregations"])
def test_arguments_are_documented(method: str) -> None:
    for kind in (Pad, Site):
        call = getattr(kind, method)
        documentation = inspect.getdoc(call) or ""
        names = [name for name in inspect.signature(call).parameters if name not in {"self", "filters"}]
        assert [name for name in names if f"    {name}: " not in documentation] == []


@pytest.mark.parametrize(
    ("call", "filters"),
    [
        (Pad.get_models, PadFilters),
        (Pad.aget_models, PadFilters),
        (Pad.get_sites, SiteFilters),
        (Pad.aget_sites, SiteFilters),
        (Site.get_models, AllSiteFilters),
        (Site.aget_models, AllSiteFilters),
        (State.get_models, StateFilters),
        (State.aget_models, StateFilters),
        (Pad.get_states, PadStateFilters),
        (Pad.aget_states, PadStateFilters),
        (Site.get_stages_metadata, StageFilters),
        (Pad.aget_stages_metadata, StageFilters),
        (Pad.get_data_changes, DataForm),
        (Site.aget_data_changes, DataForm),
        (DataChange.get_data, DataForm),
        (DataChange.aget_data, DataForm),
    ],
)
def test_filters_show_in_signatures(call: object, filters: type) -> None:
    """IPython, help() and the like complete and list what the signature says."""
    assert callable(call)
    signature = inspect.signature(call)
    assert set(filters.__annotations__) <= set(signature.parameters)
    assert "ForwardRef" not in str(signature)


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        (enums.StageNameFilters, enums.OperationName),
        (enums.DataResolutions, enums.ResolutionName),
        (enums.DataAggregations, enums.AggregationName),
        (enums.DataFillMethods, enums.FillMethodName),
    ],
)
def test_type_checkers_know_all_choices(kind: type[StrEnum], names: object) -> None:
    assert list(get_args(names)) == [member.value for member in kind]


def test_importing_the_sdk_is_light() -> None:
    program = "import json, sys, datastore_sdk; datastore_sdk.Pad; print(json.dumps(list(sys.modules)))"
    environment = os.environ | {"PYTHONPATH": PYTHONPATH}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    imported = {name.partition(".")[0] for name in json.loads(done.stdout)}
    heavy = {"httpx", "httpcore", "starlette", "uvicorn", "pandas", "pyarrow", "polars", "numpy", "anyio", "websockets"}
    heavy |= {
        "asyncio",
        "ssl",
        "email",
        "shutil",
        "tempfile",
        "zipfile",
    }  # pydantic loads some of them when it builds a model
    assert imported & heavy == set()
    assert done.stderr == ""


def test_defaults_are_of_the_annotated_type() -> None:
    """A signature does not say that None can be passed where it is refused."""
    for kind in (Pad, Site):
        for name, call in inspect.getmembers(kind, callable):
            if name.startswith("_") or not hasattr(call, "__signature__"):
                continue
            for parameter in inspect.signature(call).parameters.values():
                if parameter.default is None:
                    assert "None" in str(parameter.annotation), (name, parameter)


def test_all_exceptions_and_filters_are_exported() -> None:
    for module in (exceptions, filters):
        public = [
            kind for kind in vars(module).values() if isinstance(kind, type) and kind.__module__ == module.__name__
        ]
        assert [kind for kind in public if getattr(datastore_sdk, kind.__name__, None) is not kind] == []
