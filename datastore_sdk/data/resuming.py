"""The records of one query as they arrive, taken up again where they break off. Pure: it yields effects.

A stream that breaks half way goes on by itself: the rest is asked for from the last second on that was handed over, and
what had been handed over of that second is left out. Where a record depends on its neighbours (fill methods, coarser
resolutions), the whole question is asked again and everything up to that point is left out, which costs more but cannot
change a value.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import TypeVar

from datastore_sdk.data.cutter import Corrupt, Cutter, Truncated
from datastore_sdk.data.delivered import Delivered
from datastore_sdk.data.download import Download
from datastore_sdk.data.forms import Form
from datastore_sdk.data.query import DataQuery
from datastore_sdk.exceptions import (
    BodyError,
    CallError,
    CallTimeoutError,
    CorruptBodyError,
    NoConnectionError,
    TruncatedBodyError,
)
from datastore_sdk.transport.calls.call import Call
from datastore_sdk.transport.calls.exchange import Exchange
from datastore_sdk.transport.calls.opened import Opened, SlotTaken
from datastore_sdk.transport.effects import Steps

log = logging.getLogger("datastore_sdk")

R = TypeVar("R")

_MOST_AT_A_TIME = 32
"""How many batches a stream that loses its slot again and again reads before it offers the slot; 64 KB each."""


def resumed(
    exchange: Exchange, query: DataQuery, form: Form[R], download: Download, delivered: Delivered[R] | None = None
) -> Steps[None]:
    """Emits the records of a query, in order, in lists of the form; those that were delivered before are left out.

    Raises:
        CallError: They could not be had; the message says how often that was tried.
    """
    with exchange.call(query.operation()) as call:
        yield from _attempts(exchange, call, query, form, download, delivered or Delivered(form, query.seconds()))


def _attempts(
    exchange: Exchange, call: Call, query: DataQuery, form: Form[R], download: Download, delivered: Delivered[R]
) -> Steps[None]:
    at_a_time = 1
    while True:
        before = delivered.count
        delivered.begin_again()
        from_last = delivered.count and delivered.known and query.resumable
        call.operation = (query.since(delivered.last_second) if from_last else query).operation()
        try:
            yield from _once(exchange, call, form, download, delivered, at_a_time)
        except SlotTaken:
            call.progress()
            at_a_time = min(2 * at_a_time, _MOST_AT_A_TIME)
        except CallError as error:
            if not delivered.known:
                raise
            if delivered.count > before:
                call.progress()
                log.info("The records broke off after %d; going on from there", delivered.count)
            try:
                yield from call.pause(error)
            except CallError as last:
                if last.attempts > 1:
                    tries = last.attempts - bool(delivered.count)  # the first of them brought something
                    explain(last, f"tried {tries} time{'s' * (tries > 1)} without progress")
                raise
            if delivered.count:
                download.resume()
        else:
            return


def explain(error: CallError, more: str) -> None:
    """Says more in the message of an error."""
    error.message += f"; {more}"
    error.args = (error.message,)


def _once(
    exchange: Exchange, call: Call, form: Form[R], download: Download, delivered: Delivered[R], at_a_time: int
) -> Steps[None]:
    """Makes one request, and emits its records; so many batches are read before the slot is offered to others."""
    cutter = Cutter(form.decode)
    waiting: list[list[R]] = []
    broken: BodyError | None = None
    opened = yield from exchange.open(call)
    try:
        download.receive(opened.body)
        ended = False
        while not ended:
            try:
                piece = yield from opened.read()
            except BodyError as error:  # the compression is damaged; what came before it may be so already
                piece, broken = b"", error
            ended = not piece
            for batch in _cut(cutter, piece, opened, broken):
                waiting += [new] if (new := delivered.new_of(batch)) else []
                if len(waiting) >= at_a_time:
                    yield from opened.emit(_noted(waiting, delivered, download))
                    waiting = []
        yield from opened.emit(_noted(waiting, delivered, download))
    except BaseException as error:
        if isinstance(error, NoConnectionError | CallTimeoutError):
            explain(error, f"{opened.body.received} bytes of the body had come")
        opened.fail(error)
        raise
    finally:
        broken = None  # an error must not hold itself by the frame it goes through
        download.receive(None)
        yield from opened.close()


def _noted(batches: list[list[R]], delivered: Delivered[R], download: Download) -> Iterator[list[R]]:
    """The batches, each noted just before it is handed over."""
    for batch in batches:
        delivered.note(batch)
        download.hand_over(len(batch), delivered.last_second if delivered.known else None)
        yield batch


def _cut(cutter: Cutter[R], piece: bytes, opened: Opened, broken: BodyError | None) -> Iterator[list[R]]:
    """The batches that a piece completes; an empty piece is the end of the body, which may have broken off there."""
    method, url = opened.request.method, opened.request.url
    try:
        yield from cutter.feed(piece) if piece else cutter.finish()
    except Corrupt as error:
        raise CorruptBodyError(
            f"{method} {url}: the body is damaged at byte {error.position}: {error.reason}",
            method=method,
            url=url,
            offset=error.position,
        ) from None
    except Truncated:
        received = opened.body.received
        raise broken or TruncatedBodyError(
            f"{method} {url}: the body broke off after {received} bytes", method=method, url=url, offset=received
        ) from None
    else:
        if broken:
            raise broken
    finally:
        broken = None  # as above
