"""Traces: gaps stay gaps, extremes stay."""

from __future__ import annotations

import math

from datastore_sdk.picks.curves import Curve
from datastore_sdk.plot.traces import MAX_POINTS, downsample, split_at_gaps
from tests.plot.synthetic_trace import build_trace


def test_gaps_are_not_bridged_unless_the_field_says_so() -> None:
    seconds = [*range(7000), *range(7600, 15_000)]
    values = [math.sin(second / 300) for second in seconds]
    values[6990] = 50.0
    shown, numbers = downsample(build_trace(values, seconds))
    assert numbers.count(None) == 1
    assert shown == sorted(shown)
    assert len(shown) <= MAX_POINTS + 10
    assert 50.0 in numbers
    before, after = numbers.index(None) - 1, numbers.index(None) + 1
    assert (shown[before], shown[after]) == (6999, 7600)
    assert None not in downsample(build_trace(values, seconds, connect_nulls=True))[1]


def test_few_values_stay_as_they_are() -> None:
    assert downsample(build_trace([5.0, 6.0, 7.0], [1, 2, 3])) == ([1, 2, 3], [5.0, 6.0, 7.0])
    assert downsample(build_trace([])) == ([], [])
    assert downsample(build_trace([1.0], [9])) == ([9], [1.0])


def test_fields_that_are_read_seldom_have_no_gaps() -> None:
    seconds = [*range(0, 6000, 60), *range(9000, 12_000, 60)]
    assert [len(part) for part in split_at_gaps(Curve(seconds, [1.0] * len(seconds)))] == [100, 50]


def test_titles_have_units() -> None:
    assert build_trace([]).title == "P (psi)"
    assert build_trace([], unit=None).title == "P"
