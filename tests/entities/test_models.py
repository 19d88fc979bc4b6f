"""Pads, sites and states as objects, and as the dicts that the service sends."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError, create_model

from datastore_sdk import Client, DataChange, Pad, Site, State
from datastore_sdk.sandbox import Sandbox
from tests.support.sync_async_calls import Form, list_requests

Kind = type[Pad] | type[Site] | type[State]

KINDS = pytest.mark.parametrize(
    ("kind", "path", "id"), [(Pad, "pads", 668), (Site, "sites", 981), (State, "states", 20981)]
)


@KINDS
def test_all_of_a_kind(
    sandbox: Sandbox, form: Form, get_json: Callable[[str], Any], kind: Kind, path: str, id: int
) -> None:
    models = form(kind, "get_models")
    assert list_requests(sandbox) == [f"GET /{path}/"]
    assert all(type(model) is kind for model in models)
    assert [model.id for model in models] == [each["id"] for each in get_json(f"/{path}/")]
    assert id in [model.id for model in models]


@KINDS
def test_one_by_its_id(sandbox: Sandbox, form: Form, kind: Kind, path: str, id: int) -> None:
    model = form(kind, "get_model", id=id)
    assert list_requests(sandbox) == [f"GET /{path}/{id}/"]
    assert type(model) is kind
    assert model.id == id
    assert model == form(kind, "get_model", id)


@KINDS
@pytest.mark.usefixtures("sandbox")
def test_dicts_are_the_unchanged_response(
    form: Form, get_json: Callable[[str], Any], kind: Kind, path: str, id: int
) -> None:
    assert form(kind, "get_model", id=id, as_dict=True) == get_json(f"/{path}/{id}/")
    assert form(kind, "get_models", as_dict=True) == get_json(f"/{path}/")


@KINDS
@pytest.mark.usefixtures("sandbox")
def test_an_object_has_all_values_of_the_response(
    form: Form, get_json: Callable[[str], Any], kind: Kind, path: str, id: int
) -> None:
    model, sent = form(kind, "get_model", id), get_json(f"/{path}/{id}/")
    assert set(model) == set(sent)
    dumped = model.model_dump(mode="json", by_alias=True, exclude_unset=True)
    if kind is Site:  # its extent is sent in unix seconds, and parsed to datetimes
        extent = dumped["metadata"] = {**dumped["metadata"]}
        for name, timestamp in extent.items():
            extent[name] = int(datetime.fromisoformat(timestamp).timestamp())
    assert dumped == sent
    assert {name: getattr(model, name) for name in sent} == dict(model)


@pytest.mark.usefixtures("sandbox")
def test_attributes_have_their_types(form: Form) -> None:
    pad, site = form(Pad, "get_model", 668), form(Site, "get_model", 981)
    assert (pad.name, pad.lease_name, pad.customer_name) == (
        "Mesquite Draw 14",
        "Mesquite Draw",
        "Mesa Verde Resources",
    )
    assert pad.wireline_enabled is True
    assert pad.completion_date is None
    assert pad.simops_config.measurement_sources.frac[0].attached_sites == [941, 942, 943]
    assert site.date_created == datetime(2024, 6, 26, 5, 54, 27, tzinfo=UTC)
    assert (site.pad_id, site.timezone, site.stage_total) == (681, "US/Central", 92)
    assert site.metadata.first_timestamp < site.metadata.last_timestamp


@pytest.mark.usefixtures("sandbox")
def test_objects_read_like_the_dicts_too(form: Form) -> None:
    pad = form(Pad, "get_model", 668)
    assert pad["name"] == pad.get("name") == pad.name
    assert pad.get("nothing", "of the kind") == "of the kind"
    assert "simops_config" in pad
    assert len(pad) == len(dict(pad)) == len(pad.keys())
    with pytest.raises(KeyError):
        pad["nothing"]


def test_an_object_from_a_dict(sandbox: Sandbox, form: Form) -> None:
    as_dict = form(Site, "get_model", id=981, as_dict=True)
    sandbox.requests.clear()
    site = Site(**as_dict)
    assert list_requests(sandbox) == []
    assert site.date_created == datetime.fromisoformat(as_dict["date_created"])
    assert isinstance(as_dict["date_created"], str)


@pytest.mark.usefixtures("sandbox")
def test_an_object_from_a_dict_equals_the_one_that_was_fetched(form: Form) -> None:
    assert Site(**form(Site, "get_model", id=981, as_dict=True)) == form(Site, "get_model", id=981)


def test_an_object_from_a_part_of_a_dict() -> None:
    site = Site(id=981, name="Caprock East 1WA", date_created="2024-06-26T04:46:07-05:00")
    assert site.name == "Caprock East 1WA"
    assert site.date_created == datetime(2024, 6, 26, 9, 46, 7, tzinfo=UTC)
    assert dict(site) == {"id": 981, "name": "Caprock East 1WA", "date_created": site.date_created}


def test_keys_that_the_contract_does_not_know_become_attributes() -> None:
    site: Any = Site(id=981, rig={"name": "H&P 214"})
    assert site.rig == {"name": "H&P 214"}
    assert site["rig"] is site.rig
    assert dict(site) == {"id": 981, "rig": {"name": "H&P 214"}}


@pytest.mark.parametrize(
    ("attributes", "place"),
    [({"date_created": "yesterday"}, "date_created"), ({"latitude": "north"}, "latitude"), ({"name": 5}, "name")],
)
def test_a_dict_with_wrong_values_is_refused_by_a_strict_client(attributes: dict[str, Any], place: str) -> None:
    with Client("t0ken", base_url="https://restream.invalid", strict=True) as client:
        with pytest.raises(ValueError, match=place):
            Site(id=981, client=client, **attributes)
        site = Site(id=981, **attributes)
    assert dict(site) == {"id": 981, **attributes}


@pytest.mark.parametrize("kind", [Pad, Site, State, DataChange])
def test_ids_within_models_of_users_are_validated(kind: Any) -> None:
    """As in bodies of FastAPI, where a TypeError would be the status 500 instead of 422."""
    report: Any = create_model("Report", of=(kind, ...))
    assert report.model_validate({"of": {"id": 5}}).of.id == 5
    assert report.model_validate_json('{"of": {"id": "981"}}').of.id == 981
    for wrong in ("x", None, -1, 1.5, True, [5]):
        with pytest.raises(ValidationError) as caught:
            report.model_validate({"of": {"id": wrong}})
        assert caught.value.errors()[0]["loc"][0] == "of"
    with pytest.raises(ValidationError):
        report.model_validate({"of": 5})
