"""Waits and deadlines."""

from __future__ import annotations

import pytest

from datastore_sdk._io.clock import Clock
from datastore_sdk._io.deadline import Deadline, DeadlineExceeded, limit_wait


class FixedClock(Clock):
    def monotonic(self) -> float:
        return 100.0


def test_wait_ends_at_the_deadline() -> None:
    deadline = Deadline(FixedClock(), 5.0)
    assert limit_wait(3.0, deadline) == 3.0
    assert limit_wait(30.0, deadline) == 5.0
    assert limit_wait(30.0, None) == 30.0


def test_wait_after_the_deadline_raises() -> None:
    with pytest.raises(DeadlineExceeded):
        limit_wait(3.0, Deadline(FixedClock(), 0.0))
