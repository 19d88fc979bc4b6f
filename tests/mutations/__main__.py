"""Prints the table of calls and kinds of mutations: how many there were, and how many made the call fail.

Run it with `python -m tests.mutations`.
"""

from __future__ import annotations

import logging
from collections import Counter

from tests.mutations.calls import tried
from tests.mutations.payloads import INVENTED, recorded


def main() -> None:
    """Prints it."""
    logging.disable()
    kinds, failed = Counter[str](), Counter[str]()
    for call, each in tried({**INVENTED, **recorded()}):
        kinds += each.count
        fails = Counter(mutation.kind for mutation, _ in each.failures)
        failed += fails
        total = each.count.total()
        print(f"{call.name:45} {total:6} {fails.total():6} {fails.total() / total:6.1%}  {dict(fails)}")
        for mutation, why in each.failures[:3]:
            print(f"    {mutation.kind}, {mutation.place}: {why[:160]}")
    print()
    for kind, count in kinds.most_common():
        print(f"{kind:45} {count:6} {failed[kind]:6} {failed[kind] / count:6.1%}")
    print(f"{'all':45} {kinds.total():6} {failed.total():6} {failed.total() / kinds.total():6.1%}")


if __name__ == "__main__":
    main()
