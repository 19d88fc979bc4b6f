"""Warning signs of a screen-out: the pressure rises fast while the rate is constant."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from datastore_sdk.picks.curves import Curve, fit_line
from datastore_sdk.picks.pumping import Pumping
from datastore_sdk.picks.report import ScreenOutSign, to_datetime

_WINDOW_SECONDS = 90
_STEP_SECONDS = 15
_MIN_RISE = 0.03
"""Rise per minute, as a share of the median treating pressure."""
_CLEAR_RISE = 2 * _MIN_RISE
_MAX_RATE_SPREAD = 0.05
"""Difference between the highest and the lowest rate of a window, as a share of the plateau."""
_MIN_RATE = 0.8
_MIN_COVERAGE = 0.8
_WITH_PROPPANT = 0.1
"""Share of the highest concentration above which proppant is pumped."""


def find_screen_out_signs(pressure: Curve, rate: Curve, concentration: Curve, pumping: Pumping) -> list[ScreenOutSign]:
    """Return the intervals at full rate in which the pressure rises fast; intervals that overlap are one.

    The flush is left out: the pressure rises there because clean fluid replaces the heavier slurry.
    """
    if pumping.at_rate is None:
        return []
    until = _find_flush(concentration.between(pumping.first, pumping.last)) or pumping.last
    usual = median(pressure.between(pumping.at_rate, pumping.last).values or [0.0])
    found: list[tuple[int, int, float]] = []
    for start, rise in _find_rises(pressure, rate.smooth(), pumping, until, usual):
        begin, fastest = start, rise
        if found and start <= found[-1][1]:
            begin, _, earlier = found.pop()
            fastest = max(rise, earlier)
        found.append((begin, start + _WINDOW_SECONDS, fastest))
    return [
        ScreenOutSign(
            start=to_datetime(start),
            end=to_datetime(end),
            rise_per_minute=rise,
            method=f"pressure rises by {_MIN_RISE:.0%} a minute for {_WINDOW_SECONDS} s at constant rate",
            confidence="high" if rise > _CLEAR_RISE * usual else "medium",
        )
        for start, end, rise in found
    ]


def _find_flush(concentration: Curve) -> int | None:
    """Return the second at which the proppant ends; None without proppant."""
    smooth = concentration.smooth()
    limit = _WITH_PROPPANT * max(smooth.values, default=0.0)
    return max((second for second, value in smooth.items() if value > limit), default=None)


def _find_rises(
    pressure: Curve, rate: Curve, pumping: Pumping, until: int, usual: float
) -> Iterator[tuple[int, float]]:
    """Yield starts of windows with a fast rise, and the rise per minute."""
    for start in range(pumping.at_rate or 0, until - _WINDOW_SECONDS, _STEP_SECONDS):
        end = start + _WINDOW_SECONDS
        window, flow = pressure.between(start, end), rate.between(start, end)
        if min(len(window), len(flow)) < _MIN_COVERAGE * _WINDOW_SECONDS:
            continue
        lowest, highest = min(flow.values), max(flow.values)
        if lowest < _MIN_RATE * pumping.plateau or highest - lowest > _MAX_RATE_SPREAD * pumping.plateau:
            continue
        rise = 60 * fit_line(window, start).slope
        if rise > _MIN_RISE * usual > 0:
            yield start, rise
