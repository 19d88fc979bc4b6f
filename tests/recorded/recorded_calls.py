"""The main reads of the SDK. They find out by themselves what there is, so that they can be recorded anywhere."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from datastore_sdk import Client, DataChange, DataResolutions, Pad, Site, Stage, StageNameFilters, State
from datastore_sdk.exceptions import NotFoundError
from restream_api.models import Field, MeasurementSources, Parameter
from tests.support.sync_async_calls import Form, Record

FIELDS = ["slurry_rate", "surface_treating_pressure", "proppant_conc"]

Read = Callable[[Form, Client], Any]


def pads(form: Form, client: Client) -> tuple[list[Pad], Pad]:
    """List all pads, and read the first of them by its id."""
    found: list[Pad] = form(Pad, "get_models", client=client)
    return found, form(Pad, "get_model", found[0].id, client=client)


def sites(form: Form, client: Client) -> tuple[Pad, list[Site], Site]:
    """List the sites of a pad, and read the first of them by its id."""
    pad = _busy_pad(form, client)
    found: list[Site] = form(pad, "get_sites")
    return pad, found, form(Site, "get_model", found[0].id, client=client)


def states(form: Form, client: Client) -> tuple[list[State], State | None]:
    """Read the states of a pad's sites, and that of one of them."""
    found: list[State] = form(_busy_pad(form, client), "get_states", stage_name_filter=StageNameFilters.FRAC)
    return found, form(Site(id=found[0].site.id, client=client), "get_state")


def stages(form: Form, client: Client) -> list[Stage]:
    """Read the latest frac stages of a site, with aggregations."""
    site = _find_fractured_site(form, client)
    newest = form(site, "get_stages_metadata", stage_name_filter=StageNameFilters.FRAC)[0]
    found: list[Stage] = form(
        site,
        "get_stages_metadata",
        start_date=newest.start - timedelta(days=1),
        stage_name_filter=StageNameFilters.FRAC,
        add_aggregations=True,
    )
    return found


def metadata(form: Form, client: Client) -> tuple[list[Field], MeasurementSources, list[Parameter]]:
    """Read fields, measurement sources and definitions of aggregations."""
    site = _find_fractured_site(form, client)
    return (
        form(site, "get_fields_metadata"),
        form(site, "get_measurement_sources_metadata"),
        form(site, "get_stages_aggregations"),
    )


def data(form: Form, client: Client) -> tuple[Stage, list[Record], list[Record]]:
    """Half a minute of a frac stage as it was measured, and some minutes of it by the minute."""
    site = _find_fractured_site(form, client)
    stage = next(
        stage for stage in form(site, "get_stages_metadata", stage_name_filter=StageNameFilters.FRAC) if stage.end
    )
    start = stage.start + timedelta(minutes=30)
    raw = form(site, "get_data", start, start + timedelta(seconds=30))
    minutes = form(
        site, "get_data", start, start + timedelta(minutes=10), resolution=DataResolutions.MINUTE, fields=FIELDS
    )
    return stage, form.records(raw), form.records(minutes)


def data_changes(form: Form, client: Client) -> tuple[list[DataChange], list[Record]]:
    """Read the open data changes of a pad, and their records by the minute."""
    pad = _busy_pad(form, client)
    changes, corrected = form(pad, "get_data_changes", resolution=DataResolutions.MINUTE, fields=FIELDS)
    return changes, form.records(corrected)


def what_is_not_there(form: Form, client: Client) -> NotFoundError | None:
    """Read a pad that does not exist."""
    try:
        form(Pad, "get_model", 999_999_999, client=client)
    except NotFoundError as error:
        return error
    return None


def _busy_pad(form: Form, client: Client) -> Pad:
    """Return the first pad on which a well is being fractured."""
    every: list[Pad] = form(Pad, "get_models", client=client)
    return next(pad for pad in every if form(pad, "get_states", stage_name_filter=StageNameFilters.FRAC))


def _find_fractured_site(form: Form, client: Client) -> Site:
    state = form(_busy_pad(form, client), "get_states", stage_name_filter=StageNameFilters.FRAC)[0]
    return Site(id=state.site.id, client=client)


RECORDED_CALLS: dict[str, Read] = {
    read.__name__: read for read in (pads, sites, states, stages, metadata, data, data_changes, what_is_not_there)
}
TOKEN = "token"
"""The cassette of `pads` with client credentials, for which a token is requested first."""
