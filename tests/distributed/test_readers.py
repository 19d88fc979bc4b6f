"""Libraries that read Arrow streams read a plan as it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import deltalake
import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from datastore_sdk import Plan, Site
from datastore_sdk.sandbox import Sandbox
from tests.support.tables import in_order

START = datetime(2025, 9, 17, 6, tzinfo=UTC)
END = START + timedelta(seconds=899)
FIELDS = ["slurry_rate", "clean_conductivity_25c", "clean_conductivity_25C", "upper_master_valve"]
SITES = [981, 982]


@pytest.fixture
def plan(sandbox: Sandbox) -> Plan:  # noqa: ARG001 - the environment points to it
    return Plan.of([Site(id=id_) for id_ in SITES], START, END, fields=FIELDS, seconds=300).rename_for("duckdb")


@pytest.fixture
def expected(plan: Plan) -> pa.Table:
    """Return the records as the SDK alone reads them, in order of well and time."""
    tables = [Site(id=id_).get_data(START, END, fields=FIELDS).to_arrow(schema=plan.schema) for id_ in SITES]
    return in_order(pa.concat_tables(tables))


def test_pyarrow_reads_a_plan(plan: Plan, expected: pa.Table, tmp_path: Path) -> None:
    assert in_order(pa.table(plan)).equals(expected)
    reader = pa.RecordBatchReader.from_stream(plan)
    with pq.ParquetWriter(tmp_path / "plan.parquet", reader.schema) as writer:
        for batch in reader:
            writer.write_batch(batch)
    assert in_order(pq.read_table(tmp_path / "plan.parquet")).equals(expected)
    ds.write_dataset(pa.RecordBatchReader.from_stream(plan), tmp_path / "set", format="parquet")
    assert ds.dataset(tmp_path / "set").count_rows() == expected.num_rows


def test_duckdb_reads_a_plan(plan: Plan, expected: pa.Table) -> None:
    assert {"clean_conductivity_25c", "clean_conductivity_25C_2"} <= {*plan.columns}
    sql: Any = duckdb.sql
    found = in_order(sql("FROM plan").to_arrow_table())
    assert sql("SELECT count(*) FROM plan").fetchall() == [(expected.num_rows,)]
    assert found.column("slurry_rate").equals(expected.column("slurry_rate"))
    assert found.schema.names == expected.schema.names


def test_polars_reads_a_plan(plan: Plan, expected: pa.Table) -> None:
    assert in_order(pl.DataFrame(plan).to_arrow().cast(expected.schema)).equals(expected)


def test_pandas_reads_a_plan(plan: Plan, expected: pa.Table) -> None:
    from_arrow: Any = getattr(pd.DataFrame, "from_arrow", None)
    if from_arrow is None:
        pytest.skip("pandas 3 reads Arrow streams")
    found = pa.Table.from_pandas(from_arrow(plan), preserve_index=False, schema=expected.schema)
    assert in_order(found).equals(expected)


def test_deltalake_reads_a_plan(plan: Plan, expected: pa.Table, tmp_path: Path) -> None:
    deltalake.write_deltalake(tmp_path / "wells", plan)
    found = pa.table(deltalake.DeltaTable(tmp_path / "wells").to_pyarrow_table())
    assert in_order(found).column("slurry_rate").equals(expected.column("slurry_rate"))


def test_interval_of_a_delta_table_is_replaced(plan: Plan, expected: pa.Table, tmp_path: Path) -> None:
    deltalake.write_deltalake(tmp_path / "wells", plan)
    start, end = START + timedelta(seconds=100), START + timedelta(seconds=200)
    corrected = Plan.of(Site(id=981), start, end, schema=plan.schema)
    interval = f"site_id = 981 AND timestamp >= '{start.isoformat()}' AND timestamp <= '{end.isoformat()}'"
    deltalake.write_deltalake(tmp_path / "wells", corrected, mode="overwrite", predicate=interval)
    found = pa.table(deltalake.DeltaTable(tmp_path / "wells").to_pyarrow_table())
    assert in_order(found).column("slurry_rate").equals(expected.column("slurry_rate"))
