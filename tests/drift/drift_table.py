"""The table of planted drift: `python -m tests.drift.drift_table` prints it."""

from __future__ import annotations

import sys

from tests.drift.drift_cases import Deviating, Planted
from tests.drift.spec_drift_cases import IN_CONTRACTS
from tests.drift.traffic_drift_cases import IN_TRAFFIC


def table() -> str:
    """The table, in Markdown."""
    lines = ["| planted | found as | class | affects |", "|---|---|---|---|"]
    planted: list[Planted | Deviating] = [*IN_CONTRACTS, *IN_TRAFFIC]
    for each in planted:
        found = each.found()
        names = ", ".join(found.affects[:2]) if found else ""
        told = f"`{found.rule}` | {found.severity} | {names}" if found else "not found | |"
        where = "traffic: " if isinstance(each, Deviating) else ""
        lines.append(f"| {where}{each.what} | {told} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(f"{table()}\n")
