"""Prints the table of calls and kinds of mutations: how many there were, and how many made the call fail.

Run it with `python -m tests.response_mutations`.
"""

from __future__ import annotations

import logging
import sys
from collections import Counter

from tests.response_mutations.mutated_calls import run_mutations
from tests.response_mutations.payloads import INVENTED, load_recorded


def main() -> None:
    """Print the report."""
    logging.disable()
    kinds, failed = Counter[str](), Counter[str]()
    for call, each in run_mutations({**INVENTED, **load_recorded()}):
        kinds += each.count
        fails = Counter(mutation.kind for mutation, _ in each.failures)
        failed += fails
        total = each.count.total()
        share = fails.total() / total
        sys.stdout.write(f"{call.name:45} {total:6} {fails.total():6} {share:6.1%}  {dict(fails)}\n")
        for mutation, why in each.failures[:3]:
            sys.stdout.write(f"    {mutation.kind}, {mutation.place}: {why[:160]}\n")
    sys.stdout.write("\n")
    for kind, count in kinds.most_common():
        sys.stdout.write(f"{kind:45} {count:6} {failed[kind]:6} {failed[kind] / count:6.1%}\n")
    sys.stdout.write(f"{'all':45} {kinds.total():6} {failed.total():6} {failed.total() / kinds.total():6.1%}\n")


if __name__ == "__main__":
    main()
