"""When a stage was pumped: first flow, rate reached, shut-in."""

from __future__ import annotations

from msgspec import Struct

from datastore_sdk.picks.curves import Curve
from datastore_sdk.picks.report import Pick, UnavailablePickError, to_datetime

_FLOWING = 0.02
"""Share of the highest rate above which slurry flows."""
_AT_RATE = 0.95
"""Share of the plateau above which the rate is reached."""
_PLATEAU = 0.75
"""Share of the flowing rates that do not exceed the plateau."""
_HOLD_SECONDS = 60
"""Seconds for which a rate must hold, and for which the pumps must rest to be shut in."""


class Pumping(Struct, frozen=True, kw_only=True):
    """Pumping of a stage, in unix seconds."""

    first: int
    """First second with flow."""
    last: int
    """Last second with flow."""
    plateau: float
    """The rate at which most of the stage is pumped."""
    at_rate: int | None
    """First second at which the rate reaches the plateau and holds; None: it does not."""
    shut_in: int | None
    """First second without flow after the last flow; None: the data ends before the pumps rest."""


def find_pumping(rate: Curve, known_until: int) -> Pumping:
    """Find the pumping of a stage.

    Args:
        rate: Slurry rate; after shut-in it may be missing.
        known_until: Last second with any record.

    Raises:
        UnavailablePickError: No slurry was pumped.
    """
    smooth = rate.smooth()
    limit = _FLOWING * max(smooth.values, default=0)
    flowing = [second for second, value in smooth.items() if value > limit]
    if not flowing:
        raise UnavailablePickError("no slurry was pumped")
    first, last = flowing[0], flowing[-1]
    flow = smooth.between(first, last)
    plateau = flow.quantile(_PLATEAU)
    return Pumping(
        first=first,
        last=last,
        plateau=plateau,
        at_rate=_find_held(flow, _AT_RATE * plateau),
        shut_in=last + 1 if known_until - last >= _HOLD_SECONDS else None,
    )


def pick_time_to_rate(pumping: Pumping) -> Pick:
    """Pick the seconds from the first flow until the rate is reached.

    Raises:
        UnavailablePickError: The rate does not hold anywhere.
    """
    if pumping.at_rate is None:
        raise UnavailablePickError(f"the rate does not hold for {_HOLD_SECONDS} s anywhere")
    return Pick(
        name="time_to_rate",
        value=pumping.at_rate - pumping.first,
        unit="s",
        at=to_datetime(pumping.at_rate),
        method=f"first flow until the rate holds {_AT_RATE:.0%} of its plateau for {_HOLD_SECONDS} s",
        window=(to_datetime(pumping.first), to_datetime(pumping.at_rate + _HOLD_SECONDS)),
        confidence="high",
    )


def _find_held(rate: Curve, limit: float) -> int | None:
    """Return the first second from which a rate stays above a limit."""
    begin: int | None = None
    for second, value in rate.items():
        if value < limit:
            begin = None
        elif begin is None:
            begin = second
        elif second - begin >= _HOLD_SECONDS:
            return begin
    return None
