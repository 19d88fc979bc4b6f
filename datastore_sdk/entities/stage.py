"""Stages of a well's completion, and their aggregations."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Unpack, cast

from datastore_sdk._io.effects import EffectGen
from datastore_sdk._io.json_body import is_array, is_object, parse_id
from datastore_sdk._utils.signatures import complete_signature
from datastore_sdk._utils.validation import (
    RANGE_NAMES,
    parse_ids,
    parse_names,
    resolve_alias,
    resolve_range,
    round_to_second,
    validate_choice,
    validate_flag,
    validate_id,
    validate_known,
    validate_text,
)
from datastore_sdk.client import Client
from datastore_sdk.data import Data, DataAsync, DataQuery
from datastore_sdk.data.query import widen_to_whole_second
from datastore_sdk.entities.base import ShortText, show_datetime
from datastore_sdk.entities.endpoints import Endpoints
from datastore_sdk.entities.filter_validation import EXTRA_FILTERS_HINT, validate_extra_filters
from datastore_sdk.entities.intervals import get_interval, get_site_id
from datastore_sdk.entities.list_queries import ExtraFilters
from datastore_sdk.entities.matching import (
    MatchRule,
    filter_matching,
    get_value,
    has_id,
    has_operation,
    is_on_or_after,
    is_on_or_before,
)
from datastore_sdk.entities.object_list import ObjectList
from datastore_sdk.entities.plots import StagePlotMixin
from datastore_sdk.entities.resource import fetch_response
from datastore_sdk.entities.site_membership import filter_by_pad
from datastore_sdk.enums import OperationName, StageNameFilters
from datastore_sdk.filters import DataForm, StageFilters, validate_data_form
from datastore_sdk.picks.report import Picks
from datastore_sdk.transport.executor.executor import Flow
from restream_api.models import Stage as StageModel
from restream_api.models import StageAggregations
from restream_api.types import Json, Operation

log = logging.getLogger("datastore_sdk")

_POSITIONAL_FILTERS = ("start_date", "end_date", "stage_number", "stage_name_filter")
"""The filters that are positional arguments of `get_stages_metadata`."""
_NOT_PUMPED = {StageNameFilters.WIRELINE, StageNameFilters.STANDBY}
"""Operations without a treatment to pick from."""
MAX_STAGES_PER_REQUEST = 100
"""Maximum number of stages in one request for aggregations. More would make the URL too long."""


class Stage(StagePlotMixin, StageModel):
    """One interval of a well's completion: a frac, a wireline run, or standby in between.

    A stage reads like an object and like a dict: `stage.state`, `stage["state"]`, `stage.get("end")`, `dict(stage)`.
    `state` is `<operation>_<detail>`, such as `frac_frac`, `wl_runinhole` or `standby_standby`. `start` and `end` are
    datetimes in UTC; `end` is None and `id` is missing while the stage is under way.
    `get_data()` returns the stage's records.
    """

    aggregations: StageAggregations | None = None
    """Numbers that the service computed from the stage's data, such as `aggregations.avg_slurry_rate`.

    Loaded by `get_stages_metadata(add_aggregations=True)`. None if the service has none, or if they were not requested.
    `get_stages_aggregations()` lists their names and units.
    """

    @property
    def site_id(self) -> int:
        """Id of the site (the key `site` of the service).

        Raises:
            NotLoadedError: The service did not send the site.
            UnusableValueError: The value that the service sent is not an id.
        """
        return get_site_id(self)

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        known = ((name, self.get(name)) for name in ("id", "site", "stage_number", "state", "start", "end"))
        yield from ((name, show_datetime(value)) for name, value in known if value is not None)
        if isinstance(self.aggregations, StageAggregations):
            numbers = [name for name, value in self.aggregations.items() if name != "id" and value is not None]
            yield "aggregations", ShortText(f"<{len(numbers)} numbers>")

    @classmethod
    def from_api_model(cls, stage: Stage, client: Client) -> Stage:
        """Set the client of a parsed stage, and return the stage."""
        stage._client = client
        return stage

    @complete_signature(DataForm)
    def get_data(self, **form: Unpack[DataForm]) -> Data:
        """Return the records of the stage: those of its site from `start` to `end`, both included.

        The download starts when the records are iterated over or saved. For the current stage, which has no end, the
        records reach up to now.

        Args:
            **form: Fields, units, resolution and filling of the records (`DataForm`), as in `Site.get_data`.

        Raises:
            ValueError: Options do not go together.
            NotLoadedError: The service did not send the site, start or end.
            UnusableValueError: The site, start or end that the service sent is invalid.
        """
        return Data(self._get_client(), [self._query(form)])

    @complete_signature(DataForm)
    async def aget_data(self, **form: Unpack[DataForm]) -> DataAsync:
        """Return the records of the stage: those of its site from `start` to `end`, both included.

        The download starts when the records are iterated over or saved. For the current stage, which has no end, the
        records reach up to now.

        Args:
            **form: Fields, units, resolution and filling of the records (`DataForm`), as in `Site.aget_data`.

        Raises:
            ValueError: Options do not go together.
            NotLoadedError: The service did not send the site, start or end.
            UnusableValueError: The site, start or end that the service sent is invalid.
        """
        return DataAsync(self._get_client(), [self._query(form)])

    def picks(
        self,
        *,
        pressure: str = "surface_treating_pressure",
        rate: str = "slurry_rate",
        concentration: str = "proppant_conc",
        step: str = "frac_stage_step",
        si_units: bool = False,
    ) -> Picks:
        """Download the curves of a frac stage, and pick the numbers that the service does not compute.

        Breakdown pressure, instantaneous shut-in pressure (ISIP), decline 5, 10 and 15 minutes after shut-in, time to
        rate, averages and maxima by proppant step, and warning signs of a screen-out. They are estimates: each has its
        method, window and confidence. A number that the data does not show is in `unavailable`, with the reason.

        The records reach to 20 minutes behind the stage, or to the next operation on the well, since the decline is
        there. Besides the records, one request each is made for the next stages, for units, and for the aggregations
        of the stage, unless it has them. If one of these fails, a warning is logged.

        Args:
            pressure: Field of the surface treating pressure.
            rate: Field of the slurry rate.
            concentration: Field of the proppant concentration.
            step: Field of the number of the proppant step. If it has no values, intervals of constant concentration
                are the steps.
            si_units: True: SI units; False: oilfield units.

        Raises:
            ValueError: The stage is a wireline run or standby, or two arguments name the same field.
            TypeError: An argument has the wrong type.
            NotLoadedError: The service did not send the site, start or end.
            UnusableValueError: The site, start or end that the service sent is invalid.
            RestreamError: The download failed.
        """
        return self._get_client()._drive(self._fetch_picks(pressure, rate, concentration, step, si_units))

    async def apicks(
        self,
        *,
        pressure: str = "surface_treating_pressure",
        rate: str = "slurry_rate",
        concentration: str = "proppant_conc",
        step: str = "frac_stage_step",
        si_units: bool = False,
    ) -> Picks:
        """Download the curves of a frac stage, and pick the numbers that the service does not compute.

        Breakdown pressure, instantaneous shut-in pressure (ISIP), decline 5, 10 and 15 minutes after shut-in, time to
        rate, averages and maxima by proppant step, and warning signs of a screen-out. They are estimates: each has its
        method, window and confidence. A number that the data does not show is in `unavailable`, with the reason.

        The records reach to 20 minutes behind the stage, or to the next operation on the well, since the decline is
        there. Besides the records, one request each is made for the next stages, for units, and for the aggregations
        of the stage, unless it has them. If one of these fails, a warning is logged.

        Args:
            pressure: Field of the surface treating pressure.
            rate: Field of the slurry rate.
            concentration: Field of the proppant concentration.
            step: Field of the number of the proppant step. If it has no values, intervals of constant concentration
                are the steps.
            si_units: True: SI units; False: oilfield units.

        Raises:
            ValueError: The stage is a wireline run or standby, or two arguments name the same field.
            TypeError: An argument has the wrong type.
            NotLoadedError: The service did not send the site, start or end.
            UnusableValueError: The site, start or end that the service sent is invalid.
            RestreamError: The download failed.
        """
        return await self._get_client()._adrive(self._fetch_picks(pressure, rate, concentration, step, si_units))

    def _fetch_picks(self, pressure: str, rate: str, concentration: str, step: str, si_units: bool) -> EffectGen[Picks]:
        from datastore_sdk.picks.compute import PickFields  # seldom needed
        from datastore_sdk.picks.fetch import fetch_picks

        state = self.get("state")
        if isinstance(state, str) and state.partition("_")[0].lower() in _NOT_PUMPED:
            raise ValueError(f"picks need a frac stage, but this one is {state!r}")
        texts = [
            validate_text(value, name)
            for name, value in (
                ("pressure", pressure),
                ("rate", rate),
                ("concentration", concentration),
                ("step", step),
            )
        ]
        if len({*texts}) < len(texts):
            raise ValueError(f"pressure, rate, concentration and step must be four fields, not {', '.join(texts)}")
        interval = get_interval(self, "start", "end")
        return fetch_picks(
            self._get_client()._executor,
            PickFields(pressure=texts[0], rate=texts[1], concentration=texts[2], step=texts[3]),
            site=interval.site,
            start=interval.start,
            end=interval.end,
            stage_id=parse_id(self.get("id")),
            stage_number=parse_id(self.get("stage_number")),
            aggregations=self.aggregations,
            si_units=validate_flag(si_units, "si_units"),
        )

    def _query(self, form: DataForm) -> DataQuery:
        interval = get_interval(self, "start", "end")
        start, end = widen_to_whole_second(interval.start, interval.end)
        return DataQuery(source="site", id=interval.site, start=start, end=end, **validate_data_form(form))


_parse = Json[list[Stage]](list[Stage])


class StageQuery(NamedTuple):
    """Query for the stages of a pad or site."""

    operation: Operation[list[Stage]]
    rules: tuple[MatchRule, ...]
    """Rules that each stage must match."""
    add_aggregations: bool
    aggregations: list[str] | None
    """Names of the aggregations to fetch; None: all."""


def build_stage_query(
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
    """Return the query for the stages that match the filters.

    Raises:
        TypeError: A filter does not exist, or a value has the wrong type.
        ValueError: A value is empty or invalid, or filters do not go together.
    """
    validate_known(
        filters, [*_POSITIONAL_FILTERS, *StageFilters.__annotations__], "a filter of stages", EXTRA_FILTERS_HINT
    )
    names = parse_names(aggregations_filter, "aggregations_filter")
    if names and not validate_flag(add_aggregations, "add_aggregations"):
        raise ValueError("aggregations_filter needs add_aggregations=True: otherwise no aggregations are fetched")
    start = resolve_alias(start_date, filters.get("start"), "start_date", "start")
    end = resolve_alias(end_date, filters.get("end"), "end_date", "end")
    start, end = resolve_range(
        start,
        end,
        filters.get("start_datetime"),
        filters.get("end_datetime"),
        ("start_date", "end_date"),
        RANGE_NAMES,
    )
    first, last = round_to_second(start, up=False), round_to_second(end, up=False)
    number = validate_id(stage_number, "stage_number") if stage_number is not None else None
    numbers = parse_ids(filters.get("stage_numbers"), "stage_numbers")
    name = validate_choice(StageNameFilters, stage_name_filter, "stage_name_filter")
    operation = endpoints.list_stages(
        id, start=first, end=last, stage_number=number, stage_numbers=numbers, state=name
    ).with_parse(_parse)
    extra = validate_extra_filters(extra_filters, (name for name, _ in operation.query))
    rules = (
        has_id("site", id) if endpoints.source == "site" else None,
        is_on_or_after("end", first) if first else None,
        is_on_or_before("start", last) if last else None,
        has_id("stage_number", number) if number is not None else None,
        has_id("stage_number", *numbers) if numbers else None,
        has_operation("state", name) if name else None,
    )
    return StageQuery(
        operation.with_query(extra),
        tuple(rule for rule in rules if rule),
        validate_flag(add_aggregations, "add_aggregations"),
        [*names] if names else None,
    )


def fetch_stages(
    endpoints: Endpoints, id: int, known_sites: frozenset[int], client: Client, query: StageQuery, *, as_dict: bool
) -> Flow[ObjectList[Stage] | list[dict[str, Any]]]:
    """Fetch the stages that match, in the service's order: as `Stage`s, or with `as_dict` as the service's JSON."""
    operation = query.operation
    matches = filter_matching((yield from fetch_response(operation, as_dict=as_dict)), query.rules, operation.name)
    stages = yield from filter_by_pad(client, id, known_sites, matches, operation.name)
    for stage in () if as_dict else stages:
        Stage.from_api_model(stage, client)
    if query.add_aggregations and is_array(stages):  # with as_dict=True, the JSON may be any value
        valid = [stage for stage in stages if isinstance(stage, Stage) or is_object(stage)]
        yield from _add_aggregations(endpoints, id, valid, query.aggregations, as_dict=as_dict)
    return cast("list[dict[str, Any]]", stages) if as_dict else ObjectList(cast("list[Stage]", stages), kind=Stage)


def _add_aggregations(
    endpoints: Endpoints, id: int, stages: list[Stage | dict[str, Any]], names: list[str] | None, *, as_dict: bool
) -> Flow[None]:
    by_id: dict[int, Stage | dict[str, Any]] = {}
    for stage in stages:
        _set_aggregations(stage, None)  # the key exists even if the service has no aggregations
        if (
            stage_id := parse_id(get_value(stage, "id"))
        ) is not None:  # the current stage has no id and no aggregations yet
            by_id[stage_id] = stage
    ids = list(by_id)
    for start in range(0, len(ids), MAX_STAGES_PER_REQUEST):
        operation = endpoints.list_stage_aggregations(
            id, histories=ids[start : start + MAX_STAGES_PER_REQUEST], aggregations_filter=names
        )
        response = yield from fetch_response(operation, as_dict=as_dict)
        for aggregations in _select_aggregations(response, by_id, operation.name):
            if (stage_id := parse_id(get_value(aggregations, "id"))) is not None:
                _set_aggregations(by_id[stage_id], aggregations)


def _select_aggregations(response: object, stages: Mapping[int, Stage | dict[str, Any]], source: str) -> Iterator[Any]:
    """Yield the aggregations of the requested stages. Report those of others, and errors sent instead."""
    sites = {stage_id: parse_id(get_value(stage, "site")) for stage_id, stage in stages.items()}
    known = {site for site in sites.values() if site is not None}
    rules = [] if None in sites.values() else [has_id("site", *known)]
    by_site = [*response.items()] if is_object(response) else []
    for site, aggregations in filter_matching(by_site, rules, source, lambda item: {"site": item[0]}):
        if isinstance(aggregations, str):
            log.warning(
                "The stages of site %s have no aggregations, because the service reports: %s", site, aggregations
            )
        if is_array(aggregations):
            stages_here = [
                stage for stage, own in sites.items() if None in {own, parse_id(site)} or own == parse_id(site)
            ]
            yield from filter_matching(aggregations, [has_id("id", *stages_here)], source)


def _set_aggregations(stage: Stage | dict[str, Any], aggregations: Any) -> None:
    if isinstance(stage, Stage):
        stage.aggregations = aggregations
    else:
        stage["aggregations"] = aggregations
