"""Stages of a completion, with their aggregations."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Unpack, cast

from datastore_sdk.checks import (
    checked_choice,
    checked_id,
    checked_range,
    name_list,
    number_list,
    warn_of_slips,
    whole_second,
)
from datastore_sdk.data import Data, DataAsync, DataQuery
from datastore_sdk.entities.connected import Connected
from datastore_sdk.entities.endpoints import Endpoints
from datastore_sdk.entities.intervals import interval_of
from datastore_sdk.entities.resource import answer_to
from datastore_sdk.enums import OperationName, StageNameFilters
from datastore_sdk.filters import DataForm, checked_form, completed_by
from datastore_sdk.transport import Client
from datastore_sdk.transport.calls.exchange import Flow
from datastore_sdk.transport.json_body import is_array, is_object
from datastore_sdk.transport.lenient import Untouched
from restream_api.models import Stage as StageModel
from restream_api.models import StageAggregations
from restream_api.types import Json

log = logging.getLogger("datastore_sdk")

_FILTERS = ("start_date", "end_date", "stage_number", "stage_numbers", "stage_name_filter", "add_aggregations")
STAGES_AT_A_TIME = 100
"""How many stages' aggregations are asked for in one call, whose URL would grow too long otherwise."""


class Stage(Connected, StageModel):
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
        site, start, end = interval_of(self, "start", "end")
        return DataQuery(source="site", id=site, start=start, end=end, **checked_form(form))


_parse = Json[list[Stage]](list[Stage])


def stages_of(
    endpoints: Endpoints,
    id: int,
    client: Client,
    *,
    start: datetime | None,
    end: datetime | None,
    stage_number: int | None,
    stage_numbers: Sequence[int] | None,
    stage_name_filter: StageNameFilters | OperationName | None,
    add_aggregations: bool,
    aggregations_filter: str | Sequence[str] | None,
    as_dict: bool,
    more: Mapping[str, Any],
) -> Flow[list[Stage] | list[dict[str, Any]]]:
    """The stages of a pad or site that match, as the service orders them."""
    checked_range(start, end, "start_date", "end_date")
    warn_of_slips(more, _FILTERS)
    names = name_list(aggregations_filter, "aggregations_filter")
    if names and not add_aggregations:
        raise ValueError("aggregations_filter needs add_aggregations=True: else there is nothing to choose from")
    operation = endpoints.list_stages(
        id,
        start=whole_second(start, up=False),
        end=whole_second(end, up=False),
        stage_number=checked_id(stage_number, "stage_number") if stage_number is not None else None,
        stage_numbers=number_list(stage_numbers, "stage_numbers"),
        state=checked_choice(StageNameFilters, stage_name_filter, "stage_name_filter"),
    )
    operation = operation.with_query(more)
    if as_dict:
        untouched: list[dict[str, Any]] = yield from operation.with_parse(Untouched(operation.parse))
        if add_aggregations:
            known = [stage for stage in untouched if is_object(stage)]  # untouched, it may be anything
            yield from _add_aggregations(endpoints, id, known, names, as_dict=True)
        return untouched
    stages = [Stage.adopt(stage, client) for stage in (yield from operation.with_parse(_parse))]
    if add_aggregations:
        yield from _add_aggregations(endpoints, id, stages, names)
    return stages


def _add_aggregations(
    endpoints: Endpoints,
    id: int,
    stages: Sequence[Stage | dict[str, Any]],
    names: tuple[str, ...] | None,
    *,
    as_dict: bool = False,
) -> Flow[None]:
    by_id: dict[int, Stage | dict[str, Any]] = {}
    for stage in stages:
        _set_aggregations(stage, None)  # the key is there, also where the service has no numbers
        if isinstance(stage_id := stage.get("id"), int):  # the current stage has none, and no numbers yet
            by_id[stage_id] = stage
    ids = list(by_id)
    for start in range(0, len(ids), STAGES_AT_A_TIME):
        operation = endpoints.list_stage_aggregations(
            id,
            histories=ids[start : start + STAGES_AT_A_TIME],
            aggregations_filter=list(names) if names else None,
        )
        answer = yield from answer_to(operation, as_dict=as_dict)
        for site, aggregations in answer.items() if is_object(answer) else ():
            if isinstance(aggregations, str):
                log.warning("The stages of site %s come without aggregations; the service says: %s", site, aggregations)
            for numbers in aggregations if is_array(aggregations) else ():
                stage_id = numbers.get("id") if isinstance(numbers, StageAggregations) or is_object(numbers) else None
                if isinstance(stage_id, int) and stage_id in by_id:
                    _set_aggregations(by_id[stage_id], numbers)


def _set_aggregations(stage: Stage | dict[str, Any], numbers: StageAggregations | dict[str, Any] | None) -> None:
    if isinstance(stage, Stage):
        stage.aggregations = cast("StageAggregations | None", numbers)
    else:
        stage["aggregations"] = numbers
