"""Handlers of the endpoints."""

from __future__ import annotations

from typing import Final

from datastore_sdk.sandbox.api import request_bodies as bodies
from datastore_sdk.sandbox.api.context import CallContext, Handler, HandlerResponse, StreamedRecords
from datastore_sdk.sandbox.api.data import query_data
from datastore_sdk.sandbox.api.errors import build_not_found
from datastore_sdk.sandbox.api.list_filters import contains, filter_pads, filter_sites
from datastore_sdk.sandbox.api.serializers import (
    Json,
    change_json,
    field_json,
    pad_json,
    parameter_json,
    site_json,
    stage_json,
)
from datastore_sdk.sandbox.api.stages import aggregations_json, filter_stages
from datastore_sdk.sandbox.api.states import site_of_state, state_json
from datastore_sdk.sandbox.simulation.corrections import Correction
from datastore_sdk.sandbox.simulation.layout import SiteLayout
from datastore_sdk.sandbox.simulation.pad_activity import PadActivity


def list_pads(call: CallContext) -> list[Json]:
    """Return all pads, filtered."""
    return [pad_json(operations, call.now) for operations in filter_pads(call)]


def get_pad(call: CallContext) -> Json:
    """Return one pad."""
    return pad_json(call.target().operations, call.now)


def list_sites(call: CallContext) -> list[Json]:
    """Return all sites, filtered."""
    return [site_json(operations, site, call.now) for operations, site in filter_sites(call)]


def get_site(call: CallContext) -> Json:
    """Return one site."""
    parent = call.target()
    return site_json(parent.operations, parent.sites[0], call.now)


def _state(operations: PadActivity, site: SiteLayout, call: CallContext, search: str | None = None) -> Json | None:
    stage = operations.stage_at(site.id, call.now)
    if not site.configured or stage is None or not contains(stage.state, search):
        return None
    return state_json(operations, site, stage, call.now)


def list_states(call: CallContext) -> list[Json]:
    """Return the states of all configured sites, filtered."""
    site_id, pad_id = call.query.integer("site__id"), call.query.integer("pad__id")
    search = call.query.text("current_state_search")
    call.query.check()
    states = (
        _state(operations, site, call, search)
        for operations, site in call.service.sites()
        if site_id in {None, site.id} and pad_id in {None, operations.pad.id}
    )
    return [state for state in states if state is not None]


def get_state(call: CallContext) -> Json:
    """Return one state."""
    operations, site = call.service.site(site_of_state(call.ids["state_id"]))
    state = _state(operations, site, call)
    if state is None:
        raise build_not_found()
    return state


def list_pad_fields(call: CallContext) -> list[Json]:
    """Return the metadata of a pad's fields."""
    return [field_json(info) for info in call.target().operations.pad_fields()]


def list_site_fields(call: CallContext) -> list[Json]:
    """Return the metadata of a site's fields."""
    parent = call.target()
    return [field_json(info) for info in parent.operations.site_fields(parent.sites[0].id)]


def list_stages(call: CallContext) -> list[Json]:
    """Return stages, filtered."""
    parent = call.target()
    return [stage_json(stage) for stage in filter_stages(call, parent.operations, parent.sites)]


def list_aggregations(call: CallContext) -> Json:
    """Return stage aggregations, by site."""
    parent = call.target()
    return aggregations_json(call, parent.operations, parent.sites)


def stream_data(call: CallContext) -> StreamedRecords:
    """Return the records of a pad or a site."""
    return StreamedRecords(query_data(call).records())


def _changes(call: CallContext) -> list[Correction]:
    return [each for site in call.target().sites for each in call.service.field.corrections(site.id)]


def _change_log(changes: list[Correction]) -> Json:
    return {"change_log": [change_json(change) for change in changes]}


def open_changes(call: CallContext) -> list[Correction]:
    """Return the data changes that the client has not acknowledged, newest first for each site."""
    return [change for change in _changes(call) if call.service.acknowledgements.is_open(call.client, change)]


def list_changes(call: CallContext) -> Json:
    """Return the data changes that the client has not acknowledged, or all of them."""
    everything = call.query.boolean("get_acknowledged")
    call.query.check()
    return _change_log(_changes(call) if everything else open_changes(call))


def acknowledge_changes(call: CallContext) -> Json:
    """Acknowledge data changes, and return those that are still open."""
    known = {change.id for change in _changes(call)}
    received = bodies.parse_acknowledged_ids(bodies.parse(call.body))
    call.service.acknowledgements.acknowledge(call.client, known.intersection(received))
    return _change_log(open_changes(call))


def get_change(call: CallContext) -> Json:
    """Return one data change."""
    found = [change for change in _changes(call) if change.id == call.ids["change_id"]]
    if not found:
        raise build_not_found()
    return _change_log(found)


def list_parameters(call: CallContext) -> list[Json]:
    """Return the definitions of the stage aggregations."""
    return [parameter_json(each) for each in call.service.parameters.of_pad(call.target().pad_id)]


def create_parameters(call: CallContext) -> HandlerResponse:
    """Create definitions, or only validate them."""
    pad_id = call.target().pad_id
    validate_only = call.query.boolean("validate_only")
    call.query.check()
    drafts = bodies.parse_new_parameters(bodies.parse(call.body))
    if validate_only:
        call.service.parameters.check_names(pad_id, drafts)
        return HandlerResponse(200, {"valid": True})
    return HandlerResponse(
        201, [parameter_json(each) for each in call.service.parameters.create(pad_id, drafts, call.now)]
    )


def get_parameter(call: CallContext) -> Json:
    """Return one definition."""
    return parameter_json(call.service.parameters.get(call.target().pad_id, call.ids["parameter_id"]))


def replace_parameter(call: CallContext) -> Json:
    """Replace the changeable parts of a definition."""
    return _change_parameter(call, partial=False)


def update_parameter(call: CallContext) -> Json:
    """Change parts of a definition."""
    return _change_parameter(call, partial=True)


def _change_parameter(call: CallContext, *, partial: bool) -> Json:
    pad_id, number = call.target().pad_id, call.ids["parameter_id"]
    call.service.parameters.of_user(pad_id, number)
    draft = bodies.parse_parameter_change(bodies.parse(call.body), partial=partial)
    return parameter_json(call.service.parameters.change(pad_id, number, draft, call.now))


def delete_parameter(call: CallContext) -> HandlerResponse:
    """Delete a definition."""
    call.service.parameters.delete(call.target().pad_id, call.ids["parameter_id"])
    return HandlerResponse(204)


def issue_token(call: CallContext) -> Json:
    """Exchange credentials for a token."""
    return call.service.tokens.issue(bodies.parse_form(call.body))


PREFIX: Final = "/external/thirdparty/v1"
TOKEN_PATH: Final = "/o/token/"  # noqa: S105 - a path, no secret

_Handlers = dict[str, Handler]

_OF_PARENTS: Final[dict[str, _Handlers]] = {
    "data": {"GET": stream_data},
    "history": {"GET": list_stages},
    "aggregations": {"GET": list_aggregations},
    "data_changes": {"GET": list_changes, "POST": acknowledge_changes},
    "data_changes/{change_id:int}": {"GET": get_change},
    "parameters": {"GET": list_parameters, "POST": create_parameters},
    "parameters/{parameter_id:int}": {
        "GET": get_parameter,
        "PUT": replace_parameter,
        "PATCH": update_parameter,
        "DELETE": delete_parameter,
    },
}
"""Endpoints that pads and sites share."""

ENDPOINTS: Final[dict[str, _Handlers]] = {
    TOKEN_PATH: {"POST": issue_token},
    f"{PREFIX}/pads/": {"GET": list_pads},
    f"{PREFIX}/pads/{{pad_id:int}}/": {"GET": get_pad},
    f"{PREFIX}/pads/{{pad_id:int}}/fields/": {"GET": list_pad_fields},
    f"{PREFIX}/sites/": {"GET": list_sites},
    f"{PREFIX}/sites/{{site_id:int}}/": {"GET": get_site},
    f"{PREFIX}/sites/{{site_id:int}}/fields/": {"GET": list_site_fields},
    f"{PREFIX}/states/": {"GET": list_states},
    f"{PREFIX}/states/{{state_id:int}}/": {"GET": get_state},
    **{
        f"{PREFIX}/{parent}/{path}/": handlers
        for parent in ("pads/{pad_id:int}", "sites/{site_id:int}")
        for path, handlers in _OF_PARENTS.items()
    },
}
"""Handlers by path and method."""
