"""Reports as workflow commands of GitHub Actions, which become annotations of lines."""

from __future__ import annotations

from datastore_sdk.drift.report import Finding, Report, Severity
from datastore_sdk.drift.reports.paths import repository_path

_COMMANDS = {Severity.BREAKING: "error", Severity.COMPATIBLE: "warning", Severity.DOCUMENTATION: "notice"}


def format_github(report: Report) -> str:
    """Format a report: a command for each finding, and a notice with the result."""
    commands = [_format_command(finding) for finding in report.findings]
    return "\n".join([*commands, f"::notice title=Drift::{_escape(report.summary)}"])


def _format_command(finding: Finding) -> str:
    properties = {"title": finding.rule}
    if file := repository_path(finding.document):
        properties = {"file": file, **({"line": str(finding.line)} if finding.line else {}), **properties}
    fields = ",".join(f"{name}={_escape_property(value)}" for name, value in properties.items())
    endpoints = ", ".join(finding.endpoints)
    affects = f" It affects {', '.join(finding.affects)}." if finding.affects else ""
    message = f"{endpoints}: {finding.message}{affects}" if endpoints else f"{finding.message}{affects}"
    return f"::{_COMMANDS[finding.severity]} {fields}::{_escape(message)}"


def _escape(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape(text).replace(":", "%3A").replace(",", "%2C")
