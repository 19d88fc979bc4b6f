"""Build a treatment plot of the responses of the service. No I/O."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from datastore_sdk._io.json_body import parse_id
from datastore_sdk.data.field_metadata import read_field_metadata
from datastore_sdk.enums import StageNameFilters
from datastore_sdk.exceptions import NoRecordsError
from datastore_sdk.picks.curves import Curve
from datastore_sdk.picks.fetch import BEHIND, FieldValues
from datastore_sdk.plot.content import PlotMark, PlotSpan, SpanKind
from datastore_sdk.plot.marks import MARK_FIELDS, find_marks
from datastore_sdk.plot.traces import PlotTrace
from datastore_sdk.plot.treatment_plot import TreatmentPlot

_COLORS = ("#C0392B", "#1B6CA8", "#2E8B57", "#8E44AD", "#D68910", "#16A085", "#7F8C8D")
"""Colours of fields without a colour of their own."""
_OPERATIONS = {StageNameFilters.FRAC.value: "Stage", StageNameFilters.WIRELINE.value: "Wireline"}
"""Names of the operations in labels."""
_SECOND = timedelta(seconds=1)
_OPEN_END = datetime(9999, 1, 1, tzinfo=UTC)
"""End of a stage under way."""


class PlotRequest(Struct, frozen=True, kw_only=True):
    """Request for the plot of a stage or a range."""

    site: int
    """Id of the site."""
    start: datetime
    """First second."""
    end: datetime | None
    """Last second; None: up to now."""
    stage: PlotSpan | None
    """The stage that is plotted; None: a range of time, with the stages in it."""
    fields: tuple[str, ...]
    """Names of the fields."""
    tz: str
    """Time zone of the time axis, or `site`."""
    si_units: bool
    """Whether values are in SI units."""
    stacked: bool
    """Whether each axis has a panel of its own."""


def build_plot(
    request: PlotRequest,
    values: FieldValues,
    *,
    well: str,
    zone: str,
    metadata: Mapping[str, Mapping[str, Any]],
    stages: Sequence[PlotSpan],
    corrections: Iterable[PlotSpan],
) -> TreatmentPlot:
    """Return the plot of the numbers of the records.

    Args:
        request: The request.
        values: Numbers by field.
        well: Name of the well.
        zone: Time zone of the time axis.
        metadata: Metadata of the fields, by name.
        stages: Stages of the well in the plotted time.
        corrections: Corrected intervals.

    Raises:
        NoRecordsError: No record has a value of the fields.
    """
    curves = {name: Curve.from_mapping(values.by_field[name]) for name in (*request.fields, *MARK_FIELDS)}
    if not any(curves[name] for name in request.fields):
        raise NoRecordsError(
            f"there is nothing to plot: no record of site {request.site} from {request.start.isoformat()} to "
            f"{request.end.isoformat() if request.end else 'now'} has a value of {', '.join(request.fields)}"
        )
    last = datetime.fromtimestamp(values.last, tz=UTC)
    end = last if request.stage or request.end is None else request.end.astimezone(UTC)
    start = request.start.astimezone(UTC)
    spans = [clipped for span in (*stages, *_merge(corrections)) if (clipped := _clip(span, start, max(start, end)))]
    fields = [metadata.get(name, {}) for name in request.fields]
    described = [read_field_metadata(field, si_units=request.si_units) for field in fields]
    colors = _choose_colors([each.color for each in described])
    return TreatmentPlot(
        title=f"{well}, {request.stage.label.lower()}" if request.stage else well,
        traces=tuple(
            PlotTrace(
                field=name,
                label=each.label or name,
                unit=each.unit or None,
                color=color,
                range=_read_range(field, si_units=request.si_units),
                connect_nulls=field.get("connect_nulls") is True,
                curve=curves[name],
            )
            for name, field, each, color in zip(request.fields, fields, described, colors, strict=True)
        ),
        marks=tuple(_find_all_marks(curves, stages, last)),
        spans=tuple(spans),
        start=start,
        end=max(start, end),
        timezone=zone,
        stacked=request.stacked,
    )


def build_stage_span(stage: Mapping[str, Any], start: datetime, end: datetime | None) -> PlotSpan | None:
    """Return the interval of a stage of the service, which has no end while it is under way; None for standby."""
    state, number = stage.get("state"), parse_id(stage.get("stage_number"))
    operation = state.partition("_")[0].lower() if isinstance(state, str) else StageNameFilters.FRAC.value
    if operation == StageNameFilters.STANDBY:
        return None
    name = _OPERATIONS.get(operation, operation.capitalize())
    label = name if number is None else f"{name} {number}"
    kind: SpanKind = "frac" if operation == StageNameFilters.FRAC else "operation"
    return PlotSpan(start=start, end=min(end or _OPEN_END, _OPEN_END), label=label, kind=kind)


def _merge(spans: Iterable[PlotSpan]) -> list[PlotSpan]:
    """Return intervals of one kind, with overlapping ones merged."""
    merged: list[PlotSpan] = []
    for span in sorted(spans, key=lambda span: span.start):
        if merged and span.start <= merged[-1].end:
            merged[-1] = replace(merged[-1], end=max(span.end, merged[-1].end))
        else:
            merged.append(span)
    return merged


def _clip(span: PlotSpan, start: datetime, end: datetime) -> PlotSpan | None:
    """Return the part of an interval within the time axis; None if they do not overlap."""
    first, last = max(span.start, start), min(span.end, end)
    return replace(span, start=first, end=last) if first <= last else None


def _choose_colors(sent: Iterable[str | None]) -> list[str]:
    """Return the colours of fields. One without a colour gets the one that differs most from those of the others."""
    colors = [*sent]
    for index, color in enumerate(colors):
        if color is None:
            others = [other for other in colors if other]
            colors[index] = max(_COLORS, key=lambda each: min((_distance(each, other) for other in others), default=0))
    return [color or _COLORS[0] for color in colors]


def _distance(color: str, other: str) -> float:
    return math.dist(bytes.fromhex(color[1:]), bytes.fromhex(other[1:]))


def _read_range(field: Mapping[str, Any], *, si_units: bool) -> tuple[float, float] | None:
    """Return the lowest and highest value that the service recommends for the axis of a field."""
    system = "si" if si_units else "imperial"
    low, high = (field.get(f"{system}_plot_{end}") for end in ("min", "max"))
    if isinstance(low, int | float) and isinstance(high, int | float) and low < high:
        return low, high
    return None


def _find_all_marks(curves: Mapping[str, Curve], stages: Sequence[PlotSpan], last: datetime) -> Iterator[PlotMark]:
    """Yield the marks of each frac stage, which are looked for up to the next operation."""
    for stage in stages:
        if stage.kind == "frac":
            following = [each.start - _SECOND for each in stages if each.start >= stage.end and each is not stage]
            until = min([stage.end + BEHIND, last, *following]).timestamp()
            parts = {name: curves[name].between(stage.start.timestamp(), until) for name in MARK_FIELDS}
            yield from find_marks(parts, int(until))
