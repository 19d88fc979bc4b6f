"""Readings of an instrument: for each of its fields, the value at any second."""

from __future__ import annotations

from collections.abc import Callable, Mapping

Value = float | str | bool | None
"""Measured value; an `int` is valid too."""

Record = dict[str, Value]
"""Values of one second, with `timestamp` and `site_id`."""

Reading = Callable[[int], Value]
"""Value at a unix second."""

Readings = Mapping[str, Reading]
"""Fields of an instrument by name."""


def constant(value: Value) -> Reading:
    """Return a reading that does not change."""
    return lambda _: value
