"""Curves and their pictures in characters."""

from __future__ import annotations

import pytest

from datastore_sdk.cli.watch.curve import ASCII, BLOCKS, Curve, draw_curve


def build_curve(values: dict[int, float]) -> Curve:
    curve = Curve()
    for second, value in values.items():
        curve.add(second, value)
    return curve


def test_columns_are_averages_of_equal_parts() -> None:
    curve = build_curve({100: 1, 101: 3, 104: 5, 109: 7, 99: 1000, 110: 1000})
    assert curve.average(100, 109, 5) == [2, None, 5, None, 7]
    assert curve.limits(100, 109) == (1, 7)
    assert curve.latest(108) == (104, 5)
    assert curve.latest(98) is None
    assert curve.limits(102, 103) is None


@pytest.mark.parametrize("count", [1, 7, 27, 900, 1200])
def test_every_second_has_a_column(count: int) -> None:
    curve = build_curve(dict.fromkeys(range(900), 1.0))
    columns = curve.average(0, 899, count)
    assert len(columns) == count
    assert sum(value is not None for value in columns) == min(count, 900)


def test_values_in_any_order_replace_earlier_ones() -> None:
    curve = build_curve({5: 1, 3: 2})
    curve.add(3, 4)
    assert curve.average(3, 5, 3) == [4, None, 1]


def test_pruning_forgets_old_and_wrong_times() -> None:
    curve = build_curve({1: 1, 50: 2, 100: 3, 150: 4, 10_000: 5})
    curve.prune(50, 100)
    assert curve.average(1, 10_000, 10_000)[:200].count(None) == 197
    assert curve.latest(20_000) == (150, 4)


def test_levels_go_from_bottom_to_top() -> None:
    assert draw_curve([0, 1, 2, 3, 4, 5, 6, 7], (0, 7), 1, BLOCKS) == [BLOCKS]
    assert draw_curve([0, 1, 2, 3, 4, 5, 6, 7], (0, 7), 1, ASCII) == [ASCII]
    assert draw_curve([0, 15, 7, 8], (0, 15), 2, BLOCKS) == [" █ ▁", "▁███"]


def test_missing_values_are_marked_on_the_lowest_line() -> None:
    assert draw_curve([None, 5, None], (0, 5), 2, BLOCKS) == [" █ ", "·█·"]
    assert draw_curve([None, 5], (0, 5), 1, ASCII) == [" #"]


@pytest.mark.parametrize("value", [0.0, 5000.0, -3.0, 1e300, 5e-324])
def test_constant_values_are_a_flat_line(value: float) -> None:
    assert draw_curve([value, value], (value, value), 1, BLOCKS) == ["▁▁"]


def test_noise_is_not_blown_up() -> None:
    """Less than two per cent of the value do not fill the curve."""
    assert draw_curve([5000, 5010], (5000, 5010), 1, BLOCKS) == ["▁▂"]
