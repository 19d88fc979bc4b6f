"""Long time ranges in slices, several of which are fetched at a time and handed over in order."""

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
)
from datastore_sdk.data.query import DataQuery
from datastore_sdk.data.streaming.batch import join_records
from datastore_sdk.data.streaming.codecs import TEXTS, RecordCodec
from datastore_sdk.data.streaming.dedup import DeliveryTracker
from datastore_sdk.data.streaming.download import Download
from datastore_sdk.data.streaming.record_identity import second_of
from datastore_sdk.data.streaming.request_plan import PlannedRequest
from datastore_sdk.data.streaming.resume import resumed
from datastore_sdk.transport.executor.executor import RequestExecutor

R = TypeVar("R")

_SECOND = timedelta(seconds=1)
SLICE = timedelta(seconds=20_000)
"""The most time in one slice: small enough to wait in memory for its turn."""
LEAST = timedelta(seconds=600)
"""The least time in one slice: well over what a request costs."""
_ROOM = 256
"""How many batches of a slice may wait; 64 KB of JSON text each."""


def in_slices(
    exchange: RequestExecutor,
    query: DataQuery,
    form: RecordCodec[R],
    download: Download,
    tracker: DeliveryTracker | None = None,
) -> EffectGen[None]:
    """Emit the records of a query, fetching `query.parallel` slices of its time range at a time.

    Args:
        exchange: Carries out the calls.
        query: The query.
        form: The form of the records.
        download: Counts the records.
        tracker: What an earlier run delivered; it is left out.
    """
    if tracker is None or not tracker.count:
        yield from _in_slices(exchange, query, form, download)
        return
    yield from RunBlocking(partial(tracker.index, everything=False))
    latest = tracker.latest if tracker.in_time_order else None
    if latest is not None:
        rest = replace(query, start=datetime.fromtimestamp(latest, tz=UTC))
        yield from _in_slices(exchange, rest, form, download, tracker)
    yield from resumed(exchange, PlannedRequest.of(query), form, download, tracker, covered_from=latest)


def _in_slices(
    exchange: RequestExecutor,
    query: DataQuery,
    form: RecordCodec[R],
    download: Download,
    tracker: DeliveryTracker | None = None,
) -> EffectGen[None]:
    slices = _slices(query, continues=tracker is not None)
    known = tracker  # by the first slice, of which some records were delivered
    under_way: deque[Any] = deque()
    done = 0
    try:
        while True:
            while len(under_way) < query.parallel and (slice_ := next(slices, None)):
                steps = resumed(exchange, slice_, TEXTS, download.part(), known)
                under_way.append((yield from StartPrefetch(steps, _ROOM)))
                known = None
            if not under_way:
                return
            with suppress(PrefetchExhausted):
                while True:
                    texts = yield from NextPrefetched(under_way[0])
                    second = second_of(TEXTS.read_keys(texts[-1])[0])
                    if tracker is not None and done:
                        tracker.add(join_records(texts), len(texts), second)
                    download.hand_over(len(texts), second)
                    yield from YieldItem(in_form(form, texts))
            under_way.popleft()
            done += 1
    finally:
        for ahead in under_way:
            yield from CancelPrefetch(ahead)


def _slices(query: DataQuery, *, continues: bool = False) -> Iterator[PlannedRequest]:
    """Yield the slices of a query. Neighbours share a second, see `Part`.

    Args:
        query: The query.
        continues: Whether records before it were delivered.
    """
    start, last = query.whole_seconds()
    if not start or not last:
        return
    share = timedelta(seconds=ceil(((last - start) / _SECOND + 1) / query.parallel))
    length = min(max(share, LEAST), SLICE)
    while start + length <= last:
        yield PlannedRequest.of(replace(query, start=start, end=start + length), shares_last_second=True)
        start += length
    final = replace(query, start=start, end=last)
    yield PlannedRequest(final, final.bounds()) if continues else PlannedRequest.of(final)


def in_form(form: RecordCodec[R], texts: list[msgspec.Raw]) -> list[Any]:
    """Waiting records are kept as text, which takes a sixth of the memory of dicts."""
    return texts if form is TEXTS else form.decode(join_records(texts))
