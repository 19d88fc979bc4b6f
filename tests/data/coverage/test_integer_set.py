"""Sets of integers in little memory, against Python's own."""

from __future__ import annotations

import random
import tracemalloc
from itertools import pairwise

import pytest

from datastore_sdk.data.coverage.integer_set import IntegerSet, difference, union


@pytest.mark.parametrize("seed", range(50))
def test_runs_and_differences_equal_sets(seed: int) -> None:
    chance = random.Random(seed)
    integers, oracle = IntegerSet(), set[int]()
    for _ in range(chance.randint(0, 6)):
        base = chance.choice([0, -5000, 4000, 9000])
        numbers = [base + chance.randint(0, chance.choice([5, 300, 5000])) for _ in range(chance.randint(0, 50))]
        numbers = chance.choice([numbers, [*range(base, base + chance.randint(0, 9000))]])
        integers.update(numbers)
        oracle.update(numbers)
    runs = [*integers.runs()]
    assert [number for run in runs for number in run] == sorted(oracle)
    assert all(run.stop < following.start for run, following in pairwise(runs))
    starts = [chance.randint(-6000, 12_000) for _ in range(chance.randint(0, 5))]
    ranges = [range(start, start + chance.randint(-3, 4000)) for start in starts]
    missing = {number for each in ranges for number in each} - oracle
    assert [number for run in difference(union(ranges), runs) for number in run] == sorted(missing)


@pytest.mark.parametrize(("period", "max_bytes"), [(1, 20_000), (2, 60_000)])
def test_two_days_of_seconds_take_little_memory(period: int, max_bytes: int) -> None:
    tracemalloc.start()
    try:
        integers = IntegerSet()
        for start in range(0, 200_000, 10_000):
            integers.update(range(start, start + 10_000, period))
        assert tracemalloc.get_traced_memory()[0] < max_bytes
    finally:
        tracemalloc.stop()
    assert sum(map(len, integers.runs())) == 200_000 / period
