from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from tests.realtime.live_reader import open_streams
from tests.support.waiting import wait_until


@pytest.fixture(autouse=True)
def no_listener_left() -> Iterator[None]:
    """Every listener ends soon after the test, and not only when its connection times out (15 s)."""
    yield
    while open_streams:
        open_streams.pop().close()
    wait_until(lambda: all(thread.name != "restream-live" for thread in threading.enumerate()), seconds=5)
