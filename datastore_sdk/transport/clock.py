"""The clock that waiting and expiry go by. Tests pass one of their own, which does not really wait."""

from __future__ import annotations

import time


class Clock:
    """Real time."""

    def now(self) -> float:
        """Seconds since 1970-01-01 UTC; may jump."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds from some start; never jumps."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        time.sleep(seconds)

    async def asleep(self, seconds: float) -> None:
        """Async form of `sleep`."""
        import asyncio  # here, for it takes long

        await asyncio.sleep(seconds)
