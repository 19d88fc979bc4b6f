"""What time-series data is asked for: one pad or site, a time range or a stage, and the form of the records."""

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

_STEPS = {
    DataResolutions.SECOND: 1,
    DataResolutions.TEN_SECOND: 10,
    DataResolutions.MINUTE: 60,
    DataResolutions.TEN_MINUTE: 600,
    DataResolutions.HOUR: 3600,
}
_LAST_SECOND = int(datetime(9999, 1, 1, tzinfo=UTC).timestamp())
_NAMED_OTHERWISE = {"source", "id", "start", "end"}
"""The fields that are no arguments of `get_data` under the same name."""
MOST_PARALLEL = 3
"""How many parts of a time range are fetched at a time at most: the service's limit of calls to one endpoint."""


KEYS = ("timestamp", "site_id")
"""The fields that every record has, which together name it."""


def served_range(start: datetime | None, end: datetime | None) -> tuple[datetime | None, datetime | None]:
    """The range of a stage or data change, with at least one whole second in it."""
    first, last = round_to_second(start, up=True), round_to_second(end, up=False)
    return (round_to_second(start, up=False), end) if first and last and last < first else (start, end)


def columns_of(queries: Sequence[DataQuery]) -> tuple[str, ...]:
    """The columns that are there whatever comes; several queries of one download differ in site and time only."""
    return queries[0].columns if queries else ()


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DataQuery:
    """A question for the records of one pad or site. Checked when made, so that nothing wrong is ever sent.

    Raises:
        ValueError: Values that do not go together; the message says which and what to do.
        TypeError: A value of the wrong type.
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
    def columns(self) -> tuple[str, ...]:
        """The columns of a table that are there whatever comes: those of the fields asked for by their own names.

        None where all fields are asked for, and of a pad's own records, in which names carry the measurement source.
        """
        own_names = self.source == "site" or self.is_routed
        return (*KEYS, *self.fields) if self.fields and own_names else ()

    def __post_init__(self) -> None:
        start, end = validate_range(self.start, self.end, "start_datetime", "end_datetime")
        validate_contains_second(start, end, "start_datetime", "end_datetime")
        normal = {
            "start": start,
            "end": end,
            **{
                flag: validate_flag(getattr(self, flag), flag) for flag in ("si_units", "is_routed", "inside_area_only")
            },
            "id": validate_id(self.id, f"the {self.source}'s id"),
            "stage_number": self._number("stage_number"),
            "fill_data_limit": self._number("fill_data_limit"),
            "parallel": validate_int(self.parallel, "parallel"),
            "stage_name_filter": validate_choice(StageNameFilters, self.stage_name_filter, "stage_name_filter"),
            "resolution": validate_choice(DataResolutions, self.resolution or "", "resolution"),
            "aggregation": validate_choice(DataAggregations, self.aggregation, "aggregation"),
            "fill_data_method": validate_choice(DataFillMethods, self.fill_data_method, "fill_data_method"),
            "fields": parse_names(self.fields, "fields"),
            "measurement_sources_names": parse_names(self.measurement_sources_names, "measurement_sources_names"),
        }
        for name, value in normal.items():
            object.__setattr__(self, name, value)  # the class is frozen for everybody else
        self._check_stage()
        self._check_fill()
        self._check_parallel()

    def __repr__(self) -> str:
        given = [
            (item.name, getattr(self, item.name)) for item in fields(self) if getattr(self, item.name) != item.default
        ]
        return f"DataQuery({', '.join(f'{name}={value!s}' for name, value in given)})"

    def _number(self, name: str) -> int | None:
        value = getattr(self, name)
        return None if value is None else validate_id(value, name)

    def _check_stage(self) -> None:
        if self.stage_number is None:
            return
        if self.stage_name_filter is None:
            raise ValueError(
                "stage_number needs stage_name_filter too (such as StageNameFilters.FRAC): each counts its own"
            )
        if self.source == "pad" and not self.is_routed:
            raise ValueError(
                "on a pad, stage_number needs is_routed=True: only routed records belong to one site and its stages"
            )

    def _check_fill(self) -> None:
        if self.fill_data_method is None and self.fill_data_limit is None:
            return
        if self.fill_data_method is None or self.fill_data_limit is None:
            raise ValueError(
                "fill_data_method and fill_data_limit go together: how to fill a gap, and how many seconds at most"
            )
        if self.resolution != DataResolutions.SECOND:
            raise ValueError("fill_data_method works on 1-second data only: leave resolution at DataResolutions.SECOND")
        if self.aggregation is not None:
            raise ValueError("fill_data_method and aggregation exclude each other")

    def _check_parallel(self) -> None:
        if self.parallel not in range(1, MOST_PARALLEL + 1):
            raise ValueError(
                f"parallel must be from 1 to {MOST_PARALLEL}, not {self.parallel!r}: the service allows no more"
            )
        if self.parallel == 1:
            return
        if self.start is None or self.end is None:
            raise ValueError("parallel needs start_datetime and end_datetime: the time between them is divided")
        if not self.resumable:
            raise ValueError(
                "parallel is for 1-second data as measured: filling and aggregating look beyond a part's edge"
            )

    @property
    def resumable(self) -> bool:
        """Whether the rest of the answer can be asked for by itself: each record depends on nothing before it."""
        return self.resolution == DataResolutions.SECOND and self.aggregation is None and self.fill_data_method is None

    @property
    def step(self) -> int:
        """Seconds that one record stands for."""
        return _STEPS[DataResolutions(self.resolution)]

    def arguments(self) -> dict[str, Any]:
        """What is asked for, as JSON, by the names that `get_data` has for it; nothing that is left at its default."""
        start, end = self.whole_seconds()
        values: dict[str, Any] = {
            self.source: self.id,
            "start_datetime": start.isoformat() if start else None,
            "end_datetime": end.isoformat() if end else None,
        }
        for item in fields(self):
            value = getattr(self, item.name)
            if item.compare and item.name not in _NAMED_OTHERWISE and value != item.default:
                values[item.name] = [*value] if isinstance(value, tuple) else value
        return {name: value for name, value in values.items() if value is not None}

    def whole_seconds(self) -> tuple[datetime | None, datetime | None]:
        """Start and end in UTC, rounded to the seconds inside the range; both belong to it."""
        return round_to_second(self.start, up=True), round_to_second(self.end, up=False)

    def seconds(self) -> range:
        """The timestamps that records can have."""
        start, end = self.whole_seconds()
        return range(int(start.timestamp()) if start else 0, (int(end.timestamp()) if end else _LAST_SECOND) + 1)

    def bounds(self) -> tuple[int | None, int | None]:
        """First and last second asked for, as unix timestamps; None where the range is open."""
        start, end = self.whole_seconds()
        return int(start.timestamp()) if start else None, int(end.timestamp()) if end else None

    def operation(self) -> Operation[list[dict[str, Any]]]:
        """The call that answers the question."""
        if self.source == "site":
            return stream_site_data(self.id, **self._common())
        return stream_pad_data(
            self.id,
            **self._common(),
            routed=self.is_routed,
            measurement_source=list(self.measurement_sources_names or ()) or None,
        )

    def _common(self) -> dict[str, Any]:
        start, end = self.whole_seconds()
        filled = self.fill_data_method is not None
        return {
            "start_datetime": _as_text(start),
            "end_datetime": _as_text(end),
            "fields": self.fields,
            "si_units": self.si_units,
            "resolution": self.resolution,
            "agg": self.aggregation,
            "stage_number": self.stage_number,
            "state_imatch": self.stage_name_filter,
            "fill_data_method": self.fill_data_method,
            "fill_data_limit": self.fill_data_limit,
            "inside_area_only": self.inside_area_only if filled else None,
        }


def _as_text(moment: datetime | None) -> str | None:
    # strftime writes years below 1000 with fewer digits.
    return moment.replace(tzinfo=None).isoformat(" ", "seconds") if moment else None
