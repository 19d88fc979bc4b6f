"""Every kind of drift, in the OpenAPI document and in traffic, is found with its severity."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from _generator import generate_package

from datastore_sdk.drift import Finding, compare, observe, suggest_patch
from datastore_sdk.drift.traffic.rules import RULES
from tests.drift.drift_cases import SpecCase, TrafficCase
from tests.drift.spec_builders import REAL, parse_spec
from tests.drift.spec_drift_cases import SPEC_CASES
from tests.drift.traffic_drift_cases import TRAFFIC_CASES
from tests.support.exhaustive import first, spread
from tests.support.paths import CASSETTES

MAX_PATCH_LINES = 40
"""Maximum number of lines of a patch for one deviation, with context."""


def test_equal_specs_have_no_findings() -> None:
    assert compare(parse_spec(REAL), parse_spec(REAL)).findings == ()


@pytest.mark.parametrize("path", sorted(CASSETTES.glob("*.yaml")), ids=lambda path: path.stem)
def test_recorded_traffic_has_no_findings(path: Path) -> None:
    assert observe(parse_spec(REAL), [str(path)]).findings() == ()


@pytest.mark.parametrize("planted", spread(16, SPEC_CASES), ids=lambda planted: planted.description)
def test_planted_spec_change_is_found(planted: SpecCase) -> None:
    found = planted.find()
    assert isinstance(found, Finding)
    assert found.severity is planted.severity
    assert found.line is not None or not found.pointer
    assert not planted.affects or planted.affects in found.affects


@pytest.mark.parametrize("planted", TRAFFIC_CASES, ids=lambda planted: planted.description)
def test_planted_traffic_deviation_is_found(planted: TrafficCase) -> None:
    found = planted.find()
    assert isinstance(found, Finding)
    assert found.severity is planted.severity
    assert len(planted.observe().findings()) == 1
    assert not planted.affects or planted.affects in found.affects


def test_every_traffic_rule_has_a_case() -> None:
    without_a_place_in_the_contract = {"enum-value-new", "body-unexpected"}  # see test_traffic.py
    assert {planted.rule for planted in TRAFFIC_CASES} == RULES.keys() - without_a_place_in_the_contract


@pytest.mark.parametrize("planted", first(2, TRAFFIC_CASES), ids=lambda planted: planted.description)
def test_suggested_patch_removes_the_finding(planted: TrafficCase, tmp_path: Path) -> None:
    observed = planted.observe()
    suggestion = suggest_patch(parse_spec(REAL), observed)
    assert bool(suggestion.patch) == planted.can_be_patched
    assert bool(suggestion.unresolved) != planted.can_be_patched
    if not planted.can_be_patched:
        return
    assert len(suggestion.patch.splitlines()) < MAX_PATCH_LINES
    mended = apply_patch(suggestion.patch, tmp_path)
    assert planted.find() is not None
    assert [finding.rule for finding in planted.observe_with(parse_spec(mended)).findings()] == []


@pytest.mark.exhaustive
def test_patch_for_all_cases_generates_a_client(tmp_path: Path) -> None:
    mendable = [planted for planted in TRAFFIC_CASES if planted.can_be_patched]
    together = [one for planted in mendable for one in planted.observe()]
    apply_patch(suggest_patch(parse_spec(REAL), together).patch, tmp_path)
    contract = parse_spec((tmp_path / "openapi.yaml").read_text("utf-8"))
    assert [finding for planted in mendable for finding in planted.observe_with(contract).findings()] == []
    code = generate_package(tmp_path / "openapi.yaml")
    assert "rig_name" in code["models/pad.py"]


def apply_patch(patch: str, folder: Path) -> str:
    """Apply a patch with git."""
    path = folder / "openapi.yaml"
    path.write_text(REAL, "utf-8")
    subprocess.run(["git", "apply", "-"], input=patch, text=True, cwd=folder, check=True)
    return path.read_text("utf-8")
