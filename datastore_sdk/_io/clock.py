"""The clock that waiting and expiry go by. Tests pass one of their own, which does not really wait."""

from __future__ import annotations

import time
from contextlib import suppress
from functools import partial
from threading import Timer

monotonic = partial(time.clock_gettime, time.CLOCK_MONOTONIC) if hasattr(time, "clock_gettime") else time.monotonic
"""Seconds by a clock that never jumps. Tools that freeze time (freezegun) replace `time.monotonic`: by theirs, the wait
for a connection could last for 50 years."""


class Clock:
    """Real time."""

    def now(self) -> float:
        """Seconds since 1970-01-01 UTC; may jump."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds from some start; never jumps."""
        return monotonic()

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        time.sleep(seconds)

    async def asleep(self, seconds: float) -> None:
        """Async form of `sleep`. A timer ends it: event loops go by the clock that tests freeze."""
        import asyncio  # here, for it takes long

        loop, is_over = asyncio.get_running_loop(), asyncio.Event()

        def end() -> None:
            with suppress(RuntimeError):  # the loop is closed
                loop.call_soon_threadsafe(is_over.set)

        timer = Timer(seconds, end)
        timer.daemon = True
        timer.start()
        try:
            await is_over.wait()
        finally:
            timer.cancel()
