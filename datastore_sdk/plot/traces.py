"""Traces of a plot: curves with gaps, downsampled."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from itertools import pairwise
from statistics import median
from typing import Any

from msgspec import Struct

from datastore_sdk.picks.curves import Curve

MAX_POINTS = 4000
"""Number of points of a trace, about twice as many as a screen has columns."""
_MIN_POINTS = 4
"""Number of points that each part of a trace between gaps keeps at least."""
_MIN_GAP_SECONDS = 10
_GAP_FACTOR = 3
"""Multiple of the usual distance between values from which on values are missing."""


class PlotTrace(Struct, frozen=True, kw_only=True):
    """One field of a plot."""

    field: str
    """Name of the field."""
    label: str
    """Name for people."""
    unit: str | None
    """Unit of the values; None if the service does not name it."""
    color: str
    """`#RRGGBB`."""
    range: tuple[float, float] | None
    """Plot range that the service recommends."""
    connect_nulls: bool
    """Whether gaps are bridged."""
    curve: Curve
    """The values over time."""

    @property
    def title(self) -> str:
        """Label and unit of the values."""
        return f"{self.label} ({self.shown_unit})" if self.unit else self.label

    @property
    def shown_unit(self) -> str:
        """The unit as people write it: `m³` for `m^3`."""
        return (self.unit or "").replace("^2", "²").replace("^3", "³")


def split_at_gaps(curve: Curve) -> list[Curve]:
    """Return the parts of a curve between its gaps."""
    steps = [later - earlier for earlier, later in pairwise(curve.seconds)]
    limit = max(_MIN_GAP_SECONDS, _GAP_FACTOR * median(steps)) if steps else 0
    cuts = [0, *(index for index, step in enumerate(steps, 1) if step > limit), len(curve)]
    return [Curve(curve.seconds[begin:end], curve.values[begin:end]) for begin, end in pairwise(cuts) if end > begin]


def downsample(trace: PlotTrace, max_points: int = MAX_POINTS) -> tuple[list[int], list[float | None]]:
    """Return seconds and values of a trace, with None at each gap unless gaps are bridged.

    MinMaxLTTB keeps extremes and shape. It is applied to each part between gaps, so that no part is lost.
    """
    parts = [trace.curve] if trace.connect_nulls else split_at_gaps(trace.curve)
    seconds: list[int] = []
    values: list[float | None] = []
    for part in parts:
        if seconds:
            seconds.append(seconds[-1] + 1)
            values.append(None)
        chosen = _choose(part, max(max_points * len(part) // max(len(trace.curve), 1), _MIN_POINTS))
        seconds += (part.seconds[index] for index in chosen)
        values += (part.values[index] for index in chosen)
    return seconds, values


def _choose(curve: Curve, count: int) -> Sequence[int]:
    """Return the indices of the values to show."""
    if len(curve) <= count:
        return range(len(curve))
    numpy: Any = import_module("numpy")  # of the extra; tsdownsample has no types
    downsampler: Any = import_module("tsdownsample").MinMaxLTTBDownsampler()
    chosen = downsampler.downsample(numpy.asarray(curve.seconds), numpy.asarray(curve.values, float), n_out=count)
    return [int(index) for index in chosen]
