"""The records of one query as they arrive, taken up again where they break off. Pure: it yields effects.

A stream that breaks half way goes on by itself: the rest is asked for from the last second on that was handed over, and
what had been handed over of that second is left out. Where a record depends on its neighbours (fill methods, coarser
resolutions), the whole question is asked again and everything up to that point is left out, which costs more but cannot
change a value.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any, TypeVar

from datastore_sdk.data.cutter import Cutter, Truncated
from datastore_sdk.data.decoding import Undecodable
from datastore_sdk.data.delivered import Delivered
from datastore_sdk.data.forms import Form
from datastore_sdk.data.query import DataQuery
from datastore_sdk.exceptions import CallError, CorruptBodyError, TruncatedBodyError
from datastore_sdk.transport.effects import Steps
from datastore_sdk.transport.exchange import Exchange, Opened, SlotTaken
from restream_api.types import Operation

log = logging.getLogger("datastore_sdk")

R = TypeVar("R")


def resumed(exchange: Exchange, query: DataQuery, form: Form[R]) -> Steps[None]:
    """Emits the records of a query, in order, in lists of the form."""
    delivered = Delivered(form, query.seconds())
    attempt = 0
    while True:
        attempt += 1
        before = delivered.count
        delivered.begin_again()
        from_last = delivered.count and delivered.known and query.resumable
        operation = (query.since(delivered.last_second) if from_last else query).operation()
        try:
            yield from _once(exchange, operation, form, delivered)
        except SlotTaken:
            attempt = 0
        except CallError as error:
            if not delivered.known:
                raise
            if delivered.count > before:
                attempt = 1
                log.info("The records broke off after %d; going on from there", delivered.count)
            yield from exchange.pause(error, operation, attempt)
        else:
            return


def _once(exchange: Exchange, operation: Operation[Any], form: Form[R], delivered: Delivered[R]) -> Steps[None]:
    cutter = Cutter(form.decode)
    opened = yield from exchange.open(operation)
    try:
        ended = False
        while not ended:
            piece = yield from opened.body.read()
            ended = not piece
            for batch in _cut(cutter, piece, opened):
                if new := delivered.new_of(batch):
                    delivered.note(new)
                    yield from opened.emit(new)
    finally:
        yield from opened.close()


def _cut(cutter: Cutter[R], piece: bytes, opened: Opened) -> Iterator[list[R]]:
    """The batches that a piece completes; an empty piece is the end of the body."""
    method, url = opened.request.method, opened.request.url
    try:
        yield from cutter.feed(piece) if piece else [cutter.finish()]
    except Undecodable as error:
        raise CorruptBodyError(
            f"{method} {url}: the body is damaged at byte {error.position}: {error.reason}",
            method=method,
            url=url,
            offset=error.position,
        ) from None
    except Truncated:
        raise TruncatedBodyError(
            f"{method} {url}: the body broke off; it is whole up to byte {cutter.good}",
            method=method,
            url=url,
            offset=cutter.good,
        ) from None
