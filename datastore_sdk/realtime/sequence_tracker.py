"""Which records of each source were handed over. Pure.

A source is a site; the records of a pad that are not routed to sites are one source together. What comes is a sequence
of records, nearly always each one interval of the resolution (one second, unless it is coarser) after the last of its
source. Whatever does not fit into that is either the same record once more (left out), one of a known second with
other content (handed over), a late one (handed over after all), or the first after a hole, in which at least one whole
interval is missing.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable
from operator import itemgetter
from typing import Any, Generic, NamedTuple, TypeVar

from datastore_sdk.data.streaming.codecs import Position, RecordCodec
from datastore_sdk.data.streaming.record_identity import identities
from datastore_sdk.realtime.source_sequence import MAX_LATE_INTERVALS, MIN_CONTINUOUS_SECONDS, SourceSequence

R = TypeVar("R")

MAX_SILENT_SECONDS = 300
"""A source that was silent for so many seconds (or ten intervals) is not expected to have told anything."""
_MAX_AHEAD_SECONDS = 86_400
"""A record that is more seconds ahead, of the clock and of all others, is not of that time."""
_MAX_FETCHED_RANGES = 100
"""How many questions of the last minute are remembered."""
_SECOND: Callable[[Any], Any] = itemgetter("timestamp")
_SOURCE: Callable[[Any], Any] = itemgetter("site_id")

MissingRange = tuple[int | None, range]
"""A source, and seconds of it that have not come."""


class _UnsureSource(NamedTuple):
    """A source that has told nothing new since the connection broke."""

    last: int
    """The last second it had told of."""
    was_continuous: bool
    """Whether it flowed."""


class SequenceTracker(Generic[R]):
    """The records of all sources of a room.

    Args:
        form: The form of the records.
        step: Seconds from one record of a source to the next.
        begin: The second from which on all is to be told; None: from one that is not known.
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
        """Note the form in which records come from now on."""
        if codec is not self._codec:
            for source in self._sources.values():
                source.drop_codec(self._digest)
            self._codec, self.position = codec, codec.position

    def _digest(self, record: R) -> bytes:
        return identities(b"[%b]" % self._codec.text(record))[0].digest

    def filter_new(  # noqa: C901 - one case for each way in which a record can come
        self, records: list[R], *, stop_at_hole: bool = False, settled: bool = False
    ) -> tuple[list[R], range, list[R]]:
        """Sorts out what has come.

        Args:
            records: What has come.
            stop: Whether to stop before a record that comes after seconds that may have been lost.
            settled: Whether nothing is repeated any more, so that a record of a second too old to be remembered is new.

        Returns:
            Records to hand over; the intervals to ask for before the rest is looked at, by their first seconds, if any;
            the rest.
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
            place = position(record)
            if place is None:
                new.append(record)
                continue
            second, name = place
            source = sources.get(name)
            if source is not None and second == source.last + 1:
                source.last = second
                source.remember((second,), (record,))
            elif not ordered and (source is None or second > source.last):
                index, records, ordered = 0, self._sort(records[index - 1 :]), True
                continue
            elif sources and second - max(self.now, self.newest) > _MAX_AHEAD_SECONDS:
                pass  # else all others would be late from now on, and none be missed
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
        """Return the records of the archive that were not handed over.

        It may write records differently than the room. So of a second that was told, it adds records only if it repeats
        one of them.
        """
        repeated: set[Position] = set()
        told: set[Position] = set()
        for record in records:
            place = self.position(record)
            source = self._sources.get(place[1]) if place else None
            known = source.has_content(place[0], record, self._digest) if source and place else None
            if place and known is not None:
                (repeated if known else told).add(place)
        other = told - repeated
        return self.filter_new(
            [record for record in records if self.position(record) not in other] if other else records
        )[0]

    def _append_consecutive(self, records: list[R]) -> bool:
        """Takes records that are just the next seconds of one source, as those of a site are; quickly."""
        first = self.position(records[0]) if records else None
        source = self._sources.get(first[1]) if first else None
        if first is None or source is None or first[0] != source.last + 1:
            return False
        seconds = range(first[0], first[0] + len(records))
        try:
            alike = [*map(_SECOND, records)] == [*seconds] and [*map(_SOURCE, records)] == [first[1]] * len(records)
        except (KeyError, TypeError):  # one has no source, or they are texts
            return False
        if alike:
            source.last = seconds[-1]
            source.remember(seconds, records)
        return alike

    def _sort(self, records: list[R]) -> list[R]:
        """By time; those that have none stay behind the one before them."""
        second = 0
        keyed: list[tuple[int, R]] = []
        for record in records:
            place = self.position(record)
            second = place[0] if place else second
            keyed.append((second, record))
        return [record for _, record in sorted(keyed, key=lambda pair: pair[0])]

    def _append_after_hole(self, source: SourceSequence, name: int | None, second: int) -> None:
        missing = source.append_after_hole(second)
        broken = self._unsure.get(name)
        if missing and broken and broken.was_continuous:
            self._missing.append((name, missing))

    def confirm_sources(self, new: list[R]) -> None:
        """Notes that these came over a connection: nothing before them can be lost any more."""
        if self._unsure:
            for record in new:
                second, name = self.position(record) or (0, None)
                broken = self._unsure.get(name)
                if broken and second > broken.last:
                    del self._unsure[name]

    def on_disconnect(self) -> None:
        """Notes that the connection broke: every source that was active may have lost records."""
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
        awaited = [source.first_late(self._fetched_ranges) for source in self._sources.values()]
        return min((second for second in awaited if second is not None), default=None)

    @property
    def newest(self) -> int:
        """The second of the latest record."""
        return max((source.last for source in self._sources.values()), default=0)

    @property
    def first_unsure(self) -> int | None:
        """The first second of which something may be lost, or not told; None where that is not known."""
        if not self._sources:
            return self._start
        since = self._first_unsure(source for source in self._sources.values() if source.last > self._inactive_since)
        return min(since, self._first_late() or since)

    @property
    def _inactive_since(self) -> int:
        """The second since which a source must have told something to be active."""
        return self.newest - max(MAX_SILENT_SECONDS, MAX_LATE_INTERVALS * self.step)

    def _first_unsure(self, sources: Iterable[SourceSequence]) -> int:
        """The first second of which something may be lost of some sources."""
        return max(min((source.last for source in sources), default=self.newest), self._fetched_until) + self.step

    def _unsure_sources(self) -> Iterable[SourceSequence]:
        return (self._sources[name] for name in self._unsure)

    def pop_start_range(self, records: list[R]) -> range:
        """The seconds that may have been lost with a connection before these, which are told first; once."""
        places = [place for place in map(self.position, records) if place] if self._expected_from is not None else []
        if self._expected_from is None or not places:
            return range(0)
        first, self._expected_from = self._expected_from, None
        return range(first, min(places)[0] + 1)

    def pop_late_range(self) -> range:
        """The intervals of which late records may be lost with a connection that broke; once after each break."""
        if self._late_since is None or not self._unsure:
            return range(0)
        first, self._late_since = min(self._late_since, self._first_unsure(self._unsure_sources())), None
        return range(
            first, self.newest + self._has_several_per_second, self.step
        )  # of the newest second, others may be lost

    def pop_ended_range(self) -> range:
        """The intervals that sources may have told and lost, silent since while others have not been; once."""
        newest, step = self.newest, self.step
        if newest == self._disconnected_at:
            return range(0)
        ended = {name: self._sources[name] for name in self._unsure if self._sources[name].last + 2 * step <= newest}
        for name in ended:
            del self._unsure[name]
        return range(self._first_unsure(ended.values()), newest, step)

    def add_missing(self, intervals: range) -> None:
        """Notes that what is missing of some intervals may be lost, and could not be asked for."""
        for name, source in self._sources.items():
            self._missing += [(name, seconds) for seconds in source.missing_ranges(intervals[0], intervals[-1])]

    def note_fetched(self, first: int, last: int) -> None:
        """Notes that some intervals were asked for, and what came of it was handed over.

        They are all that may be lost of sources that have told nothing since, up to the last.
        """
        self._fetched_until = max(self._fetched_until, last)
        self._fetched_ranges.append(range(first, last + self.step))

    def pop_missing(self) -> list[MissingRange]:
        """Intervals of sources that flowed, which were found missing since this was last called."""
        missing, self._missing = self._missing, []
        return missing
