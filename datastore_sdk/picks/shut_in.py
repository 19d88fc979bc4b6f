"""Instantaneous shut-in pressure (ISIP), and the decline after shut-in."""

from __future__ import annotations

from statistics import median

from msgspec import Struct

from datastore_sdk.picks.curves import Curve, Line, fit_line
from datastore_sdk.picks.pumping import Pumping
from datastore_sdk.picks.report import Confidence, Pick, UnavailablePickError, to_datetime

_FIT_SECONDS = 90
"""Length of the part of the decline through which the line goes."""
_FIT_STARTS = (15, 30, 45, 60, 90, 120)
"""Seconds after shut-in at which it may start: the earliest at which the water hammer has died away."""
_MAX_RMS = 0.003
"""Highest scatter around a line without water hammer, as a share of the pressure."""
_LOW_RMS = 0.001
_MIN_COVERAGE = 0.8
"""Share of the seconds of a window that must have a value."""
_DECLINE_HALF_WINDOW = 10
"""Seconds before and after a time whose median is the pressure at that time."""
_BLED_OFF = 0.5
"""Share of the ISIP below which the pressure is not that of the formation any more."""
_DOUBTFUL = 0.8


class _Fit(Struct, frozen=True):
    line: Line
    window: Curve
    scatter: float
    """Scatter around the line, as a share of the pressure."""


def pick_isip(pressure: Curve, pumping: Pumping, unit: str | None, *, is_under_way: bool) -> Pick:
    """Pick the ISIP: a line through the early decline, extended back to shut-in.

    Args:
        pressure: Surface treating pressure.
        pumping: Pumping of the stage.
        unit: Unit of the pressure.
        is_under_way: Whether the stage has not ended, so that the pumps may start again.

    Raises:
        UnavailablePickError: The decline is not in the data.
    """
    shut_in = _require_shut_in(pumping)
    fits = [fit for start in _FIT_STARTS if (fit := _fit(pressure, shut_in, start))]
    if not fits:
        raise UnavailablePickError(f"there is no pressure for {_FIT_SECONDS} s after the shut-in")
    fit = next((fit for fit in fits if fit.scatter <= _MAX_RMS), min(fits, key=lambda fit: fit.scatter))
    value = fit.line.intercept
    before = pressure.between(pumping.last - 120, pumping.last - 60)
    confidence, note = _judge(fit, value, median(before.values) if before else None)
    if is_under_way and confidence != "low":
        confidence, note = "medium", "the stage is under way: the pumps may start again"
    return Pick(
        name="isip",
        value=value,
        unit=unit,
        at=to_datetime(shut_in),
        method="linear extrapolation of the early decline to shut-in",
        window=(to_datetime(fit.window.seconds[0]), to_datetime(fit.window.seconds[-1])),
        confidence=confidence,
        note=note,
    )


def pick_decline(pressure: Curve, pumping: Pumping, isip: Pick, minutes: int) -> Pick:
    """Pick how far the pressure has declined below the ISIP, some minutes after shut-in.

    Raises:
        UnavailablePickError: There is no pressure at that time, or it was bled off.
    """
    at = _require_shut_in(pumping) + 60 * minutes
    window = pressure.between(at - _DECLINE_HALF_WINDOW, at + _DECLINE_HALF_WINDOW)
    if len(window) < _DECLINE_HALF_WINDOW:
        raise UnavailablePickError(f"there is no pressure {minutes} minutes after the shut-in")
    share = median(window.values) / isip.value
    if share < _BLED_OFF:
        raise UnavailablePickError("the pressure was bled off")
    doubt = share < _DOUBTFUL
    return Pick(
        name=f"decline_{minutes}_min",
        value=isip.value - median(window.values),
        unit=isip.unit,
        at=to_datetime(at),
        method="ISIP minus the median pressure",
        window=(to_datetime(at - _DECLINE_HALF_WINDOW), to_datetime(at + _DECLINE_HALF_WINDOW)),
        confidence="low" if doubt else isip.confidence,
        note="a large part of the ISIP: the well may leak or be bled off" if doubt else isip.note,
    )


def _require_shut_in(pumping: Pumping) -> int:
    if pumping.shut_in is None:
        raise UnavailablePickError("the data ends before the pumps rest")
    return pumping.shut_in


def _fit(pressure: Curve, shut_in: int, start: int) -> _Fit | None:
    window = pressure.between(shut_in + start, shut_in + start + _FIT_SECONDS)
    if len(window) < _MIN_COVERAGE * _FIT_SECONDS or window.average <= 0:
        return None
    line = fit_line(window, shut_in)
    return _Fit(line, window, line.rms / window.average)


def _judge(fit: _Fit, isip: float, before: float | None) -> tuple[Confidence, str]:
    if fit.scatter > _MAX_RMS:
        return "low", "the water hammer has not died away"
    if fit.line.slope > 0:
        return "low", "the pressure rises after the shut-in"
    if before is not None and isip >= before:
        return "low", "the ISIP is above the pressure while pumping"
    if fit.scatter > _LOW_RMS:
        return "medium", "the pressure scatters around the line"
    return "high", ""
