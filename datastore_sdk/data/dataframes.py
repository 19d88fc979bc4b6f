"""Records as Arrow tables and data frames. Each library is imported when it is needed."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from typing import TYPE_CHECKING

from datastore_sdk._io.effects import EffectGen, RunBlocking, redirect_items
from datastore_sdk._utils.optional_imports import require_extra
from datastore_sdk.data.field_metadata import FieldMetadataByName, fetch_field_metadata
from datastore_sdk.data.progress import DownloadState
from datastore_sdk.data.query import KEY_FIELDS, DataQuery, get_fixed_columns
from datastore_sdk.data.schema import OnMismatch, Schema
from datastore_sdk.data.streaming.codecs import TEXTS
from datastore_sdk.data.streaming.records import stream_batches
from datastore_sdk.transport.executor.executor import RequestExecutor

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

    from datastore_sdk.data.arrow.builder import BatchStore
    from datastore_sdk.data.time_zones import Source


def to_arrow(
    executor: RequestExecutor,
    queries: Sequence[DataQuery],
    download: DownloadState,
    schema: Schema | None = None,
    on_mismatch: OnMismatch = "null",
) -> EffectGen[pa.Table]:
    """Download all records into a table, with units and labels as metadata of the columns."""
    require_extra("pyarrow", extra="arrow")
    if schema is not None:
        return (yield from _conform_table(executor, queries, download, schema, on_mismatch))
    metadata = yield from fetch_field_metadata(executor, queries)
    return (yield from _build_table(executor, queries, download, metadata))


def to_pandas(
    executor: RequestExecutor,
    queries: Sequence[DataQuery],
    download: DownloadState,
    schema: Schema | None,
    on_mismatch: OnMismatch,
    *,
    tz: str,
    naive: bool,
) -> EffectGen[pd.DataFrame]:
    """Download all records into a pandas data frame, with units and labels in its `attrs`."""
    require_extra("pandas", "pyarrow", extra="pandas")
    from datastore_sdk.data.arrow.pandas_frames import to_nullable_frame
    from datastore_sdk.data.time_zones import localize_pandas, resolve_time_zone

    zone = yield from resolve_time_zone(executor, tz, _sources(queries))
    table = yield from to_arrow(executor, queries, download, schema, on_mismatch)
    return (yield from RunBlocking(lambda: localize_pandas(to_nullable_frame(table), zone, naive=naive)))


def to_polars(
    executor: RequestExecutor,
    queries: Sequence[DataQuery],
    download: DownloadState,
    schema: Schema | None,
    on_mismatch: OnMismatch,
    *,
    tz: str,
    naive: bool,
) -> EffectGen[pl.DataFrame]:
    """Download all records into a polars data frame."""
    require_extra("polars", "pyarrow", extra="polars")
    import polars as pl

    from datastore_sdk.data.time_zones import localize_polars, resolve_time_zone

    zone = yield from resolve_time_zone(executor, tz, _sources(queries))
    if schema is None:
        table = yield from _build_table(executor, queries, download, {})
    else:
        table = yield from _conform_table(executor, queries, download, schema, on_mismatch)
    return (yield from RunBlocking(lambda: localize_polars(pl.DataFrame(table), zone, naive=naive)))


def arrow_stream(
    executor: RequestExecutor, queries: Sequence[DataQuery], download: DownloadState
) -> EffectGen[pa.RecordBatchReader]:
    """Download all records into a scratch file, and return a reader of its record batches."""
    require_extra("pyarrow", extra="arrow")
    from datastore_sdk.data.arrow.spool import Spool

    metadata = yield from fetch_field_metadata(executor, queries)
    return (yield from _build_reader(executor, queries, download, metadata, Spool()))


def record_batches(
    executor: RequestExecutor,
    queries: Sequence[DataQuery],
    download: DownloadState,
    schema: Schema,
    on_mismatch: OnMismatch,
) -> EffectGen[None]:
    """Emit record batches of the schema as records arrive."""
    require_extra("pyarrow", extra="arrow")
    from datastore_sdk.data.arrow.schema_reader import conform_batches

    yield from conform_batches(stream_batches(executor, queries, download, TEXTS), schema, on_mismatch)


def _sources(queries: Sequence[DataQuery]) -> list[Source]:
    """Return the pads and sites of queries."""
    return [(query.source, query.id) for query in queries]


def _conform_table(
    executor: RequestExecutor,
    queries: Sequence[DataQuery],
    download: DownloadState,
    schema: Schema,
    on_mismatch: OnMismatch,
) -> EffectGen[pa.Table]:
    import pyarrow as pa

    batches: list[pa.RecordBatch] = []
    yield from redirect_items(batches.append, record_batches(executor, queries, download, schema, on_mismatch))
    return pa.Table.from_batches(batches, schema.to_arrow())


def _build_table(
    executor: RequestExecutor, queries: Sequence[DataQuery], download: DownloadState, metadata: FieldMetadataByName
) -> EffectGen[pa.Table]:
    reader = yield from _build_reader(executor, queries, download, metadata, [])
    return (yield from RunBlocking(reader.read_all))


def _build_reader(
    executor: RequestExecutor,
    queries: Sequence[DataQuery],
    download: DownloadState,
    metadata: FieldMetadataByName,
    store: BatchStore,
) -> EffectGen[pa.RecordBatchReader]:
    from datastore_sdk.data.arrow.builder import TableBuilder

    with closing(TableBuilder(store)) as builder:
        builder.set_columns(get_fixed_columns(queries), fallback=KEY_FIELDS)
        yield from redirect_items(builder.add, stream_batches(executor, queries, download, TEXTS))
        return (yield from RunBlocking(lambda: builder.finish(metadata)))
