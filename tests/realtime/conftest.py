from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from tests.realtime.live_reader import begun, eventually


@pytest.fixture(autouse=True)
def no_listener_left() -> Iterator[None]:
    """Whoever listens is gone soon after the test."""
    yield
    while begun:
        begun.pop().close()
    eventually(lambda: all(thread.name != "restream-live" for thread in threading.enumerate()))
