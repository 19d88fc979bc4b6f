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
    """Save the records of a day; the file appears when it is complete."""
    plan = restream.plan(*context.partition_time_window)
    target = Path("records", f"{context.partition_key}.parquet")
    target.parent.mkdir(exist_ok=True)
    partial, rows = target.with_suffix(".partial"), 0
    with pq.ParquetWriter(partial, plan.to_arrow_schema()) as writer:
        for batch in plan.batches(parallel=1):  # one connection for each run
            writer.write_batch(batch)
            rows += batch.num_rows
    partial.replace(target)
    return dg.MaterializeResult(metadata={"rows": rows})


defs = dg.Definitions(
    assets=[records],
    resources={"restream": Restream(site_ids=[981, 982], fields=["slurry_rate", "surface_treating_pressure"])},
)
