"""Cases and examples that run with `--all` only."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import TypeVar

T = TypeVar("T")

_SHARE_OF_EXAMPLES = 8
_MIN_EXAMPLES = 15


class Selection:
    """Which cases run; tests/conftest.py sets it from `--all` before test modules are imported."""

    run_all = False


def first(count: int, cases: Iterable[T]) -> list[T]:
    """Return the cases that run: all with `--all`, else only the first few."""
    return list(cases) if Selection.run_all else list(islice(cases, count))


def examples(count: int) -> int:
    """Return how many examples a property test tries: all with `--all`, else an eighth, but 15 at least."""
    return count if Selection.run_all else min(count, max(_MIN_EXAMPLES, count // _SHARE_OF_EXAMPLES))
