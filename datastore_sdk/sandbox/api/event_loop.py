"""Event loop of the server, which goes on while a test freezes time."""

from __future__ import annotations

import asyncio
import time
from functools import partial

_monotonic = partial(time.clock_gettime, time.CLOCK_MONOTONIC) if hasattr(time, "clock_gettime") else time.monotonic


class RealTimeEventLoop(asyncio.SelectorEventLoop):
    """Event loop whose timers go by a clock that tools like freezegun do not replace."""

    def time(self) -> float:
        """Return the seconds that timers go by."""
        return _monotonic()
