"""Tests of the recipes in docs/schedulers. `scripts/schedulers` runs them; elsewhere they are not even collected."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from datastore_sdk import Plan, Site
from datastore_sdk.sandbox import Sandbox
from tests.conftest import NOW
from tests.support.environment import set_environment
from tests.support.paths import PYTHONPATH, ROOT

collect_ignore = [f"test_{name}.py" for name in ("airflow", "dagster", "prefect") if not find_spec(name)]

Run = Callable[..., str]
"""Runs a module or script of the environment in the folder of the test, and returns its output."""


@pytest.fixture(scope="session")
def box() -> Iterator[Sandbox]:
    with Sandbox(now=NOW, days=4) as box:
        yield box


@pytest.fixture
def run(box: Sandbox, tmp_path: Path) -> Run:
    """Return a function that runs a command of the scheduler, which must not send anything to its makers."""
    environment = {
        **os.environ,
        **box.environment,
        "HOME": str(tmp_path),
        "PYTHONPATH": PYTHONPATH,
        "AIRFLOW_HOME": str(tmp_path / "airflow"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "docs" / "schedulers"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "SCARF_ANALYTICS": "false",
        "DAGSTER_HOME": str(tmp_path / "dagster"),
        "DAGSTER_DISABLE_TELEMETRY": "1",
        "DO_NOT_TRACK": "1",
        "PREFECT_HOME": str(tmp_path / "prefect"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_LOGGING_LEVEL": "WARNING",
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    }
    for folder in ("airflow", "dagster", "prefect"):
        (tmp_path / folder).mkdir()

    def run(*command: str, **more: str) -> str:
        done = subprocess.run(
            [str(Path(sys.executable).with_name(command[0])), *command[1:]],
            cwd=tmp_path,
            env={**environment, **more},
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )
        output = done.stdout + done.stderr
        assert done.returncode == 0, output[-3000:]
        assert box.token not in output
        return output

    return run


@pytest.fixture
def check_day(box: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Return a function that compares the file of a day with the records of the service."""
    set_environment(monkeypatch, box.environment)

    def check(day: str) -> None:
        start = datetime.fromisoformat(day).replace(tzinfo=UTC)
        plan = Plan.of(
            [Site(id=981), Site(id=982)],
            start,
            start + timedelta(days=1, seconds=-1),
            fields="slurry_rate,surface_treating_pressure",
        )
        paths = [tmp_path / "records" / day / path.name for path in plan.save(tmp_path / "expected" / day)]
        found = pa.concat_tables(map(pq.read_table, paths))
        assert found.num_rows > 0
        assert found.equals(pa.table(plan))
        assert len(paths) == len([*(tmp_path / "records" / day).iterdir()])
        assert {request.status for request in box.requests if request.path.endswith("/data/")} == {200}

    return check
