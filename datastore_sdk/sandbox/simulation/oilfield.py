"""The simulated field: a function of its seed and of time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from datastore_sdk.sandbox.simulation.clock import Clock
from datastore_sdk.sandbox.simulation.field import Field
from datastore_sdk.sandbox.simulation.layout import PADS
from datastore_sdk.sandbox.simulation.noise import Dice
from datastore_sdk.sandbox.simulation.simulated import SimulatedPad

MAX_DAYS: Final = 10.0
"""A job takes about two weeks: a longer history would end before it was told."""

_OLD_SECONDS: Final = 36 * 3600


class Oilfield(Field[SimulatedPad]):
    """Pads, sites and crews at work, and everything that was measured there.

    All of it is a pure function of the seed, the beginning and the time of asking; only `correct` changes it.

    Args:
        seed: The same seed gives the same field.
        clock: The time, in unix seconds.
        days: Length of the history, up to the clock's time now. It begins at midnight UTC.
    """

    def __init__(self, seed: int, clock: Clock, days: float) -> None:
        if not 0 < days <= MAX_DAYS:
            raise ValueError(f"days must be more than 0 and at most {MAX_DAYS:g}, not {days!r}")
        now = clock()
        midnight = datetime.fromtimestamp(now, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        begins = midnight - timedelta(days=days)
        dice = Dice(seed)
        pads = (SimulatedPad(dice, pad, int((begins - timedelta(days=pad.head_start)).timestamp())) for pad in PADS)
        super().__init__(seed, clock, pads, old=now - _OLD_SECONDS)
