"""A clock that does not make tests wait."""

from __future__ import annotations

import asyncio

from datastore_sdk._io.clock import Clock

START = 1_758_196_800.0
"""2025-09-18 12:00:00 UTC."""


class JumpingClock(Clock):
    """Clock that is frozen; sleeping moves it forward at once."""

    def __init__(self) -> None:
        self.time = START
        self.sleeps: list[float] = []
        """Seconds of each sleep."""

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time - START

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.time += seconds

    async def asleep(self, seconds: float) -> None:
        self.sleep(seconds)
        await asyncio.sleep(0)
