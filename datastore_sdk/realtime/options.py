"""How live data is listened to and which records of it: TypedDicts whose keys are all optional."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypedDict

from datastore_sdk._utils.validation import validate_known
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
from datastore_sdk.realtime.manners import WhenFull


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


def parted(options: Mapping[str, Any], kind: type) -> tuple[dict[str, Any], dict[str, Any]]:
    """The options of listening, and the filters.

    Raises:
        TypeError: There is one that the kind does not have.
    """
    validate_known(options, kind.__annotations__, "a filter or an option of live data")
    listening = {name: value for name, value in options.items() if name in LiveOptions.__annotations__}
    return listening, {name: value for name, value in options.items() if name not in listening}
