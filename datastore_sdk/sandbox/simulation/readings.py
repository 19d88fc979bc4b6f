"""What an instrument reads: for each of its fields, the value at any second."""

from __future__ import annotations

from collections.abc import Callable, Mapping

Value = float | str | bool | None
"""A measured value; an `int` is one too."""

Record = dict[str, Value]
"""The values of one second, with `timestamp` and `site_id`."""

Read = Callable[[int], Value]
"""The value at a unix second."""

Readings = Mapping[str, Read]
"""The fields of an instrument by name."""


def constant(value: Value) -> Read:
    """A value that stays as it is."""
    return lambda _: value
