"""Stages of a completion, with their aggregations."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Unpack, cast

from datastore_sdk._io.json_body import id_of, is_array, is_object
from datastore_sdk._utils.validation import (
    RANGE_NAMES,
    checked_choice,
    checked_flag,
    checked_id,
    name_list,
    number_list,
    one_of,
    range_of,
    refuse_unknown,
    whole_second,
)
from datastore_sdk.client import Client
from datastore_sdk.data import Data, DataAsync, DataQuery
from datastore_sdk.data.query import widen_to_whole_second
from datastore_sdk.entities.connected import ClientBound
from datastore_sdk.entities.endpoints import Endpoints
from datastore_sdk.entities.filter_validation import OTHERWISE, checked_extra_filters
from datastore_sdk.entities.intervals import interval_of
from datastore_sdk.entities.list_queries import ExtraFilters
from datastore_sdk.entities.matching import MatchRule, carried, has_id, has_operation, is_from, is_until, matching
from datastore_sdk.entities.object_list import ObjectList
from datastore_sdk.entities.pad_sites import of_sites
from datastore_sdk.entities.resource import answer_to
from datastore_sdk.enums import OperationName, StageNameFilters
from datastore_sdk.filters import DataForm, StageFilters, checked_form, completed_by
from datastore_sdk.transport.executor.executor import Flow
from restream_api.models import Stage as StageModel
from restream_api.models import StageAggregations
from restream_api.types import Json, Operation

log = logging.getLogger("datastore_sdk")

_BY_PLACE = ("start_date", "end_date", "stage_number", "stage_name_filter")
"""The filters that may be given by their place."""
STAGES_AT_A_TIME = 100
"""How many stages' aggregations are asked for in one call, whose URL would grow too long otherwise."""


class Stage(ClientBound, StageModel):
    """One interval of a well's completion: fracturing it, running wireline in it, or standing by in between.

    Reads like an object and like a dict: `stage.state`, `stage["state"]`, `stage.get("end")`, `dict(stage)`.
    `get_data()` gives its records.
    """

    aggregations: StageAggregations | None = None
    """Numbers computed from the stage's data, such as `avg_slurry_rate`. None where the service has
    none; the key is there only where they were asked for.
    """

    @classmethod
    def adopt(cls, stage: Stage, client: Client) -> Stage:
        """The stage, which keeps the client that fetched it."""
        stage._client = client
        return stage

    @completed_by(DataForm)
    def get_data(self, **form: Unpack[DataForm]) -> Data:
        """The time-series data of the stage, lazily: the records of its site from `start` to `end`, both included.

        Of a stage that goes on: up to now.

        Args:
            **form: The form of the records (`DataForm`).

        Raises:
            ValueError: Parts of the form do not go together.
            NotLoadedError: The service did not send site, start or end.
            UnusableValueError: What the service sent as one of them cannot be used.
        """
        return Data(self._caller(), [self._query(form)])

    @completed_by(DataForm)
    async def aget_data(self, **form: Unpack[DataForm]) -> DataAsync:
        """Async form of `get_data`."""
        return DataAsync(self._caller(), [self._query(form)])

    def _query(self, form: DataForm) -> DataQuery:
        interval = interval_of(self, "start", "end")
        start, end = widen_to_whole_second(interval.start, interval.end)
        return DataQuery(source="site", id=interval.site, start=start, end=end, **checked_form(form))


_parse = Json[list[Stage]](list[Stage])


class StageQuery(NamedTuple):
    """The stages to ask for."""

    operation: Operation[list[Stage]]
    rules: tuple[MatchRule, ...]
    """What each stage must be."""
    add_aggregations: bool
    aggregations: list[str] | None
    """The names of the aggregations to ask for; None: all."""


def stages_with(
    endpoints: Endpoints,
    id: int,
    *,
    start_date: datetime | str | None,
    end_date: datetime | str | None,
    stage_number: int | None,
    stage_name_filter: StageNameFilters | OperationName | None,
    add_aggregations: bool,
    aggregations_filter: str | Sequence[str] | None,
    filters: StageFilters,
    extra_filters: ExtraFilters,
) -> StageQuery:
    """Return the query of the stages of a pad or site that match.

    Raises:
        TypeError: There is no such filter, or a value is of the wrong type.
        ValueError: A value is empty or cannot be used, or filters do not go together.
    """
    refuse_unknown(filters, [*_BY_PLACE, *StageFilters.__annotations__], "a filter of stages", OTHERWISE)
    names = name_list(aggregations_filter, "aggregations_filter")
    if names and not checked_flag(add_aggregations, "add_aggregations"):
        raise ValueError("aggregations_filter needs add_aggregations=True: else there is nothing to choose from")
    start = one_of(start_date, filters.get("start"), "start_date", "start")
    end = one_of(end_date, filters.get("end"), "end_date", "end")
    start, end = range_of(
        start,
        end,
        filters.get("start_datetime"),
        filters.get("end_datetime"),
        ("start_date", "end_date"),
        RANGE_NAMES,
    )
    first, last = whole_second(start, up=False), whole_second(end, up=False)
    number = checked_id(stage_number, "stage_number") if stage_number is not None else None
    numbers = number_list(filters.get("stage_numbers"), "stage_numbers")
    name = checked_choice(StageNameFilters, stage_name_filter, "stage_name_filter")
    operation = endpoints.list_stages(
        id, start=first, end=last, stage_number=number, stage_numbers=numbers, state=name
    ).with_parse(_parse)
    extra = checked_extra_filters(extra_filters, (name for name, _ in operation.query))
    rules = (
        has_id("site", id) if endpoints.source == "site" else None,
        is_from("end", first) if first else None,
        is_until("start", last) if last else None,
        has_id("stage_number", number) if number is not None else None,
        has_id("stage_number", *numbers) if numbers else None,
        has_operation("state", name) if name else None,
    )
    return StageQuery(
        operation.with_query(extra),
        tuple(rule for rule in rules if rule),
        checked_flag(add_aggregations, "add_aggregations"),
        [*names] if names else None,
    )


def stages_of(
    endpoints: Endpoints, id: int, known_sites: frozenset[int], client: Client, query: StageQuery, *, as_dict: bool
) -> Flow[ObjectList[Stage] | list[dict[str, Any]]]:
    """Return the stages that were asked for, as the service orders them: as ours, or as dicts untouched."""
    operation = query.operation
    read = matching((yield from answer_to(operation, as_dict=as_dict)), query.rules, operation.name)
    stages = yield from of_sites(client, id, known_sites, read, operation.name)
    for stage in () if as_dict else stages:
        Stage.adopt(stage, client)
    if query.add_aggregations and is_array(stages):  # untouched, it and its items may be anything
        known = [stage for stage in stages if isinstance(stage, Stage) or is_object(stage)]
        yield from _add_aggregations(endpoints, id, known, query.aggregations, as_dict=as_dict)
    return cast("list[dict[str, Any]]", stages) if as_dict else ObjectList(cast("list[Stage]", stages))


def _add_aggregations(
    endpoints: Endpoints, id: int, stages: list[Stage | dict[str, Any]], names: list[str] | None, *, as_dict: bool
) -> Flow[None]:
    by_id: dict[int, Stage | dict[str, Any]] = {}
    for stage in stages:
        _set_aggregations(stage, None)  # the key is there, also where the service has no numbers
        if (stage_id := id_of(carried(stage, "id"))) is not None:  # the current stage has none, and no numbers yet
            by_id[stage_id] = stage
    ids = list(by_id)
    for start in range(0, len(ids), STAGES_AT_A_TIME):
        operation = endpoints.list_stage_aggregations(
            id, histories=ids[start : start + STAGES_AT_A_TIME], aggregations_filter=names
        )
        answer = yield from answer_to(operation, as_dict=as_dict)
        for numbers in _of_stages(answer, by_id, operation.name):
            if (stage_id := id_of(carried(numbers, "id"))) is not None:
                _set_aggregations(by_id[stage_id], numbers)


def _of_stages(answer: object, stages: Mapping[int, Stage | dict[str, Any]], source: str) -> Iterator[Any]:
    """The aggregations of the stages that were asked for. Reports others, and errors instead of aggregations."""
    sites = {stage_id: id_of(carried(stage, "site")) for stage_id, stage in stages.items()}
    known = {site for site in sites.values() if site is not None}
    rules = [] if None in sites.values() else [has_id("site", *known)]
    by_site = [*answer.items()] if is_object(answer) else []
    for site, aggregations in matching(by_site, rules, source, lambda item: {"site": item[0]}):
        if isinstance(aggregations, str):
            log.warning("The stages of site %s come without aggregations; the service says: %s", site, aggregations)
        if is_array(aggregations):
            here = [stage_id for stage_id, own in sites.items() if None in {own, id_of(site)} or own == id_of(site)]
            yield from matching(aggregations, [has_id("id", *here)], source)


def _set_aggregations(stage: Stage | dict[str, Any], numbers: Any) -> None:
    if isinstance(stage, Stage):
        stage.aggregations = numbers
    else:
        stage["aggregations"] = numbers
