"""Clock for waits and expiries. Tests pass a clock that does not wait."""

from __future__ import annotations

import time
from contextlib import suppress
from functools import partial
from threading import Timer

monotonic = partial(time.clock_gettime, time.CLOCK_MONOTONIC) if hasattr(time, "clock_gettime") else time.monotonic
"""Seconds on a clock that never jumps. Tools that freeze time, such as freezegun, replace `time.monotonic`; a wait on a
frozen clock could last 50 years."""


class Clock:
    """System clock."""

    def now(self) -> float:
        """Return the Unix time in seconds. It may jump."""
        return time.time()

    def monotonic(self) -> float:
        """Return the seconds since an arbitrary start. It never jumps."""
        return monotonic()

    def sleep(self, seconds: float) -> None:
        """Sleep."""
        time.sleep(seconds)

    async def asleep(self, seconds: float) -> None:
        """Async form of `sleep`. It uses a timer thread, since event loops use the clock that freezegun replaces."""
        import asyncio  # slow to import

        loop, expired = asyncio.get_running_loop(), asyncio.Event()

        def expire() -> None:
            with suppress(RuntimeError):  # the loop is closed
                loop.call_soon_threadsafe(expired.set)

        timer = Timer(seconds, expire)
        timer.daemon = True
        timer.start()
        try:
            await expired.wait()
        finally:
            timer.cancel()
