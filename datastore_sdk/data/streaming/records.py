"""The records of one query or more, as they arrive."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TypeVar

from datastore_sdk._io.effects import EffectGen
from datastore_sdk.data.missing_fields import warn_of_missing_fields
from datastore_sdk.data.query import DataQuery
from datastore_sdk.data.streaming.codecs import RecordCodec
from datastore_sdk.data.streaming.dedup import DeliveryTracker
from datastore_sdk.data.streaming.download import Download
from datastore_sdk.data.streaming.parallel import in_slices
from datastore_sdk.data.streaming.request_plan import PlannedRequest
from datastore_sdk.data.streaming.resume import explain, resumed
from datastore_sdk.exceptions import CallError
from datastore_sdk.transport.executor.executor import RequestExecutor

R = TypeVar("R")


def batches(
    exchange: RequestExecutor, queries: Iterable[DataQuery], download: Download, form: RecordCodec[R]
) -> EffectGen[None]:
    """Emits the records of all queries, in order, in lists of the form."""
    queries = [*queries]
    download.awaited.update(json.dumps(name).encode() for query in queries for name in query.fields or ())
    for index, query in enumerate(queries):
        download.turn_to(index)
        yield from records(exchange, query, form, download)
    if download.awaited and download.records:
        query = queries[0]
        missing = [name for name in query.fields or () if json.dumps(name).encode() in download.awaited]
        warn_of_missing_fields(query, missing, download.records)


def records(
    exchange: RequestExecutor,
    query: DataQuery,
    form: RecordCodec[R],
    download: Download,
    tracker: DeliveryTracker | None = None,
) -> EffectGen[None]:
    """Emit the records of one query; those that an earlier run delivered are left out.

    Raises:
        CallError: They could not be had; the message says how many had come before.
    """
    try:
        if query.parallel > 1:
            yield from in_slices(exchange, query, form, download, tracker)
        else:
            yield from resumed(exchange, PlannedRequest.of(query), form, download, tracker)
    except CallError as error:
        if download.records:
            explain(error, f"{download.records} records had come before")
        raise
