"""Reports for programs; that for people is `datastore_sdk.cli.rendering`."""

from __future__ import annotations

from datastore_sdk.drift.reports.github import as_annotations
from datastore_sdk.drift.reports.json_report import as_json
from datastore_sdk.drift.reports.sarif import as_sarif

__all__ = ["as_annotations", "as_json", "as_sarif"]
