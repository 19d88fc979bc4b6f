"""The project's files agree with each other, and the built package is complete."""

from __future__ import annotations

import os
import tomllib
import zipfile
from email import message_from_string
from typing import TYPE_CHECKING, Any

import pytest
from _environment import ROOT, SUPPORTED
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from poetry.core.masonry import api

if TYPE_CHECKING:
    from pathlib import Path

METADATA: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
PROJECT: dict[str, Any] = METADATA["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]
GROUPS: dict[str, list[str | dict[str, str]]] = METADATA["dependency-groups"]

PINS = {
    canonicalize_name(pin.name): pin.specifier
    for line in (ROOT / "constraints.txt").read_text().splitlines()
    if not line.startswith("#")
    for pin in [Requirement(line)]
}
REQUIREMENTS = sorted(
    {
        requirement
        for requirements in [PROJECT["dependencies"], *EXTRAS.values(), *GROUPS.values()]
        for requirement in requirements
        if isinstance(requirement, str)
    }
)
SCRIPTS = [path for path in sorted((ROOT / "scripts").iterdir()) if path.is_file() and not path.suffix]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        return zipfile.ZipFile(folder / api.build_wheel(str(folder)))


def test_wheel_contains_only_the_two_packages(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"datastore_sdk", "restream_api"}
    assert {"datastore_sdk/py.typed", "restream_api/py.typed"} <= names
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)


def test_wheel_has_metadata(wheel: zipfile.ZipFile) -> None:
    (metadata_file,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    metadata = message_from_string(wheel.read(metadata_file).decode())
    assert metadata["Name"] == "restream-datastore-sdk"
    assert metadata["Version"] == PROJECT["version"]
    assert metadata["License-Expression"] == "MIT"
    assert metadata["Requires-Python"] == ">=3.11"
    assert {*metadata.get_all("Provides-Extra", [])} == {*EXTRAS}


def test_constraints_satisfy_every_requirement() -> None:
    for requirement in map(Requirement, REQUIREMENTS):
        (pin,) = PINS[canonicalize_name(requirement.name)]
        assert pin.operator == "=="
        assert requirement.specifier.contains(pin.version), requirement


ENGINES = ("dask", "dlt", "ray", "spark")
"""Extras with many packages. scripts/engines tests them in an environment of their own."""


def test_extra_all_has_every_extra() -> None:
    others = {item for extra, requirements in EXTRAS.items() if extra not in {"all", *ENGINES} for item in requirements}
    assert EXTRAS["all"] == sorted(others)


def test_groups_and_extras_have_distinct_names() -> None:
    assert not EXTRAS.keys() & GROUPS.keys()


@pytest.mark.parametrize("extra", [extra for extra in EXTRAS if extra not in ENGINES])
def test_test_group_includes_every_extra(extra: str) -> None:
    assert set(EXTRAS[extra]) <= {requirement for requirement in GROUPS["test"] if isinstance(requirement, str)}


def test_scripts_support_the_declared_pythons() -> None:
    names = {f"{major}.{minor}" for major, minor in SUPPORTED}
    classified = {line.rpartition(" ")[2] for line in PROJECT["classifiers"] if line.startswith("Programming Language")}
    assert names == classified - {"3", "Only"}
    assert SpecifierSet(PROJECT["requires-python"]).contains(min(names))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts_are_executable_and_checked(script: Path) -> None:
    assert os.access(script, os.X_OK)
    assert script.read_text().startswith('#!/usr/bin/env python3\n"""')
    assert f"scripts/{script.name}" in METADATA["tool"]["pyright"]["include"]
