"""What instruments told of a site: as fields with values, or record by record."""

from __future__ import annotations

import heapq
from abc import ABC, abstractmethod
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby, pairwise

from datastore_sdk.sandbox.simulation.readings import Read, Readings, Value


class UnmeasuredError(LookupError):
    """Raised by what reads a field at a second of which it tells nothing."""


class Recording(ABC):
    """Values of some fields at some seconds."""

    names: tuple[str, ...]

    @abstractmethod
    def seconds(self, first: int, last: int) -> Sequence[int]:
        """The seconds that it tells of, from one up to another, in order."""

    @abstractmethod
    def value(self, name: str, second: int) -> Value:
        """What a field was.

        Raises:
            UnmeasuredError: It is not known.
        """

    @abstractmethod
    def period(self, name: str) -> int:
        """Seconds between two values of a field."""


class Series(Recording):
    """Fields that are read in regular intervals.

    Args:
        first: First second.
        last: Last second.
        every: Seconds between two values.
        readings: What is read, at so many seconds since the first one.
    """

    def __init__(self, first: int, last: int, every: int, readings: Readings) -> None:
        self.names = tuple(readings)
        self._seconds = range(first, last + 1, every)
        self._readings = readings

    def seconds(self, first: int, last: int) -> Sequence[int]:
        """The seconds in which fields are read."""
        return _between(self._seconds, first, last)

    def value(self, name: str, second: int) -> Value:
        """What a field was."""
        if second not in self._seconds:
            raise UnmeasuredError(name)
        return self._readings[name](second - self._seconds.start)

    def period(self, name: str) -> int:  # noqa: ARG002 - all are read together
        """Seconds between two values."""
        return self._seconds.step


class Rows(Recording):
    """Records as somebody gave them, by second."""

    def __init__(self, rows: Mapping[int, Mapping[str, Value]]) -> None:
        self.names = tuple(dict.fromkeys(name for row in rows.values() for name in row))
        self._rows = rows
        self._seconds = sorted(rows)

    def seconds(self, first: int, last: int) -> Sequence[int]:
        """The seconds of the records."""
        return _between(self._seconds, first, last)

    def value(self, name: str, second: int) -> Value:
        """What a field was."""
        try:
            return self._rows[second][name]
        except KeyError:
            raise UnmeasuredError(name) from None

    def period(self, name: str) -> int:
        """The least distance of two values."""
        known = [second for second in self._seconds if name in self._rows[second]]
        return min((later - second for second, later in pairwise(known)), default=1)


class Recordings:
    """All that was recorded on a site. Of two values of a field at one second, the one that was added later holds."""

    def __init__(self) -> None:
        self._all: list[Recording] = []
        self._by_name: dict[str, list[Recording]] = {}

    def add(self, recording: Recording) -> None:
        """Adds a recording."""
        for name in recording.names:
            self._by_name.setdefault(name, []).append(recording)
        self._all.append(recording)

    @property
    def names(self) -> Iterable[str]:
        """The fields, in order of first appearance."""
        return self._by_name

    def seconds(self, first: int, last: int, *more: Recording) -> Iterator[int]:
        """The seconds of which something is known, in order."""
        return merged(*(recording.seconds(first, last) for recording in (*self._all, *more)))

    def extent(self, now: int) -> tuple[int, int] | None:
        """The first and the last second up to now."""
        known = [seconds for recording in self._all if (seconds := recording.seconds(0, now))]
        return (min(each[0] for each in known), max(each[-1] for each in known)) if known else None

    def readings(self) -> Readings:
        """The fields, each with what reads it; that raises `UnmeasuredError` where nothing is known."""
        return {name: _reader(name, recordings) for name, recordings in self._by_name.items()}

    def rhythm(self, name: str) -> tuple[int, int]:
        """Seconds between two values of a field, and the second of that period with the value."""
        for recording in self._by_name.get(name, ()):
            period = recording.period(name)
            return period, recording.seconds(0, 1 << 62)[0] % period
        return 1, 0


def merged(*of_several: Sequence[int]) -> Iterator[int]:
    """Seconds in order, each once."""
    return (second for second, _ in groupby(heapq.merge(*of_several)))


def _reader(name: str, recordings: Sequence[Recording]) -> Read:
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
