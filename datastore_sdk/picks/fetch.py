"""Fetch the curves of a stage and of the time behind it, and compute its picks."""

from __future__ import annotations

import logging
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeGuard

from datastore_sdk._io.effects import EffectGen, RunBlocking, redirect_items
from datastore_sdk._io.json_body import is_array, is_object, parse_id
from datastore_sdk.data.field_metadata import fetch_field_metadata
from datastore_sdk.data.progress import DownloadState
from datastore_sdk.data.query import DataQuery
from datastore_sdk.data.streaming.codecs import DICTS
from datastore_sdk.data.streaming.record_identity import parse_second
from datastore_sdk.data.streaming.records import stream_records
from datastore_sdk.enums import StageNameFilters
from datastore_sdk.exceptions import CallError
from datastore_sdk.picks.compute import PickFields, StageCurves, compute_picks
from datastore_sdk.picks.curves import Curve
from datastore_sdk.picks.report import Picks
from datastore_sdk.transport.executor.executor import RequestExecutor
from restream_api.api.sites import list_site_stage_aggregations, list_site_stages
from restream_api.models import Stage, StageAggregations

log = logging.getLogger("datastore_sdk")

Numbers = StageAggregations | dict[str, Any]
"""Aggregations of a stage, by name."""

BEHIND = timedelta(minutes=20)
"""Time behind a stage that holds its shut-in decline, unless the next operation begins earlier."""
_SECOND = timedelta(seconds=1)


def fetch_picks(
    executor: RequestExecutor,
    fields: PickFields,
    *,
    site: int,
    start: datetime,
    end: datetime | None,
    stage_id: int | None,
    stage_number: int | None,
    aggregations: Numbers | None,
    si_units: bool,
) -> EffectGen[Picks]:
    """Fetch the curves of a stage, and return its picks.

    Args:
        executor: Sends the requests.
        fields: Names of the fields.
        site: Id of the site.
        start: First second of the stage.
        end: Last second of the stage; None if it is under way.
        stage_id: Id of the stage; None: it has no aggregations yet.
        stage_number: Number of the stage.
        aggregations: Numbers that the service computed for the stage; None: request them.
        si_units: Whether to request SI units.
    """
    if aggregations is None and stage_id is not None:
        aggregations = yield from _fetch_aggregations(executor, site, stage_id)
    computed = {name: value for name, value in (aggregations or {}).items() if name != "id" and _is_number(value)}
    behind = None if end is None else (yield from find_last_second(executor, site, end))
    names = [fields.pressure, fields.rate, fields.concentration, fields.step]
    query = DataQuery(source="site", id=site, start=start, end=behind, fields=names, si_units=si_units)
    units = yield from fetch_field_metadata(executor, [query])
    values = FieldValues(names)
    yield from redirect_items(values.add, stream_records(executor, query, DICTS, DownloadState()))
    unit = units[fields.pressure].unit if fields.pressure in units else None

    def compute() -> Picks:
        pressure, rate, concentration, step = (Curve.from_mapping(values.by_field[name]) for name in names)
        curves = StageCurves(
            pressure=pressure,
            rate=rate,
            concentration=concentration,
            step=step,
            known_until=values.last,
            span=(int(start.timestamp()), int(end.timestamp()) if end else values.last),
            pressure_unit=unit,
            is_in_si=si_units,
            is_under_way=end is None,
        )
        return compute_picks(curves, fields, site=site, stage_number=stage_number, aggregations=computed)

    return (yield from RunBlocking(compute))


class FieldValues:
    """Numbers of records by field and second, in any order of the records."""

    def __init__(self, names: Sequence[str]) -> None:
        self.by_field: dict[str, dict[int, float]] = defaultdict(dict)
        self.last = 0
        """Last second with a record."""
        self._names = names

    def add(self, records: Iterable[Mapping[str, Any]]) -> None:
        """Add records."""
        for record in records:
            second = parse_second(record.get("timestamp"))
            if second is None:
                continue
            self.last = max(self.last, second)
            for name in self._names:
                value = record.get(name)
                if _is_number(value):
                    self.by_field[name][second] = value


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _fetch_aggregations(executor: RequestExecutor, site: int, stage_id: int) -> EffectGen[Numbers]:
    """Return the numbers that the service computed for a stage; nothing if the request fails."""
    try:
        response: Any = yield from executor.fetch(list_site_stage_aggregations(site, histories=[stage_id]))
    except CallError as error:
        log.warning("Picks come without the aggregations of stage %d: %s", stage_id, error)
        return {}
    stages: object = response.get(str(site)) if is_object(response) else None
    for each in stages if is_array(stages) else ():
        if isinstance(each, StageAggregations) and parse_id(each.get("id")) == stage_id:
            return each
    return {}


def find_last_second(executor: RequestExecutor, site: int, end: datetime) -> EffectGen[datetime]:
    """Return the last second of the decline: before the next operation on the site, or 20 minutes behind the stage."""
    until = end + BEHIND
    try:
        stages = yield from executor.fetch(list_site_stages(site, start=end, end=until))
    except CallError as error:
        log.warning("Records are read to 20 minutes behind the stage, because the next stage is unknown: %s", error)
        return until
    starts = (stage.get("start") for stage in stages if _is_operation(stage, site))
    later = [start - _SECOND for start in starts if isinstance(start, datetime) and start >= end]
    return max(min([until, *later]), end)


def _is_operation(stage: Stage, site: int) -> bool:
    """Return whether a stage is an operation on the site, other than standby."""
    state = stage.get("state")
    is_standby = isinstance(state, str) and state.lower().startswith(StageNameFilters.STANDBY)
    return parse_id(stage.get("site")) in {None, site} and isinstance(state, str) and not is_standby
