"""What each endpoint answers."""

from __future__ import annotations

from typing import Final

from datastore_sdk.sandbox.api import request_bodies as bodies
from datastore_sdk.sandbox.api.context import Answer, Call, Handler, Streamed
from datastore_sdk.sandbox.api.data import data_of
from datastore_sdk.sandbox.api.errors import not_found
from datastore_sdk.sandbox.api.list_filters import contains, found_pads, found_sites
from datastore_sdk.sandbox.api.serializers import (
    Json,
    change_json,
    field_json,
    pad_json,
    parameter_json,
    site_json,
    stage_json,
)
from datastore_sdk.sandbox.api.stages import aggregations_json, found_stages
from datastore_sdk.sandbox.api.states import site_of_state, state_json
from datastore_sdk.sandbox.simulation.corrections import Correction
from datastore_sdk.sandbox.simulation.layout import Site
from datastore_sdk.sandbox.simulation.pad_activity import PadActivity


def list_pads(call: Call) -> list[Json]:
    """All pads, filtered."""
    return [pad_json(operations, call.now) for operations in found_pads(call)]


def get_pad(call: Call) -> Json:
    """One pad."""
    return pad_json(call.parent().operations, call.now)


def list_sites(call: Call) -> list[Json]:
    """All sites, filtered."""
    return [site_json(operations, site, call.now) for operations, site in found_sites(call)]


def get_site(call: Call) -> Json:
    """One site."""
    parent = call.parent()
    return site_json(parent.operations, parent.sites[0], call.now)


def _state(operations: PadActivity, site: Site, call: Call, search: str | None = None) -> Json | None:
    stage = operations.stage_at(site.id, call.now)
    if not site.configured or stage is None or not contains(stage.state, search):
        return None
    return state_json(operations, site, stage, call.now)


def list_states(call: Call) -> list[Json]:
    """The states of all configured sites, filtered."""
    site_id, pad_id = call.query.integer("site__id"), call.query.integer("pad__id")
    search = call.query.text("current_state_search")
    call.query.check()
    states = (
        _state(operations, site, call, search)
        for operations, site in call.service.sites()
        if site_id in {None, site.id} and pad_id in {None, operations.pad.id}
    )
    return [state for state in states if state is not None]


def get_state(call: Call) -> Json:
    """One state."""
    operations, site = call.service.site(site_of_state(call.ids["state_id"]))
    state = _state(operations, site, call)
    if state is None:
        raise not_found()
    return state


def list_pad_fields(call: Call) -> list[Json]:
    """The metadata of a pad's fields."""
    return [field_json(info) for info in call.parent().operations.pad_fields()]


def list_site_fields(call: Call) -> list[Json]:
    """The metadata of a site's fields."""
    parent = call.parent()
    return [field_json(info) for info in parent.operations.site_fields(parent.sites[0].id)]


def list_stages(call: Call) -> list[Json]:
    """Stages, filtered."""
    parent = call.parent()
    return [stage_json(stage) for stage in found_stages(call, parent.operations, parent.sites)]


def list_aggregations(call: Call) -> Json:
    """The numbers of stages, by site."""
    parent = call.parent()
    return aggregations_json(call, parent.operations, parent.sites)


def stream_data(call: Call) -> Streamed:
    """The records of a pad or a site."""
    return Streamed(data_of(call).records())


def _changes(call: Call) -> list[Correction]:
    return [each for site in call.parent().sites for each in call.service.field.corrections(site.id)]


def _change_log(changes: list[Correction]) -> Json:
    return {"change_log": [change_json(change) for change in changes]}


def open_changes(call: Call) -> list[Correction]:
    """The data changes that the client has not acknowledged, newest first of each site."""
    return [change for change in _changes(call) if call.service.acknowledgements.is_open(call.client, change)]


def list_changes(call: Call) -> Json:
    """The data changes that the client has not acknowledged, or all of them."""
    everything = call.query.boolean("get_acknowledged")
    call.query.check()
    return _change_log(_changes(call) if everything else open_changes(call))


def acknowledge_changes(call: Call) -> Json:
    """Acknowledges data changes, and answers with those that are left."""
    known = {change.id for change in _changes(call)}
    received = bodies.acknowledged_ids(bodies.parse(call.body))
    call.service.acknowledgements.acknowledge(call.client, known.intersection(received))
    return _change_log(open_changes(call))


def get_change(call: Call) -> Json:
    """One data change."""
    found = [change for change in _changes(call) if change.id == call.ids["change_id"]]
    if not found:
        raise not_found()
    return _change_log(found)


def list_parameters(call: Call) -> list[Json]:
    """The definitions of the stage aggregations."""
    return [parameter_json(each) for each in call.service.parameters.of_pad(call.parent().pad_id)]


def create_parameters(call: Call) -> Answer:
    """Creates definitions, or only says whether they are valid."""
    pad_id = call.parent().pad_id
    validate_only = call.query.boolean("validate_only")
    call.query.check()
    drafts = bodies.new_parameters(bodies.parse(call.body))
    if validate_only:
        call.service.parameters.check_names(pad_id, drafts)
        return Answer(200, {"valid": True})
    return Answer(201, [parameter_json(each) for each in call.service.parameters.create(pad_id, drafts, call.now)])


def get_parameter(call: Call) -> Json:
    """One definition."""
    return parameter_json(call.service.parameters.get(call.parent().pad_id, call.ids["parameter_id"]))


def replace_parameter(call: Call) -> Json:
    """Replaces what can change of a definition."""
    return _change_parameter(call, partial=False)


def update_parameter(call: Call) -> Json:
    """Changes parts of a definition."""
    return _change_parameter(call, partial=True)


def _change_parameter(call: Call, *, partial: bool) -> Json:
    pad_id, number = call.parent().pad_id, call.ids["parameter_id"]
    call.service.parameters.of_user(pad_id, number)
    draft = bodies.parameter_change(bodies.parse(call.body), partial=partial)
    return parameter_json(call.service.parameters.change(pad_id, number, draft, call.now))


def delete_parameter(call: Call) -> Answer:
    """Deletes a definition."""
    call.service.parameters.delete(call.parent().pad_id, call.ids["parameter_id"])
    return Answer(204)


def issue_token(call: Call) -> Json:
    """Answers credentials with a token."""
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
"""What pads and sites both have."""

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
"""By path, and by method, what answers."""
