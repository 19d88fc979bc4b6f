"""Reports for programs; that for people is `datastore_sdk.cli.text`."""

from __future__ import annotations

from datastore_sdk.drift.reports.annotations import as_annotations
from datastore_sdk.drift.reports.sarif import as_sarif
from datastore_sdk.drift.reports.structured import as_json

__all__ = ["as_annotations", "as_json", "as_sarif"]
