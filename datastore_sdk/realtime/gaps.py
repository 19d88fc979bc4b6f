"""What is missing of live data."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime

from msgspec import Struct

from datastore_sdk.instrumentation.logs import logger

log = logger("realtime")

MAX_GAPS = 1000
"""How many gaps are remembered."""


class Gap(Struct, frozen=True, kw_only=True):
    """Seconds of a source, of which nothing came and nothing could be had afterwards."""

    start: datetime
    """The first of them, in UTC."""
    end: datetime
    """The last of them, in UTC."""
    source: int | None
    """Id of the site; None for records of a pad that belong to no single site, and where not even that is known."""
    reason: str
    """Why they could not be had."""

    @property
    def seconds(self) -> int:
        """How many seconds are missing."""
        return int((self.end - self.start).total_seconds()) + 1


class GapLog:
    """What is missing, for whoever wants to know.

    Args:
        on_gap: Is told of each gap.
    """

    def __init__(self, on_gap: Callable[[Gap], object] | None) -> None:
        self._on_gap = on_gap
        self.gaps = deque[Gap](maxlen=MAX_GAPS)
        """The latest gaps."""

    def report(self, gap: Gap) -> None:
        """Notes a gap and tells of it."""
        self.gaps.append(gap)
        log.warning("%d s are missing of source %s from %s: %s", gap.seconds, gap.source, gap.start, gap.reason)
        if self._on_gap is not None:
            try:
                self._on_gap(gap)
            except Exception:
                log.exception("on_gap failed; the data goes on")


def build_gap(missing: range, source: int | None, reason: str) -> Gap:
    """The gap that these seconds, counted from 1970, make."""
    return Gap(start=_to_datetime(missing[0]), end=_to_datetime(missing[-1]), source=source, reason=reason)


def _to_datetime(second: int) -> datetime:
    return datetime.fromtimestamp(second, tz=UTC)
