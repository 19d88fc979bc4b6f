"""Prefect: a task for each day. A concurrency limit of three holds the service's limit on any number of machines.

    prefect gcl create restream --limit 3
    python prefect_flow.py 2025-09-16 2025-09-17

Credentials are in the environment of the workers (TALLY_AUTH_TOKEN), or in the profile that `Plan.of` names.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from prefect import flow, task
from prefect.concurrency.sync import concurrency

from datastore_sdk import Plan, Site


@task(retries=3, retry_delay_seconds=60)
def save_day(day: str) -> str:
    """Save the records of a day. A retry downloads only the slices that are missing."""
    start = datetime.fromisoformat(day).replace(tzinfo=UTC)
    folder = Path("records", day)
    with concurrency("restream", strict=True):
        plan = Plan.of(
            [Site(id=981), Site(id=982)],
            start,
            start + timedelta(days=1, seconds=-1),
            fields="slurry_rate,surface_treating_pressure",
        )
        plan.save(folder, parallel=1)  # one connection for each task
    return str(folder)


@flow
def backfill(days: list[str]) -> list[str]:
    """Save the records of several days."""
    return save_day.map(days).result()


if __name__ == "__main__":
    print(backfill(sys.argv[1:]))
