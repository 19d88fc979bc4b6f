"""Curve of one field over the last minutes, and its picture in characters."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean

BLOCKS = "▁▂▃▄▅▆▇█"
ASCII = "_.-:=+*#"
"""Levels for terminals that have no block characters."""
NO_VALUE = {BLOCKS: "·", ASCII: " "}
"""Character of a column without values, by levels."""
_MIN_SPAN = 0.02
"""Lowest difference between bottom and top of a curve, as a share of the values: noise alone shows as a flat line."""
_AHEAD_SECONDS = 60
"""Seconds that a value may be ahead of the time of the view. Values further ahead have a wrong time."""


class Curve:
    """Values of one field by second, in any order of arrival."""

    def __init__(self) -> None:
        self._values: dict[int, float] = {}

    def add(self, second: int, value: float) -> None:
        """Add a value. A later one of the same second replaces it."""
        self._values[second] = value

    def prune(self, start: int, end: int) -> None:
        """Forget values outside of the shown time."""
        last = end + _AHEAD_SECONDS
        self._values = {second: value for second, value in self._values.items() if start <= second <= last}

    def latest(self, end: int) -> tuple[int, float] | None:
        """Return the last second up to the end that has a value, and the value."""
        second = max((second for second in self._values if second <= end), default=None)
        return None if second is None else (second, self._values[second])

    def average(self, start: int, end: int, count: int) -> list[float | None]:
        """Return the average of each of some equal parts of a time, both ends included; None without values."""
        parts: list[list[float]] = [[] for _ in range(count)]
        for second, value in self._values.items():
            if start <= second <= end:
                parts[(second - start) * count // (end - start + 1)].append(value)
        return [fmean(part) if part else None for part in parts]

    def limits(self, start: int, end: int) -> tuple[float, float] | None:
        """Return the lowest and highest value of a time; None without values."""
        shown = [value for second, value in self._values.items() if start <= second <= end]
        return (min(shown), max(shown)) if shown else None


def draw_curve(values: Sequence[float | None], limits: tuple[float, float], height: int, levels: str) -> list[str]:
    """Return the lines of characters that show values, the top one first.

    Args:
        values: One value a column; None: no value.
        limits: The lowest and the highest value.
        height: Number of lines.
        levels: Characters from the lowest to the highest level.
    """
    low, high = limits
    span = max(high - low, _MIN_SPAN * max(abs(low), abs(high)), math.ulp(1))
    top = height * len(levels) - 1
    steps = [None if value is None else round(min(max((value - low) / span, 0), 1) * top) for value in values]
    return ["".join(_cell(step, line * len(levels), levels) for step in steps) for line in reversed(range(height))]


def _cell(step: int | None, base: int, levels: str) -> str:
    """Return the character of a column in the line that begins at a level."""
    if step is None:
        return " " if base else NO_VALUE[levels]
    return " " if step < base else levels[min(step - base, len(levels) - 1)]
