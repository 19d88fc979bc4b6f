"""Cases that run with `--all` only."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest


def first(count: int, values: Iterable[Any]) -> list[Any]:
    """Return parameters for `parametrize`, of which only the first few run without `--all`."""
    return [
        value if number < count else pytest.param(value, marks=pytest.mark.exhaustive)
        for number, value in enumerate(values)
    ]
