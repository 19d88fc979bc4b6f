"""User code that type checkers accept, with the types that they infer."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, assert_type

from datastore_sdk import (
    Client,
    Data,
    DataAggregations,
    DataAsync,
    DataChange,
    DataFillMethods,
    DataResolutions,
    ObjectList,
    Pad,
    RetryPolicy,
    Site,
    Stage,
    StageNameFilters,
    State,
    Timeouts,
)
from datastore_sdk.exceptions import NotFoundError, RateLimitError, RestreamError
from datastore_sdk.filters import AllSiteFilters, DataForm
from restream_api.models import Field, MeasurementSources, Parameter, ParametersValid, SimopsConfig, StageAggregations

show = logging.getLogger("job").info

START = datetime(2025, 9, 17, tzinfo=UTC)
END = START + timedelta(minutes=1)


def a_notebook(folder: Path) -> None:
    pads = Pad.get_models(complete=False, fleet_name="red")
    assert_type(pads, ObjectList[Pad])
    pad = pads[0]
    assert_type(pad.id, int)
    assert_type(pad.name, str)
    assert_type(pad.completion_date, datetime | None)
    assert_type(pad.simops_config, SimopsConfig | None)
    if pad.simops_config:
        assert_type([source.name for source in pad.simops_config.measurement_sources.frac], list[str])

    by_pad = {each: each.get_sites(as_dict=True) for each in pads}
    assert_type(by_pad, dict[Pad, list[dict[str, Any]]])
    assert_type({pads[0], *pads}, set[Pad])

    sites = pad.get_sites(latitude=31.9, longitude=-102.1, radius_miles=25)
    assert_type(sites, ObjectList[Site])
    for site in sites:
        assert_type(site.date_created, datetime)
        assert_type(site.latitude, float | None)
        assert_type(site.metadata.first_timestamp, datetime | None)
        parent = site.get_pad()
        assert_type(parent, Pad | None)
        state = site.get_state()
        assert_type(state, State | None)
        if state:
            state.update()
            show(f"{state.current_state} since {state.last_state_update:%H:%M}")
            assert_type(state.calculated_stage_number, int | None)

    for each in pad.get_states(stage_name_filter=StageNameFilters.FRAC):
        assert_type(each, State)

    stages = sites[0].get_stages_metadata(
        start_date=START, end_date=START + timedelta(days=1), stage_name_filter="frac", add_aggregations=True
    )
    assert_type(stages, ObjectList[Stage])
    for stage in stages:
        assert_type(stage.end, datetime | None)
        assert_type(stage["id"], Any)
        assert_type(stage.get("end"), Any)
        assert_type(stage.aggregations, StageAggregations | None)
        assert_type(dict(stage), dict[str, Any])
        if stage.aggregations:
            assert_type(stage.aggregations.avg_slurry_rate, int | float | None)
            show(f"{stage.stage_number}: {stage.aggregations.avg_slurry_rate or 0:.1f} bbl/min")
            show(f"{stage.aggregations['fluid_per_foot'] or 0:.1f}" if "fluid_per_foot" in stage.aggregations else "")

    data = pad.get_data(
        START, END, is_routed=True, stage_name_filter=StageNameFilters.FRAC, measurement_sources_names=["M1"]
    )
    assert_type(data, Data)
    rates = [record["slurry_rate"] for record in data if "slurry_rate" in record]
    show(max(rates, default=0.0))
    for record in data.data_fetcher:
        assert_type(record, dict[str, Any])
        break
    data.save(folder / "minute.json", overwrite=True)
    data.save(str(folder / "minute.csv"))

    assert_type(pad.get_fields_metadata(), ObjectList[Field])
    assert_type(pad.get_measurement_sources_metadata(), MeasurementSources)
    assert_type(sites[0].get_measurement_sources_metadata(), MeasurementSources)


def objects_for_ids(pad: Pad, site: Site) -> None:
    assert_type(Site.get_models(pad_id=pad, extra_filters={"ordering": "-name", "ids": [1, 2]}), ObjectList[Site])
    assert_type(State.get_models(site_id=site, pad_id=pad), ObjectList[State])
    assert_type(Pad.get_models(site_pk=site, as_dict=True), list[dict[str, Any]])
    assert_type(Pad.get_model(pad), Pad)


def as_dicts(as_dict: bool) -> None:
    assert_type(Pad.get_models(as_dict=True), list[dict[str, Any]])
    assert_type(Pad.get_models(as_dict=False), ObjectList[Pad])
    assert_type(Pad.get_models(as_dict=as_dict), ObjectList[Pad] | list[dict[str, Any]])
    assert_type(Site.get_model(id=981, as_dict=True), dict[str, Any])
    assert_type(Site.get_model(981), Site)
    assert_type(Site.get_model(981, as_dict=as_dict), Site | dict[str, Any])
    assert_type(Pad(id=668).get_sites(as_dict=True), list[dict[str, Any]])
    assert_type(Pad(id=668).get_states(as_dict=as_dict), ObjectList[State] | list[dict[str, Any]])
    assert_type(Site(id=981).get_pad(as_dict=True), dict[str, Any] | None)
    assert_type(Site(id=981).get_state(as_dict=as_dict), State | dict[str, Any] | None)
    changes, data = Site(id=981).get_data_changes(as_dict=True)
    assert_type(changes, list[dict[str, Any]])
    assert_type(data, Data)
    site = Site(**Site.get_model(id=981, as_dict=True))
    assert_type(site, Site)
    show(site.name)


def definitions(pad: Pad) -> None:
    new = {"name": "avg_rate", "config": {"field": "slurry_rate", "aggregation": "average"}, "description": ""}
    assert_type(pad.create_stages_aggregations([new], validate_only=True), ParametersValid)
    assert_type(pad.create_stages_aggregations([new]), list[Parameter])
    assert_type(pad.get_stages_aggregations(), ObjectList[Parameter])
    own = next(each for each in pad.get_stages_aggregations() if each.type == "C")
    assert_type(pad.get_stages_aggregation(own.id).config.field, str)
    assert_type(pad.update_stages_aggregation(own.id, {"label": "Rate", "color": "#aa3300"}), Parameter)
    pad.delete_stages_aggregation(own.id)


def a_nightly_job(folder: Path) -> None:
    """Corrected data is downloaded in the form in which it was first fetched, and acknowledged."""
    form: DataForm = {"fields": ["slurry_rate", "proppant_conc"], "si_units": True, "resolution": "raw"}
    changes, corrected = Pad(id=668).get_data_changes(**form)
    assert_type(changes, ObjectList[DataChange])
    assert_type(corrected, Data)
    corrected.save(folder / "corrected.csv")
    for change in changes:
        assert_type(change.start_date, datetime)
        kind: str = change.modification_type  # known values are completed, others allowed
        show(kind)
        minutes = change.get_data(resolution=DataResolutions.MINUTE, aggregation=DataAggregations.MEAN)
        show(sum(1 for _ in minutes))
        assert_type(change.confirm_data_received(), bool)


def a_service(token: str) -> None:
    filters: AllSiteFilters = {"pad_id": 668, "complete": False}
    with Client(token, retries=RetryPolicy(max_attempts=3), timeout=Timeouts(read=30)) as client:
        assert_type(client, Client)
        assert_type(Site.get_models(client=client, **filters), ObjectList[Site])
        try:
            Pad.get_model(999_999, client=client)
        except NotFoundError as error:
            assert_type(error.status, int)
            assert_type(error.request_id, str | None)
        except RateLimitError as error:
            assert_type(error.retry_after, float | None)
        except RestreamError as error:
            assert_type(error.message, str)
        pad = Pad(id=668, client=client)
        pad.update()
        assert_type(pad, Pad)


def records(site: Site) -> Iterator[float]:
    data = site.get_data(
        START,
        END,
        fields="surface_treating_pressure",
        fill_data_method=DataFillMethods.FORWARD_FILL,
        fill_data_limit=10,
        inside_area_only=False,
    )
    for record in data:
        yield record.get("surface_treating_pressure", 0.0)


async def everything_at_once(folder: Path) -> None:
    pads, site = await asyncio.gather(Pad.aget_models(), Site.aget_model(id=981))
    assert_type(pads, ObjectList[Pad])
    assert_type(site, Site)
    assert_type(await Site.aget_models(as_dict=True), list[dict[str, Any]])
    assert_type(await site.aget_pad(), Pad | None)
    assert_type(await site.aget_state(as_dict=True), dict[str, Any] | None)
    assert_type(await pads[0].aget_states(stage_name_filter="frac", extra_filters={"limit": 5}), ObjectList[State])
    assert_type(await site.aget_stages_metadata(start=START, end=END), ObjectList[Stage])
    data = await site.aget_data(START, END, resolution="minute")
    assert_type(data, DataAsync)
    async for record in data:
        assert_type(record, dict[str, Any])
    await data.asave(folder / "minutes.csv", overwrite=True)
    changes, corrected = await pads[0].aget_data_changes(get_acknowledged=True)
    assert_type(changes, ObjectList[DataChange])
    assert_type(corrected, DataAsync)
    await site.aupdate()


async def pressures(site: Site) -> AsyncIterator[float]:
    async for record in (await site.aget_data(START, END, fields=["surface_treating_pressure"])).data_fetcher:
        yield record.get("surface_treating_pressure", 0.0)


def main(folder: Path) -> None:
    a_notebook(folder)
    objects_for_ids(Pad(id=681), Site(id=981))
    as_dicts(as_dict=True)
    definitions(Pad(id=681))
    a_nightly_job(folder)
    a_service(os.environ["TALLY_AUTH_TOKEN"])
    show(sum(records(Site(id=982))))
    asyncio.run(everything_at_once(folder))
