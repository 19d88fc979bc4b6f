"""Table of the drift cases: `python -m tests.drift.drift_table` prints it."""

from __future__ import annotations

import sys

from tests.drift.drift_cases import SpecCase, TrafficCase
from tests.drift.spec_drift_cases import SPEC_CASES
from tests.drift.traffic_drift_cases import TRAFFIC_CASES


def table() -> str:
    """Return the table in Markdown."""
    lines = ["| planted | found as | class | affects |", "|---|---|---|---|"]
    planted: list[SpecCase | TrafficCase] = [*SPEC_CASES, *TRAFFIC_CASES]
    for each in planted:
        found = each.find()
        names = ", ".join(found.affects[:2]) if found else ""
        message = f"`{found.rule}` | {found.severity} | {names}" if found else "not found | |"
        where = "traffic: " if isinstance(each, TrafficCase) else ""
        lines.append(f"| {where}{each.description} | {message} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(f"{table()}\n")
