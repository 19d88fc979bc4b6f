"""Spans of seconds: which intervals of a site to read and to replace. Pure logic, without I/O."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from math import floor
from typing import NamedTuple

DAY = 86_400
CLOCK_TOLERANCE = DAY
"""Seconds that the clock of the service may be ahead of ours. The tail is read up to that far into the future."""
MAX_PIECE = 64 * DAY
"""Longest chunk, in seconds."""


class Span(NamedTuple):
    """Seconds from `first` up to, but without, `end`; unix seconds."""

    first: int
    end: int

    @property
    def seconds(self) -> int:
        """Length in seconds; 0 if it is empty."""
        return max(self.end - self.first, 0)

    def clip(self, other: Span) -> Span:
        """Return the part within another span; it may be empty."""
        return Span(max(self.first, other.first), min(self.end, other.end))

    def pieces(self, seconds: int) -> Iterator[Span]:
        """Yield the span in pieces of at most this length."""
        for first in range(self.first, self.end, seconds):
            yield Span(first, min(first + seconds, self.end))

    @property
    def start_datetime(self) -> datetime:
        """First second, in UTC."""
        return from_second(self.first)

    @property
    def last_datetime(self) -> datetime:
        """Last second, in UTC; it belongs to the span."""
        return from_second(self.end - 1)


def from_second(second: int) -> datetime:
    """Return the datetime of a unix second, in UTC."""
    return datetime.fromtimestamp(second, UTC)


def to_second(value: datetime) -> int:
    """Return the unix second that a datetime lies in."""
    return floor(value.timestamp())


def build_change_span(start: datetime, end: datetime | None, now: int) -> Span:
    """Return the span of a data change, which includes both ends. Without an end it reaches up to now."""
    return Span(to_second(start), now + CLOCK_TOLERANCE if end is None else to_second(end) + 1)


def merge(spans: Iterable[Span]) -> list[Span]:
    """Return the spans in order, with those joined that overlap or touch; empty ones are left out."""
    merged: list[Span] = []
    for span in sorted(span for span in spans if span.seconds):
        if merged and span.first <= merged[-1].end:
            merged[-1] = Span(merged[-1].first, max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return merged


def subtract(span: Span, others: Iterable[Span]) -> list[Span]:
    """Return the parts of a span that lie in none of the others."""
    parts, first = list[Span](), span.first
    for other in merge(other.clip(span) for other in others):
        parts.append(Span(first, other.first))
        first = other.end
    return merge([*parts, Span(first, span.end)])


class TailReader:
    """Sequence of the chunks that a site is read in, from shortly before its cursor up to now.

    A chunk is a day. After an empty one, the next is twice as long: a site without records for a year takes a few
    requests. The last chunk reaches beyond now, so that a wrong clock of this machine loses no record.

    Args:
        since: First second of the mirror.
        cursor: Records before this second were read.
        now: Unix second of this machine's clock.
        overlap: Seconds before the cursor that are read again, for late records.
    """

    def __init__(self, since: int, cursor: int, now: int, overlap: int) -> None:
        self._now = now
        self._end = max(now, cursor) + CLOCK_TOLERANCE
        self._position = max(since, min(cursor, now) - overlap)
        self._length = DAY
        self.cursor = min(cursor, max(now, since))
        """How far the site was read. Behind the last record, and at most now: a clock that was ahead loses nothing."""

    @property
    def first(self) -> int:
        """First second that is still to be read."""
        return self._position

    @property
    def is_done(self) -> bool:
        """Whether everything was read."""
        return self._position >= self._end

    def next_chunk(self) -> Span | None:
        """Return the next chunk; None if everything was read."""
        if self.is_done:
            return None
        end = self._position + self._length
        return Span(self._position, self._end if end > self._now else end)

    def advance(self, chunk: Span, last: int | None) -> None:
        """Note that a chunk was read.

        Args:
            chunk: The chunk.
            last: Second of its last record; None if it was empty.
        """
        self._position = chunk.end
        self._length = DAY if last is not None else min(2 * self._length, MAX_PIECE)
        if last is not None:
            self.cursor = max(self.cursor, min(last + 1, self._now))
