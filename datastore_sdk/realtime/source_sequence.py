"""Sequence of the records of one source: which seconds arrived, and with which content. Pure: no I/O."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable
from typing import Any, cast

MIN_CONTINUOUS_SECONDS = 5
"""Seconds (or one interval) without a hole after which a source counts as continuous, so that a hole is unusual."""
MAX_LATE_SECONDS = 60
"""A record does not arrive later than this many seconds (or `MAX_LATE_INTERVALS` intervals) after its successor."""
MAX_LATE_INTERVALS = 10
"""The same limit in intervals, for coarser resolutions."""
_MAX_HOLES = 1000
"""Maximum number of holes of a source that are remembered. Earlier ones count as delivered."""
_MAX_REMEMBERED_SECONDS = 300
"""Number of latest seconds whose content is remembered. For older seconds any record counts as known."""
_INFINITY = 1 << 62


class SourceSequence:
    """Seconds and contents of one source.

    Args:
        second: Second of its first record.
        step: Seconds from one record to the next.
    """

    __slots__ = ("_contents", "_continuous_since", "_holes", "_step", "first", "has_several_per_second", "last")

    def __init__(self, second: int, step: int) -> None:
        self.first = self.last = self._continuous_since = second
        self._step = step
        self._holes: list[tuple[int, int]] = []  # first and last second of each, in order
        self._contents: dict[int, Any] = {}  # a record, or the digests of several
        self.has_several_per_second = False
        """Whether the source has sent several records of one second."""

    @property
    def is_continuous(self) -> bool:
        """Whether the source has recently sent a record of every interval."""
        return self.last - self._continuous_since >= max(MIN_CONTINUOUS_SECONDS, self._step)

    def first_late(self, fetched_ranges: Iterable[range]) -> int | None:
        """Return the first second whose record may still arrive late and was not fetched."""
        limit = max(MAX_LATE_SECONDS, MAX_LATE_INTERVALS * self._step)
        missing = self.missing_ranges(self.last - limit, self.last)
        return next(
            (
                seconds[0]
                for seconds in missing
                if not any(seconds[0] in fetched and seconds[-1] in fetched for fetched in fetched_ranges)
            ),
            self.last if self.has_several_per_second else None,
        )

    def missing_ranges(self, first: int, last: int) -> list[range]:
        """Return the missing seconds of intervals between two, both included."""
        step, begin = self._step, max(bisect_right(self._holes, (first, _INFINITY)) - 1, 0)
        holes = self._holes[begin:]
        ranges = [range(max(start + step - 1, first), min(end, last + step - 1) + 1) for start, end in holes]
        return [seconds for seconds in ranges if len(seconds) >= step]

    def append_after_hole(self, second: int) -> range:
        """Append a record that follows a hole, and return the seconds of whole missing intervals."""
        missing = range(self.last + self._step, second)
        self._holes.append((self.last + 1, second - 1))
        del self._holes[:-_MAX_HOLES]
        self.last = second
        if len(missing) >= self._step:
            self._continuous_since = second
            return missing
        return range(0)

    def insert_late(self, second: int) -> bool:
        """Insert a record that arrived after its successor. Return False if its second is known."""
        if second < self.first:
            if second + 1 < self.first:
                self._holes.insert(0, (second + 1, self.first - 1))
            self.first = second
            return True
        index = bisect_right(self._holes, (second, _INFINITY)) - 1
        if index < 0 or self._holes[index][1] < second:
            return False
        start, end = self._holes.pop(index)
        parts = [(start, second - 1), (second + 1, end)]
        self._holes[index:index] = [hole for hole in parts if hole[0] <= hole[1]]
        return True

    def remember(self, seconds: Iterable[int], records: Iterable[Any]) -> None:
        """Remember records of seconds that had none."""
        self._contents.update(zip(seconds, records, strict=True))
        if len(self._contents) > 2 * _MAX_REMEMBERED_SECONDS:
            self._contents = {
                second: self._contents[second] for second in sorted(self._contents)[-_MAX_REMEMBERED_SECONDS:]
            }

    def add_content(self, second: int, record: Any, digest: Callable[[Any], bytes], *, default: bool) -> bool:
        """Return whether a record differs from all known ones of its second, and remember it.

        Args:
            second: Second of the record.
            record: The record.
            digest: Returns the digest of a record.
            default: Returned if the second is no longer remembered.
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
        """Return whether this very record arrived; None if no record of its second is remembered."""
        known = self._contents.get(second)
        return None if known is None else digest(record) in _to_digests(known, digest)

    def drop_codec(self, digest: Callable[[Any], bytes]) -> None:
        """Replace records by digests, because the codec is about to change."""
        self._contents = {second: _to_digests(known, digest) for second, known in self._contents.items()}


def _to_digests(known: Any, digest: Callable[[Any], bytes]) -> set[bytes]:
    return cast("set[bytes]", known) if isinstance(known, set) else {digest(known)}
