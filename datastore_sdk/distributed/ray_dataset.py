"""Ray dataset of a plan."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from datastore_sdk._utils.optional_imports import require_extra
from datastore_sdk.data.query import MAX_PARALLEL
from datastore_sdk.distributed.plan import Plan
from datastore_sdk.distributed.slices import Slice
from datastore_sdk.exceptions import RestreamError


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

    tasks = min(len(plan.slices), MAX_PARALLEL) or None  # Ray warns of more tasks than there are slices
    return ray.data.read_datasource(RestreamDatasource(), concurrency=tasks)


def _read(plan: Plan, slice_: Slice) -> Iterator[Any]:
    import pyarrow as pa

    try:
        for batch in plan.read(slice_):
            yield pa.Table.from_batches([batch])
    except RestreamError as error:
        raise _as_user_error(error) from None


def _as_user_error(error: RestreamError) -> Exception:
    """Return the error with a type that Ray takes for an error of the user, too.

    Of others, Ray says that they are errors of its own which should be reported, and shows the frames of its executor.
    """
    from ray.exceptions import UserCodeException

    kind = type(error)
    both: Any = type(kind.__name__, (kind, UserCodeException), {"__module__": kind.__module__})
    user_error: Exception = both.__new__(both, error.message)
    user_error.__dict__.update(error.__dict__)
    return user_error
