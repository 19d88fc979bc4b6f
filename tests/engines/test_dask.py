"""Dask reads a plan in two processes, one of which is killed."""

from __future__ import annotations

import os
import pickle
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dask
import pandas as pd
import pyarrow as pa
import pytest
from dask.distributed import Client, LocalCluster

from datastore_sdk import MissingCredentialsError, Plan
from datastore_sdk.distributed import read_dask
from datastore_sdk.sandbox import Sandbox, faults
from tests.engines.conftest import (
    assert_same_records,
    assert_secret_is_absent,
    downloads,
    read_files,
    wait_for_downloads,
)
from tests.support.slice_faults import SLICE_FAULTS, SliceFault, assert_names_slice_once


@pytest.fixture(scope="module")
def cluster(box: Sandbox) -> Iterator[Client]:  # noqa: ARG001 - workers inherit the environment
    with (
        LocalCluster(n_workers=2, threads_per_worker=2, host="127.0.0.1", dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        yield client


def to_table(frame: Any, expected: pa.Table) -> pa.Table:
    return pa.Table.from_pandas(frame, preserve_index=False, schema=expected.schema)


def test_dask_has_the_records_of_the_sdk(plan: Plan, expected: pa.Table) -> None:
    with dask.config.set(scheduler="threads"):
        assert_same_records(to_table(read_dask(plan).compute(), expected), expected)


def test_dask_downloads_only_used_columns(plan: Plan, box: Sandbox) -> None:
    with dask.config.set(scheduler="threads"):
        assert isinstance(read_dask(plan).slurry_rate.sum().compute(), float)
    assert {dict(request.query)["fields"] for request in downloads(box)} == {"slurry_rate"}


def test_workers_keep_to_the_limit(plan: Plan, expected: pa.Table, cluster: Client, box: Sandbox) -> None:  # noqa: ARG001
    box.faults.add(faults.Stall(at=0, seconds=0.3, path="/data/", times=len(plan.slices)))
    frame = read_dask(plan).compute()
    assert_same_records(to_table(frame, expected), expected)


def test_secret_is_not_in_graph_and_state(plan: Plan, cluster: Client, box: Sandbox, tmp_path: Path) -> None:
    frame = read_dask(plan.only(sites=[981]))
    future = cluster.compute(frame)
    future.result()
    cluster.dump_cluster_state(str(tmp_path / "state"), format="yaml")
    texts = {
        "graph": pickle.dumps(frame.dask),
        "expression": str(frame.expr.tree_repr()).encode(),
        "worker logs": str(cluster.get_worker_logs()).encode(),
        "scheduler logs": str(cluster.get_scheduler_logs()).encode(),
        **read_files(tmp_path),
    }
    assert_secret_is_absent(box.token, texts)


@pytest.mark.parametrize("fault", SLICE_FAULTS.values(), ids=SLICE_FAULTS)
def test_error_names_slice_and_reason_once(plan: Plan, cluster: Client, box: Sandbox, fault: SliceFault) -> None:
    with fault.affecting(box), pytest.raises(fault.error) as caught:
        cluster.compute(read_dask(plan.only(sites=[981]))).result()
    assert_names_slice_once(caught.value, fault.reason)


def test_worker_without_credentials_says_so(plan: Plan, cluster: Client) -> None:
    def set_token(token: str | None) -> str | None:
        return os.environ.pop("TALLY_AUTH_TOKEN") if token is None else os.environ.update(TALLY_AUTH_TOKEN=token)

    tokens = cluster.run(set_token, None)
    try:
        with pytest.raises(MissingCredentialsError) as caught:
            cluster.compute(read_dask(plan)).result()
    finally:
        cluster.run(set_token, next(iter(tokens.values())))
    assert_names_slice_once(caught.value, "this process has no credentials")


def test_killed_worker_loses_nothing(plan: Plan, expected: pa.Table, cluster: Client, box: Sandbox) -> None:
    box.faults.add(faults.Stall(at=0, seconds=0.5, path="/data/", times=len(plan.slices)))
    future = cluster.compute(read_dask(plan))
    pids = cluster.run(os.getpid)
    wait_for_downloads(box, 4)
    os.kill(next(iter(pids.values())), signal.SIGKILL)
    frame: pd.DataFrame = future.result(timeout=60)
    assert_same_records(to_table(frame, expected), expected)
    assert len(downloads(box)) >= len(plan.slices)
