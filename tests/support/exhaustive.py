"""Cases and examples that run with `--all` only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import TypeVar
from zlib import crc32

import pytest

T = TypeVar("T")

_SHARE_OF_EXAMPLES = 8
_MIN_EXAMPLES = 10


class Selection:
    """Which cases run; tests/conftest.py sets it from `--all` before test modules are imported."""

    run_all = False


def select_default(items: Iterable[pytest.Item]) -> list[pytest.Item]:
    """Return the tests that run without `--all`: those not marked `exhaustive`, each in one of its forms.

    The sync and the async form of a call come from the same flow, so a bug of the flow shows in either. Half of the
    tests run in the one, half in the other, always the same ones.
    """
    chosen = [item for item in items if not item.get_closest_marker("exhaustive")]
    forms: defaultdict[str, list[pytest.Item]] = defaultdict(list)
    for item in chosen:
        forms[_name_without_form(item)].append(item)
    return [item for item in chosen if item is _choose_form(forms[_name_without_form(item)], item)]


def _name_without_form(item: pytest.Item) -> str:
    return item.nodeid.replace("async", "sync")


def _choose_form(forms: list[pytest.Item], item: pytest.Item) -> pytest.Item:
    """Return the one of the forms of a test that runs. A test with other parameters only runs as it is."""
    if len(forms) == 1 or "form" not in getattr(getattr(item, "callspec", None), "params", {}):
        return item
    return forms[crc32(_name_without_form(item).encode()) % len(forms)]


def first(count: int, cases: Iterable[T]) -> list[T]:
    """Return the cases that run: all with `--all`, else only the first few."""
    return list(cases) if Selection.run_all else list(islice(cases, count))


def spread(count: int, cases: Sequence[T]) -> Sequence[T]:
    """Return the cases that run: all with `--all`, else a few evenly spread, since neighbours are similar."""
    if Selection.run_all or count >= len(cases):
        return cases
    return [cases[index * len(cases) // count] for index in range(count)]


def examples(count: int) -> int:
    """Return how many examples a property test tries: all with `--all`, else an eighth, but 10 at least."""
    return count if Selection.run_all else min(count, max(_MIN_EXAMPLES, count // _SHARE_OF_EXAMPLES))
