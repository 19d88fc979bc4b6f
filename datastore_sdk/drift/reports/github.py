"""Reports as workflow commands of GitHub Actions, which shows them at the lines that they are about."""

from __future__ import annotations

from datastore_sdk.drift.report import Finding, Report, Severity
from datastore_sdk.drift.reports.paths import in_repository

_COMMANDS = {Severity.BREAKING: "error", Severity.COMPATIBLE: "warning", Severity.DOCUMENTATION: "notice"}


def as_annotations(report: Report) -> str:
    """One command for each finding, and a notice with the outcome."""
    commands = [_command(finding) for finding in report.findings]
    return "\n".join([*commands, f"::notice title=Drift::{_text(report.summary)}"])


def _command(finding: Finding) -> str:
    properties = {"title": finding.rule}
    if file := in_repository(finding.document):
        properties = {"file": file, **({"line": str(finding.line)} if finding.line else {}), **properties}
    told = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    calls = ", ".join(finding.endpoints)
    touches = f" It touches {', '.join(finding.touches)}." if finding.touches else ""
    message = f"{calls}: {finding.message}{touches}" if calls else f"{finding.message}{touches}"
    return f"::{_COMMANDS[finding.severity]} {told}::{_text(message)}"


def _text(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _text(text).replace(":", "%3A").replace(",", "%2C")
