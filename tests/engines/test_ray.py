"""Ray reads a plan in two processes, one of which is killed."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import ray
from ray.exceptions import UserCodeException

from datastore_sdk import ConfigurationError, Plan, Site
from datastore_sdk.distributed import read_ray
from datastore_sdk.sandbox import Sandbox, faults
from tests.engines.conftest import (
    END,
    START,
    assert_same_records,
    assert_secret_is_absent,
    downloads,
    read_files,
)
from tests.support.slice_faults import SLICE_FAULTS, SliceFault, assert_names_slice_once
from tests.support.waiting import wait_until

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
    wait_until(kill_a_reader, seconds=60)
    found += batches
    assert_same_records(pa.concat_tables(found), expected)


def kill_a_reader() -> bool:
    """Kill a process of Ray that reads a slice; return whether there is one."""
    titles = {path: path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()}
    readers = [path for path, title in titles.items() if title.startswith(b"ray::") and b"Restream" in title]
    for path in readers[:1]:
        os.kill(int(path.parent.name), signal.SIGKILL)
    return bool(readers)


@pytest.mark.parametrize("fault", SLICE_FAULTS.values(), ids=SLICE_FAULTS)
def test_error_names_slice_and_reason_once(plan: Plan, box: Sandbox, fault: SliceFault) -> None:
    with fault.affecting(box), pytest.raises(fault.error) as caught:
        to_table(read_ray(plan))
    assert_is_an_error_of_the_user(caught.value, fault.reason)


def test_worker_without_credentials_names_the_slice(profile: Path) -> None:
    plan = Plan.of(Site(id=981), START, END, fields="slurry_rate", profile="field")
    profile.unlink()
    with pytest.raises(ConfigurationError) as caught:
        to_table(read_ray(plan))
    assert_is_an_error_of_the_user(caught.value, "there is no profile 'field'")


def assert_is_an_error_of_the_user(error: Exception, reason: str) -> None:
    """Check that Ray does not take an error for one of its own: it would show all frames, and want a report."""
    assert isinstance(error, UserCodeException)
    assert error.__cause__ is None
    assert_names_slice_once(error, reason)
    assert "ray/data/_internal" not in str(error)


def test_secret_is_not_in_the_logs(plan: Plan, box: Sandbox) -> None:
    dataset = read_ray(plan)
    dataset.count()
    logs = read_files(Path(ray._private.worker._global_node.get_logs_dir_path()))
    assert len(logs) > 5
    assert_secret_is_absent(
        box.token, {"statistics": dataset.stats().encode(), "dataset": repr(dataset).encode(), **logs}
    )
