"""Reports as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict

from datastore_sdk.drift.report import Report, Severity


def format_json(report: Report) -> str:
    """Format a report as one JSON object."""
    content = {
        "subject": report.subject,
        "drift": bool(report.findings),
        "status": int(report.status),
        "counts": {severity.value: report.count(severity) for severity in Severity},
        "findings": [asdict(finding) for finding in report.findings],
    }
    return json.dumps(content, indent=2)
