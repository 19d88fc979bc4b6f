"""Airflow 3: a run for each day. A pool of three slots holds the service's limit on any number of machines.

    airflow pools set restream 3 "connections to the Restream API"
    cp airflow_dag.py "$AIRFLOW_HOME/dags/"

Credentials are in the environment of the workers (TALLY_AUTH_TOKEN), or in the profile that `Plan.of` names.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from airflow.sdk import dag, task


@dag(schedule="@daily", start_date=datetime(2025, 9, 1, tzinfo=UTC), catchup=False)
def restream_records() -> None:
    """Save the records of each day."""

    @task(pool="restream", retries=3, retry_delay=timedelta(minutes=1))
    def save_day(logical_date: datetime | None = None) -> str:
        """Save the records of the day before a run. A retry downloads only the slices that are missing."""
        from datastore_sdk import Plan, Site  # not when Airflow parses the file

        end = (logical_date or datetime.now(UTC)).astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        start = end - timedelta(days=1)
        plan = Plan.of(
            [Site(id=981), Site(id=982)],
            start,
            end - timedelta(seconds=1),
            fields="slurry_rate,surface_treating_pressure",
        )
        folder = Path("records", f"{start:%Y-%m-%d}")
        plan.save(folder, parallel=1)  # one connection for each task
        return str(folder)

    save_day()


restream_records()
