"""The fixed choices that calls take: as members, or by their values, which are what the service expects."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal


class StageNameFilters(StrEnum):
    """Operations of a well's completion, by which states, stages and data can be filtered."""

    FRAC = "frac"
    """Hydraulic fracturing: fluid and proppant are pumped."""
    WIRELINE = "wl"
    """Wireline: plug and perforating guns run in hole."""
    STANDBY = "standby"
    """Nothing runs on the well."""


OperationName = Literal["frac", "wl", "standby"]
"""The value of one of the `StageNameFilters`."""


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


ResolutionName = Literal["raw", "ten-second", "minute", "ten-minute", "hour"]
"""The value of one of the `DataResolutions`."""


class DataAggregations(StrEnum):
    """How the measurements within one interval of the resolution become one value."""

    MIN = "min"
    """The least one."""
    MAX = "max"
    """The greatest one."""
    MEAN = "mean"
    """Their mean."""


AggregationName = Literal["min", "max", "mean"]
"""The value of one of the `DataAggregations`."""


class DataFillMethods(StrEnum):
    """How gaps in 1-second data are filled."""

    BACKWARD_FILL = "bfill"
    """With the next known value."""
    FORWARD_FILL = "ffill"
    """With the last known value."""


FillMethodName = Literal["bfill", "ffill"]
"""The value of one of the `DataFillMethods`."""
