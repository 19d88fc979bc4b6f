"""The query of `/data/`: its rules, and the records that answer it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, cast

from datastore_sdk.sandbox.field.catalogue import si_conversions
from datastore_sdk.sandbox.field.operations import PadOperations
from datastore_sdk.sandbox.field.readings import Record
from datastore_sdk.sandbox.field.records import Selection, pad_records, routed_records, site_records
from datastore_sdk.sandbox.field.sampling import Aggregate, FillMethod, filled, in_units, sampled
from datastore_sdk.sandbox.service.query import Query

RESOLUTIONS: Final = {"raw": 1, "ten-second": 10, "minute": 60, "ten-minute": 600, "hour": 3600}
_AGGREGATES: Final = ("min", "max", "mean")
_FILL_METHODS: Final = ("bfill", "ffill")


@dataclass(frozen=True, slots=True)
class _Form:
    """In which form the records are wanted."""

    resolution: int
    aggregate: Aggregate | None
    fill_method: FillMethod | None
    fill_limit: int
    inside_only: bool
    si: bool


def site_data(operations: PadOperations, site_id: int, query: Query, now: int) -> Iterator[Record]:
    """The records of a site.

    Raises:
        RequestError: 400 when the query is wrong.
    """
    selection, form = _selection(query, now, None), _form(query)
    query.check()
    return _shaped(lambda: site_records(operations, site_id, selection), form, operations)


def pad_data(operations: PadOperations, site_ids: Collection[int], query: Query, now: int) -> Iterator[Record]:
    """The records of a pad, routed to these sites of it or not at all.

    Raises:
        RequestError: 400 when the query is wrong.
    """
    routed = query.boolean("routed")
    sources = _sources(operations, query)
    selection, form = _selection(query, now, sources), _form(query)
    if selection.stage_number is not None and not routed:
        query.reject("stage_number", "On a pad, stage_number needs routed=true.")
    query.check()
    if routed:
        return _shaped(lambda: routed_records(operations, site_ids, selection), form, operations)
    return _shaped(lambda: pad_records(operations, selection), form, operations)


def _sources(operations: PadOperations, query: Query) -> frozenset[str] | None:
    wanted = query.names("measurement_source")
    known = [name for crew in operations.pad.crews for name in (crew.name, crew.wireline) if name]
    for name in sorted(wanted or ()):
        if name not in known:
            query.reject("measurement_source", f'"{name}" is no measurement source of this pad: {", ".join(known)}.')
    return wanted


def _selection(query: Query, now: int, sources: frozenset[str] | None) -> Selection:
    start, end = query.second("start_datetime"), query.second("end_datetime")
    if start is not None and end is not None and end < start:
        query.reject("end_datetime", "end_datetime lies before start_datetime.")
    state, stage_number = query.text("state_imatch"), query.integer("stage_number")
    if stage_number is not None and state is None:
        query.reject("stage_number", "stage_number needs state_imatch.")
    return Selection(
        first=0 if start is None else start,
        last=now if end is None else min(end, now),
        now=now,
        fields=query.names("fields"),
        sources=sources,
        state=state.lower() if state else None,
        stage_number=stage_number,
    )


def _form(query: Query) -> _Form:
    resolution = query.choice("resolution", RESOLUTIONS) or "raw"
    aggregate, method = query.choice("agg", _AGGREGATES), query.choice("fill_data_method", _FILL_METHODS)
    limit, inside = query.integer("fill_data_limit"), query.boolean("inside_area_only")
    if limit is not None and limit < 1:
        query.reject("fill_data_limit", "Ensure this value is greater than or equal to 1.")
    if (method is None) != (limit is None):
        query.reject("fill_data_limit", "fill_data_method and fill_data_limit go together.")
    if method is not None and (resolution != "raw" or aggregate is not None):
        query.reject("fill_data_method", "Only with resolution=raw and without agg.")
    return _Form(
        resolution=RESOLUTIONS[resolution],
        aggregate=cast("Any", aggregate),
        fill_method=cast("Any", method),
        fill_limit=limit or 0,
        inside_only=inside is not False,
        si=query.boolean("si_units") is True,
    )


def _shaped(read: Callable[[], Iterable[Record]], form: _Form, operations: PadOperations) -> Iterator[Record]:
    if form.fill_method is not None:
        records = filled(read, form.fill_method, form.fill_limit, inside_only=form.inside_only)
    elif form.resolution > 1:
        records = sampled(read(), form.resolution, form.aggregate)
    else:
        records = iter(read())
    return in_units(records, si_conversions(operations.pad)) if form.si else records
