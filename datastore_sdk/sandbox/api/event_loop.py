"""Event loop of the server that runs while a test freezes the clock."""

from __future__ import annotations

import asyncio
import time
from functools import partial

_monotonic = partial(time.clock_gettime, time.CLOCK_MONOTONIC) if hasattr(time, "clock_gettime") else time.monotonic


class RealTimeEventLoop(asyncio.SelectorEventLoop):
    """Event loop with timers on a clock that tools like freezegun do not replace."""

    def time(self) -> float:
        """Return the time of this clock in seconds."""
        return _monotonic()
