"""Live records of a query."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

from datastore_sdk.sandbox.api.data import DataQueryResult
from datastore_sdk.sandbox.simulation.readings import Record

_MIN_SECONDS: Final = 60
_MAX_SECONDS: Final = 3600


class LiveRecordFeed:
    """Records of a query in order of time: first its history, if requested, then live ones.

    A coarse record is due when its interval has ended. Records are made ahead of time, a minute or more at once: that
    costs
    little more than a single second.

    Args:
        measurements: The query.
        now: Second at which the history ends.
        history: Whether it is requested.
    """

    def __init__(self, measurements: DataQueryResult, now: int, *, history: bool) -> None:
        self._measurements = measurements
        self._resolution = measurements.form.resolution
        live = (now + 1) // self._resolution * self._resolution
        self._history = measurements.until(live - 1) if history else iter(())
        self._made: Iterator[Record] = iter(())
        self._made_until = max(live, measurements.selection.first)
        self._next: Record | None = None
        self._forgotten_until = 0

    def take(self, now: int, max_items: int) -> list[Record]:
        """Return the next records that are due, up to a maximum number."""
        items = list(islice(self._history, max_items))
        while len(items) < max_items and (record := self._look(now)) and self._due(record) <= now:
            items.append(record)
            self._next = None
        return items

    def due_at(self) -> int:
        """Return the second before which nothing more is due."""
        return self._due(self._next) if self._next else self._made_until + self._resolution - 1

    def forget(self, until: int) -> None:
        """Drop records before a second that were not items yet."""
        self._forgotten_until = until
        if self._made_until <= until:
            self._made, self._next = iter(()), None
            self._made_until = until - until % self._resolution

    def _look(self, now: int) -> Record | None:
        while self._next is None or _second(self._next) < self._forgotten_until:
            self._next = next(self._made, None)
            if self._next is None:
                if self._made_until > now:
                    return None
                self._make(now)
        return self._next

    def _make(self, now: int) -> None:
        """Make the next records: a minute of them, an interval, or an hour if that many are due."""
        first = self._made_until
        span = max(_MIN_SECONDS, self._resolution)
        end = max(first + span, min(now, first + _MAX_SECONDS))
        self._made_until = end - end % span
        self._made = self._measurements.as_measured(first, self._made_until - 1)

    def _due(self, record: Record) -> int:
        return _second(record) + self._resolution - 1


def _second(record: Record) -> int:
    return int(record["timestamp"] or 0)
