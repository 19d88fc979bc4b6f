"""Sequence of the records of one source."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable
from typing import Any, cast

MIN_CONTINUOUS_SECONDS = 5
MAX_LATE_SECONDS = 60
MAX_LATE_INTERVALS = 10
_MAX_HOLES = 1000
_MAX_REMEMBERED_SECONDS = 300
_INFINITY = 1 << 62


class SourceSequence:
    """The seconds of one source.

    Args:
        second: That of its first record.
        step: Seconds from one record to the next.
    """

    __slots__ = ("_contents", "_continuous_since", "_holes", "_step", "first", "has_several_per_second", "last")

    def __init__(self, second: int, step: int) -> None:
        self.first = self.last = self._continuous_since = second
        self._step = step
        self._holes: list[tuple[int, int]] = []  # first and last second of each, in order
        self._contents: dict[int, Any] = {}  # a record, or the digests of several
        self.has_several_per_second = False
        """Whether it has told several records of one second."""

    @property
    def is_continuous(self) -> bool:
        """Whether it has told something in every interval of late."""
        return self.last - self._continuous_since >= max(MIN_CONTINUOUS_SECONDS, self._step)

    def first_late(self, asked: Iterable[range]) -> int | None:
        """The first second of which a record may still come, later than its successors, and that was not asked for."""
        late = max(MAX_LATE_SECONDS, MAX_LATE_INTERVALS * self._step)
        missing = self.missing_ranges(self.last - late, self.last)
        return next(
            (
                seconds[0]
                for seconds in missing
                if not any(seconds[0] in known and seconds[-1] in known for known in asked)
            ),
            self.last if self.has_several_per_second else None,
        )

    def missing_ranges(self, first: int, last: int) -> list[range]:
        """The seconds of the intervals between two, both included, that are missing so far."""
        step, begin = self._step, max(bisect_right(self._holes, (first, _INFINITY)) - 1, 0)
        holes = self._holes[begin:]
        found = [range(max(start + step - 1, first), min(end, last + step - 1) + 1) for start, end in holes]
        return [seconds for seconds in found if len(seconds) >= step]

    def append_after_hole(self, second: int) -> range:
        """Takes a record that comes after a hole; the seconds of the intervals that are missing come back."""
        missing = range(self.last + self._step, second)
        self._holes.append((self.last + 1, second - 1))
        del self._holes[:-_MAX_HOLES]
        self.last = second
        if len(missing) >= self._step:
            self._continuous_since = second
            return missing
        return range(0)

    def insert_late(self, second: int) -> bool:
        """Takes a record that comes after its successor; False where it had come before."""
        if second < self.first:
            if second + 1 < self.first:
                self._holes.insert(0, (second + 1, self.first - 1))
            self.first = second
            return True
        place = bisect_right(self._holes, (second, _INFINITY)) - 1
        if place < 0 or self._holes[place][1] < second:
            return False
        start, end = self._holes.pop(place)
        rest = [(start, second - 1), (second + 1, end)]
        self._holes[place:place] = [hole for hole in rest if hole[0] <= hole[1]]
        return True

    def remember(self, seconds: Iterable[int], records: Iterable[Any]) -> None:
        """Remember records of seconds that had none."""
        self._contents.update(zip(seconds, records, strict=True))
        if len(self._contents) > 2 * _MAX_REMEMBERED_SECONDS:
            self._contents = {
                second: self._contents[second] for second in sorted(self._contents)[-_MAX_REMEMBERED_SECONDS:]
            }

    def add_content(self, second: int, record: Any, digest: Callable[[Any], bytes], *, default: bool) -> bool:
        """Return whether a record of a second that has some differs from all of them; remember it.

        Args:
            second: Its second.
            record: The record.
            digest: Returns the digest of a record.
            otherwise: What to return if the second is no longer remembered.
        """
        known = self._contents.get(second)
        if known is None:
            if default:
                self.remember((second,), (record,))
            return default
        digests = self._contents[second] = _to_digests(known, digest)
        before = len(digests)
        digests.add(digest(record))
        self.has_several_per_second |= len(digests) > before
        return len(digests) > before

    def has_content(self, second: int, record: Any, digest: Callable[[Any], bytes]) -> bool | None:
        """Return whether this very record came; None if no record of its second is remembered."""
        known = self._contents.get(second)
        return None if known is None else digest(record) in _to_digests(known, digest)

    def drop_codec(self, digest: Callable[[Any], bytes]) -> None:
        """Keep digests instead of records, whose form is about to change."""
        self._contents = {second: _to_digests(known, digest) for second, known in self._contents.items()}


def _to_digests(known: Any, digest: Callable[[Any], bytes]) -> set[bytes]:
    return cast("set[bytes]", known) if isinstance(known, set) else {digest(known)}
