"""Read a plan with one engine, and print the figures as JSON.

    python plan_client.py ENGINE SITES SECONDS SLICE_SECONDS

Each engine counts the records and adds up every column, so that all columns are read. SECONDS is the number of records
of each site.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from _bench.body import START
from _bench.slices import FIELDS, FIRST_SITE, NUMBERS
from datastore_sdk import Column, Plan, Schema, Site

PROCESSES = 2
"""Worker processes of engines that have their own."""
SCHEMA = Schema(
    columns=(
        Column(name="timestamp", type="timestamp"),
        Column(name="site_id", type="int64"),
        *(Column(name=name, type="float64" if name in NUMBERS else "string") for name in FIELDS),
    )
)
Totals = dict[str, float]
Reader = Callable[[Plan], Iterator[Totals | None]]
"""Yields None when the engine has started, then the number of records and the totals."""


def with_to_arrow(plan: Plan) -> Iterator[Totals | None]:
    """Read without a plan, site by site: what plans are compared with."""
    yield None
    first, last = (datetime.fromtimestamp(second, UTC) for second in (plan.slices[0].start, plan.slices[-1].end))
    sites = dict.fromkeys(each.site_id for each in plan.slices)
    tables = (Site(id=id_).get_data(first, last, fields=FIELDS).to_arrow(schema=SCHEMA) for id_ in sites)
    yield add_up(map(total_of, tables))


def with_pyarrow(plan: Plan) -> Iterator[Totals | None]:
    """Read batch by batch."""
    yield None
    yield add_up(map(total_of, plan.batches()))


def with_polars(plan: Plan) -> Iterator[Totals | None]:
    """Read as a lazy frame."""
    import polars as pl

    from datastore_sdk.distributed import scan_restream

    yield None
    columns = [pl.len().alias("records"), *(pl.col(name).sum() for name in NUMBERS), pl.col(FIELDS[-1]).count()]
    yield scan_restream(plan).select(columns).collect(engine="streaming").to_dicts()[0]


def with_duckdb(plan: Plan) -> Iterator[Totals | None]:  # noqa: ARG001 - DuckDB finds it by name
    """Read as an Arrow stream."""
    import duckdb

    yield None
    totals = ", ".join([f"sum({name}) AS {name}" for name in NUMBERS] + [f"count({FIELDS[-1]}) AS {FIELDS[-1]}"])
    relation: Any = duckdb.sql(f"SELECT count(*) AS records, {totals} FROM plan")
    yield relation.df().to_dict("records")[0]


def with_dask(plan: Plan) -> Iterator[Totals | None]:
    """Read in worker processes of a local cluster."""
    from dask.distributed import Client, LocalCluster

    from datastore_sdk.distributed import read_dask

    def total(frame: Any) -> Any:
        return (
            frame[[*NUMBERS]]
            .sum()
            .to_frame()
            .T.assign(**{FIELDS[-1]: frame[FIELDS[-1]].count(), "records": len(frame)})
        )

    settings: dict[str, Any] = {"host": "127.0.0.1", "dashboard_address": None}
    with LocalCluster(n_workers=PROCESSES, threads_per_worker=1, **settings) as cluster, Client(cluster):
        yield None
        meta = dict.fromkeys([*NUMBERS, FIELDS[-1], "records"], float)
        yield read_dask(plan).map_partitions(total, meta=meta).compute().sum().to_dict()


def with_ray(plan: Plan) -> Iterator[Totals | None]:
    """Read in tasks of a local cluster."""
    import ray

    from datastore_sdk.distributed import read_ray

    def total(table: pa.Table) -> pa.Table:
        return pa.Table.from_pylist([total_of(table)])

    ray.init(num_cpus=PROCESSES, include_dashboard=False, _node_ip_address="127.0.0.1", log_to_driver=False)
    yield None
    yield add_up(read_ray(plan).map_batches(total, batch_format="pyarrow", batch_size=None).take_all())


def with_spark(plan: Plan) -> Iterator[Totals | None]:
    """Read with the data source, in local mode."""
    from pyspark.sql import SparkSession
    from pyspark.sql import functions as sf

    from datastore_sdk.distributed.spark import RestreamDataSource
    from datastore_sdk.distributed.spark.schema import to_struct

    os.environ["PYSPARK_PYTHON"] = sys.executable
    builder = SparkSession.builder.master(f"local[{PROCESSES}]")
    for name in ("spark.driver.host", "spark.driver.bindAddress"):
        builder = builder.config(name, "127.0.0.1")
    spark = builder.config("spark.ui.enabled", "false").getOrCreate()
    spark.dataSource.register(RestreamDataSource)
    yield None
    first, last = (datetime.fromtimestamp(second, UTC).isoformat() for second in (START, plan.slices[-1].end))
    sites = ",".join(map(str, dict.fromkeys(each.site_id for each in plan.slices)))
    length = str(plan.slices[0].end - plan.slices[0].start + 1)
    frame = spark.read.schema(to_struct(SCHEMA)).format("restream").options(sites=sites, start=first, end=last)
    columns = [sf.count("*").alias("records"), *(sf.sum(name).alias(name) for name in NUMBERS)]
    columns.append(sf.count(FIELDS[-1]).alias(FIELDS[-1]))
    yield frame.option("seconds", length).load().agg(*columns).first().asDict()
    spark.stop()


ENGINES: dict[str, Reader] = {
    "to_arrow": with_to_arrow,
    "pyarrow": with_pyarrow,
    "polars": with_polars,
    "DuckDB": with_duckdb,
    "Dask": with_dask,
    "Ray": with_ray,
    "Spark": with_spark,
}


def total_of(records: Any) -> Totals:
    """Return the number of records of a batch or table, and the totals of its columns."""
    totals = {name: pc.sum(records.column(name)).as_py() or 0 for name in NUMBERS}
    return {"records": records.num_rows, **totals, FIELDS[-1]: pc.count(records.column(FIELDS[-1])).as_py()}


def add_up(totals: Any) -> Totals:
    """Return the sum of totals."""
    found: Totals = {}
    for each in totals:
        for name, value in each.items():
            found[name] = found.get(name, 0) + value
    return found


def main() -> None:
    """Read with the engine named on the command line."""
    name, *numbers = sys.argv[1:]
    sites, seconds, length = map(int, numbers)
    wells = [Site(id=FIRST_SITE + number) for number in range(sites)]
    first, last = (datetime.fromtimestamp(second, UTC) for second in (START, START + seconds - 1))
    plan = Plan.of(wells, first, last, schema=SCHEMA, seconds=length)
    steps = ENGINES[name](plan)
    begin = time.perf_counter()
    next(steps)
    started, cpu = time.perf_counter(), time.process_time()
    totals = next(steps) or {}
    end, cpu = time.perf_counter(), time.process_time() - cpu
    figures = {"start": started - begin, "seconds": end - started, "cpu_seconds": cpu, "totals": totals}
    print(json.dumps(figures), flush=True)
    list(steps)


if __name__ == "__main__":
    main()
