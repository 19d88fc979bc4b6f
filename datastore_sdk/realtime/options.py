"""How live data is listened to and which records of it: TypedDicts whose keys are all optional."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, TypedDict, get_args

from msgspec import Struct
from msgspec.structs import force_setattr

from datastore_sdk._io.timeouts import checked_seconds
from datastore_sdk._utils.validation import checked_flag, checked_id, refuse_unknown
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
"""What happens when records come faster than they are read."""


class LiveOptions(TypedDict, total=False):
    """How live data is listened to; every key optional."""

    when_full: WhenFull
    """What happens when as many wait as may: "block" (unless given): nothing more is taken from the connection until
    there is room; "drop_oldest": those that have waited longest are dropped, and counted; "raise": reading them ends
    with `BufferOverflowError`."""
    buffer: int
    """How many may wait to be read; 100,000 unless given."""
    stale_after: float
    """Seconds without any sign of life after which a connection counts as dead; 30 unless given. Half of it is waited
    for before the other side is asked for one."""
    give_up_after: float | None
    """Seconds without a connection that brings anything new, after which the error is raised; it is tried for ever
    unless given. Connections that live for `stale_after` count as good, for rooms may be silent for long."""


class SiteMeasurements(LiveOptions, total=False):
    """How a site's records are listened to, and which; the filters are those of `get_data`."""

    start_datetime: datetime | str | None
    """First moment, included; with a time zone. A datetime, or ISO 8601 text."""
    end_datetime: datetime | str | None
    """Last moment, included; with a time zone. A datetime, or ISO 8601 text."""
    start: datetime | str | None
    """Another name for `start_datetime`."""
    end: datetime | str | None
    """Another name for `end_datetime`."""
    stage_number: int | None
    """Only this stage; needs `stage_name_filter`."""
    stage_name_filter: StageNameFilters | OperationName | None
    """Only data of stages of this operation."""
    resolution: DataResolutions | ResolutionName
    """The interval that one record stands for; 1 second unless given."""
    aggregation: DataAggregations | AggregationName | None
    """How the measurements within one interval become one value."""
    fields: str | Sequence[str] | None
    """Names of the fields; all that are exposed to you unless given."""
    si_units: bool
    """True: SI units; False (unless given): oilfield units."""
    fill_data_method: DataFillMethods | FillMethodName | None
    """How gaps in 1-second data are filled; goes with `fill_data_limit`."""
    fill_data_limit: int | None
    """The most seconds to fill in one gap."""
    inside_area_only: bool
    """True (unless given): fill only between known values."""


class PadMeasurements(SiteMeasurements, total=False):
    """How a pad's records are listened to, and which; the filters are those of `get_data`."""

    measurement_sources_names: str | Sequence[str] | None
    """Names of the measurement sources, such as "M1"; all unless given."""
    is_routed: bool
    """True: each record is handed to the site it belongs to; False (unless given): the records of the pad."""


def split_options(options: Mapping[str, Any], kind: type) -> tuple[dict[str, Any], dict[str, Any]]:
    """The options of listening, and the filters.

    Raises:
        TypeError: There is one that the kind does not have.
    """
    refuse_unknown(options, kind.__annotations__, "a filter or an option of live data")
    listening = {name: value for name, value in options.items() if name in LiveOptions.__annotations__}
    return listening, {name: value for name, value in options.items() if name not in listening}


class StreamOptions(Struct, frozen=True, kw_only=True):
    """The options, checked.

    Raises:
        TypeError: One is of the wrong type.
        ValueError: One cannot be.
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
            force_setattr(self, flag, checked_flag(getattr(self, flag), flag))
        if self.on_gap is not None and not callable(self.on_gap):
            raise TypeError(f"on_gap must be a function, not {type(self.on_gap).__name__}")
        if self.when_full not in get_args(WhenFull):
            raise ValueError(f"when_full is {self.when_full!r}; it must be one of {', '.join(get_args(WhenFull))}")
        force_setattr(self, "buffer", checked_id(self.buffer, "buffer"))
        checked_seconds(self.stale_after, "stale_after")
        if self.give_up_after is not None:
            checked_seconds(self.give_up_after, "give_up_after")
