"""JSON of a site's state, and of the valves that determine it."""

from __future__ import annotations

from typing import Final

from datastore_sdk.sandbox.api.serializers import TIMEZONE, Json, simops_json
from datastore_sdk.sandbox.api.timestamps import instant
from datastore_sdk.sandbox.simulation.instruments import VALVES, valves
from datastore_sdk.sandbox.simulation.layout import Crew, SiteLayout
from datastore_sdk.sandbox.simulation.pad_activity import PadActivity
from datastore_sdk.sandbox.simulation.schedule import FRAC, STANDBY, ScheduledStage, operation_of
from datastore_sdk.sandbox.simulation.selection import Selection

_FIRST_STATE_ID: Final = 20_000
_PLACES: Final = (("upper_master_valve", "Upper Master Valve"), ("swab_valve", "Swab Valve"))
_PRIMARY_FIELD: Final = "surface_treating_pressure"
_NOTICED_AFTER: Final = 2.25  # seconds until the service has worked a change out
_STEM_ANGLES: Final = {"O": 11.25, "C": 141.75}
_INACTIVE_AFTER: Final = 300

_RULES: Final = (("<", "0", "N"), (">", "180", "N"), ("<", "90", "O"), ("<", "180", "C"))


def state_id(site_id: int) -> int:
    """Return the id of a site's state."""
    return _FIRST_STATE_ID + site_id


def site_of_state(number: int) -> int:
    """Return the site of a state id."""
    return number - _FIRST_STATE_ID


def state_json(operations: PadActivity, site: SiteLayout, stage: ScheduledStage, now: int) -> Json:
    """Return the state of a site that is in a stage."""
    changed = instant(stage.start + _NOTICED_AFTER)
    stages = operations.stages(site.id, now)
    fracs = [each for each in stages if operation_of(each.state) == operation_of(FRAC) and each.end and each.end <= now]
    return {
        "id": state_id(site.id),
        "site": _site_json(operations, site, now),
        "site_component_configuration": _configuration_json(site, stage, now),
        "truth_table": _TRUTH_TABLE,
        "current_state": stage.state,
        "actual_stage_number": None,
        "completed_stage_number": fracs[-1].number if fracs else None,
        "site_name": site.name,
        "date_created": instant(now),
        "last_updated": instant(now),
        "last_state_update": instant(stage.start),
        "truth_table_calculating": False,
        "calculated_stage_number": stage.number,
        "state_change_primary_field_values": _primary_values(operations, stage.start, now),
        "last_state_update_system_time": changed,
        "last_state_confirmation_time": instant(now),
        "previous_state": stages[-2].id if len(stages) > 1 else None,
    }


def _primary_values(operations: PadActivity, second: int, now: int) -> Json:
    """Return the treating pressures at the time of the last state change."""
    values: Json = {}
    fields = frozenset(_prefix_names(crew) for crew in operations.pad.crews)
    for record in operations.pad_records(Selection(second, second, now, fields)):
        for crew in operations.pad.crews:
            if _prefix_names(crew) in record:
                measured = {_PRIMARY_FIELD: {"value": record[_prefix_names(crew)], "timestamp": second}}
                values |= {crew.name: measured} if crew.name else measured
    return values


def _prefix_names(crew: Crew) -> str:
    return f"{crew.name}_{_PRIMARY_FIELD}" if crew.name else _PRIMARY_FIELD


def _site_json(operations: PadActivity, site: SiteLayout, now: int) -> Json:
    pad = operations.pad
    return {
        "id": site.id,
        "slug": site.name.replace(" ", "_"),
        "well_api": site.well_api,
        "name": site.name,
        "short_name": "".join(word if word[0].isdigit() else word[0] for word in site.name.split()),
        "fleet": {"id": pad.fleet.id, "name": pad.fleet.name} if pad.fleet else None,
        "crew": pad.crew_name,
        "stage_total": site.stage_total,
        "date_created": instant(site.created),
        "pad": {
            "id": pad.id,
            "name": pad.name,
            "customer": {"id": pad.customer.id, "name": pad.customer.name},
            "simops_config": simops_json(operations, now),
        },
        "latitude": site.latitude,
        "db": "sandbox",
        "longitude": site.longitude,
        "timezone": TIMEZONE,
        "memcache_read": False,
        "memcache_write": False,
        "primary_color": None,
    }


def _configuration_json(site: SiteLayout, stage: ScheduledStage, now: int) -> Json:
    conditions = valves(stage)
    return {
        "id": site.id,
        "site": site.id,
        "component_configurations": [
            _component_json(site, stage, place, condition, now) for place, condition in enumerate(conditions)
        ],
        "site_name": site.name,
        "date_created": instant(site.created),
        "valve_tree_layout": 2,
    }


def _component_json(site: SiteLayout, stage: ScheduledStage, place: int, condition: str, now: int) -> Json:
    name, words = _PLACES[place]
    number = 10 * site.id + place
    return {
        "id": number,
        "component": {
            "id": number,
            "component_type": {"id": 2, "name": "stem_indicator", "description": "Stem Indicator"},
            "serial_number": f"sandbox-{number}",
            "component_type_name": "stem_indicator",
            "valve_safety_buffer_limit": 15,
        },
        "measurement_location": {"id": place + 4, "name": name, "location": words, "description": words},
        "condition_logic_set": {
            "id": 1,
            "name": "Stem angle",
            "description": "",
            "schema": {"default_state": "N", "condition_logics": _CONDITION_LOGICS},
        },
        "current_state": condition,
        "date_created": instant(site.created),
        "last_state_update": instant(stage.start + _NOTICED_AFTER),
        "last_updated": instant(now),
        "pumpdown_sim_valve": None,
        "downhole_sim_valve": None,
        "field_name": None,
        "last_value": str(_STEM_ANGLES[condition]),
        "inactivity_threshold": _INACTIVE_AFTER,
    }


def _truth_row(state: str, conditions: tuple[str, ...]) -> Json:
    return {"state": state, "conditions": list(conditions)}


_CONDITION_LOGICS: Final = [
    {
        "type": "SimpleConditionLogicSchema",
        "operator": operator,
        "comparison_value": value,
        "resulting_condition": condition,
    }
    for operator, value, condition in _RULES
]
_TRUTH_TABLE: Final[Json] = {
    "id": 1,
    "name": "Upper master and swab",
    "description": "",
    "schema": {
        "rows": [_truth_row(STANDBY, ("C",)), *(_truth_row(state, conditions) for state, conditions in VALVES.items())],
        "conditions_order": [name for name, _ in _PLACES],
    },
}
