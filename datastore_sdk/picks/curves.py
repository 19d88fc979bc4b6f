"""Curve of one field over time, and straight lines through it."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean, median

from msgspec import Struct


class Curve(Struct, frozen=True):
    """Values of one field, in order of time."""

    seconds: Sequence[int]
    """Unix seconds, ascending."""
    values: Sequence[float]
    """The values at these seconds."""

    @classmethod
    def from_mapping(cls, values: Mapping[int, float]) -> Curve:
        """Return the curve of values by second, in any order."""
        seconds = sorted(values)
        return cls(seconds, [values[second] for second in seconds])

    def __len__(self) -> int:
        return len(self.seconds)

    def items(self) -> Iterator[tuple[int, float]]:
        """Return pairs of second and value."""
        return zip(self.seconds, self.values, strict=True)

    def between(self, first: float, last: float) -> Curve:
        """Return the part from one second to another, both included."""
        part = slice(bisect_left(self.seconds, first), bisect_right(self.seconds, last))
        return Curve(self.seconds[part], self.values[part])

    def smooth(self, count: int = 5) -> Curve:
        """Return the curve of running medians, in which no value stands out that lasts less than half as long."""
        half = count // 2
        values = [median(self.values[max(index - half, 0) : index + half + 1]) for index in range(len(self))]
        return Curve(self.seconds, values)

    def quantile(self, share: float) -> float:
        """Return the value that a share of the values does not exceed."""
        return sorted(self.values)[min(int(share * len(self)), len(self) - 1)]

    @property
    def average(self) -> float:
        """The average of the values."""
        return fmean(self.values)


class Line(Struct, frozen=True):
    """Straight line through a curve, by least squares."""

    origin: float
    """Second from which times count."""
    intercept: float
    """Value at the origin."""
    slope: float
    """Change per second."""
    rms: float
    """Root mean square of the distances between curve and line."""


def fit_line(curve: Curve, origin: float) -> Line:
    """Return the line through a curve of at least two different seconds."""
    times = [second - origin for second in curve.seconds]
    time, value = fmean(times), curve.average
    spread = sum((each - time) ** 2 for each in times)
    slope = sum((t - time) * (v - value) for t, v in zip(times, curve.values, strict=True)) / spread
    intercept = value - slope * time
    errors = (v - intercept - slope * t for t, v in zip(times, curve.values, strict=True))
    return Line(origin, intercept, slope, math.sqrt(fmean(error**2 for error in errors)))
