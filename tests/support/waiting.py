"""Waiting for something that another thread, process or task does, with a timeout."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from tests.support.fake_server import TIMEOUT_SECONDS

POLL_SECONDS = 0.002


def wait_until(holds: Callable[[], bool], seconds: float = TIMEOUT_SECONDS) -> None:
    """Wait until a condition holds; fail after a timeout."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"the condition did not hold within {seconds} s"
        time.sleep(POLL_SECONDS)


async def await_until(holds: Callable[[], bool]) -> None:
    """Async form of `wait_until`."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not holds():
        assert time.monotonic() < deadline, f"the condition did not hold within {TIMEOUT_SECONDS} s"
        await asyncio.sleep(POLL_SECONDS)
