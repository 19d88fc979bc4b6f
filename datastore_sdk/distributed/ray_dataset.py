"""Ray dataset of a plan."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from datastore_sdk._utils.optional_imports import require_extra
from datastore_sdk.data.query import MAX_PARALLEL
from datastore_sdk.distributed.plan import Plan
from datastore_sdk.distributed.short_errors import iterate_with_short_errors
from datastore_sdk.distributed.slices import Slice


def read_ray(plan: Plan) -> Any:
    """Return a `ray.data.Dataset` of a plan, read by at most three tasks at a time. Needs the extra `ray`.

    Do not pass credentials by `runtime_env`: Ray writes its variables into a log. Set them where Ray is started.

    Raises:
        ImportError: Ray is not installed.
    """
    require_extra("ray.data", "pyarrow", extra="ray")
    import ray.data
    from ray.data.block import BlockMetadata
    from ray.data.datasource import Datasource, ReadTask

    schema, reader = plan.to_arrow_schema(), replace(plan, slices=())
    sizes = [(each.end - each.start + 1) * 8 * len(schema) for each in plan.slices]

    class RestreamDatasource(Datasource):
        def get_name(self) -> str:
            return "Restream"

        def estimate_inmemory_data_size(self) -> int:
            return sum(sizes)

        def get_read_tasks(self, parallelism: int, *_: Any, **__: Any) -> list[Any]:  # noqa: ARG002
            metadata = (BlockMetadata(None, size, None, None) for size in sizes)
            reads = (partial(_read, reader, each) for each in plan.slices)
            return [ReadTask(read, each, schema=schema) for read, each in zip(reads, metadata, strict=True)]

    return ray.data.read_datasource(RestreamDatasource(), concurrency=MAX_PARALLEL)


def _read(plan: Plan, slice_: Slice) -> Any:
    import pyarrow as pa

    return (pa.Table.from_batches([batch]) for batch in iterate_with_short_errors(partial(plan.read, slice_)))
