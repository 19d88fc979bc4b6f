"""Averages and maxima of the curves by proppant step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby, pairwise
from statistics import median

from datastore_sdk.picks.curves import Curve
from datastore_sdk.picks.pumping import Pumping
from datastore_sdk.picks.report import ProppantStep, to_datetime

_BIN_SECONDS = 10
_SAME_STEP = 0.05
"""Difference of concentrations within one step, as a share of the highest concentration."""
_MIN_STEP_SECONDS = 60
"""Shorter steps are transitions."""


def summarize_steps(
    curves: Mapping[str, Curve], step: Curve, concentration: Curve, pumping: Pumping
) -> list[ProppantStep]:
    """Return averages and maxima by step.

    Args:
        curves: The curves, by field.
        step: Number of the step, as the data van reports it; if it has no values, the concentration shows the steps.
        concentration: Proppant concentration.
        pumping: Pumping of the stage.
    """
    numbers = step.between(pumping.first, pumping.last)
    reported = len({*numbers.values}) > 1
    found = (
        _read_steps(numbers, pumping.last)
        if reported
        else _detect_steps(concentration.between(pumping.first, pumping.last))
    )
    steps: list[ProppantStep] = []
    for number, first, last in found:
        parts = {name: part for name, curve in curves.items() if (part := curve.between(first, last))}
        steps.append(
            ProppantStep(
                number=number,
                start=to_datetime(first),
                end=to_datetime(last),
                average={name: part.average for name, part in parts.items()},
                maximum={name: max(part.values) for name, part in parts.items()},
                method="reported step" if reported else "constant concentration",
                confidence="high" if reported else "medium",
            )
        )
    return steps


def _read_steps(step: Curve, last: int) -> Iterator[tuple[int, int, int]]:
    """Yield number, first and last second of each reported step: it lasts until the next number is reported."""
    begins = [(number, next(group)[0]) for number, group in groupby(step.items(), key=lambda item: item[1])]
    for (number, first), (_, following) in pairwise([*begins, (0, last + 1)]):
        yield int(number), first, following - 1


def _detect_steps(concentration: Curve) -> Iterator[tuple[int, int, int]]:
    """Yield number, first and last second of each interval of constant concentration."""
    starts = range(*_bounds(concentration), _BIN_SECONDS)
    parts = ((start, concentration.between(start, start + _BIN_SECONDS - 1)) for start in starts)
    bins = [(start, median(part.values)) for start, part in parts if part]
    limit = _SAME_STEP * max((value for _, value in bins), default=0)
    begins = [
        0,
        *(index for index, (one, other) in enumerate(pairwise(bins), 1) if abs(other[1] - one[1]) > limit),
        len(bins),
    ]
    number = 0
    for begin, end in pairwise(begins):
        first, last = bins[begin][0], bins[end - 1][0] + _BIN_SECONDS - 1
        if last - first + 1 >= _MIN_STEP_SECONDS:
            yield number, first, last
            number += 1


def _bounds(curve: Curve) -> tuple[int, int]:
    return (curve.seconds[0], curve.seconds[-1] + 1) if curve else (0, 0)
