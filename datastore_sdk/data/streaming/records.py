"""The records of queries, as they arrive."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from datastore_sdk._io.effects import Cancelled, EffectGen
from datastore_sdk.data.missing_fields import UnseenFields, warn_of_missing_fields
from datastore_sdk.data.progress import DownloadState
from datastore_sdk.data.query import DataQuery
from datastore_sdk.data.streaming.codecs import RecordCodec
from datastore_sdk.data.streaming.dedup import DeliveryTracker
from datastore_sdk.data.streaming.parallel import stream_parallel
from datastore_sdk.data.streaming.request_plan import PlannedRequest
from datastore_sdk.data.streaming.resume import append_to_message, stream_resumable
from datastore_sdk.exceptions import CallError
from datastore_sdk.transport.executor.executor import RequestExecutor

R = TypeVar("R")


def stream_batches(
    executor: RequestExecutor, queries: Sequence[DataQuery], download: DownloadState, codec: RecordCodec[R]
) -> EffectGen[None]:
    """Emit the records of all queries, in order, in lists of the codec's form."""
    expect_fields(queries, download)
    try:
        for index, query in enumerate(queries):
            download.start_query(index)
            yield from stream_records(executor, query, codec, download)
    except Cancelled:  # after head(3), a misspelt name should not go unnoticed
        report_missing_fields(queries, download)
        raise
    report_missing_fields(queries, download)


def stream_records(
    executor: RequestExecutor,
    query: DataQuery,
    codec: RecordCodec[R],
    download: DownloadState,
    tracker: DeliveryTracker | None = None,
) -> EffectGen[None]:
    """Emit the records of one query, without those that an earlier run delivered.

    Raises:
        CallError: The download failed; the message says how many records came before.
    """
    try:
        if query.parallel > 1:
            yield from stream_parallel(executor, query, codec, download, tracker)
        else:
            yield from stream_resumable(executor, PlannedRequest.from_query(query), codec, download, tracker)
    except CallError as error:
        if download.records:
            append_to_message(error, f"{download.records} records came before")
        raise


def expect_fields(queries: Sequence[DataQuery], download: DownloadState) -> None:
    """Start to look for the requested fields in the records of a download."""
    download.unseen_fields = UnseenFields(dict.fromkeys(name for query in queries for name in query.fields or ()))


def report_missing_fields(queries: Sequence[DataQuery], download: DownloadState) -> None:
    """Log a warning if no record of a download has a requested field: its name is probably misspelt."""
    if download.records and (missing := download.unseen_fields.names):
        warn_of_missing_fields(queries[0], missing, download.records)
