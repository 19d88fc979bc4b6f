"""Breakdown pressure: the first peak of the pressure, after which it falls although the rate does not."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from datastore_sdk.picks.curves import Curve
from datastore_sdk.picks.pumping import Pumping
from datastore_sdk.picks.report import Pick, UnavailablePickError, to_datetime

_EARLY = 0.5
"""Share of the plateau up to which the rate is low enough for friction not to hide the breakdown."""
_MIN_DROP = 0.03
"""Share of the peak by which the pressure must fall after it."""
_CLEAR_DROP = 0.1
_SAME_RATE = 0.9
"""Share of the rate at the peak that must still flow when the pressure has fallen."""


def pick_breakdown(pressure: Curve, rate: Curve, pumping: Pumping, unit: str | None) -> Pick:
    """Pick the breakdown pressure.

    Raises:
        UnavailablePickError: The pressure has no such peak before the rate comes up.
    """
    flow = dict(rate.smooth().between(pumping.first, pumping.last).items())
    until = min((second for second, value in flow.items() if value > _EARLY * pumping.plateau), default=pumping.last)
    early = pressure.smooth().between(pumping.first, until - 1)
    peak = _find_peak(early, flow)
    if peak is None:
        raise UnavailablePickError("the pressure has no peak after which it falls while the rate holds")
    is_clear = peak.drop >= _CLEAR_DROP
    return Pick(
        name="breakdown_pressure",
        value=peak.value,
        unit=unit,
        at=to_datetime(peak.second),
        method=f"first peak before {_EARLY:.0%} of the rate after which the pressure falls by {_MIN_DROP:.0%}",
        window=(to_datetime(pumping.first), to_datetime(until)),
        confidence="high" if is_clear else "medium",
        note="" if is_clear else "the pressure falls only a little after the peak",
    )


class _Peak(Struct):
    second: int
    value: float
    drop: float
    """How far the pressure falls after it, as a share of the peak."""


def _find_peak(pressure: Curve, rate: Mapping[int, float]) -> _Peak | None:
    """Return the first peak after which the pressure falls although the rate does not."""
    peak: _Peak | None = None
    for second, value in pressure.items():
        if peak is None or value > peak.value:
            if peak and peak.drop >= _MIN_DROP:
                break
            peak = _Peak(second, value, 0.0)
        elif rate.get(second, 0.0) >= _SAME_RATE * rate.get(peak.second, 0.0):
            peak.drop = max(peak.drop, 1 - value / peak.value)
    return peak if peak and peak.drop >= _MIN_DROP else None
