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

from datastore_sdk.drift.contract import Contract, shipped
from datastore_sdk.drift.documents import load
from datastore_sdk.drift.errors import DriftError
from datastore_sdk.drift.findings import Finding, Report, Severity, Status
from datastore_sdk.drift.spec import compare
from datastore_sdk.drift.traffic import Observations, observe, suggest

__all__ = [
    "Contract",
    "DriftError",
    "Finding",
    "Observations",
    "Report",
    "Severity",
    "Status",
    "compare",
    "load",
    "observe",
    "shipped",
    "suggest",
]
