"""Effects that read the slices of a plan as Arrow batches."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from msgspec import Struct

from datastore_sdk._io.effects import EffectGen, YieldItem, redirect_items
from datastore_sdk._utils.optional_imports import require_extra
from datastore_sdk.data.progress import DownloadState
from datastore_sdk.data.query import DataQuery
from datastore_sdk.data.schema import Schema
from datastore_sdk.data.streaming.codecs import TEXTS
from datastore_sdk.data.streaming.parallel import MAX_WAITING_BATCHES, prefetch_in_order
from datastore_sdk.data.streaming.request_plan import PlannedRequest
from datastore_sdk.data.streaming.resume import append_to_message, stream_resumable
from datastore_sdk.distributed.slices import Slice
from datastore_sdk.enums import DataAggregations, DataResolutions
from datastore_sdk.exceptions import RestreamError
from datastore_sdk.transport.executor.executor import RequestExecutor


class SliceRequests(Struct, frozen=True):
    """Common part of the requests for the slices of a plan."""

    fields: tuple[str, ...] | None
    """Names of the requested fields; None: all."""
    resolution: DataResolutions
    """Interval that one record covers."""
    aggregation: DataAggregations | None
    """How the values within one interval become one value."""
    si_units: bool
    """Whether values are in SI units."""
    last_second: int
    """Last second of the whole plan."""

    @property
    def interval(self) -> int:
        """Seconds that one record stands for."""
        return DataQuery(source="site", id=1, resolution=self.resolution).resolution_seconds

    def query(self, slice_: Slice, *, with_next_second: bool = False) -> DataQuery:
        """Return the query for the records of a slice."""
        return DataQuery(
            source="site",
            id=slice_.site_id,
            start=datetime.fromtimestamp(slice_.start, UTC),
            end=datetime.fromtimestamp(slice_.end + with_next_second, UTC),
            fields=self.fields,
            resolution=self.resolution,
            aggregation=self.aggregation,
            si_units=self.si_units,
        )

    def part(self, slice_: Slice) -> PlannedRequest:
        """Return the request for a slice.

        1-second records can lie between two whole seconds, so the request includes the first second of the next slice.
        """
        shared = self.resolution == DataResolutions.SECOND and slice_.end < self.last_second
        return PlannedRequest.from_query(self.query(slice_, with_next_second=shared), shares_last_second=shared)


def read_slices(
    executor: RequestExecutor,
    slices: Iterable[Slice],
    requests: SliceRequests,
    schema: Schema,
    columns: Sequence[str],
    *,
    parallel: int,
) -> EffectGen[None]:
    """Emit the records of slices as Arrow batches, in order of the slices.

    Args:
        executor: Sends the requests.
        slices: The slices.
        requests: The common part of their requests.
        schema: The schema that the records are parsed with.
        columns: Names of the columns to emit, in order.
        parallel: Number of slices to download at a time.

    Raises:
        CallError: The download of a slice failed; the message names the slice.
    """
    require_extra("pyarrow", extra="arrow")
    import pyarrow as pa

    from datastore_sdk.data.arrow.schema_reader import conform_batches

    parts = (_stream_slice(executor, slice_, requests) for slice_ in slices)

    def unnumber(item: tuple[int, list[object]]) -> EffectGen[None]:
        yield from YieldItem(item[1])

    def select(batch: pa.RecordBatch) -> EffectGen[None]:
        yield from YieldItem(batch.select([*columns]))

    texts = redirect_items(unnumber, prefetch_in_order(parts, parallel, MAX_WAITING_BATCHES))
    yield from redirect_items(select, conform_batches(texts, schema, "null"))


@contextmanager
def name_in_errors(slice_: Slice) -> Generator[None]:
    """Name a slice in the message of an error."""
    try:
        yield
    except RestreamError as error:
        append_to_message(error, f"the {slice_} could not be read")
        raise


def _stream_slice(executor: RequestExecutor, slice_: Slice, requests: SliceRequests) -> EffectGen[None]:
    with name_in_errors(slice_):
        yield from stream_resumable(executor, requests.part(slice_), TEXTS, DownloadState())
