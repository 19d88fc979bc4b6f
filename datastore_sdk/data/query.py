"""Query for time-series data: one pad or site, a time range or a stage, and the form of the records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import Any, Literal

from datastore_sdk._utils.validation import (
    parse_names,
    round_to_second,
    validate_choice,
    validate_contains_second,
    validate_flag,
    validate_id,
    validate_int,
    validate_range,
)
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
from restream_api.api.pads import stream_pad_data
from restream_api.api.sites import stream_site_data
from restream_api.types import Operation

_RESOLUTION_SECONDS = {
    DataResolutions.SECOND: 1,
    DataResolutions.TEN_SECOND: 10,
    DataResolutions.MINUTE: 60,
    DataResolutions.TEN_MINUTE: 600,
    DataResolutions.HOUR: 3600,
}
_MAX_TIMESTAMP = int(datetime(9999, 1, 1, tzinfo=UTC).timestamp())
_RENAMED_FIELDS = {"source", "id", "start", "end"}
"""Fields that `get_data` does not have as arguments of the same name."""
MAX_PARALLEL = 3
"""Maximum number of slices that are fetched at a time: the service's limit of requests to one endpoint."""
KEY_FIELDS = ("timestamp", "site_id")
"""The fields that every record has. Together they identify it."""


def widen_to_whole_second(start: datetime | None, end: datetime | None) -> tuple[datetime | None, datetime | None]:
    """Return the range of a stage or data change, widened to at least one whole second."""
    first, last = round_to_second(start, up=True), round_to_second(end, up=False)
    return (round_to_second(start, up=False), end) if first and last and last < first else (start, end)


def get_fixed_columns(queries: Sequence[DataQuery]) -> tuple[str, ...]:
    """Return the columns that do not depend on the records. The queries of a download differ only in site and time."""
    return queries[0].fixed_columns if queries else ()


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DataQuery:
    """A request for the records of one pad or site. It is validated when it is created, before anything is sent.

    Attributes:
        source: "pad" or "site".
        id: Id of the pad or site.
        start: First second, included; None: no limit.
        end: Last second, included; None: no limit.
        stage_number: Only data of this stage.
        stage_name_filter: Only data of stages of this operation.
        resolution: Interval that one record covers.
        aggregation: How the values within one interval become one value.
        fields: Names of the fields; None: all fields that you have access to.
        si_units: True: SI units; False: oilfield units.
        measurement_sources_names: Names of the measurement sources of a pad; None: all.
        is_routed: True: one record per second and site of a pad, with plain field names.
        fill_data_method: How to fill gaps in 1-second data.
        fill_data_limit: Maximum number of seconds to fill in one gap.
        inside_area_only: True: fill only between known values.
        parallel: Number of parts of the time range to download at a time.

    Raises:
        ValueError: Values do not go together; the message says which ones, and what to do.
        TypeError: A value has the wrong type.
    """

    source: Literal["pad", "site"]
    id: int
    start: datetime | None = None
    end: datetime | None = None
    stage_number: int | None = None
    stage_name_filter: StageNameFilters | OperationName | None = None
    resolution: DataResolutions | ResolutionName = DataResolutions.SECOND
    aggregation: DataAggregations | AggregationName | None = None
    fields: str | Sequence[str] | None = None
    si_units: bool = False
    measurement_sources_names: str | Sequence[str] | None = None
    is_routed: bool = False
    fill_data_method: DataFillMethods | FillMethodName | None = None
    fill_data_limit: int | None = None
    inside_area_only: bool = True
    parallel: int = field(default=1, compare=False)

    @property
    def fixed_columns(self) -> tuple[str, ...]:
        """The columns of a table that do not depend on the records: those of the requested fields.

        Empty if all fields are requested, and for records of a pad itself, whose field names have a measurement source
        as prefix.
        """
        own_names = self.source == "site" or self.is_routed
        return (*KEY_FIELDS, *self.fields) if self.fields and own_names else ()

    def __post_init__(self) -> None:
        start, end = validate_range(self.start, self.end, "start_datetime", "end_datetime")
        validate_contains_second(start, end, "start_datetime", "end_datetime")
        normalized = {
            "start": start,
            "end": end,
            **{
                flag: validate_flag(getattr(self, flag), flag) for flag in ("si_units", "is_routed", "inside_area_only")
            },
            "id": validate_id(self.id, f"the {self.source}'s id"),
            "stage_number": self._validate_number("stage_number"),
            "fill_data_limit": self._validate_number("fill_data_limit"),
            "parallel": validate_int(self.parallel, "parallel"),
            "stage_name_filter": validate_choice(StageNameFilters, self.stage_name_filter, "stage_name_filter"),
            "resolution": validate_choice(DataResolutions, self.resolution or "", "resolution"),
            "aggregation": validate_choice(DataAggregations, self.aggregation, "aggregation"),
            "fill_data_method": validate_choice(DataFillMethods, self.fill_data_method, "fill_data_method"),
            "fields": parse_names(self.fields, "fields"),
            "measurement_sources_names": parse_names(self.measurement_sources_names, "measurement_sources_names"),
        }
        for name, value in normalized.items():
            object.__setattr__(self, name, value)  # the class is frozen
        self._validate_stage()
        self._validate_fill()
        self._validate_parallel()

    def __repr__(self) -> str:
        values = [(item.name, getattr(self, item.name), item.default) for item in fields(self)]
        arguments = [f"{name}={value!s}" for name, value, default in values if value != default]
        return f"DataQuery({', '.join(arguments)})"

    def _validate_number(self, name: str) -> int | None:
        value = getattr(self, name)
        return None if value is None else validate_id(value, name)

    def _validate_stage(self) -> None:
        if self.stage_number is None:
            return
        if self.stage_name_filter is None:
            raise ValueError(
                "stage_number needs stage_name_filter too (such as StageNameFilters.FRAC): each kind of stage has "
                "its own numbers"
            )
        if self.source == "pad" and not self.is_routed:
            raise ValueError(
                "on a pad, stage_number needs is_routed=True: only routed records belong to one site and its stages"
            )

    def _validate_fill(self) -> None:
        if self.fill_data_method is None and self.fill_data_limit is None:
            return
        if self.fill_data_method is None or self.fill_data_limit is None:
            raise ValueError(
                "fill_data_method and fill_data_limit need each other: how to fill a gap, and at most how many seconds"
            )
        if self.resolution != DataResolutions.SECOND:
            raise ValueError("fill_data_method works on 1-second data only: leave resolution at DataResolutions.SECOND")
        if self.aggregation is not None:
            raise ValueError("fill_data_method and aggregation exclude each other")

    def _validate_parallel(self) -> None:
        if self.parallel not in range(1, MAX_PARALLEL + 1):
            raise ValueError(
                f"parallel must be from 1 to {MAX_PARALLEL}, not {self.parallel!r}: the service allows no more"
            )
        if self.parallel == 1:
            return
        if self.start is None or self.end is None:
            raise ValueError("parallel needs start_datetime and end_datetime: the time range is split")
        if not self.resumable:
            raise ValueError(
                "parallel works on unaggregated, unfilled 1-second data only: other records depend on their neighbours"
            )

    @property
    def resumable(self) -> bool:
        """Whether a broken response can be resumed: no record depends on earlier ones."""
        return self.resolution == DataResolutions.SECOND and self.aggregation is None and self.fill_data_method is None

    @property
    def resolution_seconds(self) -> int:
        """Seconds that one record stands for."""
        return _RESOLUTION_SECONDS[DataResolutions(self.resolution)]

    def arguments(self) -> dict[str, Any]:
        """Return the query as JSON values, by the argument names of `get_data`, without defaults."""
        start, end = self.whole_seconds()
        values: dict[str, Any] = {
            self.source: self.id,
            "start_datetime": start.isoformat() if start else None,
            "end_datetime": end.isoformat() if end else None,
        }
        for item in fields(self):
            value = getattr(self, item.name)
            if item.compare and item.name not in _RENAMED_FIELDS and value != item.default:
                values[item.name] = [*value] if isinstance(value, tuple) else value
        return {name: value for name, value in values.items() if value is not None}

    def whole_seconds(self) -> tuple[datetime | None, datetime | None]:
        """Return start and end in UTC, rounded to whole seconds inside the range. Both are included."""
        return round_to_second(self.start, up=True), round_to_second(self.end, up=False)

    def timestamps(self) -> range:
        """Return the timestamps that records can have."""
        start, end = self.whole_seconds()
        return range(int(start.timestamp()) if start else 0, (int(end.timestamp()) if end else _MAX_TIMESTAMP) + 1)

    def bounds(self) -> tuple[int | None, int | None]:
        """Return first and last second of the range, as unix timestamps; None if the range is open on that side."""
        start, end = self.whole_seconds()
        return int(start.timestamp()) if start else None, int(end.timestamp()) if end else None

    def operation(self) -> Operation[list[dict[str, Any]]]:
        """Return the operation that requests the records."""
        if self.source == "site":
            return stream_site_data(self.id, **self._build_shared_parameters())
        return stream_pad_data(
            self.id,
            **self._build_shared_parameters(),
            routed=self.is_routed,
            measurement_source=list(self.measurement_sources_names or ()) or None,
        )

    def _build_shared_parameters(self) -> dict[str, Any]:
        start, end = self.whole_seconds()
        is_filled = self.fill_data_method is not None
        return {
            "start_datetime": _format_datetime(start),
            "end_datetime": _format_datetime(end),
            "fields": self.fields,
            "si_units": self.si_units,
            "resolution": self.resolution,
            "agg": self.aggregation,
            "stage_number": self.stage_number,
            "state_imatch": self.stage_name_filter,
            "fill_data_method": self.fill_data_method,
            "fill_data_limit": self.fill_data_limit,
            "inside_area_only": self.inside_area_only if is_filled else None,
        }


def _format_datetime(value: datetime | None) -> str | None:
    # Not strftime, which writes years below 1000 with fewer digits.
    return value.replace(tzinfo=None).isoformat(" ", "seconds") if value else None
