"""The table of planted drift: `python -m tests.drift.table` prints it."""

from __future__ import annotations

import sys

from tests.drift.in_contracts import IN_CONTRACTS
from tests.drift.in_traffic import IN_TRAFFIC
from tests.drift.planted import Deviating, Planted


def table() -> str:
    """The table, in Markdown."""
    lines = ["| planted | found as | class | touches |", "|---|---|---|---|"]
    planted: list[Planted | Deviating] = [*IN_CONTRACTS, *IN_TRAFFIC]
    for each in planted:
        found = each.found()
        names = ", ".join(found.touches[:2]) if found else ""
        told = f"`{found.rule}` | {found.severity} | {names}" if found else "not found | |"
        where = "traffic: " if isinstance(each, Deviating) else ""
        lines.append(f"| {where}{each.what} | {told} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(f"{table()}\n")
