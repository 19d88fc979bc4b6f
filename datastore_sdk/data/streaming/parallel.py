"""Download a long time range in slices, several at a time, and emit their records in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from math import ceil
from typing import Any, TypeVar

import msgspec

from datastore_sdk._io.effects import (
    CancelPrefetch,
    EffectGen,
    NextPrefetched,
    PrefetchExhausted,
    RunBlocking,
    StartPrefetch,
    YieldItem,
    redirect_items,
)
from datastore_sdk.data.progress import DownloadState
from datastore_sdk.data.query import DataQuery
from datastore_sdk.data.streaming.batch import join_records
from datastore_sdk.data.streaming.codecs import TEXTS, RecordCodec
from datastore_sdk.data.streaming.dedup import DeliveryTracker
from datastore_sdk.data.streaming.record_identity import parse_second
from datastore_sdk.data.streaming.request_plan import PlannedRequest
from datastore_sdk.data.streaming.resume import stream_resumable
from datastore_sdk.transport.executor.executor import RequestExecutor

R = TypeVar("R")

_SECOND = timedelta(seconds=1)
MAX_SLICE = timedelta(seconds=20_000)
"""Maximum length of a slice: its records must fit in memory while they wait for earlier slices."""
MIN_SLICE = timedelta(seconds=600)
"""Minimum length of a slice: its download must take much longer than the start of a request."""
MAX_WAITING_BATCHES = 256
"""Maximum number of batches of a slice that wait in memory; a batch is 64 KB of JSON text."""


def stream_parallel(
    executor: RequestExecutor,
    query: DataQuery,
    codec: RecordCodec[R],
    download: DownloadState,
    tracker: DeliveryTracker | None = None,
) -> EffectGen[None]:
    """Emit the records of a query, downloading `query.parallel` slices of its time range at a time.

    Args:
        executor: Sends the requests.
        query: The query.
        codec: The form of the records.
        download: Counts the records.
        tracker: The records that an earlier run delivered; they are left out.
    """
    if tracker is None or not tracker.count:
        yield from _stream_slices(executor, query, codec, download)
        return
    yield from RunBlocking(partial(tracker.index, everything=False))
    latest = tracker.latest if tracker.in_time_order else None
    if latest is not None:
        remaining = replace(query, start=datetime.fromtimestamp(latest, tz=UTC))
        yield from _stream_slices(executor, remaining, codec, download, tracker)
    whole = PlannedRequest.from_query(query)
    yield from stream_resumable(executor, whole, codec, download, tracker, covered_from=latest)


def _stream_slices(
    executor: RequestExecutor,
    query: DataQuery,
    codec: RecordCodec[R],
    download: DownloadState,
    tracker: DeliveryTracker | None = None,
) -> EffectGen[None]:
    parts = (
        # Some records of the first slice were delivered.
        stream_resumable(executor, slice_, TEXTS, download.add_part(), None if number else tracker)
        for number, slice_ in enumerate(split_query(query, is_continuation=tracker is not None))
    )

    def deliver(item: tuple[int, list[msgspec.Raw]]) -> EffectGen[None]:
        number, texts = item
        second = parse_second(TEXTS.read_keys(texts[-1])[0])
        if tracker is not None and number:
            tracker.add(join_records(texts), len(texts), second)
        download.count_records(len(texts), second)
        yield from YieldItem(convert_texts(codec, texts))

    yield from redirect_items(deliver, prefetch_in_order(parts, query.parallel, MAX_WAITING_BATCHES))


def prefetch_in_order(parts: Iterator[EffectGen[None]], parallel: int, max_items: int) -> EffectGen[None]:
    """Run generators ahead of their consumer, and emit their items in order, each with the number of its generator.

    Args:
        parts: The generators. The next one is taken when there is room for it.
        parallel: Number of generators that run at a time.
        max_items: Maximum number of items of a generator that wait in memory.
    """
    prefetches: deque[Any] = deque()
    finished = 0
    try:
        while True:
            while len(prefetches) < parallel and (part := next(parts, None)):
                prefetches.append((yield from StartPrefetch(part, max_items)))
            if not prefetches:
                return
            with suppress(PrefetchExhausted):
                while True:
                    yield from YieldItem((finished, (yield from NextPrefetched(prefetches[0]))))
            prefetches.popleft()
            finished += 1
    finally:
        for prefetch in prefetches:
            yield from CancelPrefetch(prefetch)


def split_query(query: DataQuery, *, is_continuation: bool = False) -> Iterator[PlannedRequest]:
    """Yield the slices of a query. Neighbours share a second, see `PlannedRequest`.

    Args:
        query: The query.
        is_continuation: Whether the records before the query's range were delivered.
    """
    start, last = query.whole_seconds()
    if not start or not last:
        return
    share = timedelta(seconds=ceil(((last - start) / _SECOND + 1) / query.parallel))
    length = min(max(share, MIN_SLICE), MAX_SLICE)
    while start + length <= last:
        yield PlannedRequest.from_query(replace(query, start=start, end=start + length), shares_last_second=True)
        start += length
    final = replace(query, start=start, end=last)
    yield PlannedRequest(final, final.bounds()) if is_continuation else PlannedRequest.from_query(final)


def convert_texts(codec: RecordCodec[R], texts: list[msgspec.Raw]) -> list[Any]:
    """Return records in the form of a codec. They wait as JSON texts, which take a sixth of the memory of dicts."""
    return texts if codec is TEXTS else codec.decode(join_records(texts))
