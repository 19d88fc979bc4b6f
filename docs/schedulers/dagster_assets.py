"""Dagster: a resource for plans, and an asset with a partition for each day.

    dagster instance concurrency set restream 3
    dagster dev -f dagster_assets.py

A pool of three holds the service's limit on any number of machines. Credentials are in the environment of the runs
(TALLY_AUTH_TOKEN), or in the profile that the resource names.
"""

from datetime import datetime, timedelta
from pathlib import Path

import dagster as dg
import pyarrow.parquet as pq

from datastore_sdk import Plan, Site


class Restream(dg.ConfigurableResource):
    """Plans for wells, with the credentials of a profile or of the environment."""

    site_ids: list[int]
    fields: list[str]
    profile: str | None = None

    def plan(self, start: datetime, end: datetime) -> Plan:
        """Return the plan of a time range; `end` is not included."""
        wells = [Site(id=each) for each in self.site_ids]
        return Plan.of(wells, start, end - timedelta(seconds=1), fields=self.fields, profile=self.profile)


@dg.asset(
    partitions_def=dg.DailyPartitionsDefinition(start_date="2025-09-01"),
    pool="restream",
    retry_policy=dg.RetryPolicy(max_retries=3, delay=60),
)
def records(context: dg.AssetExecutionContext, restream: Restream) -> dg.MaterializeResult:
    """Save the records of a day. A retry downloads only the slices that are missing."""
    plan = restream.plan(*context.partition_time_window)
    paths = plan.save(Path("records", context.partition_key), parallel=1)  # one connection for each run
    return dg.MaterializeResult(metadata={"rows": sum(pq.read_metadata(path).num_rows for path in paths)})


defs = dg.Definitions(
    assets=[records],
    resources={"restream": Restream(site_ids=[981, 982], fields=["slurry_rate", "surface_treating_pressure"])},
)
