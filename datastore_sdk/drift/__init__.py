"""Tells where the contract, the service and the SDK have drifted apart.

    from datastore_sdk.drift import Contract, compare, load, shipped

    report = compare(shipped(), Contract(load("openapi-new.yaml")))
    for finding in report.findings:
        print(finding.severity, finding.message, finding.touches)

The command `datastore drift` does the same. Needs the extra `cli`: `pip install "restream-datastore-sdk[cli]"`.
"""

from __future__ import annotations

try:
    import yaml  # noqa: F401 # pyright: ignore[reportUnusedImport]
except ModuleNotFoundError as error:
    needed = 'datastore_sdk.drift needs PyYAML: pip install "restream-datastore-sdk[cli]"'
    raise ModuleNotFoundError(needed, name=error.name) from None

from datastore_sdk.drift.diff import compare
from datastore_sdk.drift.errors import DriftError
from datastore_sdk.drift.loader import load
from datastore_sdk.drift.report import Finding, Report, ReportStatus, Severity
from datastore_sdk.drift.spec import Spec, shipped
from datastore_sdk.drift.traffic import Observations, observe, suggest

__all__ = [
    "DriftError",
    "Finding",
    "Observations",
    "Report",
    "ReportStatus",
    "Severity",
    "Spec",
    "compare",
    "load",
    "observe",
    "shipped",
    "suggest",
]
