"""Smallest and largest numbers of a column."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc


def max_magnitude(column: pa.Array[Any]) -> float:
    """Return the largest magnitude of the numbers of a column."""
    if column.null_count == len(column):
        return 0
    lowest, highest = find_range(column)
    return max(-lowest, highest)


def find_range(column: pa.Array[Any]) -> tuple[float, float]:
    """Return the smallest and the largest number of a column, which has one at least."""
    extremes: Any = pc.min_max(column).as_py()  # the stubs know lists only
    return extremes["min"], extremes["max"]
