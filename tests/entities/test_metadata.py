"""Fields and measurement sources."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from datastore_sdk import Pad, Site
from datastore_sdk.exceptions import NotFoundError
from datastore_sdk.sandbox import Sandbox
from restream_api.models import Field, MeasurementSource, MeasurementSources
from tests.support.fake_service import Serving
from tests.support.http_responses import http_response, respond_by_path
from tests.support.sync_async_calls import Form, list_requests


@pytest.mark.parametrize(("target", "path"), [(Site(id=981), "sites/981"), (Pad(id=681), "pads/681")])
def test_fields(sandbox: Sandbox, form: Form, get_json: Callable[[str], Any], target: object, path: str) -> None:
    fields = form(target, "get_fields_metadata")
    assert list_requests(sandbox) == [f"GET /{path}/fields/"]
    assert [dict(field) for field in fields] == get_json(f"/{path}/fields/")
    assert all(type(field) is Field for field in fields)


@pytest.mark.usefixtures("sandbox")
def test_names_of_fields_can_be_requested_as_data(form: Form) -> None:
    names = {field["name"] for field in form(Site(id=981), "get_fields_metadata")}
    assert {"slurry_rate", "surface_treating_pressure", "proppant_conc"} <= names
    pad_names = {field.name for field in form(Pad(id=681), "get_fields_metadata")}
    assert {"M1_slurry_rate", "M2_slurry_rate"} <= pad_names
    rates = [field for field in form(Site(id=981), "get_fields_metadata") if field.name == "slurry_rate"]
    assert {(rate.imperial_unit, rate.si_unit) for rate in rates} == {("bbl/min", "m^3/min")}


def test_the_measurement_sources_of_a_pad(sandbox: Sandbox, form: Form, get_json: Callable[[str], Any]) -> None:
    sources = form(Pad(id=668), "get_measurement_sources_metadata")
    assert list_requests(sandbox) == ["GET /pads/668/"]
    assert isinstance(sources, MeasurementSources)
    assert sources.model_dump() == get_json("/pads/668/")["simops_config"]["measurement_sources"]
    assert [source.name for source in sources.frac] == ["M1", "M2"]
    assert [source["name"] for source in sources["wl"]] == ["W1", "W2"]
    assert all(type(source) is MeasurementSource for source in sources.frac)


def test_site_has_only_attached_measurement_sources(sandbox: Sandbox, form: Form) -> None:
    for site_id, pad_id, names in ((941, 668, ["M1"]), (946, 668, ["M2"])):
        sandbox.requests.clear()
        sources = form(Site(id=site_id), "get_measurement_sources_metadata")
        assert list_requests(sandbox) == [f"GET /sites/{site_id}/", f"GET /pads/{pad_id}/"]
        assert [source.name for source in sources.frac] == names
        assert all(site_id in source.attached_sites for source in (*sources.frac, *sources.wl))
        assert sources.fluid == sources.pumpdown == []
    both = form(Site(id=981), "get_measurement_sources_metadata")
    assert [source.name for source in both.frac] == ["M1", "M2"]


@pytest.mark.parametrize("target", [Pad(id=703), Site(id=1041)], ids=["pad", "site"])
@pytest.mark.usefixtures("sandbox")
def test_without_simops_there_are_no_measurement_sources(form: Form, target: object) -> None:
    sources = form(target, "get_measurement_sources_metadata")
    assert dict(sources) == {"frac": [], "wl": [], "fluid": [], "pumpdown": []}


def test_a_site_on_no_pad_has_none(serving: Serving, form: Form, get_json: Callable[[str], Any]) -> None:
    site = {**get_json("/sites/981/"), "pad_id": None}
    service = serving(respond_by_path({"/pads/": http_response(200, []), "/sites/981/": http_response(200, site)}))
    sources = form(Site(id=981, client=service.client), "get_measurement_sources_metadata")
    assert dict(sources) == {"frac": [], "wl": [], "fluid": [], "pumpdown": []}


@pytest.mark.usefixtures("sandbox")
def test_a_pad_that_is_not_there(form: Form) -> None:
    for call in ("get_measurement_sources_metadata", "get_fields_metadata", "get_stages_aggregations"):
        with pytest.raises(NotFoundError):
            form(Pad(id=5), call)
