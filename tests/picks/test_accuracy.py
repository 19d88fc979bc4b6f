"""Accuracy of the picks over many stages, whose true values are known."""

from __future__ import annotations

from statistics import median

import pytest

from tests.picks.accuracy import DECLINES, Accuracy, measure
from tests.picks.simulated_stages import find_screen_outs, list_stages, pick_stages

ISIP_TOLERANCE = DECLINE_TOLERANCE = 40
"""psi. A straight line does not follow the curvature of the decline."""
BREAKDOWN_TOLERANCE = 110
"""psi: the noise of the pressure adds to the peak."""
RATE_TOLERANCE = 15
"""Seconds."""


def assert_accurate(accuracy: Accuracy) -> None:
    assert accuracy.find_largest("isip") <= ISIP_TOLERANCE
    assert accuracy.find_largest("breakdown_pressure") <= BREAKDOWN_TOLERANCE
    assert accuracy.find_largest("time_to_rate") <= RATE_TOLERANCE
    assert max(accuracy.find_largest(name) for name in DECLINES) <= DECLINE_TOLERANCE
    assert accuracy.warned == accuracy.screen_outs
    assert median(accuracy.warnings_before_trip) > 60
    assert len(accuracy.false_signs) <= accuracy.stages / 50
    assert {sign.confidence for sign in accuracy.false_signs} <= {"medium"}


def test_picks_of_some_stages_are_accurate() -> None:
    screen_outs = find_screen_outs()[:2]
    accuracy = Accuracy(pick_stages([*list_stages()[5::300], *screen_outs]))
    assert (accuracy.stages, accuracy.screen_outs) == (5, 2)
    assert_accurate(accuracy)


@pytest.mark.exhaustive
@pytest.mark.parametrize("seed", [7, 11])
def test_picks_of_many_stages_are_accurate(seed: int) -> None:
    accuracy = measure(40, seed)
    assert accuracy.stages >= 60
    assert accuracy.screen_outs >= 15
    assert_accurate(accuracy)
