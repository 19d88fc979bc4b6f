"""A slice that fails for good is one clear error for each reader: slice and reason, once."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import deltalake
import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from datastore_sdk import ConfigurationError, MissingCredentialsError, Plan, Site
from datastore_sdk.distributed import scan_restream
from datastore_sdk.sandbox import Sandbox
from tests.support.slice_faults import SLICE_FAULTS, SliceFault, assert_names_slice_once

START = datetime(2025, 9, 17, 6, tzinfo=UTC)


@pytest.fixture
def plan(own_sandbox: Sandbox) -> Plan:  # noqa: ARG001 - the environment points to it
    return Plan.of(Site(id=981), START, START + timedelta(seconds=899), fields="slurry_rate", seconds=300)


def read_with_pandas(plan: Plan, _: Path) -> object:
    from_arrow: Any = getattr(pd.DataFrame, "from_arrow", None)  # new in pandas 3
    return from_arrow(plan) if from_arrow else pa.table(plan).to_pandas()


def read_with_duckdb(plan: Plan, _: Path) -> object:  # noqa: ARG001 - DuckDB finds it by name
    sql: Any = duckdb.sql
    return sql("SELECT count(*) FROM plan").fetchall()


DIRECT: dict[str, Callable[[Plan, Path], object]] = {
    "batches": lambda plan, _: [*plan.batches()],
    "another process": lambda plan, _: [*pickle.loads(pickle.dumps(plan)).batches()],
    "slice": lambda plan, _: [*plan.read(plan.slices[0])],
    "polars scan": lambda plan, _: scan_restream(plan).collect(),
}
"""Readers whose errors have the type of the SDK."""
STREAMS: dict[str, Callable[[Plan, Path], object]] = {
    "pyarrow": lambda plan, _: pa.table(plan),
    "DuckDB": read_with_duckdb,
    "polars": lambda plan, _: pl.DataFrame(plan),
    "deltalake": lambda plan, path: deltalake.write_deltalake(path / "wells", plan),
    "pandas": read_with_pandas,
}
"""Readers of Arrow streams, which transport errors as text."""


@pytest.mark.parametrize("fault", SLICE_FAULTS.values(), ids=SLICE_FAULTS)
def test_error_names_slice_and_reason_once(plan: Plan, fault: SliceFault, own_sandbox: Sandbox, tmp_path: Path) -> None:
    for read in DIRECT.values():
        with fault.affecting(own_sandbox), pytest.raises(fault.error) as caught:
            read(plan, tmp_path)
        assert_names_slice_once(caught.value, fault.reason)
    for read in STREAMS.values():
        with fault.affecting(own_sandbox), pytest.raises(Exception, match=fault.reason) as failed:
            read(plan, tmp_path)
        message, detail, repeated = str(failed.value).partition(" Detail: Python exception: ")
        assert_names_slice_once(message, fault.reason)
        assert_names_slice_once(repeated, fault.reason)  # pyarrow appends the error as Python prints it
        assert detail
        assert repeated.count("File ") == 1


def test_process_without_credentials_names_the_slice(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    received = pickle.loads(pickle.dumps(plan))
    monkeypatch.setenv("RESTREAM_CLIENT_ID", "half of the pair")
    monkeypatch.delenv("TALLY_AUTH_TOKEN")
    with pytest.raises(MissingCredentialsError) as caught:
        received.batches()
    assert_names_slice_once(caught.value, "the client secret (RESTREAM_CLIENT_SECRET) is missing")
    monkeypatch.delenv("RESTREAM_CLIENT_ID")
    with pytest.raises(MissingCredentialsError) as caught:
        scan_restream(received).collect()
    assert_names_slice_once(caught.value, "this process has no credentials")
    assert "set TALLY_AUTH_TOKEN" in str(caught.value)


def test_process_without_the_profile_names_the_slice(plan: Plan) -> None:
    values: dict[str, Any] = plan.__reduce__()[1][0]
    values = {**values, "profile": "field"}
    with pytest.raises(ConfigurationError) as caught:
        Plan(**values).read(plan.slices[1])
    assert_names_slice_once(caught.value, "there is no profile 'field'")
