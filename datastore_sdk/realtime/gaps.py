"""What is missing of live data."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime

from msgspec import Struct

from datastore_sdk.instrumentation.logs import get_logger

log = get_logger("realtime")

MOST_GAPS = 1000
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
        self.found = deque[Gap](maxlen=MOST_GAPS)
        """The latest gaps."""

    def report(self, found: Gap) -> None:
        """Notes a gap and tells of it."""
        self.found.append(found)
        log.warning("%d s are missing of source %s from %s: %s", found.seconds, found.source, found.start, found.reason)
        if self._on_gap is not None:
            try:
                self._on_gap(found)
            except Exception:
                log.exception("on_gap failed; the data goes on")


def gap(missing: range, source: int | None, reason: str) -> Gap:
    """The gap that these seconds, counted from 1970, make."""
    return Gap(start=_moment(missing[0]), end=_moment(missing[-1]), source=source, reason=reason)


def _moment(second: int) -> datetime:
    return datetime.fromtimestamp(second, tz=UTC)
