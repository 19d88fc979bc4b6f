"""Reports in SARIF 2.1.0, for code scanning."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from datastore_sdk._version import VERSION
from datastore_sdk.drift.report import Finding, Report, Severity
from datastore_sdk.drift.reports.paths import absolute_path, package_path, repository_path

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

_LEVELS = {Severity.BREAKING: "error", Severity.COMPATIBLE: "warning", Severity.DOCUMENTATION: "note"}


def format_sarif(report: Report) -> str:
    """Format a report as one run of the tool."""
    ids = list(dict.fromkeys(finding.rule for finding in report.findings))
    driver = {
        "name": "datastore drift",
        "semanticVersion": VERSION,
        "rules": [{"id": rule, "name": "".join(map(str.title, rule.split("-")))} for rule in ids],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_build_result(finding, ids.index(finding.rule)) for finding in report.findings],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _build_result(finding: Finding, rule: int) -> Mapping[str, Any]:
    location: dict[str, Any] = {"logicalLocations": [{"fullyQualifiedName": name} for name in finding.endpoints]}
    if finding.document:
        physical: dict[str, Any] = {"artifactLocation": _artifact_location(finding.document)}
        if finding.line:
            physical["region"] = {"startLine": finding.line}
        location["physicalLocation"] = physical
    return {
        "ruleId": finding.rule,
        "ruleIndex": rule,
        "level": _LEVELS[finding.severity],
        "message": {"text": finding.message},
        "locations": [location],
        "occurrenceCount": finding.count,
        "properties": {
            "severity": finding.severity,
            "affects": list(finding.affects),
            "pointer": finding.pointer,
            **({"path": finding.path} if finding.path else {}),
            **({"example": finding.example} if finding.example is not None else {}),
        },
    }


def _artifact_location(document: str) -> Mapping[str, str]:
    if "://" in document:
        return {"uri": document}
    if file := package_path(document):
        return {"uri": quote(file), "uriBaseId": "PACKAGES"}
    file = repository_path(document)
    return {"uri": quote(file) if file else absolute_path(document).as_uri()}
