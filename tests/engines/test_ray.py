"""Ray reads a plan in two processes, one of which is killed."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import ray

from datastore_sdk import PermissionDeniedError, Plan
from datastore_sdk.distributed import read_ray
from datastore_sdk.sandbox import Sandbox, faults
from tests.engines.conftest import assert_same_records, assert_secret_is_absent, downloads, read_files

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


@pytest.fixture(scope="module", autouse=True)
def cluster(box: Sandbox) -> Iterator[None]:  # noqa: ARG001 - workers inherit the environment
    ray.init(
        num_cpus=2,
        include_dashboard=False,
        _node_ip_address="127.0.0.1",
        object_store_memory=200 * 2**20,
        log_to_driver=False,
        logging_level="ERROR",
    )
    yield
    ray.shutdown()


def to_table(dataset: Any) -> pa.Table:
    return pa.concat_tables([*dataset.iter_batches(batch_size=None, batch_format="pyarrow")])


def test_ray_has_the_records_of_the_sdk(plan: Plan, expected: pa.Table, box: Sandbox) -> None:
    assert_same_records(to_table(read_ray(plan)), expected)
    assert len(downloads(box)) == len(plan.slices)


def test_killed_worker_loses_nothing(plan: Plan, expected: pa.Table, box: Sandbox) -> None:
    box.faults.add(faults.Stall(at=0, seconds=0.5, path="/data/", times=len(plan.slices)))
    batches = iter(read_ray(plan).iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=0))
    found = [next(batches)]
    while not (readers := find_readers()):
        time.sleep(0.01)
    os.kill(readers[0], signal.SIGKILL)
    found += batches
    assert_same_records(pa.concat_tables(found), expected)


def find_readers() -> list[int]:
    """Return the processes of Ray that read a slice."""
    titles = {path: path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()}
    return [
        int(path.parent.name) for path, title in titles.items() if title.startswith(b"ray::") and b"Restream" in title
    ]


def test_slice_that_fails_is_named_once(plan: Plan, box: Sandbox) -> None:
    box.faults.add(faults.Status(403, path="/data/", times=100))
    try:
        with pytest.raises(PermissionDeniedError, match=r"returned 403.*slice of site 98\d from 2025-09-17T") as caught:
            to_table(read_ray(plan))
    finally:
        box.faults.clear()
    assert str(caught.value).count("could not be read") == 1
    assert "transport/" not in str(caught.value)


def test_secret_is_not_in_the_logs(plan: Plan, box: Sandbox) -> None:
    dataset = read_ray(plan)
    dataset.count()
    logs = read_files(Path(ray._private.worker._global_node.get_logs_dir_path()))
    assert len(logs) > 5
    assert_secret_is_absent(
        box.token, {"statistics": dataset.stats().encode(), "dataset": repr(dataset).encode(), **logs}
    )
