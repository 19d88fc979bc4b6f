"""The records of one query or more, as they arrive."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable
from typing import TypeVar

from datastore_sdk._io.effects import EffectGen
from datastore_sdk.data.query import DataQuery
from datastore_sdk.data.streaming.codecs import RecordCodec
from datastore_sdk.data.streaming.dedup import DeliveryTracker
from datastore_sdk.data.streaming.download import Download
from datastore_sdk.data.streaming.parallel import in_slices
from datastore_sdk.data.streaming.request_plan import PlannedRequest
from datastore_sdk.data.streaming.resume import explain, resumed
from datastore_sdk.exceptions import CallError
from datastore_sdk.transport.executor.executor import RequestExecutor

log = logging.getLogger("datastore_sdk")

R = TypeVar("R")

_OF_A_SOURCE = re.compile(r"[A-Z]+\d+_")
"""How the name of a field begins that carries its measurement source."""


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
        _warn_of_missing_fields(queries[0], download)


def _warn_of_missing_fields(query: DataQuery, download: Download) -> None:
    missing = [name for name in query.fields or () if json.dumps(name).encode() in download.awaited]
    if query.source == "pad" and not query.is_routed:
        hint = "without is_routed=True, names carry the measurement source, such as 'M1_slurry_rate'"
    elif any(_OF_A_SOURCE.match(name) for name in missing):
        hint = "names with a measurement source, such as 'M1_slurry_rate', are those of pads without is_routed=True"
    else:
        hint = "get_fields_metadata() lists the names"
    log.warning(
        "None of the %d records of %s %d has the fields %s: %s",
        download.records,
        query.source,
        query.id,
        ", ".join(map(repr, missing)),
        hint,
    )


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
