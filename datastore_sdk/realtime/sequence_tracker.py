"""Tracker of the delivered records of all sources of a room. Pure: no I/O.

A source is a site; the records of a pad that are not routed to sites form one source. Records nearly always arrive in
sequence, each one interval of the resolution (1 second by default) after the last of its source. Any other record is
one of these:

- the same record again, which is left out;
- a record of a known second with other content, which is delivered;
- a late record, which is delivered;
- the first record after a hole, in which at least one whole interval is missing.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable
from operator import itemgetter
from typing import Any, Generic, NamedTuple, TypeVar

from datastore_sdk.data.streaming.codecs import Position, RecordCodec
from datastore_sdk.data.streaming.record_identity import identify_records
from datastore_sdk.realtime.source_sequence import MAX_LATE_INTERVALS, MIN_CONTINUOUS_SECONDS, SourceSequence

R = TypeVar("R")

MAX_SILENT_SECONDS = 300
"""A source that was silent for this many seconds (or ten intervals) is not expected to have sent anything."""
_MAX_AHEAD_SECONDS = 86_400
"""A record further ahead of the clock and of all other records has a wrong timestamp."""
_MAX_FETCHED_RANGES = 100
"""Maximum number of recently fetched ranges that are remembered."""
_SECOND: Callable[[Any], Any] = itemgetter("timestamp")
_SOURCE: Callable[[Any], Any] = itemgetter("site_id")

MissingRange = tuple[int | None, range]
"""A source, and seconds of it that did not arrive."""


class _UnsureSource(NamedTuple):
    """Source that has sent nothing new since the connection broke."""

    last: int
    """Its last second."""
    was_continuous: bool
    """Whether it was continuous."""


class SequenceTracker(Generic[R]):
    """Delivered records of all sources of a room.

    Args:
        codec: Codec of the records.
        step: Seconds from one record of a source to the next.
        start: First requested second. None: unknown.
    """

    def __init__(self, codec: RecordCodec[R], step: int = 1, start: int | None = None) -> None:
        self._codec: RecordCodec[Any] = codec
        self.position = codec.position
        self.step = step
        self._start = None if start is None else start + -start % step
        self._expected_from: int | None = None
        self.late = 0
        """How many came after their successor."""
        self.now = math.inf
        """The time by the clock."""
        self._sources: dict[int | None, SourceSequence] = {}
        self._unsure: dict[int | None, _UnsureSource] = {}
        self._fetched_until = self._disconnected_at = 0
        self._fetched_ranges = deque[range](maxlen=_MAX_FETCHED_RANGES)
        self._late_since: int | None = None
        self._has_several_per_second = False
        self._missing: list[MissingRange] = []

    def set_codec(self, codec: RecordCodec[R]) -> None:
        """Set the codec of the records that arrive from now on."""
        if codec is not self._codec:
            for source in self._sources.values():
                source.drop_codec(self._digest)
            self._codec, self.position = codec, codec.position

    def _digest(self, record: R) -> bytes:
        return identify_records(b"[%b]" % self._codec.encode(record))[0].digest

    def filter_new(  # noqa: C901 - one case for each kind of record
        self, records: list[R], *, stop_at_hole: bool = False, settled: bool = False
    ) -> tuple[list[R], range, list[R]]:
        """Sort received records into new, missing and pending.

        Args:
            records: Received records.
            stop_at_hole: Whether to stop before a record that follows possibly lost seconds.
            settled: Whether the queue repeats nothing any more, so that a record of a forgotten second is new.

        Returns:
            The records to deliver; the intervals to fetch before the remaining records, by their first seconds; the
            remaining records.
        """
        if self._append_consecutive(records):
            return records, range(0), []
        position, sources, step = self.position, self._sources, self.step
        new: list[R] = []
        ordered = False
        index = 0
        while index < len(records):
            record = records[index]
            index += 1
            location = position(record)
            if location is None:
                new.append(record)
                continue
            second, name = location
            source = sources.get(name)
            if source is not None and second == source.last + 1:
                source.last = second
                source.remember((second,), (record,))
            elif not ordered and (source is None or second > source.last):
                index, records, ordered = 0, self._sort(records[index - 1 :]), True
                continue
            elif sources and second - max(self.now, self.newest) > _MAX_AHEAD_SECONDS:
                pass  # otherwise all later records would be late, and no hole be found
            elif source is None:
                source = sources[name] = SourceSequence(second, step)
                source.remember((second,), (record,))
            elif second > source.last:
                if stop_at_hole and name in self._unsure and second - max(source.last, self._fetched_until) >= 2 * step:
                    return new, range(self._first_unsure(self._unsure_sources()), second, step), records[index - 1 :]
                self._append_after_hole(source, name, second)
                source.remember((second,), (record,))
            elif source.insert_late(second):
                self.late += 1
                source.remember((second,), (record,))
            elif source.add_content(second, record, self._digest, default=settled):
                self.late += second < source.last
            else:
                continue
            new.append(record)
        return new, range(0), []

    def filter_archive(self, records: list[R]) -> list[R]:
        """Return the records of the archive that were not delivered.

        The archive may format records differently than the room. So records of a second that the room sent are added
        only if one of them is a known record.
        """
        repeated: set[Position] = set()
        sent: set[Position] = set()
        for record in records:
            location = self.position(record)
            source = self._sources.get(location[1]) if location else None
            is_known = source.has_content(location[0], record, self._digest) if source and location else None
            if location and is_known is not None:
                (repeated if is_known else sent).add(location)
        other = sent - repeated
        return self.filter_new(
            [record for record in records if self.position(record) not in other] if other else records
        )[0]

    def _append_consecutive(self, records: list[R]) -> bool:
        """Append records that are the next seconds of one source, which is the common case. Fast."""
        first = self.position(records[0]) if records else None
        source = self._sources.get(first[1]) if first else None
        if first is None or source is None or first[0] != source.last + 1:
            return False
        seconds = range(first[0], first[0] + len(records))
        try:
            consecutive = [*map(_SECOND, records)] == [*seconds] and [*map(_SOURCE, records)] == [first[1]] * len(
                records
            )
        except (KeyError, TypeError):  # a record has no source, or records are JSON texts
            return False
        if consecutive:
            source.last = seconds[-1]
            source.remember(seconds, records)
        return consecutive

    def _sort(self, records: list[R]) -> list[R]:
        """Sort by time. Records without a timestamp stay behind their predecessor."""
        second = 0
        keyed: list[tuple[int, R]] = []
        for record in records:
            location = self.position(record)
            second = location[0] if location else second
            keyed.append((second, record))
        return [record for _, record in sorted(keyed, key=lambda pair: pair[0])]

    def _append_after_hole(self, source: SourceSequence, name: int | None, second: int) -> None:
        missing = source.append_after_hole(second)
        unsure = self._unsure.get(name)
        if missing and unsure and unsure.was_continuous:
            self._missing.append((name, missing))

    def confirm_sources(self, new: list[R]) -> None:
        """Note records of a settled connection: nothing before them can be lost any more."""
        if self._unsure:
            for record in new:
                second, name = self.position(record) or (0, None)
                unsure = self._unsure.get(name)
                if unsure and second > unsure.last:
                    del self._unsure[name]

    def on_disconnect(self) -> None:
        """Note a break: every active source may have lost records."""
        if not self._sources:
            self._expected_from = self._start
        newest, inactive = self.newest, self._inactive_since
        self._disconnected_at = newest
        self._fetched_until = max(self._fetched_until, inactive)
        for name, source in self._sources.items():
            if source.last > inactive:
                flowing = source.is_continuous and source.last >= newest - max(MIN_CONTINUOUS_SECONDS, self.step)
                self._unsure.setdefault(name, _UnsureSource(source.last, flowing))
        self._late_since = self._first_late()
        self._has_several_per_second = any(source.has_several_per_second for source in self._sources.values())

    def _first_late(self) -> int | None:
        late_seconds = [source.first_late(self._fetched_ranges) for source in self._sources.values()]
        return min((second for second in late_seconds if second is not None), default=None)

    @property
    def newest(self) -> int:
        """Second of the latest record."""
        return max((source.last for source in self._sources.values()), default=0)

    @property
    def first_unsure(self) -> int | None:
        """First second whose records may be lost or unsent; None if unknown."""
        if not self._sources:
            return self._start
        since = self._first_unsure(source for source in self._sources.values() if source.last > self._inactive_since)
        return min(since, self._first_late() or since)

    @property
    def _inactive_since(self) -> int:
        """A source whose last second is not later than this one is inactive."""
        return self.newest - max(MAX_SILENT_SECONDS, MAX_LATE_INTERVALS * self.step)

    def _first_unsure(self, sources: Iterable[SourceSequence]) -> int:
        """Return the first second of which records of some sources may be lost."""
        return max(min((source.last for source in sources), default=self.newest), self._fetched_until) + self.step

    def _unsure_sources(self) -> Iterable[SourceSequence]:
        return (self._sources[name] for name in self._unsure)

    def pop_start_range(self, records: list[R]) -> range:
        """Return, once, the seconds before these first records that may have been lost with a connection."""
        places = (
            [location for location in map(self.position, records) if location]
            if self._expected_from is not None
            else []
        )
        if self._expected_from is None or not places:
            return range(0)
        first, self._expected_from = self._expected_from, None
        return range(first, min(places)[0] + 1)

    def pop_late_range(self) -> range:
        """Return, once after each break, the intervals whose late records may have been lost."""
        if self._late_since is None or not self._unsure:
            return range(0)
        first, self._late_since = min(self._late_since, self._first_unsure(self._unsure_sources())), None
        return range(
            first, self.newest + self._has_several_per_second, self.step
        )  # other records of the newest second may be lost

    def pop_ended_range(self) -> range:
        """Return, once, the intervals of sources that have been silent since the break while others were not."""
        newest, step = self.newest, self.step
        if newest == self._disconnected_at:
            return range(0)
        ended = {name: self._sources[name] for name in self._unsure if self._sources[name].last + 2 * step <= newest}
        for name in ended:
            del self._unsure[name]
        return range(self._first_unsure(ended.values()), newest, step)

    def add_missing(self, intervals: range) -> None:
        """Note that records of some intervals may be lost and could not be requested."""
        for name, source in self._sources.items():
            self._missing += [(name, seconds) for seconds in source.missing_ranges(intervals[0], intervals[-1])]

    def note_fetched(self, first: int, last: int) -> None:
        """Note that some intervals were fetched.

        For sources that have been silent since, nothing else can be missing up to the last of these intervals.
        """
        self._fetched_until = max(self._fetched_until, last)
        self._fetched_ranges.append(range(first, last + self.step))

    def pop_missing(self) -> list[MissingRange]:
        """Return the intervals of continuous sources that were found missing since the last call."""
        missing, self._missing = self._missing, []
        return missing
