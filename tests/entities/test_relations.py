"""From a pad to its sites and their states, and from a site to its pad and its state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from datastore_sdk import Pad, Site, StageNameFilters, State
from datastore_sdk.exceptions import NotFoundError
from datastore_sdk.sandbox import Sandbox
from tests.support.fake_service import Serving
from tests.support.http_responses import http_response, respond_by_path
from tests.support.sync_async_calls import Form, list_requests


def test_sites_of_a_pad(sandbox: Sandbox, form: Form) -> None:
    sites = form(Pad(id=668), "get_sites")
    assert list_requests(sandbox) == ["GET /sites/?pad__id=668"]
    assert [site.id for site in sites] == [941, 942, 943, 944, 945, 946]
    assert all(type(site) is Site and site.pad_id == 668 for site in sites)


def test_the_long_way_makes_two_calls(sandbox: Sandbox, form: Form) -> None:
    sites = form(form(Pad, "get_model", id=668), "get_sites")
    assert list_requests(sandbox) == ["GET /pads/668/", "GET /sites/?pad__id=668"]
    assert sites == form(Pad(id=668), "get_sites")


def test_the_pad_of_a_site(sandbox: Sandbox, form: Form) -> None:
    pad = form(Site(id=981), "get_pad")
    assert list_requests(sandbox) == ["GET /sites/981/", "GET /pads/681/"]
    assert type(pad) is Pad
    assert pad == form(Pad, "get_model", 681)


def test_the_pad_of_a_site_that_is_loaded(sandbox: Sandbox, form: Form) -> None:
    site = Site.get_model(981)
    sandbox.requests.clear()
    assert form(site, "get_pad").id == 681
    assert form(site, "get_pad", as_dict=True)["id"] == 681
    form(site, "get_measurement_sources_metadata")
    assert list_requests(sandbox) == ["GET /pads/681/"] * 3


def test_a_site_on_no_pad(serving: Serving, form: Form, get_json: Callable[[str], Any]) -> None:
    site = {**get_json("/sites/981/"), "pad_id": None}
    service = serving(respond_by_path({"/pads/": http_response(200, []), "/sites/981/": http_response(200, site)}))
    assert form(Site(id=981, client=service.client), "get_pad") is None
    assert form(Site(id=981, client=service.client), "get_pad", as_dict=True) is None


@pytest.mark.usefixtures("sandbox")
def test_pad_of_a_missing_site_is_an_error(form: Form) -> None:
    for call in ("get_pad", "get_measurement_sources_metadata"):
        with pytest.raises(NotFoundError):
            form(Site(id=5), call)


def test_the_state_of_a_site(sandbox: Sandbox, form: Form) -> None:
    state = form(Site(id=981), "get_state")
    assert list_requests(sandbox) == ["GET /states/?site__id=981"]
    assert type(state) is State
    assert (state.site.id, state.site_name) == (981, "Caprock East 1WA")
    assert state.site.pad
    assert state.site.pad.id == 681
    assert state == form(State, "get_model", state.id)


@pytest.mark.usefixtures("sandbox")
def test_a_site_that_is_not_configured_has_no_state(form: Form) -> None:
    assert form(Site(id=1042), "get_state") is None
    assert form(Site(id=1042), "get_state", as_dict=True) is None
    assert [state.site.id for state in form(Pad(id=703), "get_states")] == [1041]


def test_the_states_of_a_pad(sandbox: Sandbox, form: Form) -> None:
    states = form(Pad(id=681), "get_states")
    assert list_requests(sandbox) == ["GET /states/?pad__id=681"]
    assert [state.site.id for state in states] == [981, 982, 983, 984]
    assert all(type(state) is State for state in states)


@pytest.mark.parametrize("name", list(StageNameFilters))
def test_the_states_of_a_pad_by_what_goes_on(sandbox: Sandbox, form: Form, name: StageNameFilters) -> None:
    everything = form(Pad(id=681), "get_states")
    sandbox.requests.clear()
    for arguments in (name, name.value):
        states = form(Pad(id=681), "get_states", stage_name_filter=arguments)
        assert states == [state for state in everything if state.current_state.startswith(name)]
    assert list_requests(sandbox) == [f"GET /states/?pad__id=681&current_state_search={name.value}"] * 2


@pytest.mark.usefixtures("sandbox")
def test_dicts_are_unchanged_responses(form: Form, get_json: Callable[[str], Any]) -> None:
    assert form(Pad(id=668), "get_sites", as_dict=True) == get_json("/sites/?pad__id=668")
    assert form(Pad(id=681), "get_states", as_dict=True) == get_json("/states/?pad__id=681")
    assert form(Site(id=981), "get_pad", as_dict=True) == get_json("/pads/681/")
    assert [form(Site(id=981), "get_state", as_dict=True)] == get_json("/states/?site__id=981")
