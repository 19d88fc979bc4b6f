"""Cases and examples that run with `--all` only."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

_SHARE_OF_EXAMPLES = 4
_MIN_EXAMPLES = 20


class Selection:
    """Which cases run; tests/conftest.py sets it from `--all` before test modules are imported."""

    run_all = False


def first(count: int, values: Iterable[Any]) -> list[Any]:
    """Return parameters for `parametrize`: without `--all` only the first few, so that the others cost nothing."""
    cases = [
        value if number < count else pytest.param(value, marks=pytest.mark.exhaustive)
        for number, value in enumerate(values)
    ]
    return cases if Selection.run_all else cases[:count]


def examples(count: int) -> int:
    """Return how many examples a property test tries: all with `--all`, else a quarter, but 20 at least."""
    return count if Selection.run_all else min(count, max(_MIN_EXAMPLES, count // _SHARE_OF_EXAMPLES))
