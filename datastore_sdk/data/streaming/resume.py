"""The records of one query as they arrive, resumed where a response breaks off. Pure: it yields effects.

Nothing is assumed about the order of records. What is requested after a break is decided in `coverage`, what was
delivered before is left out by `dedup`, and what was not asked for by `record_filter`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from typing import Any, TypeVar

from datastore_sdk._io.effects import EffectGen, RunBlocking
from datastore_sdk._io.responses import parse_http_date
from datastore_sdk.data.streaming.batch import Batch, decode_batch
from datastore_sdk.data.streaming.codecs import RecordCodec
from datastore_sdk.data.streaming.dedup import DeliveryTracker
from datastore_sdk.data.streaming.download import Download
from datastore_sdk.data.streaming.json_splitter import CorruptJsonError, JsonArraySplitter, TruncatedJsonError
from datastore_sdk.data.streaming.record_filter import RecordFilter
from datastore_sdk.data.streaming.request_plan import PlannedRequest, RequestPlan
from datastore_sdk.exceptions import (
    APIConnectionError,
    APITimeoutError,
    BodyError,
    CallError,
    CorruptBodyError,
    DataChangedError,
    TruncatedBodyError,
)
from datastore_sdk.transport.executor.call import Call
from datastore_sdk.transport.executor.executor import RequestExecutor
from datastore_sdk.transport.executor.response_body import OpenResponse, PermitRevoked

log = logging.getLogger("datastore_sdk")

R = TypeVar("R")

_MOST_AT_A_TIME = 32
"""How many batches a stream that loses its slot again and again reads before it offers the slot; 64 KB each."""


def resumed(
    exchange: RequestExecutor,
    part: PlannedRequest,
    form: RecordCodec[R],
    download: Download,
    tracker: DeliveryTracker | None = None,
    *,
    covered_from: int | None = None,
) -> EffectGen[None]:
    """Emit the records of a part of a query in lists of the form; those that were delivered before are left out.

    Args:
        exchange: Carries out the calls.
        part: The part; see `Part.of`.
        form: The form of the records.
        download: Counts the records.
        tracker: What was delivered before.
        covered_from: The second from which on all of it was answered before.

    Raises:
        DataChangedError: The service no longer has records that were delivered.
        CallError: The records could not be had; the message says how often that was tried.
    """
    with exchange.call(part.query.operation()) as call, closing(DeliveryTracker.of(part.query)) as new:
        delivered = tracker or new
        coverage = RequestPlan(part, delivered)
        if delivered.count:
            yield from RunBlocking(partial(delivered.index, everything=coverage.repeats_everything))
            coverage.begin(covered_from)
        yield from _Records(exchange, call, coverage, form, download, delivered).steps()


class _Records:
    """One download."""

    def __init__(
        self,
        exchange: RequestExecutor,
        call: Call,
        coverage: RequestPlan,
        form: RecordCodec[Any],
        download: Download,
        tracker: DeliveryTracker,
    ) -> None:
        self._exchange = exchange
        self._call = call
        self._form = form
        self._download = download
        self._tracker = tracker
        self._coverage = coverage
        self._begun: str | None = None
        """When the first response began, by the service's clock: its `Date` header."""
        self._received = 0
        """How many records the response under way has brought, repeated ones too."""
        self._at_a_time = 1
        """How many batches are read before the slot is offered to other calls."""

    def steps(self) -> EffectGen[None]:
        """Request one part after another until all was answered."""
        while not self._coverage.complete:
            part = self._coverage.next_part()
            before = self._tracker.count
            try:
                yield from self._request(part)
            except PermitRevoked:
                self._at_a_time = min(2 * self._at_a_time, _MOST_AT_A_TIME)
                yield from self._replan(shared=True)
                self._call.reset_attempts()
            except CallError as error:
                further = self._received > 0 and (yield from self._replan(shared=False))
                yield from self._pause(error, progress=further or self._tracker.count > before)
            else:
                self._check_missing()
                if self._coverage.depends_on_order:
                    yield from self._index()
                self._coverage.cover()

    def _request(self, part: PlannedRequest) -> EffectGen[None]:
        """Make one request, and emit its records."""
        self._call.operation = part.query.operation()
        self._received = 0
        self._tracker.expect(part.seconds)
        opened = yield from self._exchange.open(self._call)
        if self._begun is None:
            self._begun = opened.headers.get("date", "")
        asked_for = RecordFilter(part, self._call.operation.name, opened.request.method, opened.request.url)
        try:
            self._download.receive(opened.body)
            yield from self._read(opened, asked_for)
        except BaseException as error:
            if isinstance(error, APIConnectionError | APITimeoutError):
                explain(error, f"{opened.body.received} bytes of the body had come")
            opened.record_error(error)
            raise
        finally:
            self._download.receive(None)
            yield from opened.close()
        asked_for.report()

    def _read(self, opened: OpenResponse, asked_for: RecordFilter) -> EffectGen[None]:
        cutter = JsonArraySplitter[Batch[Any]](partial(decode_batch, self._form))
        waiting: list[Batch[Any]] = []
        broken: BodyError | None = None
        try:
            ended = False
            while not ended:
                try:
                    piece = yield from opened.read()
                except BodyError as error:  # the compression is damaged; what came before it may be so already
                    piece, broken = b"", error
                ended = not piece
                for batch in _cut(cutter, piece, opened, broken):
                    self._received += len(batch.records)
                    new = self._tracker.undelivered(asked_for.wanted(batch))
                    if new.records:
                        waiting.append(new)
                    if len(waiting) >= self._at_a_time:
                        yield from opened.yield_items(self._delivered(waiting))
                        waiting = []
            yield from opened.yield_items(self._delivered(waiting))
        finally:
            broken = None  # an error must not hold itself by the frame it goes through

    def _delivered(self, batches: list[Batch[Any]]) -> Iterator[list[Any]]:
        """Yield the records of batches, each noted just before it is handed over."""
        for batch in batches:
            self._tracker.deliver(batch)
            if self._download.awaited:
                self._download.look_for_fields(batch.text)
            self._download.hand_over(len(batch.records), self._tracker.last_second)
            yield batch.records

    def _replan(self, *, shared: bool) -> EffectGen[bool]:
        """Decide what to request after a break; return whether that can get further."""
        yield from self._index()
        if self._begun:
            self._coverage.freeze(parse_http_date(self._begun))
        return self._coverage.resume(shared=shared)

    def _index(self) -> EffectGen[None]:
        yield from RunBlocking(partial(self._tracker.index, everything=self._coverage.repeats_everything))

    def _pause(self, error: CallError, *, progress: bool) -> EffectGen[None]:
        """Wait before the next request, or raise the error if there must be none."""
        count = self._tracker.count
        try:
            if progress:
                self._call.reset_attempts()
                log.info("The records broke off after %d; going on from there", count)
            yield from self._call.wait_for_retry(error)
        except CallError as last:
            if last.attempts > 1:
                tries = last.attempts - bool(count)  # the first of them brought something
                explain(last, f"tried {tries} time{'s' * (tries > 1)} without progress")
            raise
        finally:
            del error  # it holds this frame
        if count:
            self._download.resume()

    def _check_missing(self) -> None:
        """Raise an error if the response lacks records that were delivered before."""
        if missing := self._tracker.missing():
            method, url = self._call.operation.method, self._call.url
            raise DataChangedError(
                f"{method} {url}: {missing} of the {self._tracker.count} records that came before the connection broke "
                "are no longer in the response, so the data has changed meanwhile. Start the download again",
                method=method,
                url=url,
            )


def explain(error: CallError, more: str) -> None:
    """Says more in the message of an error."""
    error.message += f"; {more}"
    error.args = (error.message,)


def _cut(
    cutter: JsonArraySplitter[Batch[R]], piece: bytes, opened: OpenResponse, broken: BodyError | None
) -> Iterator[Batch[R]]:
    """The batches that a piece completes; an empty piece is the end of the body, which may have broken off there."""
    method, url = opened.request.method, opened.request.url
    try:
        yield from cutter.feed(piece) if piece else cutter.finish()
    except CorruptJsonError as error:
        raise CorruptBodyError(
            f"{method} {url}: the body is corrupt: {error.reason}; the last whole record ends at byte {error.offset}",
            method=method,
            url=url,
            offset=error.offset,
        ) from None
    except TruncatedJsonError:
        received = opened.body.received
        raise broken or TruncatedBodyError(
            f"{method} {url}: the body broke off after {received} bytes", method=method, url=url, offset=received
        ) from None
    else:
        if broken:
            raise broken
    finally:
        broken = None  # as above
