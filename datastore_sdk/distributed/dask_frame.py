"""Dask data frame of a plan."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any
from uuid import uuid4

from datastore_sdk._utils.optional_imports import require_extra
from datastore_sdk.data.query import MAX_PARALLEL
from datastore_sdk.distributed.plan import Plan
from datastore_sdk.distributed.slices import Slice


def read_dask(plan: Plan) -> Any:
    """Return a `dask.dataframe.DataFrame` of a plan, with a partition for each slice. Needs the extra `dask`.

    Only the columns that are used are downloaded. Under `dask.distributed`, at most three workers read at a time.

    Raises:
        ImportError: Dask is not installed.
    """
    require_extra("dask.dataframe", "pyarrow", extra="dask")
    import dask.dataframe as dd

    reader = _SliceReader(plan)
    return dd.from_map(reader, plan.slices, meta=reader.to_frame([]), enforce_metadata=False)


class _SliceReader:
    """Function that reads a slice. Dask recognizes its argument `columns`."""

    def __init__(self, plan: Plan) -> None:
        self._plan, self._token = replace(plan, slices=()), uuid4().hex

    def __dask_tokenize__(self) -> str:
        return self._token  # records can change, so two frames never share their partitions

    def __call__(self, slice_: Slice, columns: Sequence[str] | None = None) -> Any:
        with _limit(self._plan):
            return self.to_frame([*self._plan.only(columns).read(slice_)], columns)

    def to_frame(self, batches: Sequence[Any], columns: Sequence[str] | None = None) -> Any:
        import pandas as pd
        import pyarrow as pa

        table = pa.Table.from_batches(batches, self._plan.only(columns).to_arrow_schema())
        types: dict[Any, Any] = {pa.string(): pd.StringDtype("pyarrow")}
        return table.to_pandas(types_mapper=types.get)


def _limit(plan: Plan) -> AbstractContextManager[Any]:
    """Return a semaphore of the cluster; it counts the workers of all machines."""
    from dask.distributed import Semaphore, get_worker

    try:
        get_worker()
    except ValueError:  # not in a worker: the limit of the machine is enough
        return nullcontext()
    semaphore: AbstractContextManager[Any] = Semaphore(MAX_PARALLEL, f"restream {plan.base_url} {plan.profile}")
    return semaphore
