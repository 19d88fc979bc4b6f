"""Piecewise linear curves."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from itertools import pairwise


class Polyline:
    """Straight lines through `(time, value)` knots; constant before the first and after the last."""

    def __init__(self, knots: Iterable[tuple[float, float]]) -> None:
        ordered = sorted(knots, key=lambda knot: knot[0])
        self._times = [time for time, _ in ordered]
        self._values = [value for _, value in ordered]
        self._slopes = [(b - a) / (u - t) if u > t else 0.0 for (t, a), (u, b) in pairwise(ordered)]

    def __call__(self, time: float) -> float:
        """Return the value at a time."""
        index = bisect_right(self._times, time) - 1
        if index < 0:
            return self._values[0]
        if index >= len(self._slopes):
            return self._values[-1]
        return self._values[index] + self._slopes[index] * (time - self._times[index])

    def slope(self, time: float) -> float:
        """Return the slope at a time."""
        index = bisect_right(self._times, time) - 1
        return self._slopes[index] if 0 <= index < len(self._slopes) else 0.0
