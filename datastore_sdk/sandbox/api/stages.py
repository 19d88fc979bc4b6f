"""Stages and aggregations that a query selects."""

from __future__ import annotations

from collections.abc import Iterable

from datastore_sdk.sandbox.api.context import CallContext
from datastore_sdk.sandbox.api.query_params import QueryParams
from datastore_sdk.sandbox.api.serializers import Json
from datastore_sdk.sandbox.simulation.layout import SiteLayout
from datastore_sdk.sandbox.simulation.pad_activity import PadActivity
from datastore_sdk.sandbox.simulation.schedule import ScheduledStage


class _StageFilter:
    """Filters of `/history/`; each one that is set must hold."""

    def __init__(self, query: QueryParams) -> None:
        self._start, self._end = query.instant("start"), query.instant("end")
        self._state = query.text("state")
        number, self._numbers = query.integer("stage_number"), query.integers("stage_numbers")
        if number is not None:
            self._numbers = (self._numbers or frozenset({number})) & {number}

    def admits(self, stage: ScheduledStage) -> bool:
        """Return whether a stage is selected; a stage that crosses an end of the interval counts."""
        return (
            (self._start is None or stage.end is None or stage.end > self._start)
            and (self._end is None or stage.start < self._end)
            and (self._numbers is None or stage.number in self._numbers)
            and (self._state is None or self._state.lower() in stage.state)
        )


def filter_stages(call: CallContext, operations: PadActivity, sites: Iterable[SiteLayout]) -> list[ScheduledStage]:
    """Return the stages that a query selects: site by site, newest first.

    Raises:
        RequestError: 400 if the query is invalid.
    """
    wanted = _StageFilter(call.query)
    call.query.check()
    return [
        stage
        for site in sites
        for planned in reversed(operations.stages(site.id, call.now))
        if wanted.admits(stage := planned.as_known_at(call.now))
    ]


def aggregations_json(call: CallContext, operations: PadActivity, sites: Iterable[SiteLayout]) -> Json:
    """Return by site id the aggregations of the finished stages that a query selects.

    Raises:
        RequestError: 400 if the query is invalid.
    """
    names, histories = call.query.names("aggregations_filter"), call.query.integers("histories")
    by_site: dict[int, list[ScheduledStage]] = {}
    for stage in filter_stages(call, operations, sites):
        if stage.end is not None and (histories is None or stage.id in histories):
            by_site.setdefault(stage.site_id, []).append(stage)
    parameters = [
        parameter
        for parameter in call.service.parameters.of_pad(operations.pad.id)
        if names is None or parameter.name in names
    ]
    response: Json = {}
    for site_id, stages in by_site.items():
        if not operations.pad.by_id[site_id].configured:
            response[str(site_id)] = f"Site {site_id} has no component configuration: stages cannot be aggregated"
            continue
        rows: list[Json] = []
        for stage in stages:
            numbers = call.service.aggregations.of(
                operations, stage, {each.definition for each in parameters}, call.now
            )
            computed = {each.name: numbers[each.definition] for each in parameters}
            reported = {
                name: value
                for name, value in operations.preset_aggregations(stage).items()
                if names is None or name in names
            }
            rows.append({**computed, **reported, "id": stage.id})
        response[str(site_id)] = rows
    return response
