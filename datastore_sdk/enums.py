"""Enumerations of arguments. A call accepts a member or its value; the service expects the values."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal


class StageNameFilters(StrEnum):
    """Operations of a well's completion, to filter states, stages and data."""

    FRAC = "frac"
    """Hydraulic fracturing: fluid and proppant are pumped."""
    WIRELINE = "wl"
    """Wireline: plug and perforating guns run in hole."""
    STANDBY = "standby"
    """No operation on the well."""


OperationName = Literal["frac", "wl", "standby"]
"""The value of one of the `StageNameFilters`."""


class DataResolutions(StrEnum):
    """Interval that one record covers."""

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
    """How to combine the measurements within one interval into one value."""

    MIN = "min"
    """The smallest measurement."""
    MAX = "max"
    """The largest measurement."""
    MEAN = "mean"
    """The mean of the measurements."""


AggregationName = Literal["min", "max", "mean"]
"""The value of one of the `DataAggregations`."""


class DataFillMethods(StrEnum):
    """How to fill gaps in 1-second data."""

    BACKWARD_FILL = "bfill"
    """With the next known value."""
    FORWARD_FILL = "ffill"
    """With the last known value."""


FillMethodName = Literal["bfill", "ffill"]
"""The value of one of the `DataFillMethods`."""
