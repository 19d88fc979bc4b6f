"""Query of `/data/`: its rules, and its records."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final, cast

from datastore_sdk.sandbox.api.context import CallContext
from datastore_sdk.sandbox.api.query_params import QueryParams
from datastore_sdk.sandbox.simulation.field_catalog import si_conversions
from datastore_sdk.sandbox.simulation.pad_activity import PadActivity
from datastore_sdk.sandbox.simulation.readings import Record
from datastore_sdk.sandbox.simulation.resampling import Aggregate, FillMethod, convert_units, fill_records, resample
from datastore_sdk.sandbox.simulation.selection import Selection

RESOLUTIONS: Final = {"raw": 1, "ten-second": 10, "minute": 60, "ten-minute": 600, "hour": 3600}
_AGGREGATES: Final = ("min", "max", "mean")
_FILL_METHODS: Final = ("bfill", "ffill")


@dataclass(frozen=True, slots=True)
class RecordFormat:
    """Format of the records.

    Attributes:
        resolution: Seconds from one record to the next.
    """

    resolution: int = 1
    aggregate: Aggregate | None = None
    fill_method: FillMethod | None = None
    fill_limit: int = 0
    inside_only: bool = True
    si: bool = False


@dataclass(frozen=True, slots=True)
class DataQueryResult:
    """Records that a query selects.

    Attributes:
        selection: Their selection.
        form: Their format.
        operations: Activity of the pad.
        read: Function that returns the measured records of a selection.
    """

    selection: Selection
    form: RecordFormat
    operations: PadActivity
    read: Callable[[Selection], Iterable[Record]]

    def records(self) -> Iterator[Record]:
        """Yield all records, in order of time."""
        return self._convert(self.selection, self.form)

    def until(self, last: int) -> Iterator[Record]:
        """Yield the records up to a second."""
        return self._convert(replace(self.selection, last=min(self.selection.last, last)), self.form)

    def as_measured(self, first: int, last: int) -> Iterator[Record]:
        """Yield the measured records of a range, for any range of the query; gaps are not filled."""
        selection = replace(self.selection, first=first, last=last, now=last)
        return self._convert(selection, replace(self.form, fill_method=None))

    def _convert(self, selection: Selection, form: RecordFormat) -> Iterator[Record]:
        if form.fill_method is not None:
            records = fill_records(
                lambda: self.read(selection), form.fill_method, form.fill_limit, inside_only=form.inside_only
            )
        elif form.resolution > 1:
            records = resample(self.read(selection), form.resolution, form.aggregate)
        else:
            records = iter(self.read(selection))
        return convert_units(records, si_conversions(self.operations.pad_fields())) if form.si else records


def query_data(call: CallContext) -> DataQueryResult:
    """Return the records that a call requests, of the pad or site in its path.

    Raises:
        RequestError: 400 if the query is invalid; 404, 403.
    """
    parent = call.target()
    if "site_id" in call.ids:
        return _site_data(parent.operations, parent.sites[0].id, call.query, call.now)
    return _pad_data(parent.operations, [site.id for site in parent.sites], call.query, call.now)


def _site_data(operations: PadActivity, site_id: int, query: QueryParams, now: int) -> DataQueryResult:
    selection, form = _selection(query, now, None), _form(query)
    query.check()
    return DataQueryResult(selection, form, operations, lambda wanted: operations.site_records(site_id, wanted))


def _pad_data(operations: PadActivity, site_ids: Collection[int], query: QueryParams, now: int) -> DataQueryResult:
    routed = query.boolean("routed")
    sources = _sources(operations, query)
    selection, form = _selection(query, now, sources), _form(query)
    if selection.stage_number is not None and not routed:
        query.reject("stage_number", "On a pad, stage_number needs routed=true.")
    query.check()
    if routed:
        return DataQueryResult(
            selection, form, operations, lambda wanted: operations.read_routed_records(site_ids, wanted)
        )
    return DataQueryResult(selection, form, operations, operations.pad_records)


def _sources(operations: PadActivity, query: QueryParams) -> frozenset[str] | None:
    wanted = query.names("measurement_source")
    known = [name for crew in operations.pad.crews for name in (crew.name, crew.wireline) if name]
    for name in sorted(wanted or ()):
        if name not in known:
            query.reject("measurement_source", f'"{name}" is not a measurement source of this pad: {", ".join(known)}.')
    return wanted


def _selection(query: QueryParams, now: int, sources: frozenset[str] | None) -> Selection:
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


def _form(query: QueryParams) -> RecordFormat:
    resolution = query.choice("resolution", RESOLUTIONS) or "raw"
    aggregate, method = query.choice("agg", _AGGREGATES), query.choice("fill_data_method", _FILL_METHODS)
    limit, inside = query.integer("fill_data_limit"), query.boolean("inside_area_only")
    if limit is not None and limit < 1:
        query.reject("fill_data_limit", "Ensure this value is greater than or equal to 1.")
    if (method is None) != (limit is None):
        query.reject("fill_data_limit", "fill_data_method and fill_data_limit go together.")
    if method is not None and (resolution != "raw" or aggregate is not None):
        query.reject("fill_data_method", "Only with resolution=raw and without agg.")
    return RecordFormat(
        resolution=RESOLUTIONS[resolution],
        aggregate=cast("Any", aggregate),
        fill_method=cast("Any", method),
        fill_limit=limit or 0,
        inside_only=inside is not False,
        si=query.boolean("si_units") is True,
    )
