"""Each kind of drift, planted into the real contract and into recorded traffic, is found and classed."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from _generator import generated

from datastore_sdk.drift import Finding, compare, load_shipped_spec, observe, suggest_patch
from datastore_sdk.drift.traffic.rules import RULES
from tests.drift.drift_cases import Deviating, Planted
from tests.drift.spec_builders import REAL, from_text
from tests.drift.spec_drift_cases import IN_CONTRACTS
from tests.drift.traffic_drift_cases import IN_TRAFFIC
from tests.support.paths import CASSETTES

MOST_LINES = 40
"""How many lines the patch for one deviation has at most, with those around it."""


def test_equal_specs_have_no_findings() -> None:
    assert compare(from_text(REAL), from_text(REAL)).findings == ()


@pytest.mark.parametrize("path", sorted(CASSETTES.glob("*.yaml")), ids=lambda path: path.stem)
def test_recorded_traffic_has_no_findings(path: Path) -> None:
    assert observe(load_shipped_spec(), [str(path)]).findings() == ()


@pytest.mark.parametrize("planted", IN_CONTRACTS, ids=lambda planted: planted.what)
def test_planted_spec_change_is_found(planted: Planted) -> None:
    found = planted.found()
    assert isinstance(found, Finding)
    assert found.severity is planted.severity
    assert found.line is not None or not found.pointer
    assert not planted.affects or planted.affects in found.affects


@pytest.mark.parametrize("planted", IN_TRAFFIC, ids=lambda planted: planted.what)
def test_planted_traffic_deviation_is_found(planted: Deviating) -> None:
    found = planted.found()
    assert isinstance(found, Finding)
    assert found.severity is planted.severity
    assert len(planted.observed().findings()) == 1
    assert not planted.affects or planted.affects in found.affects


def test_every_traffic_rule_has_a_case() -> None:
    without_a_place_in_the_contract = {"enum-value-new", "body-unexpected"}  # see test_traffic.py
    assert {planted.rule for planted in IN_TRAFFIC} == RULES.keys() - without_a_place_in_the_contract


@pytest.mark.parametrize("planted", IN_TRAFFIC, ids=lambda planted: planted.what)
def test_suggested_patch_removes_the_finding(planted: Deviating, tmp_path: Path) -> None:
    observed = planted.observed()
    suggestion = suggest_patch(from_text(REAL), observed)
    assert bool(suggestion.patch) == planted.mended
    assert bool(suggestion.unresolved) != planted.mended
    if not planted.mended:
        return
    assert len(suggestion.patch.splitlines()) < MOST_LINES
    mended = apply(suggestion.patch, tmp_path)
    assert planted.found() is not None
    assert [finding.rule for finding in planted.against(from_text(mended)).findings()] == []


def test_patch_for_all_cases_generates_a_client(tmp_path: Path) -> None:
    mendable = [planted for planted in IN_TRAFFIC if planted.mended]
    together = [one for planted in mendable for one in planted.observed()]
    apply(suggest_patch(from_text(REAL), together).patch, tmp_path)
    contract = from_text((tmp_path / "openapi.yaml").read_text("utf-8"))
    assert [finding for planted in mendable for finding in planted.against(contract).findings()] == []
    code = generated(tmp_path / "openapi.yaml")
    assert "rig_name" in code["models/pad.py"]


def apply(patch: str, folder: Path) -> str:
    """Applies a patch as a person would."""
    path = folder / "openapi.yaml"
    path.write_text(REAL, "utf-8")
    subprocess.run(["git", "apply", "-"], input=patch, text=True, cwd=folder, check=True)
    return path.read_text("utf-8")
