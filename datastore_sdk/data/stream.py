"""The records of one query or more, as they arrive."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from datastore_sdk.data.delivered import Delivered
from datastore_sdk.data.download import Download
from datastore_sdk.data.forms import Form
from datastore_sdk.data.query import DataQuery
from datastore_sdk.data.ranges import in_slices
from datastore_sdk.data.resuming import explain, resumed
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
    exchange: Exchange, query: DataQuery, form: Form[R], download: Download, delivered: Delivered[R] | None = None
) -> Steps[None]:
    """Emits the records of one query; those that were delivered before are left out.

    Raises:
        CallError: They could not be had; the message says how many had come before.
    """
    try:
        yield from (in_slices if query.parallel > 1 else resumed)(exchange, query, form, download, delivered)
    except CallError as error:
        if download.records:
            explain(error, f"{download.records} records had come before")
        raise
