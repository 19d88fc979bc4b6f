"""Long time ranges in slices, several of which are fetched at a time and handed over in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from math import ceil
from typing import Any, TypeVar

import msgspec

from datastore_sdk.data.delivered import Delivered
from datastore_sdk.data.download import Download
from datastore_sdk.data.forms import TEXTS, Form
from datastore_sdk.data.query import DataQuery
from datastore_sdk.data.resuming import resumed
from datastore_sdk.transport.calls.exchange import Exchange
from datastore_sdk.transport.effects import Abandon, Begin, Emit, End, Steps, Take

R = TypeVar("R")

_SECOND = timedelta(seconds=1)
SLICE = timedelta(seconds=20_000)
"""The most time in one slice: small enough to wait in memory for its turn."""
LEAST = timedelta(seconds=600)
"""The least time in one slice: well over what a request costs."""
_ROOM = 256
"""How many batches of a slice may wait; 64 KB of JSON text each."""


def in_slices(
    exchange: Exchange, query: DataQuery, form: Form[R], download: Download, delivered: Delivered[R] | None = None
) -> Steps[None]:
    """Emits the records of a query, in order, fetching `query.parallel` slices of its time range at a time.

    Those that were delivered before are left out.
    """
    before = delivered.in_form(TEXTS) if delivered and delivered.count else None
    slices = _slices(query.since(before.last_second) if before else query)
    under_way: deque[Any] = deque()
    try:
        while True:
            while len(under_way) < query.parallel and (slice_ := next(slices, None)):
                steps = resumed(exchange, slice_, TEXTS, download.part(), before)
                under_way.append((yield from Begin(steps, _ROOM)))
                before = None
            if not under_way:
                return
            with suppress(End):
                while True:
                    texts = yield from Take(under_way[0])
                    last = TEXTS.position(texts[-1])
                    download.hand_over(len(texts), last[0] if last else None)
                    yield from Emit(in_form(form, texts))
            under_way.popleft()
    finally:
        for ahead in under_way:
            yield from Abandon(ahead)


def _slices(query: DataQuery) -> Iterator[DataQuery]:
    start, last = query.whole_seconds()
    if not start or not last:
        return
    share = timedelta(seconds=ceil(((last - start) / _SECOND + 1) / query.parallel))
    length = min(max(share, LEAST), SLICE)
    while start <= last:
        end = min(start + length - _SECOND, last)
        yield replace(query, start=start, end=end)
        start = end + _SECOND


def in_form(form: Form[R], texts: list[msgspec.Raw]) -> list[Any]:
    """Waiting records are kept as text, which takes a sixth of the memory of dicts."""
    return texts if form is TEXTS else form.decode(b"[" + b",".join(texts) + b"]")
