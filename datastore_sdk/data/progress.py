"""How far a save has come."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from datastore_sdk._io.clock import Clock
from datastore_sdk.data.query import DataQuery
from datastore_sdk.data.streaming.download import Download
from datastore_sdk.exceptions import CallError

_INTERVAL = 0.2
"""Seconds between two reports at least."""


class Progress(Struct, frozen=True, kw_only=True):
    """How far a save has come. What an earlier run had saved (`resume=True`) counts too."""

    records: int
    """How many records there are so far."""
    bytes: int
    """How many bytes of JSON they were, decompressed."""
    seconds: float
    """How long this run has taken so far."""
    megabytes_per_second: float
    """How fast this run receives, in 1,000,000 bytes per second."""
    start: datetime | None
    """The first moment that was asked for; None where that is open."""
    end: datetime | None
    """The last moment that was asked for; None where that is open."""
    reached: datetime | None
    """The moment of the last record so far."""
    fraction: float | None
    """How much of the time asked for is covered, from 0 to 1; None where it has no start or no end."""
    seconds_left: float | None
    """How long the rest will take if it goes on like this; None where that cannot be told."""
    resumptions: int
    """How often the download was taken up again because it had broken off."""

    def __str__(self) -> str:
        parts = [f"{self.records:,} records", f"{self.bytes / 1e6:,.1f} MB", f"{self.megabytes_per_second:,.1f} MB/s"]
        if self.fraction is not None:
            parts.append(f"{self.fraction:.0%}")
        if self.seconds_left is not None:
            parts.append(f"{timedelta(seconds=round(self.seconds_left))} left")
        if self.resumptions:
            parts.append(f"taken up again {self.resumptions} times")
        if self.reached:  # last, for lines are cut where there is no room
            until = f" of {self.end:%Y-%m-%d %H:%M:%S}" if self.end else ""
            parts.append(f"{self.reached:%Y-%m-%d %H:%M:%S}{until} UTC")
        return ", ".join(parts)


ProgressDisplay = Callable[[Progress], None]
"""What shows progress, or does with it whatever else it wants."""


class ProgressDisplayError(Exception):
    """What shows progress failed by a call of its own, which is no failure of the download."""

    def __init__(self, error: CallError) -> None:
        super().__init__(str(error))
        self.error = error


class ProgressMeter:
    """Reports how far a download has come: at once, now and then, and at its end.

    Args:
        download: What is told of.
        queries: What was asked for.
        clock: What it goes by.
        show: What is told.
    """

    def __init__(self, download: Download, queries: Sequence[DataQuery], clock: Clock, show: ProgressDisplay) -> None:
        self._download = download
        self._queries = queries
        self._clock = clock
        self._show = show
        self._lengths = [len(query.seconds()) if query.start and query.end else None for query in queries]
        self._started = self._next = clock.monotonic()
        self._fraction_before: float | None = None
        """What was covered before this run."""
        download.notice = self._start

    def finish(self) -> None:
        """Reports that everything is there."""
        self._report(None if None in self._lengths else 1.0)

    def _start(self) -> None:
        self._fraction_before = self._fraction()
        self._download.notice = self._look
        self._report(self._fraction_before)

    def _look(self) -> None:
        if self._clock.monotonic() >= self._next:
            self._report(self._fraction())

    def _report(self, fraction: float | None) -> None:
        now = self._clock.monotonic()
        self._next = now + _INTERVAL
        download, seconds = self._download, now - self._started
        start, end = self._queries[download.index].whole_seconds() if self._queries else (None, None)
        progress = Progress(
            records=download.records,
            bytes=download.kept + download.bytes,
            seconds=seconds,
            megabytes_per_second=download.bytes / 1e6 / seconds if seconds else 0.0,
            start=start,
            end=end,
            reached=None if download.reached is None else datetime.fromtimestamp(download.reached, tz=UTC),
            fraction=fraction,
            seconds_left=self._seconds_left(fraction, seconds),
            resumptions=download.resumptions,
        )
        try:
            self._show(progress)
        except CallError as error:
            raise ProgressDisplayError(error) from None

    def _fraction(self) -> float | None:
        """How much of the time asked for is covered."""
        lengths = [length for length in self._lengths if length is not None]
        if not lengths or len(lengths) < len(self._lengths):
            return None
        download = self._download
        covered = sum(lengths[: download.index])
        if download.reached is not None and download.reached in (asked := self._queries[download.index].seconds()):
            covered += asked.index(download.reached) + 1
        return covered / sum(lengths)

    def _seconds_left(self, fraction: float | None, seconds: float) -> float | None:
        if fraction is None or self._fraction_before is None or fraction <= self._fraction_before:
            return None
        return seconds * (1 - fraction) / (fraction - self._fraction_before)
