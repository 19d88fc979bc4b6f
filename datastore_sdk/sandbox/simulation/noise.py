"""Random numbers for any second: pure functions of the seed, so that a range does not depend on earlier ones."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from functools import lru_cache
from hashlib import blake2b

Curve = Callable[[int], float]
"""Value at a unix second."""

_SIZE = 1 << 14
_MASK = _SIZE - 1
_STRIDE = 40_503  # odd, so that successive seconds visit every entry of the table


@lru_cache(maxsize=8)
def _build_table(seed: int) -> Sequence[float]:
    """Return the random numbers of a seed. Cached, because programs often start several sandboxes with one seed."""
    generator = random.Random(seed)  # noqa: S311 - a simulation, no secret
    return tuple(min(max(generator.gauss(0.0, 1.0), -3.0), 3.0) for _ in range(_SIZE))


class SeededNoise:
    """Random numbers by name: the same seed and name always give the same number."""

    def __init__(self, seed: int) -> None:
        self._salt = seed.to_bytes(16, "big", signed=True)
        self._table = _build_table(seed)

    def number(self, *name: object) -> int:
        """Return an integer of 64 bits."""
        return int.from_bytes(blake2b(repr(name).encode(), digest_size=8, key=self._salt).digest(), "big")

    def uniform(self, low: float, high: float, *name: object) -> float:
        """Return a number from `low` up to `high`."""
        return low + (high - low) * self.number(*name) / 2**64

    def chance(self, probability: float, *name: object) -> bool:
        """Return whether an event of this probability happens."""
        return self.number(*name) < probability * 2**64

    def white(self, *name: object) -> Curve:
        """Return white noise, normally distributed, within three standard deviations."""
        table, offset = self._table, self.number(*name)

        def at(second: int) -> float:
            return table[second * _STRIDE + offset & _MASK]

        return at

    def wander(self, period: int, *name: object) -> Curve:
        """Return smooth noise that takes a new direction every `period` seconds."""
        table, offset = self._table, self.number(*name)

        def at(second: int) -> float:
            step, fraction = divmod(second, period)
            before = table[step * _STRIDE + offset & _MASK]
            after = table[(step + 1) * _STRIDE + offset & _MASK]
            return before + (after - before) * fraction / period

        return at
