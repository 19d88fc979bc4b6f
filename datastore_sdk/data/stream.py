"""The records of one query or more, as they arrive."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from datastore_sdk.data.forms import Form
from datastore_sdk.data.query import DataQuery
from datastore_sdk.data.ranges import in_slices
from datastore_sdk.data.resuming import resumed
from datastore_sdk.transport.effects import Steps
from datastore_sdk.transport.exchange import Exchange

R = TypeVar("R")


def batches(exchange: Exchange, queries: Iterable[DataQuery], form: Form[R]) -> Steps[None]:
    """Emits the records of all queries, in order, in lists of the form."""
    for query in queries:
        yield from (in_slices if query.parallel > 1 else resumed)(exchange, query, form)
