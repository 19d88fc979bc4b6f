"""Fetch the curves of a site, their metadata, stages and corrections, and build a treatment plot."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar

from datastore_sdk._io.effects import EffectGen, RunBlocking, redirect_items
from datastore_sdk._io.json_body import is_array, parse_id
from datastore_sdk._utils.suggestions import suggest
from datastore_sdk._utils.time_zones import SITE
from datastore_sdk._utils.validation import round_to_second
from datastore_sdk.data.progress import DownloadState
from datastore_sdk.data.query import KEY_FIELDS, DataQuery, widen_to_whole_second
from datastore_sdk.data.streaming.codecs import DICTS
from datastore_sdk.data.streaming.records import stream_records
from datastore_sdk.data.time_zones import choose_time_zone
from datastore_sdk.exceptions import CallError
from datastore_sdk.picks.fetch import FieldValues, find_last_second
from datastore_sdk.plot.build import PlotRequest, build_plot, build_stage_span
from datastore_sdk.plot.content import DEFAULT_FIELDS, PlotSpan
from datastore_sdk.plot.marks import MARK_FIELDS
from datastore_sdk.plot.treatment_plot import TreatmentPlot
from datastore_sdk.transport.executor.executor import RequestExecutor
from restream_api.api.sites import get_site, list_site_data_changes, list_site_fields, list_site_stages
from restream_api.models import DataChange, Site
from restream_api.types import Operation

T = TypeVar("T")

log = logging.getLogger("datastore_sdk")

_SAMPLE = timedelta(minutes=2)
"""Length of the sample of records in which a field is looked for that the service does not list."""


def fetch_plot(executor: RequestExecutor, request: PlotRequest) -> EffectGen[TreatmentPlot]:
    """Fetch what a plot shows. Only the records must arrive: without the rest, a warning is logged.

    Raises:
        ValueError: A field does not exist.
        NoRecordsError: No record has a value of the fields.
        UnusableValueError: The service sent no time zone, and the plot is in that of the site.
        CallError: The download failed.
    """
    well, zone = yield from _fetch_site(executor, request)
    metadata = yield from _fetch_fields(executor, request.site)
    yield from _validate_fields(executor, request, metadata)
    last = request.end
    if request.stage is not None:
        stages = [request.stage]
        last = None if last is None else (yield from find_last_second(executor, request.site, last))
    else:
        stages = yield from _fetch_stages(executor, request)
    corrections = yield from _fetch_corrections(executor, request.site)
    names = [*dict.fromkeys((*request.fields, *MARK_FIELDS))]
    values = FieldValues(names)
    query = _build_query(request, names, request.start, last)
    yield from redirect_items(values.add, stream_records(executor, query, DICTS, DownloadState()))

    def build() -> TreatmentPlot:
        return build_plot(
            request, values, well=well, zone=zone, metadata=metadata, stages=stages, corrections=corrections
        )

    return (yield from RunBlocking(build))


def _build_query(request: PlotRequest, fields: list[str], start: datetime, end: datetime | None) -> DataQuery:
    first, last = widen_to_whole_second(start, end)
    return DataQuery(source="site", id=request.site, start=first, end=last, fields=fields, si_units=request.si_units)


def _fetch_site(executor: RequestExecutor, request: PlotRequest) -> EffectGen[tuple[str, str]]:
    """Return the name of the well, and the time zone of the plot."""
    unnamed = f"site {request.site}"
    operation = get_site(request.site)
    site: Site | None
    if request.tz == SITE:  # needed, so an error is raised
        site = yield from executor.fetch(operation)
    else:
        site = yield from _fetch_optional(executor, operation, "the name of the well")
    own = site if site is not None and parse_id(site.get("id")) in {None, request.site} else None
    name = own.get("name") if own is not None else None
    zone = request.tz
    if zone == SITE:
        zone = choose_time_zone({unnamed: own.get("timezone") if own is not None else None})
    return name.strip() if isinstance(name, str) and name.strip() else unnamed, zone


def _fetch_fields(executor: RequestExecutor, site: int) -> EffectGen[dict[str, Mapping[str, Any]]]:
    """Return the metadata of the fields of a site by name; nothing if the request fails."""
    fields = yield from _fetch_optional(executor, list_site_fields(site), "units, labels and colours")
    found: dict[str, Mapping[str, Any]] = {}
    for field in fields or ():
        if isinstance(name := field.get("name"), str):
            found.setdefault(name, dict(field.items()))
    return found


def _validate_fields(
    executor: RequestExecutor, request: PlotRequest, metadata: Mapping[str, object]
) -> EffectGen[None]:
    """Refuse fields that are neither listed nor in a sample of the records: the service ignores unknown ones."""
    known = {*metadata, *DEFAULT_FIELDS, *MARK_FIELDS}
    unknown = [name for name in request.fields if name not in known] if metadata else []
    if not unknown:
        return
    middle = request.start + ((request.end or request.start + 2 * _SAMPLE) - request.start) / 2
    sampled: set[str] = set()

    def note(records: list[Any]) -> None:
        sampled.update(name for record in records for name in record)

    query = _build_query(request, unknown, middle, middle + _SAMPLE)
    yield from redirect_items(note, stream_records(executor, query, DICTS, DownloadState()))
    for name in unknown:
        if name not in sampled - {*KEY_FIELDS}:
            hint = suggest(name, known) or f"; list them with: datastore fields --site {request.site}"
            raise ValueError(f"site {request.site} has no field {name!r}{hint}")


def _fetch_stages(executor: RequestExecutor, request: PlotRequest) -> EffectGen[list[PlotSpan]]:
    """Return the stages in the plotted range; nothing if the request fails."""
    first, last = round_to_second(request.start, up=False), round_to_second(request.end, up=True)
    operation = list_site_stages(request.site, start=first, end=last)
    found = (yield from _fetch_optional(executor, operation, "stages")) or []
    spans: list[PlotSpan] = []
    for stage in found:
        start, end = stage.get("start"), stage.get("end")
        if isinstance(start, datetime) and parse_id(stage.get("site")) in {None, request.site}:
            span = build_stage_span(dict(stage.items()), start, end if isinstance(end, datetime) else None)
            if span and span.start <= span.end:
                spans.append(span)
    return sorted(spans, key=lambda span: span.start)


def _fetch_corrections(executor: RequestExecutor, site: int) -> EffectGen[list[PlotSpan]]:
    """Return the corrected intervals of a site, acknowledged or not; nothing if the request fails."""
    operation = list_site_data_changes(site, get_acknowledged=True)
    log_ = yield from _fetch_optional(executor, operation, "corrected intervals")
    return [*_read_corrections(log_.get("change_log") if log_ is not None else None, site)]


def _read_corrections(changes: object, site: int) -> Iterator[PlotSpan]:
    for change in changes if is_array(changes) else ():
        if not isinstance(change, DataChange) or parse_id(change.get("site")) not in {None, site}:
            continue
        start, end = change.get("start_date"), change.get("end_date")
        if isinstance(start, datetime) and isinstance(end, datetime):
            yield PlotSpan(start=min(start, end), end=max(start, end), label="corrected", kind="correction")


def _fetch_optional(executor: RequestExecutor, operation: Operation[T], what: str) -> EffectGen[T | None]:
    """Return a response that the plot can do without; None if the request fails."""
    try:
        return (yield from executor.fetch(operation))
    except CallError as error:
        log.warning("The plot comes without %s: %s", what, error)
        return None
