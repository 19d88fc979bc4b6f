"""The records of one query as they arrive. If a response breaks off, the download is resumed.

Nothing is assumed about the order of records. `request_plan` decides what to request after a break, `dedup` leaves out
the records that were delivered before, and `record_filter` those that were not requested.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from typing import Any, TypeVar

from datastore_sdk._io.effects import EffectGen, RunBlocking
from datastore_sdk._io.responses import parse_http_date
from datastore_sdk.data.progress import DownloadState
from datastore_sdk.data.streaming.batch import Batch, decode_batch
from datastore_sdk.data.streaming.codecs import RecordCodec
from datastore_sdk.data.streaming.dedup import DeliveryTracker
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
    RestreamError,
    TruncatedBodyError,
)
from datastore_sdk.transport.executor.call import Call
from datastore_sdk.transport.executor.executor import RequestExecutor
from datastore_sdk.transport.executor.response_body import OpenResponse, PermitRevoked

log = logging.getLogger("datastore_sdk")

R = TypeVar("R")

_MAX_BATCHES_PER_READ = 32
"""Maximum number of batches that a stream reads before another request can take its permit; a batch is 64 KB.

The number grows each time that the stream loses its permit, so that each request brings it further."""


def stream_resumable(
    executor: RequestExecutor,
    part: PlannedRequest,
    codec: RecordCodec[R],
    download: DownloadState,
    tracker: DeliveryTracker | None = None,
    *,
    covered_from: int | None = None,
) -> EffectGen[None]:
    """Emit the records of a part of a query in lists of the codec's form, without those that were delivered before.

    Args:
        executor: Sends the requests.
        part: The part of the query.
        codec: The form of the records.
        download: Counts the records.
        tracker: The records that were delivered before.
        covered_from: The second from which on an earlier response was complete.

    Raises:
        DataChangedError: The service no longer has records that were delivered.
        CallError: The download failed; the message says how often it was tried.
    """
    with executor.call(part.query.operation()) as call, closing(DeliveryTracker.for_query(part.query)) as new:
        delivered = tracker or new
        plan = RequestPlan(part, delivered)
        if delivered.count:
            yield from RunBlocking(partial(delivered.index, everything=plan.repeats_everything))
            plan.start_after(covered_from)
        yield from _ResumableStream(executor, call, plan, codec, download, delivered).steps()


class _ResumableStream:
    """The download of one part of a query."""

    def __init__(
        self,
        executor: RequestExecutor,
        call: Call,
        plan: RequestPlan,
        codec: RecordCodec[Any],
        download: DownloadState,
        tracker: DeliveryTracker,
    ) -> None:
        self._executor = executor
        self._call = call
        self._codec = codec
        self._download = download
        self._tracker = tracker
        self._plan = plan
        self._first_date: str | None = None
        """The `Date` header of the first response: its start by the service's clock."""
        self._received = 0
        """Number of records in the current response, repeated ones included."""
        self._batches_per_read = 1
        """Number of batches to read before another request can take the permit."""

    def steps(self) -> EffectGen[None]:
        """Send one request after another until all records are delivered."""
        while not self._plan.complete:
            part = self._plan.next_request()
            before = self._tracker.count
            try:
                yield from self._request(part)
            except PermitRevoked:
                self._batches_per_read = min(2 * self._batches_per_read, _MAX_BATCHES_PER_READ)
                yield from self._replan(shared=True)
                self._call.reset_attempts()
            except CallError as error:
                is_split = self._received > 0 and (yield from self._replan(shared=False))
                yield from self._pause(error, progress=is_split or self._tracker.count > before)
            else:
                self._check_missing()
                if self._plan.depends_on_order:
                    yield from self._index()
                self._plan.mark_complete()

    def _request(self, part: PlannedRequest) -> EffectGen[None]:
        """Send one request, and emit its records."""
        self._call.operation = part.query.operation()
        self._received = 0
        self._tracker.expect(part.seconds)
        opened = yield from self._executor.open(self._call)
        if self._first_date is None:
            self._first_date = opened.headers.get("date", "")
        record_filter = RecordFilter(part, self._call.operation.name, opened.request.method, opened.request.url)
        try:
            self._download.set_body(opened.body)
            yield from self._read(opened, record_filter)
        except BaseException as error:
            if isinstance(error, APIConnectionError | APITimeoutError):
                append_to_message(error, f"{opened.body.received} bytes of the body were received")
            opened.record_error(error)
            raise
        finally:
            self._download.set_body(None)
            yield from opened.close()
        record_filter.report()

    def _read(self, opened: OpenResponse, record_filter: RecordFilter) -> EffectGen[None]:
        splitter = JsonArraySplitter[Batch[Any]](partial(decode_batch, self._codec))
        waiting: list[Batch[Any]] = []
        broken: BodyError | None = None
        try:
            ended = False
            while not ended:
                try:
                    piece = yield from opened.read()
                except BodyError as error:  # the compression is corrupt; use the records that came before
                    piece, broken = b"", error
                ended = not piece
                for batch in _split(splitter, piece, opened, broken):
                    self._received += len(batch.records)
                    new = self._tracker.filter_undelivered(record_filter.filter(batch))
                    if new.records:
                        waiting.append(new)
                    if len(waiting) >= self._batches_per_read:
                        yield from opened.yield_items(self._track(waiting))
                        waiting = []
            yield from opened.yield_items(self._track(waiting))
        finally:
            broken = None  # the error's traceback refers to this frame: no reference cycle

    def _track(self, batches: list[Batch[Any]]) -> Iterator[list[Any]]:
        """Yield the records of batches, and track each batch just before it is emitted."""
        for batch in batches:
            self._tracker.deliver(batch)
            self._download.unseen_fields.add(batch.text)
            self._download.count_records(len(batch.records), self._tracker.last_second)
            yield batch.records

    def _replan(self, *, shared: bool) -> EffectGen[bool]:
        """Decide what to request after a break; return whether that can succeed even if it breaks in the same place."""
        yield from self._index()
        if self._first_date:
            self._plan.fix_end(parse_http_date(self._first_date))
        return self._plan.replan(shared=shared)

    def _index(self) -> EffectGen[None]:
        yield from RunBlocking(partial(self._tracker.index, everything=self._plan.repeats_everything))

    def _pause(self, error: CallError, *, progress: bool) -> EffectGen[None]:
        """Wait before the next request, or raise the error if there is no retry."""
        count = self._tracker.count
        try:
            if progress:
                self._call.reset_attempts()
                log.info("The response broke off after %d records; resuming", count)
            yield from self._call.wait_for_retry(error)
        except CallError as last:
            if last.attempts > 1:
                tries = last.attempts - bool(count)  # the first attempt delivered records
                append_to_message(last, f"tried {tries} time{'s' * (tries > 1)} without progress")
            raise
        finally:
            del error  # its traceback refers to this frame
        if count:
            self._download.count_resumption()

    def _check_missing(self) -> None:
        """Raise an error if the response lacks records that were delivered before."""
        if missing := self._tracker.count_missing():
            method, url = self._call.operation.method, self._call.url
            raise DataChangedError(
                f"{method} {url}: {missing} of the {self._tracker.count} records that were received before the "
                "connection broke are no longer in the response: the data changed. Start the download again",
                method=method,
                url=url,
            )


def append_to_message(error: RestreamError, more: str) -> None:
    """Append to the message of an error."""
    error.message += f"; {more}"
    error.args = (error.message,)


def _split(
    splitter: JsonArraySplitter[Batch[R]], piece: bytes, opened: OpenResponse, broken: BodyError | None
) -> Iterator[Batch[R]]:
    """Yield the batches that a piece of the body completes. An empty piece is the end of the body.

    Args:
        splitter: Splits the body into batches.
        piece: The bytes.
        opened: The response.
        broken: The error with which the body ended, if any.
    """
    method, url = opened.request.method, opened.request.url
    try:
        yield from splitter.feed(piece) if piece else splitter.finish()
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
        broken = None  # no reference cycle, see `_read`
