"""The recipe for Airflow saves the day before its run."""

from __future__ import annotations

from collections.abc import Callable

from tests.schedulers.conftest import Run


def test_dag_saves_the_day_before(run: Run, check_day: Callable[[str], None]) -> None:
    run("airflow", "db", "migrate")
    run("airflow", "pools", "set", "restream", "3", "connections to the Restream API")
    run("airflow", "dags", "test", "restream_records", "2025-09-17")
    check_day("2025-09-16")
