"""Responses to mutate: small ones with invented values, and the recorded ones if they exist."""

from __future__ import annotations

import json
from typing import Any

from tests.support.paths import SAMPLES

SOURCES: dict[str, Any] = {
    "frac": [{"name": "M1", "label": "one", "type": "frac", "attached_sites": [11, 12], "active_site": 12}],
    "wl": [{"name": "W1", "label": "two", "type": "wl", "attached_sites": [11], "active_site": None}],
    "fluid": [],
    "pumpdown": [],
}
SIMOPS: dict[str, Any] = {
    "frac": "run",
    "wireline": None,
    "pumpdown": None,
    "fluid": None,
    "measurement_sources": SOURCES,
    "exc_fields": ["tds"],
}
PAD: dict[str, Any] = {
    "id": 5,
    "name": "Heron",
    "lease_name": "Marsh",
    "customer_name": "Example Energy",
    "simops_config": SIMOPS,
    "completion_date": "2025-03-04T05:06:07Z",
    "wireline_enabled": True,
    "coil_tubing_enabled": False,
}
SITE: dict[str, Any] = {
    "id": 11,
    "name": "Heron 1H",
    "date_created": "2025-01-02T03:04:05.678900Z",
    "latitude": 31.5,
    "longitude": -102.25,
    "formation_name": "Shale B",
    "lease_name": "Marsh",
    "operator_name": "Example Energy",
    "crew": None,
    "division": "West",
    "metadata": {"first_timestamp": 1757980800, "last_timestamp": "2025-09-17T00:00:00Z"},
    "well_api": "4200000001",
    "pad_id": 5,
    "is_demo_site": False,
    "stage_total": 40,
    "timezone": "US/Central",
    "fleet_id": 3,
    "fleet_name": "Fleet 3",
}
STATE: dict[str, Any] = {
    "id": 21,
    "site": {
        "id": 11,
        "slug": "heron_1h",
        "name": "Heron 1H",
        "fleet": {"id": 3, "name": "Fleet 3"},
        "pad": {"id": 5, "name": "Heron", "customer": {"id": 2, "name": "Example Energy"}, "simops_config": SIMOPS},
        "date_created": "2025-01-02T03:04:05Z",
    },
    "site_component_configuration": {
        "id": 31,
        "site": 11,
        "component_configurations": [
            {
                "id": 41,
                "component": {"id": 51, "component_type": {"id": 1, "name": "valve"}, "serial_number": "a1"},
                "measurement_location": {"id": 61, "name": "swab_valve", "location": "Swab"},
                "condition_logic_set": {
                    "id": 71,
                    "name": "logic",
                    "description": "",
                    "schema": {"default_state": "N", "condition_logics": [{"operator": "<", "comparison_value": "0"}]},
                },
                "current_state": "C",
                "last_updated": "2025-09-17T05:06:07Z",
                "last_value": "14.5",
            }
        ],
    },
    "truth_table": {
        "id": 81,
        "name": "table",
        "schema": {
            "rows": [{"state": "frac_frac", "conditions": ["O", "C"]}],
            "conditions_order": ["upper_master_valve", "swab_valve"],
        },
    },
    "current_state": "frac_frac",
    "actual_stage_number": None,
    "completed_stage_number": 6,
    "calculated_stage_number": 7,
    "site_name": "Heron 1H",
    "date_created": "2025-09-17T05:00:00Z",
    "last_updated": "2025-09-17T05:06:07Z",
    "last_state_update": "2025-09-17T04:00:00Z",
    "truth_table_calculating": False,
    "state_change_primary_field_values": {"M1": {"slurry_rate": {"value": 55.5, "timestamp": 1758085200}}},
    "last_state_update_system_time": "2025-09-17T04:00:02Z",
    "last_state_confirmation_time": None,
    "previous_state": 91,
}
STAGE: dict[str, Any] = {
    "state": "frac_frac",
    "start": "2025-09-17T04:00:00Z",
    "end": "2025-09-17T05:00:00Z",
    "stage_number": 7,
    "site": 11,
    "id": 91,
}
RUNNING: dict[str, Any] = {
    "state": "wl_runinhole",
    "start": "2025-09-17T05:00:00Z",
    "end": None,
    "stage_number": 8,
    "site": 11,
}
FIELD: dict[str, Any] = {
    "id": 101,
    "name": "slurry_rate",
    "label": "Slurry rate",
    "si_unit": "m^3/min",
    "imperial_unit": "bbl/min",
    "energistics_si_unit": None,
    "energistics_imperial_unit": "bbl/min",
    "simops_label": "",
    "description": "",
    "connect_nulls": False,
    "customer_facing_label": None,
    "primary_color": "#102030",
    "secondary_color": None,
    "tertiary_color": None,
    "source_category": "frac",
    "field_category": None,
    "si_plot_min": None,
    "si_plot_max": 20.0,
    "imperial_plot_min": 0.0,
    "imperial_plot_max": 120.0,
}
PARAMETER: dict[str, Any] = {
    "id": 111,
    "name": "avg_slurry_rate",
    "config": {
        "field": "slurry_rate",
        "si_unit": "m^3/min",
        "base_unit": "m^3/min",
        "aggregation": "average",
        "imperial_unit": "bbl/min",
        "conditions": [{"field": "slurry_rate", "value": 2, "operator": "greater_than"}],
    },
    "type": "D",
    "label": "",
    "color": None,
    "description": "",
    "created_at": "2025-01-02T03:04:05Z",
    "updated_at": "2025-01-02T03:04:05Z",
    "units": None,
    "imperial_unit": 3,
    "si_unit": 21,
    "pads": [5],
}
CHANGE: dict[str, Any] = {
    "id": 121,
    "created_at": "2025-09-17T06:00:00.123456Z",
    "modification_type": "translation_layer",
    "modification_subtype": "add",
    "start_date": "2025-09-17T04:00:00Z",
    "end_date": "2025-09-17T04:10:00Z",
    "site": 11,
}
NUMBERS: dict[str, Any] = {"id": 91, "avg_slurry_rate": 55.5, "max_pressure": 9000, "nothing": None}
TOKEN: dict[str, Any] = {"access_token": "t0ken", "expires_in": 3600, "token_type": "Bearer", "scope": "read"}

INVENTED: dict[str, Any] = {
    "pad_one": PAD,
    "pad_many": [PAD, {**PAD, "id": 6, "simops_config": None}, {**PAD, "id": 7, "completion_date": None}],
    "site_one": SITE,
    "sites_many": [SITE, {**SITE, "id": 12}, {**SITE, "id": 13}],
    "states_many": [STATE, {**STATE, "id": 22}],
    "stages": [RUNNING, STAGE, {**STAGE, "id": 92, "stage_number": 6}, {**STAGE, "id": 93, "site": 12}],
    "aggregations": {"11": [NUMBERS, {**NUMBERS, "id": 92}], "12": "There is no frac stage."},
    "fields": [FIELD, {**FIELD, "id": 102}, {**FIELD, "id": 103}],
    "parameters": [PARAMETER, {**PARAMETER, "id": 112}],
    "data_changes_many": {"change_log": [CHANGE, {**CHANGE, "id": 122, "site": 12}]},
    "data_changes_one": {"change_log": [CHANGE]},
    "token": TOKEN,
}
_RECORDED = {
    "pad_one": "pad_one",
    "pad_many": "pad_many",
    "sites_many": "sites_many_by_pad",
    "states_many": "states_many_by_pad",
    "stages": "stages_pad",
    "aggregations": "aggregations_pad",
    "fields": "fields_pad",
    "parameters": "pad_parameters",
    "data_changes_many": "data_changes_pad_many",
    "data_changes_one": "data_changes_pad_one",
}


def load_recorded() -> dict[str, Any]:
    """Return the recorded responses, by the names of the invented ones; an empty mapping if they do not exist."""
    if not SAMPLES.is_dir():
        return {}
    found = {name: json.loads((SAMPLES / f"{file}.json").read_text()) for name, file in _RECORDED.items()}
    found["stages"] = found["stages"][:20]  # the others are like them
    return {**found, "site_one": found["sites_many"][0]}
