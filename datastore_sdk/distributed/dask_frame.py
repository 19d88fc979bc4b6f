"""Dask data frame of a plan."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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

    reader, empty = _SliceReader(replace(plan, slices=())), _to_frame(plan, [])
    return dd.from_map(reader, plan.slices, meta=empty, enforce_metadata=False)


class _SliceReader:
    """Function that reads a slice. Dask recognizes its argument `columns`."""

    def __init__(self, plan: Plan) -> None:
        self._plan, self._token = plan, uuid4().hex

    def __dask_tokenize__(self) -> str:
        return self._token  # records can change, so two frames never share their partitions

    def __call__(self, slice_: Slice, columns: Sequence[str] | None = None) -> Any:
        plan = self._plan.only(columns)
        with _limit_of_cluster(plan):
            return _to_frame(plan, plan.read(slice_))


def _to_frame(plan: Plan, batches: Iterable[Any]) -> Any:
    import pandas as pd
    import pyarrow as pa

    types: dict[Any, Any] = {pa.string(): pd.StringDtype("pyarrow")}
    return pa.Table.from_batches(batches, plan.to_arrow_schema()).to_pandas(types_mapper=types.get)


def _limit_of_cluster(plan: Plan) -> AbstractContextManager[Any]:
    from dask.distributed import Semaphore, get_worker

    try:
        get_worker()
    except ValueError:  # not in a worker: the limit of the machine is enough
        return nullcontext()
    semaphore: AbstractContextManager[Any] = Semaphore(MAX_PARALLEL, f"restream {plan.base_url} {plan.profile}")
    return semaphore
