from __future__ import annotations

import pytest

from datastore_sdk.sandbox.simulation.clock import FieldClock


class Life:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.time = 1000.0

    def __call__(self) -> float:
        return self.time


def test_clock_runs() -> None:
    life = Life()
    clock = FieldClock.running(50.0, 60, life)
    assert clock() == 50.0
    life.time += 2
    assert clock() == 170.0
    clock.advance(30)
    assert clock() == 200.0
    assert clock.seconds_until(260) == 1.0
    assert clock.seconds_until(100) == 0.0


def test_clock_frozen() -> None:
    life = Life()
    clock = FieldClock.running(50.0, 0, life)
    life.time += 2
    assert clock() == 50.0
    clock.advance(1.5)
    assert clock() == 51.5
    assert clock.seconds_until(60) is None


def test_clock_from_a_function() -> None:
    life = Life()
    clock = FieldClock(life)
    clock.advance(5)
    assert clock() == 1005.0
    assert clock.seconds_until(9999) == pytest.approx(0.02)
