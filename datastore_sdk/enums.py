"""The fixed choices that calls take. Each member's value is what the service expects; strings are accepted too."""

from __future__ import annotations

from enum import StrEnum


class StageNameFilters(StrEnum):
    """Operations of a well's completion, by which states, stages and data can be filtered."""

    FRAC = "frac"
    """Hydraulic fracturing: fluid and proppant are pumped."""
    WIRELINE = "wl"
    """Wireline: plug and perforating guns run in hole."""
    STANDBY = "standby"
    """Nothing runs on the well."""


class DataResolutions(StrEnum):
    """The interval that one record stands for."""

    SECOND = "raw"
    """One second, as measured."""
    TEN_SECOND = "ten-second"
    """Ten seconds."""
    MINUTE = "minute"
    """One minute."""
    TEN_MINUTE = "ten-minute"
    """Ten minutes."""
    HOUR = "hour"
    """One hour."""


class DataAggregations(StrEnum):
    """How the measurements within one interval of the resolution become one value."""

    MIN = "min"
    """The least one."""
    MAX = "max"
    """The greatest one."""
    MEAN = "mean"
    """Their mean."""


class DataFillMethods(StrEnum):
    """How gaps in 1-second data are filled."""

    BACKWARD_FILL = "bfill"
    """With the next known value."""
    FORWARD_FILL = "ffill"
    """With the last known value."""
