"""Simulated field: a function of its seed and of time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from datastore_sdk.sandbox.simulation.clock import Clock
from datastore_sdk.sandbox.simulation.field import SimulatedField
from datastore_sdk.sandbox.simulation.layout import PADS
from datastore_sdk.sandbox.simulation.noise import SeededNoise
from datastore_sdk.sandbox.simulation.simulated import SimulatedPadActivity

MAX_DAYS: Final = 10.0
"""Maximum length of the history: a job takes about two weeks, and would end within a longer one."""

_OLD_SECONDS: Final = 36 * 3600


class Oilfield(SimulatedField[SimulatedPadActivity]):
    """Pads, sites and crews at work, with everything that was measured.

    All of it is a pure function of the seed, the begin and the time of the request; only `correct` changes it.

    Args:
        seed: The same seed gives the same field.
        clock: Clock that returns unix seconds.
        days: Length of the history up to now. It begins at midnight UTC.
    """

    def __init__(self, seed: int, clock: Clock, days: float) -> None:
        if not 0 < days <= MAX_DAYS:
            raise ValueError(f"days must be more than 0 and at most {MAX_DAYS:g}, not {days!r}")
        now = clock()
        midnight = datetime.fromtimestamp(now, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        begins = midnight - timedelta(days=days)
        rng = SeededNoise(seed)
        pads = (
            SimulatedPadActivity(rng, pad, int((begins - timedelta(days=pad.head_start)).timestamp())) for pad in PADS
        )
        super().__init__(seed, clock, pads, old=now - _OLD_SECONDS)
