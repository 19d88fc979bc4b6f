"""Drift: differences between OpenAPI documents, the service and the SDK.

    from datastore_sdk.drift import compare, load_shipped_spec, load_spec

    report = compare(load_shipped_spec(), load_spec("openapi-new.yaml"))
    for finding in report.findings:
        print(finding.severity, finding.message, finding.affects)

The command `datastore drift` does the same. Requires the extra `cli`: `pip install "restream-datastore-sdk[cli]"`.
"""

from __future__ import annotations

try:
    import yaml  # noqa: F401 # pyright: ignore[reportUnusedImport]
except ModuleNotFoundError as error:
    needed = 'datastore_sdk.drift needs PyYAML: pip install "restream-datastore-sdk[cli]"'
    raise ModuleNotFoundError(needed, name=error.name) from None

from datastore_sdk.drift.diff import compare
from datastore_sdk.drift.errors import DriftError
from datastore_sdk.drift.report import Finding, Report, ReportStatus, Severity
from datastore_sdk.drift.spec import Spec, load_shipped_spec, load_spec
from datastore_sdk.drift.traffic import Observations, observe, suggest_patch

__all__ = [
    "DriftError",
    "Finding",
    "Observations",
    "Report",
    "ReportStatus",
    "Severity",
    "Spec",
    "compare",
    "load_shipped_spec",
    "load_spec",
    "observe",
    "suggest_patch",
]
