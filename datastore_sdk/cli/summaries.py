"""Output of `datastore get`: the summary of a download, and the estimate of one."""

from __future__ import annotations

from pathlib import Path

from datastore_sdk import Estimate, Progress
from datastore_sdk.cli.tables import print_json, print_table


def print_summary(progress: Progress, target: Path) -> None:
    """Print the summary of a download, as JSON."""
    print_json(
        {
            "file": str(target),
            "records": progress.records,
            "bytes": progress.bytes,
            "seconds": round(progress.seconds, 3),
        }
    )


def print_estimate(estimate: Estimate, *, json: bool) -> None:
    """Print an estimate, as a table or as JSON. Bytes count the JSON, decompressed."""
    values = {
        "calls": estimate.calls,
        "records": estimate.records,
        "bytes": estimate.bytes,
        "minutes": round(estimate.seconds / 60, 2),
        "sampled_records": estimate.sampled_records,
    }
    if json:
        ranges = [[each.isoformat() for each in one] for one in estimate.sampled_ranges]
        print_json({**values, "sampled_ranges": ranges})
    else:
        print_table([*values], [[str(value) for value in values.values()]])
