"""Clock of the field: it is frozen, runs at a speed of its own, or follows another clock."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Final

Clock = Callable[[], float]
"""Function that returns unix seconds."""

_POLL_SECONDS: Final = 0.02
"""Seconds after which a clock of unknown speed is read again."""


class FieldClock:
    """Clock that returns unix seconds and can be advanced by hand.

    Args:
        tell: Function that returns the time, before any advance.
        speed: Seconds that pass in a second; 0 if it is frozen, None if unknown.
    """

    def __init__(self, read: Clock, speed: float | None = None) -> None:
        self._read = read
        self._speed = speed
        self._moved = 0.0

    @classmethod
    def running(cls, begin: float, speed: float, clock: Clock = time.time) -> FieldClock:
        """Return a clock that shows `begin` now and runs at `speed`; 0: it is frozen.

        Raises:
            ValueError: The speed is negative or not a number.
        """
        if not (math.isfinite(speed) and speed >= 0):
            raise ValueError(f"speed must be a number from 0, not {speed!r}")
        started = clock()
        return cls(lambda: begin + (clock() - started) * speed, speed)

    def __call__(self) -> float:
        """Return the time, in unix seconds."""
        return self._read() + self._moved

    def advance(self, seconds: float) -> None:
        """Move it forward.

        Raises:
            ValueError: The number of seconds is negative or not a number.
        """
        if not (math.isfinite(seconds) and seconds >= 0):
            raise ValueError(f"seconds must be a number from 0, not {seconds!r}")
        self._moved += seconds

    def seconds_until(self, timestamp: float) -> float | None:
        """Return how many real seconds to wait before checking whether a time has come.

        None if it never comes by itself.
        """
        if self._speed is None:
            return _POLL_SECONDS
        return max((timestamp - self()) / self._speed, 0.0) if self._speed else None
