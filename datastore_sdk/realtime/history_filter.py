"""Filter that separates live records from the history that the service replays. Pure: no I/O.

If a request has any filter, the service replays history first. Without a start, users want live records only: those
since the room was entered. That time is the `Date` header of the handshake, so the service's clock decides.

The clock of a measurement source may be slow. Its records then look old but advance with real time, which a replay does
not. Such records are held back for some seconds, and then delivered.
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

_TOLERANCE_SECONDS = 2
"""Seconds that a live record may be older than the handshake. `Date` has whole seconds, and arrival takes time."""
_MIN_OBSERVED_SECONDS = 10.0
"""Seconds for which old records must advance with real time to count as live."""
_MIN_OBSERVED_RECORDS = 3
"""Minimum number of records in that time."""
_MAX_DRIFT_SECONDS = 5.0
"""Maximum seconds that such records may be ahead of real time or behind it."""
_MAX_START_AHEAD_SECONDS = 60.0
"""Seconds that a start may be ahead of the service's clock without a warning."""


def parse_service_time(headers: Mapping[str, str], clock: float) -> float:
    """Return the service's time in unix seconds: the `Date` header of a response, else the time of this computer."""
    try:
        return parsedate_to_datetime(headers["date"]).timestamp()
    except (KeyError, ValueError, OverflowError):
        return clock


def warn_of_start_ahead(start: float, now: float, what: str) -> None:
    """Warn if the requested start is ahead of the service's clock."""
    if start - now <= _MAX_START_AHEAD_SECONDS:
        return
    times = [datetime.fromtimestamp(second, tz=UTC).isoformat(" ", "seconds") for second in (start, now)]
    message = (
        f"{what}: start_datetime {times[0]} is ahead of the service's clock {times[1]}; no record arrives until then"
    )
    log.warning("%s", message)
    warnings.warn(message, stacklevel=user_stack_level())


class _HeldRecords(msgspec.Struct, Generic[R]):
    """Latest old records of a source, which may turn out to be live."""

    started_at: float
    """Monotonic time at which the first record arrived."""
    first: int
    """Second of the first record."""
    records: list[R]


class HistoryFilter(Generic[R]):
    """Leaves out records that are older than the first handshake.

    Args:
        position: Returns second and source of a record.
        step: Seconds from one record of a source to the next.
    """

    def __init__(self, position: Callable[[Any], Position | None], step: int = 1) -> None:
        self.position = position
        self._step = step
        self._limit: int | None = None
        self._limits: dict[int | None, int] = {}
        self._held: dict[int | None, _HeldRecords[R]] = {}

    def set_service_time(self, now: float) -> None:
        """Set the service's time of the first handshake. Later calls change nothing."""
        if self._limit is None:
            self._limit = int(now) - _TOLERANCE_SECONDS - (self._step if self._step > 1 else 0)

    def filter_live(self, records: list[R], now: float) -> list[R]:
        """Return the live records.

        Args:
            records: Received records.
            now: Monotonic time.
        """
        if self._limit is None:
            return records
        live: list[R] = []
        for record in records:
            position = self.position(record)
            second, source = position or (self._limit, None)
            lagging_limit = self._limits.get(source)
            if second >= (self._limit if lagging_limit is None else lagging_limit):
                live.append(record)
            elif lagging_limit is None:
                live += self._filter_lagging(record, second, source, now)
        return live

    def _filter_lagging(self, record: R, second: int, source: int | None, now: float) -> list[R]:
        """Hold back an old record. Return the records of its source as soon as it is certain that they are live."""
        held = self._held.get(source)
        if held is None or abs((second - held.first) - (now - held.started_at)) > max(
            _MAX_DRIFT_SECONDS, 2 * self._step
        ):
            self._held[source] = _HeldRecords(now, second, [record])
            return []
        held.records.append(record)
        if (
            now - held.started_at < max(_MIN_OBSERVED_SECONDS, 2 * self._step)
            or len(held.records) < _MIN_OBSERVED_RECORDS
        ):
            return []
        self._limits[source] = held.first
        lag = (self._limit or 0) - held.first
        log.warning("Live records of source %s lag %d s behind the service's clock", source, lag)
        return self._held.pop(source).records
