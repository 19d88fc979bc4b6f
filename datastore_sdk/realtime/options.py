"""Options of live data: TypedDicts for users, and the validated `StreamOptions`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, TypedDict, get_args

from msgspec import Struct
from msgspec.structs import force_setattr

from datastore_sdk._io.timeouts import validate_seconds
from datastore_sdk._utils.validation import validate_flag, validate_id, validate_known
from datastore_sdk.enums import (
    AggregationName,
    DataAggregations,
    DataFillMethods,
    DataResolutions,
    FillMethodName,
    OperationName,
    ResolutionName,
    StageNameFilters,
)
from datastore_sdk.realtime.gaps import Gap

WhenFull = Literal["block", "drop_oldest", "raise"]
"""Behaviour if records arrive faster than they are read."""


class LiveOptions(TypedDict, total=False):
    """Options that all live data has. Every key is optional."""

    when_full: WhenFull
    """Behaviour if the buffer is full.

    "block" (default): the SDK stops reading from the connection until there is room. "drop_oldest": the oldest records
    are dropped, and counted. "raise": reading raises `BufferOverflowError`.
    """
    buffer: int
    """Maximum number of records that wait to be read. Default: 100,000."""
    stale_after: float
    """Seconds without any message or pong after which a connection counts as dead. Default: 30.

    The SDK sends a ping after half of that time.
    """
    give_up_after: float | None
    """Seconds without a connection that brings new data, after which the error is raised. Default: None, retry forever.

    A connection that lives for `stale_after` counts as good, because rooms can be silent for a long time.
    """


class SiteMeasurements(LiveOptions, total=False):
    """Options and filters of a site's live records. It has the filters of `get_data`."""

    start_datetime: datetime | str | None
    """First second, included. A datetime with a time zone, or ISO 8601 text."""
    end_datetime: datetime | str | None
    """Last second, included. A datetime with a time zone, or ISO 8601 text."""
    start: datetime | str | None
    """Other name of `start_datetime`."""
    end: datetime | str | None
    """Other name of `end_datetime`."""
    stage_number: int | None
    """Only this stage. Requires `stage_name_filter`."""
    stage_name_filter: StageNameFilters | OperationName | None
    """Only data of stages of this operation."""
    resolution: DataResolutions | ResolutionName
    """Interval that one record stands for. Default: 1 second."""
    aggregation: DataAggregations | AggregationName | None
    """How the measurements of one interval are combined into one value."""
    fields: str | Sequence[str] | None
    """Names of the fields. Default: all fields that you have access to."""
    si_units: bool
    """True: SI units. False (default): oilfield units."""
    fill_data_method: DataFillMethods | FillMethodName | None
    """How gaps in 1-second data are filled. Requires `fill_data_limit`."""
    fill_data_limit: int | None
    """Maximum number of seconds to fill in one gap."""
    inside_area_only: bool
    """True (default): fill only between known values."""


class PadMeasurements(SiteMeasurements, total=False):
    """Options and filters of a pad's live records. It has the filters of `get_data`."""

    measurement_sources_names: str | Sequence[str] | None
    """Names of the measurement sources, such as "M1". Default: all."""
    is_routed: bool
    """True: each record carries the site that it belongs to. False (default): the records of the pad as a whole."""


def split_options(options: Mapping[str, Any], kind: type) -> tuple[dict[str, Any], dict[str, Any]]:
    """Split keyword arguments into options of the stream and filters of the records.

    Raises:
        TypeError: An option does not exist.
    """
    validate_known(options, kind.__annotations__, "a filter or an option of live data")
    listening = {name: value for name, value in options.items() if name in LiveOptions.__annotations__}
    return listening, {name: value for name, value in options.items() if name not in listening}


class StreamOptions(Struct, frozen=True, kw_only=True):
    """Validated options of a stream.

    Raises:
        TypeError: An option has the wrong type.
        ValueError: An option has an invalid value.
    """

    restart_on_error: bool = True
    restart_on_close: bool = True
    fill_gaps: bool = False
    on_gap: Callable[[Gap], object] | None = None
    when_full: WhenFull = "block"
    buffer: int = 100_000
    stale_after: float = 30.0
    give_up_after: float | None = None

    def __post_init__(self) -> None:
        for flag in ("restart_on_error", "restart_on_close", "fill_gaps"):
            force_setattr(self, flag, validate_flag(getattr(self, flag), flag))
        if self.on_gap is not None and not callable(self.on_gap):
            raise TypeError(f"on_gap must be a function, not {type(self.on_gap).__name__}")
        if self.when_full not in get_args(WhenFull):
            raise ValueError(f"when_full is {self.when_full!r}; it must be one of {', '.join(get_args(WhenFull))}")
        force_setattr(self, "buffer", validate_id(self.buffer, "buffer"))
        validate_seconds(self.stale_after, "stale_after")
        if self.give_up_after is not None:
            validate_seconds(self.give_up_after, "give_up_after")
