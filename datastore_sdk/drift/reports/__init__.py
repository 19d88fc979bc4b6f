"""Machine-readable reports. The text report is in `datastore_sdk.cli.text_report`."""

from __future__ import annotations

from datastore_sdk.drift.reports.github import format_github
from datastore_sdk.drift.reports.json_report import format_json
from datastore_sdk.drift.reports.sarif import format_sarif

__all__ = ["format_github", "format_json", "format_sarif"]
