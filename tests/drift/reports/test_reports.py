"""Formats of reports."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from datastore_sdk.drift import Finding, Report, ReportStatus, Severity, compare, load_shipped_spec, observe
from datastore_sdk.drift.reports import format_github, format_json, format_sarif
from datastore_sdk.drift.reports import paths as files
from tests.drift.spec_builders import REAL, mutate_spec, parse_spec
from tests.drift.spec_drift_cases import SPEC_CASES
from tests.drift.traffic_drift_cases import TRAFFIC_CASES
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
    """The tests may run in GitHub Actions."""
    monkeypatch.delenv("GITHUB_WORKSPACE", raising=False)


@cache
def everything() -> Report:
    """Return a report with most kinds of findings."""

    def mutate(content: dict[str, Any]) -> None:
        for planted in SPEC_CASES[:20]:
            planted.mutate(content)

    spec = compare(parse_spec(REAL), mutate_spec(mutate)).findings
    traffic = [found for planted in TRAFFIC_CASES for found in planted.observe().findings()]
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
def test_status_follows_the_severities(severities: list[Severity], status: ReportStatus) -> None:
    found = tuple(Finding(rule="x", severity=severity, message="X.") for severity in severities)
    assert Report("x", found).status is status


def test_summary_counts_severities() -> None:
    assert NOTHING.summary == "a against b: no drift"
    assert Report("x", (ODD, ODD)).summary == "x: 2 compatible"


def test_json_report_has_all_fields() -> None:
    report = everything()
    content = json.loads(format_json(report))
    assert content["status"] == ReportStatus.BREAKING_DRIFT
    assert len(content["findings"]) == len(report.findings) == sum(content["counts"].values())
    assert content["findings"][-1] == {
        "rule": "field-unknown",
        "severity": "compatible",
        "message": ODD.message,
        "endpoints": ["GET /a/"],
        "affects": [],
        "document": ODD.document,
        "pointer": "/paths",
        "line": 5,
        "path": "/[]/x",
        "example": '"x"',
        "count": 3,
    }
    assert json.loads(format_json(NOTHING))["drift"] is False


def test_annotations_have_file_and_line() -> None:
    first, last = format_github(Report("x", (ODD,))).splitlines()
    place = "file=some folder/a%2Cb.yaml,line=5,title=field-unknown"
    assert first == f"::warning {place}::GET /a/: 100%25 new:%0Aünicode, `x`."
    assert last == "::notice title=Drift::x: 1 compatible"
    assert format_github(NOTHING) == "::notice title=Drift::a against b: no drift"


def parse_command(line: str) -> tuple[str, dict[str, str], str]:
    """Parse a workflow command as GitHub's runner does: command, properties, data."""
    fields, _, data = line.removeprefix("::").partition("::")
    command, _, properties = fields.partition(" ")
    signs = {"%0D": "\r", "%0A": "\n", "%3A": ":", "%2C": ",", "%25": "%"}  # in this order

    def unescape(text: str, escaped: list[str]) -> str:
        for code in escaped:
            text = text.replace(code, signs[code])
        return text

    pairs = dict(pair.split("=", 1) for pair in properties.split(",") if pair)
    return (
        command,
        {name: unescape(value, [*signs]) for name, value in pairs.items()},
        unescape(data, ["%0D", "%0A", "%25"]),
    )


def test_annotations_escape_special_characters() -> None:
    odd = Finding(
        rule="x",
        severity=Severity.BREAKING,
        message="a%0Ab: 100%,\r\n::error::c %25 d=e%",
        endpoints=("GET /a:b,c=d::e%2C/",),
        affects=("Pad.name",),
        document="a folder, of=50%/a:b::c%2C.yaml",
        line=7,
    )
    report = Report("a: b, c%\n::d", (*everything().findings, odd))
    *lines, last = format_github(report).splitlines()
    assert len(lines) == len(report.findings)
    for line, finding in zip(lines, report.findings, strict=True):
        command, properties, data = parse_command(line)
        assert command in {"error", "warning", "notice"}
        assert properties["title"] == finding.rule
        assert finding.message in data
    assert parse_command(lines[-1]) == (
        "error",
        {"file": odd.document, "line": "7", "title": "x"},
        f"GET /a:b,c=d::e%2C/: {odd.message} It affects Pad.name.",
    )
    assert parse_command(last) == ("notice", {"title": "Drift"}, report.summary)


def test_annotation_of_a_url_has_no_file() -> None:
    finding = Finding(rule="x", severity=Severity.BREAKING, message="X.", document="https://example.com/a", line=5)
    assert format_github(Report("x", (finding,))).splitlines()[0] == "::error title=x::X."


def place(document: Path) -> Report:
    return Report("x", (Finding(rule="x", severity=Severity.BREAKING, message="X.", document=str(document), line=5),))


def install(monkeypatch: pytest.MonkeyPatch, where: Path) -> Path:
    """Pretend that the SDK is installed in a folder; return its document."""
    package = where / "site-packages" / "datastore_sdk"
    monkeypatch.setattr(files, "PACKAGE_FOLDER", package)
    return package / "openapi.yaml"


def artifact(report: Report) -> dict[str, Any]:
    (result,) = json.loads(format_sarif(report))["runs"][0]["results"]
    location: dict[str, Any] = result["locations"][0]["physicalLocation"]["artifactLocation"]
    return location


def test_file_is_relative_to_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    report = place(tmp_path / "api" / "a.yaml")
    assert format_github(report).startswith("::error file=api/a.yaml,line=5,title=x::")
    assert artifact(report) == {"uri": "api/a.yaml"}


def test_file_is_relative_to_the_github_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "part").mkdir()
    monkeypatch.chdir(tmp_path / "part")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    for report in (place(Path("a.yaml")), place(tmp_path / "part" / "a.yaml")):
        assert format_github(report).startswith("::error file=part/a.yaml,line=5,title=x::")
        assert artifact(report) == {"uri": "part/a.yaml"}


def test_file_outside_the_repository_has_no_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    for report in (place(tmp_path / "a.yaml"), place(Path("../a.yaml"))):
        assert format_github(report).startswith("::error title=x::")
        assert artifact(report) == {"uri": (tmp_path / "a.yaml").as_uri()}


@pytest.mark.parametrize("below", [True, False], ids=["in a virtual environment of the project", "elsewhere"])
def test_spec_of_an_installed_sdk_has_a_package_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, below: bool
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    contract = install(monkeypatch, tmp_path / "here" / ".venv" if below else tmp_path)
    for report in (place(contract), place(Path(os.path.relpath(contract)))):
        assert format_github(report).startswith("::error title=x::")
        assert artifact(report) == {"uri": "datastore_sdk/openapi.yaml", "uriBaseId": "PACKAGES"}
        jsonschema.validate(json.loads(format_sarif(report)), SCHEMA)


@pytest.mark.parametrize("build", [everything, lambda: NOTHING], ids=["everything", "nothing"])
def test_sarif_matches_its_schema(build: Callable[[], Report]) -> None:
    report = build()
    log = json.loads(format_sarif(report))
    jsonschema.validate(log, SCHEMA)
    (run,) = log["runs"]
    assert len(run["results"]) == len(report.findings)
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]


def test_sarif_has_uris_of_files() -> None:
    (result,) = json.loads(format_sarif(Report("x", (ODD,))))["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]
    assert place == {"artifactLocation": {"uri": "some%20folder/a%2Cb.yaml"}, "region": {"startLine": 5}}


def test_reports_have_no_recorded_values() -> None:
    cassettes = [str(path) for path in CASSETTES.glob("s*.yaml")]

    def mutate(content: dict[str, Any]) -> None:
        del content["components"]["schemas"]["Site"]["properties"]["operator_name"]

    findings = observe(mutate_spec(mutate), cassettes).findings()
    assert findings
    operators = {"Redfork", "Bluestem", "Energy"}
    assert not any(name in format_json(Report("x", findings)) for name in operators)
    assert load_shipped_spec().document.name
