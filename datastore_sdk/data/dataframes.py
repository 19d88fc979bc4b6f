"""Records as tables and data frames of the usual libraries, each imported when it is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from typing import TYPE_CHECKING

from datastore_sdk._io.effects import EffectGen, RunBlocking, redirect_items
from datastore_sdk._utils.optional_imports import require_extra
from datastore_sdk.data.field_metadata import Descriptions, descriptions
from datastore_sdk.data.query import KEYS, DataQuery, columns_of
from datastore_sdk.data.streaming.codecs import TEXTS
from datastore_sdk.data.streaming.download import Download
from datastore_sdk.data.streaming.records import batches
from datastore_sdk.transport.executor.executor import RequestExecutor

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

    from datastore_sdk.data.arrow.builder import BatchStore


def to_arrow(exchange: RequestExecutor, queries: Sequence[DataQuery], download: Download) -> EffectGen[pa.Table]:
    """All records as a table, with units and labels as metadata of the columns."""
    require_extra("pyarrow", extra="arrow")
    known = yield from descriptions(exchange, queries)
    return (yield from _table(exchange, queries, download, known))


def to_pandas(exchange: RequestExecutor, queries: Sequence[DataQuery], download: Download) -> EffectGen[pd.DataFrame]:
    """All records as a pandas data frame."""
    require_extra("pandas", "pyarrow", extra="pandas")
    from datastore_sdk.data.arrow.pandas_frames import to_nullable_frame

    table = yield from _table(exchange, queries, download, {})
    return (yield from RunBlocking(lambda: to_nullable_frame(table)))


def to_polars(exchange: RequestExecutor, queries: Sequence[DataQuery], download: Download) -> EffectGen[pl.DataFrame]:
    """All records as a polars data frame."""
    require_extra("polars", "pyarrow", extra="polars")
    import polars as pl

    table = yield from _table(exchange, queries, download, {})
    return (yield from RunBlocking(lambda: pl.DataFrame(table)))


def arrow_stream(
    exchange: RequestExecutor, queries: Sequence[DataQuery], download: Download
) -> EffectGen[pa.RecordBatchReader]:
    """All records as a stream of batches, which wait on disk until they are read."""
    require_extra("pyarrow", extra="arrow")
    from datastore_sdk.data.arrow.spool import Spool

    known = yield from descriptions(exchange, queries)
    return (yield from _batches(exchange, queries, download, known, Spool()))


def _table(
    exchange: RequestExecutor, queries: Sequence[DataQuery], download: Download, known: Descriptions
) -> EffectGen[pa.Table]:
    reader = yield from _batches(exchange, queries, download, known, [])
    return (yield from RunBlocking(reader.read_all))


def _batches(
    exchange: RequestExecutor, queries: Sequence[DataQuery], download: Download, known: Descriptions, store: BatchStore
) -> EffectGen[pa.RecordBatchReader]:
    from datastore_sdk.data.arrow.builder import TableBuilder

    with closing(TableBuilder(store)) as builder:
        builder.set_columns(columns_of(queries), fallback=KEYS)
        yield from redirect_items(builder.add, batches(exchange, queries, download, TEXTS))
        return (yield from RunBlocking(lambda: builder.finish(known)))
