"""Recorded values of a site: as fields over time, or record by record."""

from __future__ import annotations

import heapq
from abc import ABC, abstractmethod
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby, pairwise

from datastore_sdk.sandbox.simulation.readings import Reading, Readings, Value


class UnmeasuredError(LookupError):
    """Raised by a reader for a second without a value."""


class RecordedSeries(ABC):
    """Values of some fields at some seconds."""

    names: tuple[str, ...]

    @abstractmethod
    def seconds(self, first: int, last: int) -> Sequence[int]:
        """Yield the seconds with values in a range, in order."""

    @abstractmethod
    def value(self, name: str, second: int) -> Value:
        """Return the value of a field.

        Raises:
            UnmeasuredError: It does not exist.
        """

    @abstractmethod
    def period(self, name: str) -> int:
        """Return the seconds between two values of a field."""


class Series(RecordedSeries):
    """Fields that are sampled in regular intervals.

    Args:
        first: First second.
        last: Last second.
        every: Seconds between two values.
        readings: Functions of the seconds since the first one.
    """

    def __init__(self, first: int, last: int, every: int, readings: Readings) -> None:
        self.names = tuple(readings)
        self._seconds = range(first, last + 1, every)
        self._readings = readings

    def seconds(self, first: int, last: int) -> Sequence[int]:
        """Yield the seconds with values."""
        return _between(self._seconds, first, last)

    def value(self, name: str, second: int) -> Value:
        """Return the value of a field."""
        if second not in self._seconds:
            raise UnmeasuredError(name)
        return self._readings[name](second - self._seconds.start)

    def period(self, name: str) -> int:  # noqa: ARG002 - all are read together
        """Return the seconds between two values."""
        return self._seconds.step


class Rows(RecordedSeries):
    """Records of the user, by second."""

    def __init__(self, rows: Mapping[int, Mapping[str, Value]]) -> None:
        self.names = tuple(dict.fromkeys(name for row in rows.values() for name in row))
        self._rows = rows
        self._seconds = sorted(rows)

    def seconds(self, first: int, last: int) -> Sequence[int]:
        """Yield the seconds of the records."""
        return _between(self._seconds, first, last)

    def value(self, name: str, second: int) -> Value:
        """Return the value of a field."""
        try:
            return self._rows[second][name]
        except KeyError:
            raise UnmeasuredError(name) from None

    def period(self, name: str) -> int:
        """Return the shortest distance of two values."""
        known = [second for second in self._seconds if name in self._rows[second]]
        return min((later - second for second, later in pairwise(known)), default=1)


class RecordedSeriesSet:
    """All recorded series of a site. A series that was added later overrides earlier ones."""

    def __init__(self) -> None:
        self._all: list[RecordedSeries] = []
        self._by_name: dict[str, list[RecordedSeries]] = {}

    def add(self, recording: RecordedSeries) -> None:
        """Add a series."""
        for name in recording.names:
            self._by_name.setdefault(name, []).append(recording)
        self._all.append(recording)

    @property
    def names(self) -> Iterable[str]:
        """Return the fields, in order of first appearance."""
        return self._by_name

    def seconds(self, first: int, last: int, *more: RecordedSeries) -> Iterator[int]:
        """Yield the seconds with any value, in order."""
        return merge_seconds(*(recording.seconds(first, last) for recording in (*self._all, *more)))

    def extent(self, now: int) -> tuple[int, int] | None:
        """Return the first and the last second up to now."""
        known = [seconds for recording in self._all if (seconds := recording.seconds(0, now))]
        return (min(each[0] for each in known), max(each[-1] for each in known)) if known else None

    def readings(self) -> Readings:
        """Return a reader for each field; it raises `UnmeasuredError` for a second without a value."""
        return {name: _reader(name, recordings) for name, recordings in self._by_name.items()}

    def sampling_period(self, name: str) -> tuple[int, int]:
        """Return the seconds between two values of a field, and the second of that period with the value."""
        for recording in self._by_name.get(name, ()):
            period = recording.period(name)
            return period, recording.seconds(0, 1 << 62)[0] % period
        return 1, 0


def merge_seconds(*of_several: Sequence[int]) -> Iterator[int]:
    """Yield seconds in order, each once."""
    return (second for second, _ in groupby(heapq.merge(*of_several)))


def _reader(name: str, recordings: Sequence[RecordedSeries]) -> Reading:
    def read(second: int) -> Value:
        for recording in reversed(recordings):
            try:
                return recording.value(name, second)
            except UnmeasuredError:
                continue
        raise UnmeasuredError(name)

    return read


def _between(seconds: Sequence[int], first: int, last: int) -> Sequence[int]:
    return seconds[bisect_left(seconds, first) : bisect_right(seconds, last)]
