"""Tests that need the engines. `scripts/engines` runs them; elsewhere they are not even collected."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path

import pyarrow as pa
import pytest

from datastore_sdk import Plan, Site
from datastore_sdk.sandbox import ReceivedRequest, Sandbox
from tests.conftest import NOW
from tests.support.environment import set_environment
from tests.support.paths import PYTHONPATH
from tests.support.tables import in_order
from tests.support.waiting import wait_until

PACKAGES = {"dask": "dask", "dlt": "dlt", "ray": "ray", "spark": "pyspark"}
collect_ignore_glob = [f"test_{name}*.py" for name, package in PACKAGES.items() if not find_spec(package)]

START = datetime(2025, 9, 17, tzinfo=UTC)
END = START + timedelta(seconds=7199)
SITES = (981, 982, 983)
FIELDS = ("slurry_rate", "upper_master_valve", "pumpdown_active", "frac_stage_step")


@pytest.fixture(scope="session")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """Return a sandbox that the environment of all processes points to."""
    with Sandbox(now=NOW, days=4) as box, pytest.MonkeyPatch.context() as patch:
        environment = {
            **box.environment,
            "PYTHONPATH": PYTHONPATH,
            "RAY_USAGE_STATS_ENABLED": "0",
            "RUNTIME__DLTHUB_TELEMETRY": "false",
            "DLT_DATA_DIR": str(tmp_path_factory.mktemp("dlt")),
            "PYSPARK_PYTHON": sys.executable,
            "XDG_CACHE_HOME": str(tmp_path_factory.mktemp("cache")),
            "XDG_CONFIG_HOME": str(tmp_path_factory.mktemp("config")),
        }
        set_environment(patch, environment)
        yield box


@pytest.fixture(autouse=True)
def bare_environment(box: Sandbox) -> Iterator[None]:
    """Check that no request was refused because there were too many at a time."""
    box.requests.clear()
    yield
    assert [request for request in downloads(box) if request.status == 429] == []


@pytest.fixture
def plan(box: Sandbox) -> Plan:
    plan = Plan.of([Site(id=id_) for id_ in SITES], START, END, fields=FIELDS, seconds=1800)
    box.requests.clear()
    return plan


@pytest.fixture
def profile(box: Sandbox) -> Iterator[Path]:
    """Return the file of the profile `field`. Without it, a process that reads a plan has no credentials."""
    path = Path(os.environ["XDG_CONFIG_HOME"], "restream", "config.toml")
    path.parent.mkdir(exist_ok=True)
    path.write_text(f'[field]\nbase_url = "{box.url}"\nauth_token = "{box.token}"\n')
    path.chmod(0o600)
    yield path
    path.unlink(missing_ok=True)


@pytest.fixture(scope="session")
def expected(box: Sandbox) -> pa.Table:  # noqa: ARG001 - the environment points to it
    """Return the records as the SDK alone reads them."""
    schema = Plan.of([Site(id=id_) for id_ in SITES], START, END, fields=FIELDS).schema
    return in_order(
        pa.concat_tables(Site(id=id_).get_data(START, END, fields=FIELDS).to_arrow(schema=schema) for id_ in SITES)
    )


def assert_same_records(found: pa.Table, expected: pa.Table) -> None:
    """Check that two tables have the same records, key by key and value by value."""
    found = in_order(found.cast(expected.schema))  # Spark's Parquet files have other timestamps
    assert found.num_rows == expected.num_rows
    for name in expected.schema.names:
        assert found.column(name).to_pylist() == expected.column(name).to_pylist(), name


def wait_for_downloads(box: Sandbox, number: int) -> None:
    wait_until(lambda: len(downloads(box)) >= number, seconds=60)


def downloads(box: Sandbox) -> Sequence[ReceivedRequest]:
    return [request for request in box.requests if request.path.endswith("/data/")]


def assert_secret_is_absent(token: str, texts: dict[str, bytes]) -> None:
    """Check that a token is in none of several texts, which have names."""
    assert texts
    assert [name for name, text in texts.items() if token.encode() in text] == []


def read_files(folder: Path) -> dict[str, bytes]:
    """Return the content of all files of a folder."""
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
