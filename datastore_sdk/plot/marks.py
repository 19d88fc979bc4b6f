"""Marks of a frac stage, found in its curves: proppant steps, flush, rate drops, shut-in."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from statistics import median

from datastore_sdk.picks.curves import Curve
from datastore_sdk.picks.pumping import Pumping, find_pumping
from datastore_sdk.picks.report import UnavailablePickError, to_datetime
from datastore_sdk.picks.steps import summarize_steps
from datastore_sdk.plot.content import PlotMark

RATE = "slurry_rate"
CONCENTRATION = "proppant_conc"
STEP = "frac_stage_step"
MARK_FIELDS = (RATE, CONCENTRATION, STEP)
"""Fields in which marks are found."""
_FLUSH = 0.1
"""Share of the highest concentration that the flush stays below on average."""
_RATE_DROP = 0.05
"""Share of the rate by which it must drop."""
_REFERENCE_SECONDS = 60
"""Seconds before a drop, whose median is the rate; and behind it, in which slurry still flows, or it is the shut-in."""


def find_marks(curves: Mapping[str, Curve], last: int) -> Iterator[PlotMark]:
    """Yield the marks of one stage, in no order.

    Args:
        curves: Curves of the stage and of the time behind it, by field.
        last: Last second with a record.
    """
    rate, concentration = curves[RATE], curves[CONCENTRATION]
    if not rate:
        return
    try:
        pumping = find_pumping(rate, last)
    except UnavailablePickError:
        return
    if concentration:
        yield from _find_steps(concentration, curves[STEP], pumping)
    yield from _find_rate_drops(rate, pumping)
    if pumping.shut_in:
        yield PlotMark(at=to_datetime(pumping.shut_in), label="shut-in", kind="shut-in")


def _find_steps(concentration: Curve, number: Curve, pumping: Pumping) -> Iterator[PlotMark]:
    """Yield the starts of the proppant steps and of the flush."""
    steps = summarize_steps({CONCENTRATION: concentration}, number, concentration, pumping)
    highest = max(concentration.values)
    for step in steps[1:]:
        if step is steps[-1] and step.average.get(CONCENTRATION, 0.0) < _FLUSH * highest:
            yield PlotMark(at=step.start, label="flush", kind="flush")
        else:
            yield PlotMark(at=step.start, label=f"step {step.number}", kind="step")


def _find_rate_drops(rate: Curve, pumping: Pumping) -> Iterator[PlotMark]:
    """Yield the seconds at which the rate drops, although slurry still flows."""
    if pumping.at_rate is None:
        return
    flow = rate.smooth().between(pumping.at_rate, pumping.last - _REFERENCE_SECONDS)
    next_second = pumping.at_rate
    for index, (second, value) in enumerate(flow.items()):
        if index == 0 or second < next_second:
            continue
        since = flow.seconds[index - 1] - _REFERENCE_SECONDS  # before a gap, if there is one
        reference = median(flow.values[bisect_left(flow.seconds, since) : index])
        if value < (1 - _RATE_DROP) * reference:
            next_second = second + _REFERENCE_SECONDS  # by then, the lower rate is the reference
            lowest = min(rate.smooth().between(second, next_second).values)
            yield PlotMark(at=to_datetime(second), label=f"rate -{1 - lowest / reference:.0%}", kind="rate drop")
