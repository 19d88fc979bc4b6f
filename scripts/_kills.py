"""Runs cases that kill processes, and prints a table of their outcomes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import fields
from typing import Any


def run_cases(name: str, cases: Iterable[Callable[[], Any]], kills: int) -> int:
    """Run cases until there were enough kills, print the sums of their numbers, and return how many failed.

    A case without a kill fails, and is the last one.

    Args:
        name: Name of the table.
        cases: Each returns an outcome: a dataclass with `kills`, `comparison`, `problems` and `sound`.
        kills: Number of kills.
    """
    table: Counter[str] = Counter()
    failed = 0
    for case in cases:
        outcome = case()
        if not outcome.sound or not outcome.kills:
            failed += 1
            print(outcome, flush=True)
        for part in (outcome, outcome.comparison):
            table.update({each.name: getattr(part, each.name) for each in fields(part) if each.name in _count(part)})
        table["problems"] += len(outcome.problems)
        if table["kills"] >= kills or not outcome.kills:
            break
    print(f"{name:10}", "  ".join(f"{each} {table[each]:,}" for each in table), flush=True)
    return failed


def _count(part: Any) -> set[str]:
    """Return the names of the numbers to add up."""
    return {each.name for each in fields(part) if type(getattr(part, each.name)) is int} - {"seed"}
