"""Gaps: seconds of live data that are missing."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime

from msgspec import Struct

from datastore_sdk.instrumentation.logs import get_logger

log = get_logger("realtime")

MAX_GAPS = 1000
"""Maximum number of gaps that are remembered."""


class Gap(Struct, frozen=True, kw_only=True):
    """Consecutive seconds of a source without records, which could not be fetched afterwards either."""

    start: datetime
    """First missing second, in UTC."""
    end: datetime
    """Last missing second, in UTC."""
    source: int | None
    """Id of the site. None for records of a pad that are not routed to sites, and if the site is unknown."""
    reason: str
    """Why the records could not be fetched."""

    @property
    def seconds(self) -> int:
        """Number of missing seconds."""
        return int((self.end - self.start).total_seconds()) + 1


class GapLog:
    """List of the latest gaps.

    Args:
        on_gap: Called with each gap.
    """

    def __init__(self, on_gap: Callable[[Gap], object] | None) -> None:
        self._on_gap = on_gap
        self.gaps = deque[Gap](maxlen=MAX_GAPS)
        """The latest gaps."""

    def report(self, gap: Gap) -> None:
        """Add a gap, log it, and call `on_gap`."""
        self.gaps.append(gap)
        log.warning("%d s of source %s are missing from %s: %s", gap.seconds, gap.source, gap.start, gap.reason)
        if self._on_gap is not None:
            try:
                self._on_gap(gap)
            except Exception:
                log.exception("on_gap raised an error; the stream continues")


def build_gap(missing: range, source: int | None, reason: str) -> Gap:
    """Return the gap of some consecutive unix seconds."""
    return Gap(start=_to_datetime(missing[0]), end=_to_datetime(missing[-1]), source=source, reason=reason)


def _to_datetime(second: int) -> datetime:
    return datetime.fromtimestamp(second, tz=UTC)
