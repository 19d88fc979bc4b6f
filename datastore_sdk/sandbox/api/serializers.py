"""JSON of the field's objects."""

from __future__ import annotations

from dataclasses import asdict
from typing import Final

from datastore_sdk.sandbox.api.timestamps import instant, instant_or_none
from datastore_sdk.sandbox.simulation.corrections import Correction
from datastore_sdk.sandbox.simulation.field_catalog import (
    FIELDS,
    FLUID,
    FRAC,
    LAB_FIELDS,
    PUMPDOWN,
    WIRELINE,
    FieldInfo,
)
from datastore_sdk.sandbox.simulation.layout import SiteLayout
from datastore_sdk.sandbox.simulation.pad_activity import PadActivity
from datastore_sdk.sandbox.simulation.parameters import ParameterSpec
from datastore_sdk.sandbox.simulation.schedule import ScheduledStage
from datastore_sdk.sandbox.simulation.units import UNITS

Json = dict[str, object]

TIMEZONE: Final = "US/Central"
_CATEGORIES: Final = {FRAC: "frac", WIRELINE: "wl", PUMPDOWN: "wl", FLUID: "restream"}


def _present(**values: object) -> Json:
    """Remove keys that the service leaves out if they have no value."""
    return {name: value for name, value in values.items() if value is not None}


def pad_json(operations: PadActivity, now: int) -> Json:
    """Return the JSON of a pad."""
    pad = operations.pad
    return {
        "id": pad.id,
        "name": pad.name,
        "lease_name": pad.lease,
        "customer_name": pad.customer.name,
        "simops_config": simops_json(operations, now),
        "completion_date": instant_or_none(operations.get_completion_time(now)),
        "wireline_enabled": pad.wireline_enabled,
        **_present(coil_tubing_enabled=pad.coil_tubing_enabled),
    }


def simops_json(operations: PadActivity, now: int) -> Json | None:
    """Return the JSON of the simops configuration; None on a pad with one crew."""
    pad = operations.pad
    if not pad.simops:
        return None
    return {
        "frac": pad.frac_mode,
        "wireline": pad.wireline_mode,
        "pumpdown": None,
        "fluid": None,
        "measurement_sources": _measurement_sources(operations, now),
        "exc_fields": list(LAB_FIELDS),
    }


def _measurement_sources(operations: PadActivity, now: int) -> dict[str, list[Json]]:
    """Return by kind the measurement sources and their sites."""
    fracs: list[Json] = []
    runs: list[Json] = []
    for crew in operations.pad.crews if operations.pad.simops else ():
        source: Json = {"label": crew.label, "attached_sites": list(crew.attached)}
        frac, run = operations.frac_at(crew, now), operations.wireline_at(crew, now)
        fracs.append({**source, "name": crew.name, "type": "frac", "active_site": frac.site_id if frac else None})
        if crew.wireline:
            runs.append({**source, "name": crew.wireline, "type": "wl", "active_site": run.site_id if run else None})
    return {"frac": fracs, "wl": runs, "fluid": [], "pumpdown": []}


def site_json(operations: PadActivity, site: SiteLayout, now: int) -> Json:
    """Return the JSON of a site."""
    pad = operations.pad
    extent = operations.extent(site.id, now)
    return {
        "id": site.id,
        "name": site.name,
        "date_created": instant(site.created),
        "latitude": site.latitude,
        "longitude": site.longitude,
        **_present(formation_name=site.formation, crew=pad.crew_name, division=pad.division),
        "lease_name": pad.lease,
        "operator_name": pad.customer.name,
        "metadata": {
            "first_timestamp": extent[0] if extent else None,
            "last_timestamp": extent[1] if extent else None,
        },
        "well_api": site.well_api,
        "pad_id": pad.id,
        "is_demo_site": True,
        "stage_total": site.stage_total,
        "timezone": TIMEZONE,
        **(_present(fleet_id=pad.fleet.id, fleet_name=pad.fleet.name) if pad.fleet else {}),
    }


def live_site_json(operations: PadActivity, site: SiteLayout, now: int) -> Json:
    """Return the JSON of a site in its WebSocket room: with its current state, and the extent of its data as text."""
    stage, extent = operations.stage_at(site.id, now), operations.extent(site.id, now)
    return {
        **site_json(operations, site, now),
        "metadata": {
            "first_timestamp": instant(extent[0]) if extent else None,
            "last_timestamp": instant(extent[1]) if extent else None,
        },
        "current_stage_number": stage.number if stage else None,
        "current_state": stage.state if stage else None,
        "current_data_sources": {
            kind: [source for source in sources if source["active_site"] == site.id]
            for kind, sources in _measurement_sources(operations, now).items()
        },
    }


def stage_json(stage: ScheduledStage) -> Json:
    """Return the JSON of a stage; the one under way has neither an end nor an id."""
    return {
        "state": stage.state,
        "start": instant(stage.start),
        "end": instant_or_none(stage.end),
        "stage_number": stage.number,
        "site": stage.site_id,
        **({} if stage.end is None else {"id": stage.id}),
    }


def change_json(correction: Correction) -> Json:
    """Return the JSON of a data change."""
    return {
        "id": correction.id,
        "created_at": instant(correction.created_at),
        "modification_type": correction.modification_type,
        "modification_subtype": correction.modification_subtype,
        "start_date": instant(correction.start),
        "end_date": instant(correction.end),
        "site": correction.site_id,
    }


def field_json(info: FieldInfo) -> Json:
    """Return the metadata of a field."""
    imperial = UNITS.get(info.imperial or "")
    si = UNITS.get(info.si or "")
    low, high = info.plot or (None, None)
    convert = imperial.convert if imperial and si else None
    return {
        "id": info.id,
        "name": info.name,
        "label": info.label,
        "si_unit": info.si,
        "imperial_unit": info.imperial,
        "energistics_si_unit": si.energistics if si else None,
        "energistics_imperial_unit": imperial.energistics if imperial else None,
        "simops_label": "",
        "description": "",
        "connect_nulls": info.connected,
        "customer_facing_label": info.label if info.instrument in {WIRELINE, PUMPDOWN} else None,
        "primary_color": info.color,
        "secondary_color": None,
        "tertiary_color": None,
        "source_category": info.instrument,
        "field_category": _CATEGORIES.get(info.instrument),
        "si_plot_min": convert(low, si) if convert and si and low is not None else None,
        "si_plot_max": convert(high, si) if convert and si and high is not None else None,
        "imperial_plot_min": low,
        "imperial_plot_max": high,
    }


def parameter_json(parameter: ParameterSpec) -> Json:
    """Return the definition of an aggregation."""
    definition = parameter.definition
    unit = UNITS.get(definition.unit or "")
    si = UNITS.get(parameter.si_unit or "")
    return {
        "id": parameter.id,
        "name": parameter.name,
        "config": parameter.config or default_config(parameter),
        "type": "C" if parameter.custom else "D",
        "label": parameter.label,
        "color": parameter.color,
        "description": parameter.description,
        "created_at": instant(parameter.created_at),
        "updated_at": instant(parameter.updated_at),
        "units": None,
        "imperial_unit": unit.id if unit else None,
        "si_unit": si.id if si else None,
        "pads": list(parameter.pads),
    }


def default_config(parameter: ParameterSpec) -> Json:
    """Return the configuration of one of the service's own definitions."""
    definition = parameter.definition
    config: Json = {"field": definition.field, "aggregation": definition.aggregation}
    config |= units_json(definition.unit, parameter.si_unit)
    if definition.conditions:
        config["conditions"] = [
            {**asdict(condition), **field_units_json(condition.field)} for condition in definition.conditions
        ]
    return config


def units_json(imperial: str | None, si: str | None) -> Json:
    """Return the units of a definition, as far as it has any."""
    return _present(si_unit=si, base_unit=imperial, imperial_unit=imperial)


def field_units_json(name: str) -> Json:
    """Return the units of a field."""
    info = FIELDS.get(name)
    return units_json(info.imperial, info.si) if info else {}
