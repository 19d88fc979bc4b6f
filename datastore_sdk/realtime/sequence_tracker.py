"""Which records of each source were handed over. Pure.

A source is a site; the records of a pad that are not routed to sites are one source together. What comes is a sequence
of records, nearly always each one interval of the resolution (one second, unless it is coarser) after the last of its
source. Whatever does not fit into that is either the same record once more (left out), one of a known second with
other content (handed over), a late one (handed over after all), or the first after a hole, in which at least one whole
interval is missing.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterable
from operator import itemgetter
from typing import Any, Generic, NamedTuple, TypeVar, cast

from datastore_sdk.data.streaming.codecs import Position, RecordCodec
from datastore_sdk.data.streaming.record_identity import identities

R = TypeVar("R")

FLOWING = 5
"""For how many seconds (or one interval) without a hole a source flows, so that a hole in it is not its manner."""
ACTIVE = 300
"""A source that was silent for so many seconds (or ten intervals) is not expected to have told anything."""
LATE = 60
"""A record that is later than so many seconds (or ten intervals) does not come any more."""
_INTERVALS = 10
_AHEAD = 86_400
"""A record that is more seconds ahead, of the clock and of all others, is not of that time."""
_MOST_HOLES = 1000
"""How many holes of a source are remembered; what lies before counts as handed over."""
_MOST_ASKED = 100
"""How many questions of the last minute are remembered."""
_REMEMBERED = 300
"""How many seconds of a source are remembered with the content of their records; of older ones, any record is known."""
_SECOND: Callable[[Any], Any] = itemgetter("timestamp")
_NAME: Callable[[Any], Any] = itemgetter("site_id")
_FOREVER = 1 << 62

Missing = tuple[int | None, range]
"""A source, and seconds of it that have not come."""


class SourceSequence:
    """The seconds of one source.

    Args:
        second: That of its first record.
        step: Seconds from one record to the next.
    """

    __slots__ = ("_contents", "_holes", "_run", "_step", "first", "last", "several")

    def __init__(self, second: int, step: int) -> None:
        self.first = self.last = self._run = second
        self._step = step
        self._holes: list[tuple[int, int]] = []  # first and last second of each, in order
        self._contents: dict[int, Any] = {}  # a record, or the digests of several
        self.several = False
        """Whether it has told several records of one second."""

    @property
    def flowing(self) -> bool:
        """Whether it has told something in every interval of late."""
        return self.last - self._run >= max(FLOWING, self._step)

    def awaited(self, asked: Iterable[range]) -> int | None:
        """The first second of which a record may still come, later than its successors, and that was not asked for."""
        late = max(LATE, _INTERVALS * self._step)
        missing = self.missing(self.last - late, self.last)
        return next(
            (
                seconds[0]
                for seconds in missing
                if not any(seconds[0] in known and seconds[-1] in known for known in asked)
            ),
            self.last if self.several else None,
        )

    def missing(self, first: int, last: int) -> list[range]:
        """The seconds of the intervals between two, both included, that are missing so far."""
        step, begin = self._step, max(bisect_right(self._holes, (first, _FOREVER)) - 1, 0)
        holes = self._holes[begin:]
        found = [range(max(start + step - 1, first), min(end, last + step - 1) + 1) for start, end in holes]
        return [seconds for seconds in found if len(seconds) >= step]

    def jump(self, second: int) -> range:
        """Takes a record that comes after a hole; the seconds of the intervals that are missing come back."""
        missing = range(self.last + self._step, second)
        self._holes.append((self.last + 1, second - 1))
        del self._holes[:-_MOST_HOLES]
        self.last = second
        if len(missing) >= self._step:
            self._run = second
            return missing
        return range(0)

    def late(self, second: int) -> bool:
        """Takes a record that comes after its successor; False where it had come before."""
        if second < self.first:
            if second + 1 < self.first:
                self._holes.insert(0, (second + 1, self.first - 1))
            self.first = second
            return True
        place = bisect_right(self._holes, (second, _FOREVER)) - 1
        if place < 0 or self._holes[place][1] < second:
            return False
        start, end = self._holes.pop(place)
        rest = [(start, second - 1), (second + 1, end)]
        self._holes[place:place] = [hole for hole in rest if hole[0] <= hole[1]]
        return True

    def remember(self, seconds: Iterable[int], records: Iterable[Any]) -> None:
        """Remember records of seconds that had none."""
        self._contents.update(zip(seconds, records, strict=True))
        if len(self._contents) > 2 * _REMEMBERED:
            self._contents = {second: self._contents[second] for second in sorted(self._contents)[-_REMEMBERED:]}

    def adds(self, second: int, record: Any, digest: Callable[[Any], bytes], *, otherwise: bool) -> bool:
        """Return whether a record of a second that has some differs from all of them; remember it.

        Args:
            second: Its second.
            record: The record.
            digest: Returns the digest of a record.
            otherwise: What to return if the second is no longer remembered.
        """
        known = self._contents.get(second)
        if known is None:
            if otherwise:
                self.remember((second,), (record,))
            return otherwise
        digests = self._contents[second] = _digests(known, digest)
        before = len(digests)
        digests.add(digest(record))
        self.several |= len(digests) > before
        return len(digests) > before

    def knows(self, second: int, record: Any, digest: Callable[[Any], bytes]) -> bool | None:
        """Return whether this very record came; None if no record of its second is remembered."""
        known = self._contents.get(second)
        return None if known is None else digest(record) in _digests(known, digest)

    def forget_form(self, digest: Callable[[Any], bytes]) -> None:
        """Keep digests instead of records, whose form is about to change."""
        self._contents = {second: _digests(known, digest) for second, known in self._contents.items()}


def _digests(known: Any, digest: Callable[[Any], bytes]) -> set[bytes]:
    return cast("set[bytes]", known) if isinstance(known, set) else {digest(known)}


class _Broken(NamedTuple):
    """A source that has told nothing new since the connection broke."""

    last: int
    """The last second it had told of."""
    flowing: bool
    """Whether it flowed."""


class SequenceTracker(Generic[R]):
    """The records of all sources of a room.

    Args:
        form: The form of the records.
        step: Seconds from one record of a source to the next.
        begin: The second from which on all is to be told; None: from one that is not known.
    """

    def __init__(self, form: RecordCodec[R], step: int = 1, begin: int | None = None) -> None:
        self._form: RecordCodec[Any] = form
        self.position = form.position
        self.step = step
        self._begin = None if begin is None else begin + -begin % step
        self._expected: int | None = None
        self.late = 0
        """How many came after their successor."""
        self.now = math.inf
        """The time by the clock."""
        self._sources: dict[int | None, SourceSequence] = {}
        self._unsure: dict[int | None, _Broken] = {}
        self._asked = self._broken_at = 0
        self._asked_for = deque[range](maxlen=_MOST_ASKED)
        self._awaited: int | None = None
        self._several = False
        self._missing: list[Missing] = []

    def take_form(self, form: RecordCodec[R]) -> None:
        """Note the form in which records come from now on."""
        if form is not self._form:
            for source in self._sources.values():
                source.forget_form(self._digest)
            self._form, self.position = form, form.position

    def _digest(self, record: R) -> bytes:
        return identities(b"[%b]" % self._form.encode(record))[0].digest

    def new_of(  # noqa: C901 - one case for each way in which a record can come
        self, records: list[R], *, stop: bool = False, settled: bool = False
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
        if self._goes_on(records):
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
                index, records, ordered = 0, self._in_order(records[index - 1 :]), True
                continue
            elif sources and second - max(self.now, self.newest) > _AHEAD:
                pass  # else all others would be late from now on, and none be missed
            elif source is None:
                source = sources[name] = SourceSequence(second, step)
                source.remember((second,), (record,))
            elif second > source.last:
                if stop and name in self._unsure and second - max(source.last, self._asked) >= 2 * step:
                    return new, range(self._since(self._unsure_sources()), second, step), records[index - 1 :]
                self._jump(source, name, second)
                source.remember((second,), (record,))
            elif source.late(second):
                self.late += 1
                source.remember((second,), (record,))
            elif source.adds(second, record, self._digest, otherwise=settled):
                self.late += second < source.last
            else:
                continue
            new.append(record)
        return new, range(0), []

    def new_of_archive(self, records: list[R]) -> list[R]:
        """Return the records of the archive that were not handed over.

        It may write records differently than the room. So of a second that was told, it adds records only if it repeats
        one of them.
        """
        repeated: set[Position] = set()
        told: set[Position] = set()
        for record in records:
            place = self.position(record)
            source = self._sources.get(place[1]) if place else None
            known = source.knows(place[0], record, self._digest) if source and place else None
            if place and known is not None:
                (repeated if known else told).add(place)
        other = told - repeated
        return self.new_of([record for record in records if self.position(record) not in other] if other else records)[
            0
        ]

    def _goes_on(self, records: list[R]) -> bool:
        """Takes records that are just the next seconds of one source, as those of a site are; quickly."""
        first = self.position(records[0]) if records else None
        source = self._sources.get(first[1]) if first else None
        if first is None or source is None or first[0] != source.last + 1:
            return False
        seconds = range(first[0], first[0] + len(records))
        try:
            alike = [*map(_SECOND, records)] == [*seconds] and [*map(_NAME, records)] == [first[1]] * len(records)
        except (KeyError, TypeError):  # one has no source, or they are texts
            return False
        if alike:
            source.last = seconds[-1]
            source.remember(seconds, records)
        return alike

    def _in_order(self, records: list[R]) -> list[R]:
        """By time; those that have none stay behind the one before them."""
        second = 0
        keyed: list[tuple[int, R]] = []
        for record in records:
            place = self.position(record)
            second = place[0] if place else second
            keyed.append((second, record))
        return [record for _, record in sorted(keyed, key=lambda pair: pair[0])]

    def _jump(self, source: SourceSequence, name: int | None, second: int) -> None:
        missing = source.jump(second)
        broken = self._unsure.get(name)
        if missing and broken and broken.flowing:
            self._missing.append((name, missing))

    def heard(self, new: list[R]) -> None:
        """Notes that these came over a connection: nothing before them can be lost any more."""
        if self._unsure:
            for record in new:
                second, name = self.position(record) or (0, None)
                broken = self._unsure.get(name)
                if broken and second > broken.last:
                    del self._unsure[name]

    def broken(self) -> None:
        """Notes that the connection broke: every source that was active may have lost records."""
        if not self._sources:
            self._expected = self._begin
        newest, inactive = self.newest, self._inactive
        self._broken_at = newest
        self._asked = max(self._asked, inactive)
        for name, source in self._sources.items():
            if source.last > inactive:
                flowing = source.flowing and source.last >= newest - max(FLOWING, self.step)
                self._unsure.setdefault(name, _Broken(source.last, flowing))
        self._awaited = self._first_awaited()
        self._several = any(source.several for source in self._sources.values())

    def _first_awaited(self) -> int | None:
        awaited = [source.awaited(self._asked_for) for source in self._sources.values()]
        return min((second for second in awaited if second is not None), default=None)

    @property
    def newest(self) -> int:
        """The second of the latest record."""
        return max((source.last for source in self._sources.values()), default=0)

    @property
    def next_second(self) -> int | None:
        """The first second of which something may be lost, or not told; None where that is not known."""
        if not self._sources:
            return self._begin
        since = self._since(source for source in self._sources.values() if source.last > self._inactive)
        return min(since, self._first_awaited() or since)

    @property
    def _inactive(self) -> int:
        """The second since which a source must have told something to be active."""
        return self.newest - max(ACTIVE, _INTERVALS * self.step)

    def _since(self, sources: Iterable[SourceSequence]) -> int:
        """The first second of which something may be lost of some sources."""
        return max(min((source.last for source in sources), default=self.newest), self._asked) + self.step

    def _unsure_sources(self) -> Iterable[SourceSequence]:
        return (self._sources[name] for name in self._unsure)

    def take_expected(self, records: list[R]) -> range:
        """The seconds that may have been lost with a connection before these, which are told first; once."""
        places = [place for place in map(self.position, records) if place] if self._expected is not None else []
        if self._expected is None or not places:
            return range(0)
        first, self._expected = self._expected, None
        return range(first, min(places)[0] + 1)

    def take_awaited(self) -> range:
        """The intervals of which late records may be lost with a connection that broke; once after each break."""
        if self._awaited is None or not self._unsure:
            return range(0)
        first, self._awaited = min(self._awaited, self._since(self._unsure_sources())), None
        return range(first, self.newest + self._several, self.step)  # of the newest second, others may be lost

    def take_ended(self) -> range:
        """The intervals that sources may have told and lost, silent since while others have not been; once."""
        newest, step = self.newest, self.step
        if newest == self._broken_at:
            return range(0)
        ended = {name: self._sources[name] for name in self._unsure if self._sources[name].last + 2 * step <= newest}
        for name in ended:
            del self._unsure[name]
        return range(self._since(ended.values()), newest, step)

    def miss(self, intervals: range) -> None:
        """Notes that what is missing of some intervals may be lost, and could not be asked for."""
        for name, source in self._sources.items():
            self._missing += [(name, seconds) for seconds in source.missing(intervals[0], intervals[-1])]

    def asked(self, first: int, last: int) -> None:
        """Notes that some intervals were asked for, and what came of it was handed over.

        They are all that may be lost of sources that have told nothing since, up to the last.
        """
        self._asked = max(self._asked, last)
        self._asked_for.append(range(first, last + self.step))

    def take_missing(self) -> list[Missing]:
        """Intervals of sources that flowed, which were found missing since this was last called."""
        missing, self._missing = self._missing, []
        return missing
