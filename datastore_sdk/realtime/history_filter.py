"""Tells live records from the history that the service replays before them, by the service's clock. Pure.

Given any filter, the service replays history. Without a start, live records alone are wanted: those of the time since
the room was entered. That time is the `Date` of the handshake. A source may lag behind that clock, though. Its records
keep pace with the clock, which a replay does not: they are held back for some seconds, and then handed over.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Generic, TypeVar

import msgspec

from datastore_sdk._utils.validation import user_stack_level
from datastore_sdk.data.streaming.codecs import Position
from datastore_sdk.instrumentation.logs import get_logger

log = get_logger("realtime")

R = TypeVar("R")

_TOLERANCE = 2
"""Seconds that a record may be older than the entering: `Date` has whole seconds, and a record takes its time."""
_WATCHED = 10.0
"""Seconds for which records must keep pace with the clock to be live though they are old."""
_FEWEST = 3
"""How many records that takes at least."""
_SLACK = 5.0
"""How many seconds they may be ahead of that pace, or behind."""
_AHEAD = 60.0
"""Seconds that a start may be ahead of the service's clock without a warning."""


def service_time(headers: Mapping[str, str], clock: float) -> float:
    """Return the service's time in unix seconds: the `Date` of a response, else the time of this computer."""
    try:
        return parsedate_to_datetime(headers["date"]).timestamp()
    except (KeyError, ValueError, OverflowError):
        return clock


def warn_of_start_ahead(start: float, now: float, what: str) -> None:
    """Warn if records are wanted from a time on that the service's clock reaches much later."""
    if start - now <= _AHEAD:
        return
    moments = [datetime.fromtimestamp(second, tz=UTC).isoformat(" ", "seconds") for second in (start, now)]
    message = (
        f"{what}: start_datetime {moments[0]} is ahead of the service's clock {moments[1]}; nothing comes until then"
    )
    log.warning("%s", message)
    warnings.warn(message, stacklevel=user_stack_level())


class _Tail(msgspec.Struct, Generic[R]):
    """The latest old records of a source, which may be live."""

    begun: float
    """When the first came."""
    first: int
    """Its second."""
    records: list[R]


class HistoryFilter(Generic[R]):
    """Leaves out the records that are older than the first entering of a room.

    Args:
        position: Returns second and source of a record.
        step: Seconds from one record of a source to the next.
    """

    def __init__(self, position: Callable[[Any], Position | None], step: int = 1) -> None:
        self.position = position
        self._step = step
        self._limit: int | None = None
        self._limits: dict[int | None, int] = {}
        self._tails: dict[int | None, _Tail[R]] = {}

    def enter(self, now: float) -> None:
        """Note the service's time when the room is entered."""
        if self._limit is None:
            self._limit = int(now) - _TOLERANCE - (self._step if self._step > 1 else 0)

    def live(self, records: list[R], now: float) -> list[R]:
        """Return the live ones of records.

        Args:
            records: Records that have come.
            now: The monotonic time.
        """
        if self._limit is None:
            return records
        live: list[R] = []
        for record in records:
            place = self.position(record)
            second, source = place or (self._limit, None)
            lagging = self._limits.get(source)
            if second >= (self._limit if lagging is None else lagging):
                live.append(record)
            elif lagging is None:
                live += self._lagging(record, second, source, now)
        return live

    def _lagging(self, record: R, second: int, source: int | None, now: float) -> list[R]:
        """Hold back an old record; return those of its source as soon as it is certain that they are live."""
        tail = self._tails.get(source)
        if tail is None or abs((second - tail.first) - (now - tail.begun)) > max(_SLACK, 2 * self._step):
            self._tails[source] = _Tail(now, second, [record])
            return []
        tail.records.append(record)
        if now - tail.begun < max(_WATCHED, 2 * self._step) or len(tail.records) < _FEWEST:
            return []
        self._limits[source] = tail.first
        lag = (self._limit or 0) - tail.first
        log.warning("Live records of source %s lag %d s behind the service's clock", source, lag)
        return self._tails.pop(source).records
