"""The definitions of the stage aggregations: read, made, changed and deleted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from datastore_sdk import Pad, Site, Stage
from datastore_sdk.exceptions import BadRequestError, NotFoundError
from datastore_sdk.sandbox import Sandbox
from restream_api.models import Parameter, ParametersValid
from tests.support.sync_async_calls import Form, list_requests

NEW: dict[str, Any] = {
    "name": "avg_pressure_while_pumping",
    "description": "Mean surface pressure while the slurry rate is above 20 bbl/min.",
    "config": {
        "field": "surface_treating_pressure",
        "aggregation": "average",
        "conditions": [{"field": "slurry_rate", "operator": "greater_than", "value": 20}],
    },
}
TARGETS = pytest.mark.parametrize(
    ("target", "path"), [(Site(id=981), "sites/981"), (Pad(id=681), "pads/681")], ids=["site", "pad"]
)


@TARGETS
def test_all(sandbox: Sandbox, form: Form, get_json: Callable[[str], Any], target: object, path: str) -> None:
    definitions = form(target, "get_stages_aggregations")
    assert list_requests(sandbox) == [f"GET /{path}/parameters/"]
    assert all(type(definition) is Parameter for definition in definitions)
    sent = [definition.model_dump(mode="json", exclude_unset=True) for definition in definitions]
    assert sent == get_json(f"/{path}/parameters/")
    (rate,) = (definition for definition in definitions if definition["name"] == "avg_slurry_rate")
    assert (rate.config.field, rate.config.aggregation, rate.type) == ("slurry_rate", "average", "D")


@TARGETS
def test_one(sandbox: Sandbox, form: Form, target: object, path: str) -> None:
    some = form(target, "get_stages_aggregations")[3]
    assert form(target, "get_stages_aggregation", some.id) == some
    assert list_requests(sandbox)[1] == f"GET /{path}/parameters/{some.id}/"


@TARGETS
def test_made_changed_and_deleted(own_sandbox: Sandbox, form: Form, target: object, path: str) -> None:
    (made,) = form(target, "create_stages_aggregations", [NEW])
    assert type(made) is Parameter
    assert (made.name, made.type, made.description) == (NEW["name"], "C", NEW["description"])
    assert made.config.conditions
    assert made.config.conditions[0].value == 20
    assert made in form(target, "get_stages_aggregations")

    changed = form(target, "update_stages_aggregation", made.id, {"label": "Pressure", "color": "#aa3300"})
    assert (changed.label, changed.color, changed.description) == ("Pressure", "#aa3300", NEW["description"])
    bare = form(target, "update_stages_aggregation", made.id, {"color": None})
    assert (bare.color, bare.label) == (None, "Pressure")
    replacement = {"config": {"field": "slurry_rate", "aggregation": "maximum"}}
    replaced = form(target, "update_stages_aggregation", made.id, replacement, partial=False)
    assert (replaced.config.field, replaced.config.aggregation) == ("slurry_rate", "maximum")

    assert form(target, "delete_stages_aggregation", made.id) is None
    with pytest.raises(NotFoundError):
        form(target, "get_stages_aggregation", made.id)
    assert [request.split("?")[0] for request in list_requests(own_sandbox)] == [
        f"POST /{path}/parameters/",
        f"GET /{path}/parameters/",
        f"PATCH /{path}/parameters/{made.id}/",
        f"PATCH /{path}/parameters/{made.id}/",
        f"PUT /{path}/parameters/{made.id}/",
        f"DELETE /{path}/parameters/{made.id}/",
        f"GET /{path}/parameters/{made.id}/",
    ]


@pytest.mark.usefixtures("own_sandbox")
def test_stages_come_with_the_new_number(form: Form) -> None:
    pad = Pad(id=681)
    form(pad, "create_stages_aggregations", [NEW])
    wanted: dict[str, Any] = {"stage_name_filter": "frac", "aggregations_filter": [NEW["name"]]}
    stages: list[Stage] = form(pad, "get_stages_metadata", stage_number=20, add_aggregations=True, **wanted)
    numbers = [stage.aggregations for stage in stages if stage.aggregations]
    assert len(numbers) == 4
    assert all(each[NEW["name"]] > 5000 for each in numbers)


@TARGETS
def test_only_checked(sandbox: Sandbox, form: Form, target: object, path: str) -> None:
    word = form(target, "create_stages_aggregations", [NEW], validate_only=True)
    assert isinstance(word, ParametersValid)
    assert word.valid is True
    assert list_requests(sandbox) == [f"POST /{path}/parameters/?validate_only=true"]
    assert NEW["name"] not in [definition.name for definition in form(target, "get_stages_aggregations")]


def test_the_service_refuses(sandbox: Sandbox, form: Form) -> None:
    pad = Pad(id=681)
    own = form(pad, "get_stages_aggregations")[0]
    refused: list[tuple[str, tuple[Any, ...], str]] = [
        ("create_stages_aggregations", ([{**NEW, "name": own.name}],), "already exists"),
        ("create_stages_aggregations", ([{**NEW, "name": "2nd"}],), "letters and underscores"),
        ("update_stages_aggregation", (own.id, {"label": "mine"}), "Only custom parameters"),
        ("delete_stages_aggregation", (own.id,), "Only custom parameters"),
    ]
    for call, arguments, message in refused:
        with pytest.raises(BadRequestError, match=message):
            form(pad, call, *arguments)
    assert [request.status for request in sandbox.requests[1:]] == [400] * 4


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ({"name": "x"}, "config"),
        ({**NEW, "type": "D"}, "type"),
        ({**NEW, "config": {"field": "slurry_rate"}}, "aggregation"),
        ({**NEW, "name": 5}, "name"),
        ("avg_slurry_rate", "0"),
    ],
)
def test_what_has_not_the_right_form_is_never_sent(sandbox: Sandbox, form: Form, wrong: Any, place: str) -> None:
    with pytest.raises(ValidationError, match=place):
        form(Pad(id=681), "create_stages_aggregations", [wrong])
    assert list_requests(sandbox) == []


def test_changes_that_cannot_be_are_never_sent(sandbox: Sandbox, form: Form) -> None:
    pad = Pad(id=681)
    for wrong, partial in (({"name": "x"}, True), ({"config": {"fild": "x"}}, True), ({"label": "x"}, False)):
        with pytest.raises(ValidationError):
            form(pad, "update_stages_aggregation", 7, wrong, partial=partial)
    assert list_requests(sandbox) == []


@pytest.mark.parametrize(
    ("id", "error", "message"),
    [
        ("7", TypeError, "aggregation_id must be an int, not str: '7'"),
        (None, TypeError, "aggregation_id must be an int, not NoneType"),
        (0, ValueError, "aggregation_id must be positive, not 0"),
    ],
)
def test_an_id_that_is_none(sandbox: Sandbox, form: Form, id: object, error: type[Exception], message: str) -> None:
    for call, arguments in (
        ("get_stages_aggregation", ()),
        ("update_stages_aggregation", ({"label": "x"},)),
        ("delete_stages_aggregation", ()),
    ):
        with pytest.raises(error, match=message):
            form(Pad(id=681), call, id, *arguments)
    assert list_requests(sandbox) == []
