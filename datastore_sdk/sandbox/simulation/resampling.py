"""Resampling, filling and unit conversion of records, in order of time."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from datastore_sdk.sandbox.simulation.readings import Record, Value

Aggregate = Literal["min", "max", "mean"]
FillMethod = Literal["bfill", "ffill"]

_MISSING: Final = frozenset({None, "Infinity"})
_KEYS: Final = ("timestamp", "site_id")


def convert_units(records: Iterable[Record], conversions: Mapping[str, tuple[float, float]]) -> Iterator[Record]:
    """Convert the values of records by the factor and the offset of each field."""
    for record in records:
        for name, value in record.items():
            if name in conversions and isinstance(value, (int, float)):
                factor, offset = conversions[name]
                record[name] = value * factor + offset if value or offset else value
        yield record


def resample(records: Iterable[Record], seconds: int, aggregate: Aggregate | None) -> Iterator[Record]:
    """Yield one record per interval and site: the first value of each field, or an aggregate of its numbers.

    Intervals are counted from the epoch; a record's `timestamp` is the begin of its interval.
    """
    begin, intervals = 0, dict[Value, _Interval]()
    for record in records:
        second = int(record["timestamp"] or 0)
        if second >= begin + seconds:
            yield from (interval.record(begin, aggregate) for interval in intervals.values())
            begin, intervals = second - second % seconds, {}
        intervals.setdefault(record["site_id"], _Interval()).add(record)
    yield from (interval.record(begin, aggregate) for interval in intervals.values())


@dataclass(slots=True)
class _Interval:
    """Records of one site in an interval."""

    values: dict[str, list[Value]] = field(default_factory=lambda: defaultdict[str, list[Value]](list))

    def add(self, record: Record) -> None:
        for name, value in record.items():
            self.values[name].append(value)

    def record(self, begin: int, aggregate: Aggregate | None) -> Record:
        result: Record = {"timestamp": begin}
        for name, values in self.values.items():
            if name not in _KEYS:
                result[name] = _one(values, aggregate)
        result["site_id"] = self.values["site_id"][0]
        return result


def _one(values: list[Value], aggregate: Aggregate | None) -> Value:
    numbers = [value for value in values if isinstance(value, (int, float)) and not isinstance(value, bool)]
    if aggregate is None or not numbers:
        return values[0]
    match aggregate:
        case "min":
            return min(numbers)
        case "max":
            return max(numbers)
        case "mean":
            return sum(numbers) / len(numbers)


def fill_records(
    records: Callable[[], Iterable[Record]], method: FillMethod, limit: int, *, inside_only: bool
) -> Iterator[Record]:
    """Fill missing values from a neighbour in time, at most `limit` seconds away.

    Args:
        records: Function that returns the records; called twice if the last known values must be found first.
        method: From the last known value, or from the next one.
        limit: Maximum number of seconds to fill in a gap.
        inside_only: Fill only gaps between two known values.
    """
    if method == "bfill":
        return _fill_backward(records(), limit, inside_only=inside_only)
    return _fill_forward(records(), limit, _last_known(records()) if inside_only else None)


def _read_known(record: Record) -> Iterator[tuple[str, Value]]:
    return ((name, value) for name, value in record.items() if name not in _KEYS and value not in _MISSING)


_Column = tuple[Value, str]
"""Field of a site."""


def _last_known(records: Iterable[Record]) -> dict[_Column, int]:
    return {
        (record["site_id"], name): int(record["timestamp"] or 0)
        for record in records
        for name, _ in _read_known(record)
    }


def _fill_forward(records: Iterable[Record], limit: int, ends: Mapping[_Column, int] | None) -> Iterator[Record]:
    latest: dict[Value, dict[str, tuple[int, Value]]] = defaultdict(dict)
    for record in records:
        second, site = int(record["timestamp"] or 0), record["site_id"]
        carried = latest[site]
        for name, value in _read_known(record):
            carried[name] = second, value
        for name, (since, value) in carried.items():
            if since != second and second - since <= limit and (ends is None or second < ends[site, name]):
                record[name] = value
        yield record


def _fill_backward(records: Iterable[Record], limit: int, *, inside_only: bool) -> Iterator[Record]:
    """Delay records by `limit` seconds, in which a later value may fill them."""
    held: deque[Record] = deque()
    by_site: dict[Value, deque[Record]] = defaultdict(deque)
    latest: dict[_Column, int] = {}
    for record in records:
        second, site = int(record["timestamp"] or 0), record["site_id"]
        while held and int(held[0]["timestamp"] or 0) < second - limit:
            by_site[held[0]["site_id"]].popleft()
            yield held.popleft()
        for name, value in _read_known(record):
            since = latest.get((site, name))
            latest[site, name] = second
            if since is None and inside_only:
                continue
            for earlier in reversed(by_site[site]):
                if since is not None and int(earlier["timestamp"] or 0) <= since:
                    break
                earlier[name] = value
        held.append(record)
        by_site[site].append(record)
    yield from held
