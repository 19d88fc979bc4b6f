"""The forms of a report."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from datastore_sdk.drift import Finding, Report, ReportStatus, Severity, compare, observe, shipped
from datastore_sdk.drift.reports import as_annotations, as_json, as_sarif
from datastore_sdk.drift.reports import paths as files
from tests.drift.spec_builders import REAL, changed, from_text
from tests.drift.spec_drift_cases import IN_CONTRACTS
from tests.drift.traffic_drift_cases import IN_TRAFFIC
from tests.support.paths import CASSETTES

jsonschema: Any = import_module("jsonschema")  # it has no types

SCHEMA = json.loads(Path(__file__).with_name("sarif-schema-2.1.0.json").read_text("utf-8"))
NOTHING = Report("a against b")
ODD = Finding(
    rule="field-unknown",
    severity=Severity.COMPATIBLE,
    message="100% new:\nünicode, `x`.",
    endpoints=("GET /a/",),
    document="some folder/a,b.yaml",
    pointer="/paths",
    line=5,
    path="/[]/x",
    example='"x"',
    count=3,
)


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests may themselves run in GitHub Actions."""
    monkeypatch.delenv("GITHUB_WORKSPACE", raising=False)


@cache
def everything() -> Report:
    """A report with most kinds of findings."""

    def mutate(content: dict[str, Any]) -> None:
        for planted in IN_CONTRACTS[:20]:
            planted.mutate(content)

    spec = compare(from_text(REAL), changed(mutate)).findings
    traffic = [found for planted in IN_TRAFFIC for found in planted.observed().findings()]
    return Report("everything", (*spec, *traffic, ODD))


@pytest.mark.parametrize(
    ("severities", "status"),
    [
        ([], ReportStatus.NO_DRIFT),
        ([Severity.DOCUMENTATION], ReportStatus.DRIFT),
        ([Severity.COMPATIBLE, Severity.DOCUMENTATION], ReportStatus.DRIFT),
        ([Severity.COMPATIBLE, Severity.BREAKING], ReportStatus.BREAKING_DRIFT),
    ],
)
def test_status(severities: list[Severity], status: ReportStatus) -> None:
    found = tuple(Finding(rule="x", severity=severity, message="X.") for severity in severities)
    assert Report("x", found).status is status


def test_summary() -> None:
    assert NOTHING.summary == "a against b: no drift"
    assert Report("x", (ODD, ODD)).summary == "x: 2 compatible"


def test_json() -> None:
    report = everything()
    content = json.loads(as_json(report))
    assert content["status"] == ReportStatus.BREAKING_DRIFT
    assert len(content["findings"]) == len(report.findings) == sum(content["counts"].values())
    assert content["findings"][-1] == {
        "rule": "field-unknown",
        "severity": "compatible",
        "message": ODD.message,
        "endpoints": ["GET /a/"],
        "touches": [],
        "document": ODD.document,
        "pointer": "/paths",
        "line": 5,
        "path": "/[]/x",
        "example": '"x"',
        "count": 3,
    }
    assert json.loads(as_json(NOTHING))["drift"] is False


def test_annotations() -> None:
    first, last = as_annotations(Report("x", (ODD,))).splitlines()
    place = "file=some folder/a%2Cb.yaml,line=5,title=field-unknown"
    assert first == f"::warning {place}::GET /a/: 100%25 new:%0Aünicode, `x`."
    assert last == "::notice title=Drift::x: 1 compatible"
    assert as_annotations(NOTHING) == "::notice title=Drift::a against b: no drift"


def understood(line: str) -> tuple[str, dict[str, str], str]:
    """A workflow command as GitHub's runner takes it apart: command, properties, data."""
    told, _, data = line.removeprefix("::").partition("::")
    command, _, properties = told.partition(" ")
    signs = {"%0D": "\r", "%0A": "\n", "%3A": ":", "%2C": ",", "%25": "%"}  # in this order

    def plain(text: str, escaped: list[str]) -> str:
        for code in escaped:
            text = text.replace(code, signs[code])
        return text

    pairs = dict(pair.split("=", 1) for pair in properties.split(",") if pair)
    return (
        command,
        {name: plain(value, [*signs]) for name, value in pairs.items()},
        plain(data, ["%0D", "%0A", "%25"]),
    )


def test_annotations_are_understood_as_they_were_meant() -> None:
    odd = Finding(
        rule="x",
        severity=Severity.BREAKING,
        message="a%0Ab: 100%,\r\n::error::c %25 d=e%",
        endpoints=("GET /a:b,c=d::e%2C/",),
        touches=("Pad.name",),
        document="a folder, of=50%/a:b::c%2C.yaml",
        line=7,
    )
    report = Report("a: b, c%\n::d", (*everything().findings, odd))
    *lines, last = as_annotations(report).splitlines()
    assert len(lines) == len(report.findings)
    for line, finding in zip(lines, report.findings, strict=True):
        command, properties, data = understood(line)
        assert command in {"error", "warning", "notice"}
        assert properties["title"] == finding.rule
        assert finding.message in data
    assert understood(lines[-1]) == (
        "error",
        {"file": odd.document, "line": "7", "title": "x"},
        f"GET /a:b,c=d::e%2C/: {odd.message} It touches Pad.name.",
    )
    assert understood(last) == ("notice", {"title": "Drift"}, report.summary)


def test_annotations_of_a_url_have_no_file() -> None:
    finding = Finding(rule="x", severity=Severity.BREAKING, message="X.", document="https://example.com/a", line=5)
    assert as_annotations(Report("x", (finding,))).splitlines()[0] == "::error title=x::X."


def placed(document: Path) -> Report:
    return Report("x", (Finding(rule="x", severity=Severity.BREAKING, message="X.", document=str(document), line=5),))


def installed(monkeypatch: pytest.MonkeyPatch, where: Path) -> Path:
    """The contract of an SDK that is installed somewhere."""
    package = where / "site-packages" / "datastore_sdk"
    monkeypatch.setattr(files, "PACKAGE", package)
    return package / "openapi.yaml"


def artifact(report: Report) -> dict[str, Any]:
    (result,) = json.loads(as_sarif(report))["runs"][0]["results"]
    location: dict[str, Any] = result["locations"][0]["physicalLocation"]["artifactLocation"]
    return location


def test_a_file_below_the_working_directory_is_named_from_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    report = placed(tmp_path / "api" / "a.yaml")
    assert as_annotations(report).startswith("::error file=api/a.yaml,line=5,title=x::")
    assert artifact(report) == {"uri": "api/a.yaml"}


def test_in_github_actions_a_file_is_named_from_the_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "part").mkdir()
    monkeypatch.chdir(tmp_path / "part")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    for report in (placed(Path("a.yaml")), placed(tmp_path / "part" / "a.yaml")):
        assert as_annotations(report).startswith("::error file=part/a.yaml,line=5,title=x::")
        assert artifact(report) == {"uri": "part/a.yaml"}


def test_a_file_elsewhere_is_in_no_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    for report in (placed(tmp_path / "a.yaml"), placed(Path("../a.yaml"))):
        assert as_annotations(report).startswith("::error title=x::")
        assert artifact(report) == {"uri": (tmp_path / "a.yaml").as_uri()}


@pytest.mark.parametrize("below", [True, False], ids=["in a virtual environment of the project", "elsewhere"])
def test_the_contract_of_an_installed_sdk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, below: bool) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    contract = installed(monkeypatch, tmp_path / "here" / ".venv" if below else tmp_path)
    for report in (placed(contract), placed(Path(os.path.relpath(contract)))):
        assert as_annotations(report).startswith("::error title=x::")
        assert artifact(report) == {"uri": "datastore_sdk/openapi.yaml", "uriBaseId": "PACKAGES"}
        jsonschema.validate(json.loads(as_sarif(report)), SCHEMA)


@pytest.mark.parametrize("build", [everything, lambda: NOTHING], ids=["everything", "nothing"])
def test_sarif_is_valid(build: Callable[[], Report]) -> None:
    report = build()
    log = json.loads(as_sarif(report))
    jsonschema.validate(log, SCHEMA)
    (run,) = log["runs"]
    assert len(run["results"]) == len(report.findings)
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]


def test_sarif_names_files_as_uris() -> None:
    (result,) = json.loads(as_sarif(Report("x", (ODD,))))["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]
    assert place == {"artifactLocation": {"uri": "some%20folder/a%2Cb.yaml"}, "region": {"startLine": 5}}


def test_no_report_names_a_recorded_value() -> None:
    cassettes = [str(path) for path in CASSETTES.glob("s*.yaml")]

    def mutate(content: dict[str, Any]) -> None:
        del content["components"]["schemas"]["Site"]["properties"]["operator_name"]

    findings = observe(changed(mutate), cassettes).findings()
    assert findings
    operators = {"Redfork", "Bluestem", "Energy"}
    assert not any(name in as_json(Report("x", findings)) for name in operators)
    assert shipped().document.name
