"""Which intervals are read: chunks of the tail, cursors, pieces."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from datastore_sdk.mirror.spans import DAY, MAX_PIECE, Span, TailReader, build_change_span, merge, subtract
from tests.support.hypothesis_settings import PROPERTY

NOW = 1_700_000_000


def read(tail: TailReader, last_records: dict[int, int]) -> list[Span]:
    """Read all chunks; `last_records` has the last second by number of the chunk."""
    chunks: list[Span] = []
    while (chunk := tail.next_chunk()) is not None:
        tail.advance(chunk, last_records.get(len(chunks)))
        chunks.append(chunk)
    return chunks


def test_tail_is_one_chunk_that_reaches_beyond_now() -> None:
    tail = TailReader(since=0, cursor=NOW - 60, now=NOW, overlap=600)
    assert read(tail, {0: NOW - 1}) == [Span(NOW - 660, NOW + DAY)]
    assert tail.cursor == NOW


def test_cursor_follows_records_not_the_clock() -> None:
    tail = TailReader(since=0, cursor=NOW - 7200, now=NOW, overlap=0)
    read(tail, {0: NOW - 3600})
    assert tail.cursor == NOW - 3599


def test_record_of_the_future_does_not_move_the_cursor_there() -> None:
    tail = TailReader(since=0, cursor=NOW - 60, now=NOW, overlap=0)
    read(tail, {0: NOW + 5000})
    assert tail.cursor == NOW


def test_cursor_of_the_future_returns() -> None:
    tail = TailReader(since=0, cursor=NOW + 90 * DAY, now=NOW, overlap=600)
    assert tail.first == NOW - 600
    assert tail.cursor == NOW


def test_idle_year_takes_few_requests() -> None:
    tail = TailReader(since=0, cursor=NOW - 365 * DAY, now=NOW, overlap=600)
    assert len(read(tail, {})) == 11
    assert tail.cursor == NOW - 365 * DAY


@given(st.integers(0, 200 * DAY), st.integers(0, 3600), st.sets(st.integers(0, 12)))
@PROPERTY
def test_chunks_cover_the_tail_once(age: int, overlap: int, with_records: set[int]) -> None:
    since = NOW - 300 * DAY
    tail = TailReader(since=since, cursor=NOW - age, now=NOW, overlap=overlap)
    chunks = read(tail, dict.fromkeys(with_records, NOW - age))
    assert chunks[0].first == max(since, NOW - age - overlap)
    assert chunks[-1].end == NOW + DAY
    assert all(before.end == after.first for before, after in pairwise(chunks))
    assert max(chunk.seconds for chunk in chunks) <= MAX_PIECE + DAY


def test_change_includes_both_ends() -> None:
    start, end = (datetime(2025, 9, 17, 6, 0, second, 500_000, tzinfo=UTC) for second in (1, 3))
    assert build_change_span(start, end, NOW).seconds == 3
    assert build_change_span(start, None, NOW).end == NOW + DAY


def test_spans_merge_clip_and_split() -> None:
    assert merge([Span(5, 9), Span(0, 3), Span(3, 4), Span(8, 12), Span(20, 20)]) == [Span(0, 4), Span(5, 12)]
    assert Span(0, 10).clip(Span(5, 20)) == Span(5, 10)
    assert Span(0, 3).clip(Span(5, 20)).seconds == 0
    assert [*Span(0, 10).pieces(4)] == [Span(0, 4), Span(4, 8), Span(8, 10)]


SPANS = st.builds(Span, st.integers(0, 30), st.integers(0, 40))  # some of them empty


@PROPERTY
@given(SPANS, st.lists(SPANS, max_size=5))
def test_subtracted_span_has_the_other_seconds(span: Span, others: list[Span]) -> None:
    parts = subtract(span, others)
    assert all(part.seconds for part in parts)
    seconds = [second for part in parts for second in range(*part)]
    assert seconds == [
        second for second in range(*span) if not any(other.first <= second < other.end for other in others)
    ]
