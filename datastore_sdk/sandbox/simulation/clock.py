"""The time in the field: it stands still, goes at a pace of its own, or is told by somebody else's clock."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Final

Clock = Callable[[], float]
"""Tells unix seconds."""

_LOOK_AGAIN: Final = 0.02
"""Seconds after which a clock of which only the time is known has moved far enough to be looked at again."""


class FieldClock:
    """Tells unix seconds; can be moved on by hand, whatever makes it go.

    Args:
        tell: The time, as far as nobody moves it on.
        speed: How much faster than life it goes; 0 where it stands still, None where nobody knows.
    """

    def __init__(self, tell: Clock, speed: float | None = None) -> None:
        self._tell = tell
        self._speed = speed
        self._moved = 0.0

    @classmethod
    def running(cls, begin: float, speed: float, clock: Clock = time.time) -> FieldClock:
        """A clock that shows `begin` now and goes at `speed` from here; 0: it stands still.

        Raises:
            ValueError: The speed is negative or no number.
        """
        if not (math.isfinite(speed) and speed >= 0):
            raise ValueError(f"speed must be a number from 0, not {speed!r}")
        started = clock()
        return cls(lambda: begin + (clock() - started) * speed, speed)

    def __call__(self) -> float:
        """The time, in unix seconds."""
        return self._tell() + self._moved

    def advance(self, seconds: float) -> None:
        """Moves it on.

        Raises:
            ValueError: Backwards, or by what is no number.
        """
        if not (math.isfinite(seconds) and seconds >= 0):
            raise ValueError(f"seconds must be a number from 0, not {seconds!r}")
        self._moved += seconds

    def seconds_until(self, moment: float) -> float | None:
        """How long to wait, in seconds of life, before it is worth looking whether a moment has come.

        None where it does not come by itself.
        """
        if self._speed is None:
            return _LOOK_AGAIN
        return max((moment - self()) / self._speed, 0.0) if self._speed else None
