"""The records of one query or more, as they arrive."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from datastore_sdk.data.coverage import Part
from datastore_sdk.data.dedup import DeliveryTracker
from datastore_sdk.data.download import Download
from datastore_sdk.data.forms import Form
from datastore_sdk.data.parallel import in_slices
from datastore_sdk.data.query import DataQuery
from datastore_sdk.data.resume import explain, resumed
from datastore_sdk.exceptions import CallError
from datastore_sdk.transport.calls.exchange import Exchange
from datastore_sdk.transport.effects import Steps

R = TypeVar("R")


def batches(exchange: Exchange, queries: Iterable[DataQuery], download: Download, form: Form[R]) -> Steps[None]:
    """Emits the records of all queries, in order, in lists of the form."""
    for index, query in enumerate(queries):
        download.turn_to(index)
        yield from records(exchange, query, form, download)


def records(
    exchange: Exchange, query: DataQuery, form: Form[R], download: Download, tracker: DeliveryTracker | None = None
) -> Steps[None]:
    """Emit the records of one query; those that an earlier run delivered are left out.

    Raises:
        CallError: They could not be had; the message says how many had come before.
    """
    try:
        if query.parallel > 1:
            yield from in_slices(exchange, query, form, download, tracker)
        else:
            yield from resumed(exchange, Part.of(query), form, download, tracker)
    except CallError as error:
        if download.records:
            explain(error, f"{download.records} records had come before")
        raise
