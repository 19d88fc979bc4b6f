"""OpenTelemetry metrics of a mirror.

Nothing is recorded or imported unless the program has imported `opentelemetry.metrics`, as programs do that set up
metrics, and as `opentelemetry-instrument` does.
"""

from __future__ import annotations

import sys
from functools import cache
from typing import TYPE_CHECKING

from datastore_sdk._version import VERSION
from datastore_sdk.mirror.report import MirrorReport, MirrorStatus

if TYPE_CHECKING:
    from opentelemetry.util.types import AttributeValue

STORE = "restream.mirror.store"
SITE = "restream.site"


def is_recording() -> bool:
    """Return whether the program uses OpenTelemetry metrics."""
    return "opentelemetry.metrics" in sys.modules


def record_cycle(status: MirrorStatus, report: MirrorReport, error: BaseException | None) -> None:
    """Record a cycle.

    Args:
        status: Progress of the sites after the cycle, without the number of their records.
        report: Report of the cycle, as far as it came.
        error: The error that ended it; None if it ended normally.
    """
    instruments = _instruments()
    store: dict[str, AttributeValue] = {STORE: status.store}
    for site in report.sites:
        of_site = {**store, SITE: site.site_id}
        instruments.received.add(site.read + site.left_out, of_site)
        instruments.stored.add(site.stored, of_site)
        instruments.applied.add(site.changes, of_site)
    for progress in status.sites:
        of_site = {**store, SITE: progress.site_id}
        instruments.lag.set(progress.lag.total_seconds(), of_site)
        instruments.waiting.set(progress.pending_changes + progress.unacknowledged_changes, of_site)
    instruments.acknowledged.add(report.acknowledged, store)
    failures = len(report.problems)
    if failures:
        instruments.failures.add(failures, {**store, "error.type": "problem"})
    how = {**store}
    if error is not None:
        how["error.type"] = type(error).__qualname__
        instruments.failures.add(1, how)
    instruments.duration.record(report.seconds, how)


class _Instruments:
    def __init__(self) -> None:
        from opentelemetry.metrics import get_meter

        meter = get_meter("datastore_sdk", VERSION)
        self.lag = meter.create_gauge(
            "restream.mirror.lag", unit="s", description="Time from the last record that was stored to now."
        )
        self.waiting = meter.create_gauge(
            "restream.mirror.changes.waiting",
            unit="{change}",
            description="Data changes that were not applied, or not acknowledged, yet.",
        )
        self.received = meter.create_counter(
            "restream.mirror.records.received", unit="{record}", description="Records received from the service."
        )
        self.stored = meter.create_counter(
            "restream.mirror.records.stored", unit="{record}", description="Records written to the store."
        )
        self.applied = meter.create_counter(
            "restream.mirror.changes.applied", unit="{change}", description="Data changes applied."
        )
        self.acknowledged = meter.create_counter(
            "restream.mirror.changes.acknowledged", unit="{change}", description="Data changes acknowledged."
        )
        self.failures = meter.create_counter(
            "restream.mirror.failures", unit="{failure}", description="Problems of cycles, and cycles that failed."
        )
        self.duration = meter.create_histogram(
            "restream.mirror.cycle.duration", unit="s", description="Duration of a cycle."
        )


@cache
def _instruments() -> _Instruments:
    return _Instruments()
