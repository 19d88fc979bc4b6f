"""`Plan.save`: a file for each slice, complete or absent, and only those that are missing are downloaded."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from datastore_sdk import PermissionDeniedError, Plan, Site
from datastore_sdk.sandbox import Sandbox, faults
from tests.support.paths import ROOT
from tests.support.slice_faults import SLICE_FAULTS, assert_names_slice_once

START = datetime(2025, 9, 17, 6, tzinfo=UTC)
END = START + timedelta(seconds=899)
FIELDS = ["slurry_rate", "upper_master_valve"]


def make_plan(fields: list[str] = FIELDS, **options: object) -> Plan:
    sites = [Site(id=981), Site(id=982)]
    return Plan.of(sites, START, END, fields=fields, **{"seconds": 300, **options})  # type: ignore[arg-type]


@pytest.fixture
def plan(own_sandbox: Sandbox) -> Plan:
    plan: Plan = pickle.loads(pickle.dumps(make_plan()))
    own_sandbox.requests.clear()
    return plan


def count_downloads(box: Sandbox) -> int:
    return sum(request.path.endswith("/data/") for request in box.requests)


def read_version(path: Path) -> tuple[int, int]:
    """Return what differs if a file was written again. The time of access changes when it is read."""
    status = path.stat()
    return status.st_ino, status.st_mtime_ns


def test_folder_has_the_records_of_the_plan(plan: Plan, own_sandbox: Sandbox, tmp_path: Path) -> None:
    paths = plan.save(tmp_path / "new" / "records")
    assert count_downloads(own_sandbox) == len(plan.slices) == 6
    assert paths[1].name == "site-982-20250917T060000Z-20250917T060459Z.parquet"
    assert sorted(paths) == sorted((tmp_path / "new" / "records").iterdir())
    tables = [pq.read_table(path) for path in paths]
    assert pa.concat_tables(tables).equals(pa.table(plan))
    assert (tables[0].schema.field("slurry_rate").metadata or {})[b"unit"] == b"bbl/min"
    assert ds.dataset(tmp_path / "new" / "records").count_rows() == 1800


def test_only_missing_slices_are_downloaded(plan: Plan, own_sandbox: Sandbox, tmp_path: Path) -> None:
    paths = plan.save(str(tmp_path))
    before = read_version(paths[0])
    paths[3].unlink()
    own_sandbox.requests.clear()
    assert plan.save(tmp_path) == paths
    assert count_downloads(own_sandbox) == 1
    assert read_version(paths[0]) == before
    assert pa.concat_tables(map(pq.read_table, paths)).equals(pa.table(plan))


def test_failed_slice_leaves_no_file_and_can_be_repeated(plan: Plan, own_sandbox: Sandbox, tmp_path: Path) -> None:
    own_sandbox.faults.add(faults.Status(403, path="/sites/982/data/"))
    with pytest.raises(PermissionDeniedError) as caught:
        plan.save(tmp_path, parallel=1)
    assert_names_slice_once(caught.value, SLICE_FAULTS["no access"].reason)
    assert [path.name for path in tmp_path.iterdir()] == ["site-981-20250917T060000Z-20250917T060459Z.parquet"]
    own_sandbox.requests.clear()
    paths = plan.save(tmp_path)
    assert count_downloads(own_sandbox) == 5
    assert pa.concat_tables(map(pq.read_table, paths)).equals(pa.table(plan))


def test_columns_and_their_order_are_those_of_the_plan(plan: Plan, own_sandbox: Sandbox, tmp_path: Path) -> None:
    part = plan.only(["slurry_rate", "timestamp"], sites=[982])
    (path, *_) = part.save(tmp_path)
    assert pq.read_schema(path).names == ["slurry_rate", "timestamp"]
    assert {dict(request.query)["fields"] for request in own_sandbox.requests} == {"slurry_rate"}
    (path, *_) = plan.only(["site_id"], sites=[981]).save(tmp_path)
    assert pq.read_table(path).to_pydict() == {"site_id": [981] * 300}


def test_slice_without_records_has_a_file(own_sandbox: Sandbox, tmp_path: Path) -> None:
    schema = make_plan().schema
    past = START - timedelta(days=400)
    plan = Plan.of(Site(id=981), past, past + timedelta(seconds=59), schema=schema)
    (path,) = plan.save(tmp_path)
    assert pq.read_table(path).num_rows == 0
    own_sandbox.requests.clear()
    plan.save(tmp_path)
    assert count_downloads(own_sandbox) == 0


def test_files_of_another_download_are_an_error(plan: Plan, own_sandbox: Sandbox, tmp_path: Path) -> None:
    paths = plan.save(tmp_path)
    others = [
        plan.only(["timestamp", "site_id", "slurry_rate"]),
        make_plan(si_units=True),
        Plan.of([Site(id=981)], START, END, schema=plan.schema, seconds=300, resolution="ten-second"),
    ]
    own_sandbox.requests.clear()
    for other in others:
        with pytest.raises(FileExistsError, match="is of another download"):
            other.save(tmp_path)
    paths[0].write_bytes(b"PAR1 but no more")
    with pytest.raises(FileExistsError, match="is not a Parquet file; delete it"):
        plan.save(tmp_path)
    assert count_downloads(own_sandbox) == 0


def test_folder_can_be_extended(plan: Plan, own_sandbox: Sandbox, tmp_path: Path) -> None:
    first, second = plan.only(end=START + timedelta(seconds=299)), plan.only(start=START + timedelta(seconds=300))
    paths = [*second.save(tmp_path), *first.save(tmp_path)]
    assert len(paths) == len({*plan.save(tmp_path)}) == count_downloads(own_sandbox) == 6
    assert ds.dataset(tmp_path).count_rows() == 1800


def test_overlapping_slices_are_an_error(plan: Plan, own_sandbox: Sandbox, tmp_path: Path) -> None:
    """A range that ended within a slice and ends later now: readers of the folder would get records twice."""
    plan.only(end=START + timedelta(seconds=399)).save(tmp_path)
    own_sandbox.requests.clear()
    with pytest.raises(FileExistsError, match=r"981-20250917T060500Z-20250917T060639Z\.parquet is .* time overlaps"):
        plan.save(tmp_path)
    assert count_downloads(own_sandbox) == 0


def test_other_time_in_other_units_is_an_error(plan: Plan, own_sandbox: Sandbox, tmp_path: Path) -> None:
    plan.only(end=START + timedelta(seconds=299)).save(tmp_path)
    other = make_plan(si_units=True).only(start=START + timedelta(seconds=300))
    own_sandbox.requests.clear()
    with pytest.raises(FileExistsError, match="units, resolution, aggregation or service differ"):
        other.save(tmp_path)
    assert count_downloads(own_sandbox) == 0


def test_invalid_arguments_are_errors(plan: Plan, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="parallel must be from 1 to 3"):
        plan.save(tmp_path, parallel=4)
    with pytest.raises(ValueError, match="not a local path"):
        plan.save("s3://bucket/records")
    with pytest.raises(TypeError):
        plan.save(7)  # type: ignore[arg-type]
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError, match="pass the path of a folder"):
        plan.save(tmp_path / "file")


SAVE = "import pickle, sys; pickle.loads(bytes.fromhex(sys.argv[1])).save(sys.argv[2], parallel=2)"


def test_killed_process_leaves_complete_files_only(plan: Plan, own_sandbox: Sandbox, tmp_path: Path) -> None:
    own_sandbox.faults.add(faults.Stall(at=9000, seconds=30, path="/sites/982/data/", times=9))
    command = [sys.executable, "-c", SAVE, pickle.dumps(plan).hex(), str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "generated")])}
    with subprocess.Popen(command, env=environment) as run:
        while not list(tmp_path.glob("*.parquet")):
            assert run.poll() is None
        run.send_signal(signal.SIGKILL)
    for path in tmp_path.glob("*.parquet"):
        assert pq.read_table(path).num_rows == 300
    own_sandbox.faults.clear()
    paths = plan.save(tmp_path)
    assert sorted(paths) == sorted(tmp_path.glob("*"))
    assert pa.concat_tables(map(pq.read_table, paths)).equals(pa.table(plan))
