"""Progress of a cycle, reported while records arrive."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from datastore_sdk._io.clock import monotonic
from datastore_sdk.mirror.spans import Span

if TYPE_CHECKING:
    import pyarrow as pa

_MIN_INTERVAL_SECONDS = 0.2
"""Minimum time in seconds between two reports."""


class MirrorProgress(Struct, frozen=True, kw_only=True):
    """Progress of a cycle of a mirror."""

    site_id: int
    """The site that is read."""
    change_id: int | None
    """The data change whose interval is read; None while new records are read."""
    records: int
    """Number of records of this cycle so far, of all sites."""
    reached: datetime | None
    """Timestamp of the last record so far, in UTC."""
    fraction: float
    """Share of the cycle that is done, 0 to 1. It counts the time spans of the sites as equal."""
    seconds: float
    """Duration of the cycle so far."""

    def __str__(self) -> str:
        what = f"site {self.site_id}" + (f", data change {self.change_id}" if self.change_id is not None else "")
        reached = f", {self.reached:%Y-%m-%d %H:%M:%S} UTC" if self.reached else ""
        return f"{self.fraction:.0%}, {what}, {self.records:,} records{reached}"


MirrorProgressCallback = Callable[[MirrorProgress], None]
"""Receives the progress of a cycle a few times per second."""


class CycleMeter:
    """Reports the progress of a cycle, a few times per second.

    Args:
        callback: Receives the reports; None for no reports.
    """

    def __init__(self, callback: MirrorProgressCallback | None) -> None:
        self._callback = callback
        self._started = self._next = monotonic()
        self._records = 0
        self._share = (0.0, 1.0)
        self._site_id = 0
        self._tail = Span(0, 0)

    def start_site(self, site_id: int, tail: Span, share: tuple[float, float]) -> None:
        """Start to read a site.

        Args:
            site_id: The site.
            tail: The time span of new records.
            share: Start and end of the site's part of the cycle, 0 to 1.
        """
        self._site_id, self._tail, self._share = site_id, tail, share

    def count(self, batches: Iterable[pa.RecordBatch], change_id: int | None) -> Iterator[pa.RecordBatch]:
        """Yield the batches of a download, and report them.

        Args:
            batches: The batches; their first column is the timestamp.
            change_id: The data change that they are of; None if they are new records.
        """
        for batch in batches:
            self._records += batch.num_rows
            if self._callback is not None and batch.num_rows and monotonic() >= self._next:
                self._report(batch.column(0)[-1].as_py(), change_id)
            yield batch

    def _report(self, reached: datetime | None, change_id: int | None) -> None:
        if self._callback is None:
            return
        first, last = self._share
        done = 0.0
        if change_id is None and reached is not None:
            done = (reached.timestamp() - self._tail.first) / max(self._tail.seconds, 1)
        now = monotonic()
        self._next = now + _MIN_INTERVAL_SECONDS
        self._callback(
            MirrorProgress(
                site_id=self._site_id,
                change_id=change_id,
                records=self._records,
                reached=reached,
                fraction=first + (last - first) * min(max(done, 0.0), 1.0),
                seconds=now - self._started,
            )
        )
