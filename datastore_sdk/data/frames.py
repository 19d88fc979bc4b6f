"""Records as tables and data frames of the usual libraries, each imported when it is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from typing import TYPE_CHECKING

from datastore_sdk.data.descriptions import Descriptions, descriptions
from datastore_sdk.data.download import Download
from datastore_sdk.data.extras import needed
from datastore_sdk.data.forms import TEXTS
from datastore_sdk.data.query import KEYS, DataQuery, columns_of
from datastore_sdk.data.stream import batches
from datastore_sdk.transport.calls.exchange import Exchange
from datastore_sdk.transport.effects import Block, Steps, into

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

    from datastore_sdk.data.tables.builder import Store


def to_arrow(exchange: Exchange, queries: Sequence[DataQuery], download: Download) -> Steps[pa.Table]:
    """All records as a table, with units and labels as metadata of the columns."""
    needed("pyarrow", extra="arrow")
    known = yield from descriptions(exchange, queries)
    return (yield from _table(exchange, queries, download, known))


def to_pandas(exchange: Exchange, queries: Sequence[DataQuery], download: Download) -> Steps[pd.DataFrame]:
    """All records as a pandas data frame."""
    needed("pandas", "pyarrow", extra="pandas")
    from datastore_sdk.data.tables.nullable import frame

    table = yield from _table(exchange, queries, download, {})
    return (yield from Block(lambda: frame(table)))


def to_polars(exchange: Exchange, queries: Sequence[DataQuery], download: Download) -> Steps[pl.DataFrame]:
    """All records as a polars data frame."""
    needed("polars", "pyarrow", extra="polars")
    import polars as pl

    table = yield from _table(exchange, queries, download, {})
    return (yield from Block(lambda: pl.DataFrame(table)))


def arrow_stream(exchange: Exchange, queries: Sequence[DataQuery], download: Download) -> Steps[pa.RecordBatchReader]:
    """All records as a stream of batches, which wait on disk until they are read."""
    needed("pyarrow", extra="arrow")
    from datastore_sdk.data.tables.spool import Spool

    known = yield from descriptions(exchange, queries)
    return (yield from _batches(exchange, queries, download, known, Spool()))


def _table(
    exchange: Exchange, queries: Sequence[DataQuery], download: Download, known: Descriptions
) -> Steps[pa.Table]:
    reader = yield from _batches(exchange, queries, download, known, [])
    return (yield from Block(reader.read_all))


def _batches(
    exchange: Exchange, queries: Sequence[DataQuery], download: Download, known: Descriptions, store: Store
) -> Steps[pa.RecordBatchReader]:
    from datastore_sdk.data.tables.builder import TableBuilder

    with closing(TableBuilder(store)) as builder:
        builder.expect(columns_of(queries), otherwise=KEYS)
        yield from into(builder.add, batches(exchange, queries, download, TEXTS))
        return (yield from Block(lambda: builder.finish(known)))
