"""Fetch the curves of a stage and their metadata, and build its treatment plot."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from datastore_sdk._io.effects import EffectGen, RunBlocking, redirect_items
from datastore_sdk.data.progress import DownloadState
from datastore_sdk.data.query import DataQuery
from datastore_sdk.data.streaming.codecs import DICTS
from datastore_sdk.data.streaming.records import stream_records
from datastore_sdk.data.time_zones import resolve_time_zone
from datastore_sdk.exceptions import CallError, UnusableValueError
from datastore_sdk.picks.curves import Curve
from datastore_sdk.picks.fetch import FieldValues
from datastore_sdk.picks.pumping import find_pumping
from datastore_sdk.picks.report import UnavailablePickError, to_datetime
from datastore_sdk.picks.steps import summarize_steps
from datastore_sdk.plot.content import PlotMark
from datastore_sdk.plot.traces import PlotTrace
from datastore_sdk.plot.treatment_plot import TreatmentPlot
from datastore_sdk.transport.executor.executor import RequestExecutor
from restream_api.api.sites import list_site_fields

log = logging.getLogger("datastore_sdk")

_COLORS = ("#C0392B", "#1B6CA8", "#2E8B57", "#8E44AD", "#D68910", "#16A085", "#7F8C8D")
"""Colours of fields without a colour of their own."""
_COLOR = re.compile(r"#[0-9A-Fa-f]{6}")
_FLUSH = 0.1
"""Share of the highest concentration that the flush stays below on average."""
STEP = "frac_stage_step"
"""Field of the number of the proppant step."""


def fetch_plot(
    executor: RequestExecutor,
    fields: Sequence[str],
    *,
    site: int,
    start: datetime,
    end: datetime | None,
    stage_number: int | None,
    tz: str,
    si_units: bool,
) -> EffectGen[TreatmentPlot]:
    """Fetch the curves of a stage, and return its plot."""
    zone = yield from resolve_time_zone(executor, tz, [("site", site)])
    metadata = yield from _fetch_fields(executor, site)
    names = [*dict.fromkeys([*fields, STEP])]
    query = DataQuery(source="site", id=site, start=start, end=end, fields=names, si_units=si_units)
    values = FieldValues(names)
    yield from redirect_items(values.add, stream_records(executor, query, DICTS, DownloadState()))

    def build() -> TreatmentPlot:
        curves = {name: Curve.from_mapping(values.by_field[name]) for name in names}
        if not any(curves[name] for name in fields):
            raise UnusableValueError(f"there is nothing to plot: no record has a value of {', '.join(fields)}")
        traces = [
            _build_trace(name, curves[name], metadata.get(name, {}), _COLORS[number % len(_COLORS)], si_units)
            for number, name in enumerate(fields)
        ]
        last = end or datetime.fromtimestamp(values.last, tz=UTC)
        return TreatmentPlot(
            title=f"Stage {stage_number} of site {site}",
            traces=tuple(traces),
            marks=tuple(_find_marks(curves, values.last)),
            span=(start, last),
            timezone=zone,
        )

    return (yield from RunBlocking(build))


def _fetch_fields(executor: RequestExecutor, site: int) -> EffectGen[dict[str, Mapping[str, Any]]]:
    """Return the metadata of the fields of a site by name; nothing if the request fails."""
    try:
        fields = yield from executor.fetch(list_site_fields(site))
    except CallError as error:
        log.warning("The plot has no units, labels and colours: %s", error)
        return {}
    found: dict[str, Mapping[str, Any]] = {}
    for field in fields:
        if isinstance(name := field.get("name"), str):
            found.setdefault(name, dict(field.items()))
    return found


def _build_trace(name: str, curve: Curve, field: Mapping[str, Any], color: str, si_units: bool) -> PlotTrace:
    system = "si" if si_units else "imperial"
    unit, label, own = field.get(f"{system}_unit"), field.get("label"), field.get("primary_color")
    limits = [field.get(f"{system}_plot_{end}") for end in ("min", "max")]
    numbers = [limit for limit in limits if isinstance(limit, int | float)]
    return PlotTrace(
        field=name,
        label=label if isinstance(label, str) and label else name,
        unit=unit if isinstance(unit, str) and unit else None,
        color=own if isinstance(own, str) and _COLOR.fullmatch(own) else color,
        range=(numbers[0], numbers[1]) if len(numbers) == len(limits) and numbers[0] < numbers[1] else None,
        connect_nulls=field.get("connect_nulls") is True,
        curve=curve,
    )


def _find_marks(curves: Mapping[str, Curve], last: int) -> Iterator[PlotMark]:
    """Yield the starts of the proppant steps, and the shut-in."""
    rate = curves.get("slurry_rate")
    concentration = curves.get("proppant_conc")
    if not rate or not concentration:
        return
    try:
        pumping = find_pumping(rate, last)
    except UnavailablePickError:
        return
    steps = summarize_steps({"c": concentration}, curves[STEP], concentration, pumping)
    highest = max(concentration.values)
    for step in steps[1:]:
        is_flush = step is steps[-1] and step.average.get("c", 0.0) < _FLUSH * highest
        yield PlotMark(at=step.start, label="flush" if is_flush else f"step {step.number}")
    if pumping.shut_in:
        yield PlotMark(at=to_datetime(pumping.shut_in), label="shut-in")
