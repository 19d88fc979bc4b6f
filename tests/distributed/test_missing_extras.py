"""Without an extra, each engine says what to install."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module

import pytest

from datastore_sdk import Plan, Site
from datastore_sdk.distributed import read_dask, read_ray, scan_restream

CALLS: list[tuple[str, str, Callable[[Plan], object]]] = [
    ("dask", "dask.dataframe", read_dask),
    ("ray", "ray.data", read_ray),
    ("polars", "polars", scan_restream),
    ("spark", "pyspark.sql.datasource", lambda _: import_module("datastore_sdk.distributed.spark")),
    ("arrow", "pyarrow", Plan.to_arrow_schema),
    ("arrow", "pyarrow", lambda plan: next(plan.batches())),
]


@pytest.mark.usefixtures("sandbox")
@pytest.mark.parametrize(("extra", "module", "call"), CALLS)
def test_missing_extra_is_named(
    extra: str, module: str, call: Callable[[Plan], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    site = Site(id=981)
    plan = Plan.of(site, "2025-09-17T06:00:00Z", "2025-09-17T06:00:09Z", schema=site.get_schema("slurry_rate"))
    monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.delitem(sys.modules, "datastore_sdk.distributed.spark", raising=False)
    with pytest.raises(ImportError, match=rf'pip install "restream-datastore-sdk\[{extra}\]"'):
        call(plan)
