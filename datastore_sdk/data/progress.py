"""Progress of a download: its counters, and the reports that a save makes from them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from datastore_sdk._io.clock import Clock
from datastore_sdk.data.missing_fields import UnseenFields
from datastore_sdk.data.query import DataQuery
from datastore_sdk.exceptions import CallError
from datastore_sdk.transport.executor.response_body import ResponseBody

_MIN_INTERVAL_SECONDS = 0.2
"""Minimum time in seconds between two reports."""


class DownloadState:
    """Counters of one download. One thread writes them, any thread may read them."""

    def __init__(self) -> None:
        self.query_index = 0
        """Index of the query that is being downloaded."""
        self.records = 0
        """Number of records emitted."""
        self.earlier_bytes = 0
        """Size in bytes of the records that an earlier run downloaded."""
        self.last_timestamp: int | None = None
        """Timestamp of the last record of the query, in unix seconds."""
        self.on_records: Callable[[], None] | None = None
        """Called for each batch of records."""
        self.unseen_fields = UnseenFields()
        """Requested fields that no record has had yet."""
        self._resumptions = 0
        self._received_bytes = 0
        self._body: ResponseBody | None = None
        self._parts: list[DownloadState] = []

    @property
    def resumptions(self) -> int:
        """Number of times that the download was resumed after a break."""
        return self._resumptions + sum(part.resumptions for part in self._parts)

    @property
    def received_bytes(self) -> int:
        """Size in bytes of the bodies received, decompressed."""
        body = self._body
        return self._received_bytes + (body.received if body else 0) + sum(part.received_bytes for part in self._parts)

    def start_query(self, index: int) -> None:
        """Start to count the records of another query."""
        self.query_index, self.last_timestamp = index, None

    def set_body(self, body: ResponseBody | None) -> None:
        """Start to count the bytes of another body, or of none."""
        previous, self._body = self._body, body
        self._received_bytes += previous.received if previous else 0

    def count_resumption(self) -> None:
        """Count a resumption."""
        self._resumptions += 1

    def count_records(self, count: int, last_timestamp: int | None) -> None:
        """Count records that are about to be emitted."""
        self.records += count
        self.last_timestamp = last_timestamp
        if self.on_records is not None:
            self.on_records()

    def add_part(self) -> DownloadState:
        """Return the state of a part of this download. The records of parts are counted here, when they are emitted."""
        part = DownloadState()
        part.unseen_fields = self.unseen_fields
        self._parts.append(part)
        return part


class Progress(Struct, frozen=True, kw_only=True):
    """Progress of a save. Records of earlier runs (`resume=True`) are included."""

    records: int
    """Number of records so far."""
    bytes: int
    """Size in bytes of their JSON, decompressed."""
    seconds: float
    """Duration of this run so far."""
    megabytes_per_second: float
    """Download rate of this run, in 1,000,000 bytes per second."""
    start: datetime | None
    """Start of the requested range; None if it is open."""
    end: datetime | None
    """End of the requested range; None if it is open."""
    reached: datetime | None
    """Timestamp of the last record so far."""
    fraction: float | None
    """Share of the requested range that is downloaded, 0 to 1; None if the range is open."""
    seconds_left: float | None
    """Estimated seconds until the end; None if unknown."""
    resumptions: int
    """Number of times that the download was resumed after a break."""

    def __str__(self) -> str:
        parts = [f"{self.records:,} records", f"{self.bytes / 1e6:,.1f} MB", f"{self.megabytes_per_second:,.1f} MB/s"]
        if self.fraction is not None:
            parts.append(f"{self.fraction:.0%}")
        if self.seconds_left is not None:
            parts.append(f"{timedelta(seconds=round(self.seconds_left))} left")
        if self.resumptions:
            parts.append(f"resumed {self.resumptions} times")
        if self.reached:  # last, since a narrow display cuts the line
            end = f" of {self.end:%Y-%m-%d %H:%M:%S}" if self.end else ""
            parts.append(f"{self.reached:%Y-%m-%d %H:%M:%S}{end} UTC")
        return ", ".join(parts)


ProgressCallback = Callable[[Progress], None]
"""Receives the progress of a save a few times per second."""


class ProgressCallbackError(Exception):
    """A request made by a progress callback failed. It is not a failure of the download."""

    def __init__(self, error: CallError) -> None:
        super().__init__(str(error))
        self.error = error


class ProgressMeter:
    """Reports the progress of a download: at the start, at intervals, and at the end.

    Args:
        download: The counters of the download.
        queries: The requested data.
        clock: Measures the intervals.
        callback: Receives the reports.
    """

    def __init__(
        self, download: DownloadState, queries: Sequence[DataQuery], clock: Clock, callback: ProgressCallback
    ) -> None:
        self._download = download
        self._queries = queries
        self._clock = clock
        self._callback = callback
        self._lengths = [len(query.timestamps()) if query.start and query.end else None for query in queries]
        self._started = self._next = clock.monotonic()
        self._earlier_fraction: float | None = None
        """Share of the requested range that earlier runs downloaded."""
        download.on_records = self._start

    def finish(self) -> None:
        """Report that the download is complete."""
        self._report(None if None in self._lengths else 1.0)

    def _start(self) -> None:
        self._earlier_fraction = self._fraction()
        self._download.on_records = self._report_if_due
        self._report(self._earlier_fraction)

    def _report_if_due(self) -> None:
        if self._clock.monotonic() >= self._next:
            self._report(self._fraction())

    def _report(self, fraction: float | None) -> None:
        now = self._clock.monotonic()
        self._next = now + _MIN_INTERVAL_SECONDS
        download, seconds = self._download, now - self._started
        start, end = self._queries[download.query_index].whole_seconds() if self._queries else (None, None)
        reached = download.last_timestamp
        progress = Progress(
            records=download.records,
            bytes=download.earlier_bytes + download.received_bytes,
            seconds=seconds,
            megabytes_per_second=download.received_bytes / 1e6 / seconds if seconds else 0.0,
            start=start,
            end=end,
            reached=None if reached is None else datetime.fromtimestamp(reached, tz=UTC),
            fraction=fraction,
            seconds_left=self._seconds_left(fraction, seconds),
            resumptions=download.resumptions,
        )
        try:
            self._callback(progress)
        except CallError as error:
            raise ProgressCallbackError(error) from None

    def _fraction(self) -> float | None:
        """Return the share of the requested range that is downloaded; None if the range is open."""
        lengths = [length for length in self._lengths if length is not None]
        if not lengths or len(lengths) < len(self._lengths):
            return None
        index, last_timestamp = self._download.query_index, self._download.last_timestamp
        covered = sum(lengths[:index])
        if last_timestamp is not None and last_timestamp in (requested := self._queries[index].timestamps()):
            covered += requested.index(last_timestamp) + 1
        return covered / sum(lengths)

    def _seconds_left(self, fraction: float | None, seconds: float) -> float | None:
        if fraction is None or self._earlier_fraction is None or fraction <= self._earlier_fraction:
            return None
        return seconds * (1 - fraction) / (fraction - self._earlier_fraction)
