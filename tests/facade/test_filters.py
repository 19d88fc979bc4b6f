"""The filters of lists: each becomes a parameter of the request, and narrows the list down."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from datastore_sdk import Pad, Site, StageNameFilters, State
from datastore_sdk.filters import AllSiteFilters, PadFilters, SiteFilters, StateFilters
from datastore_sdk.sandbox import Sandbox
from tests.facade.forms import Form, asked

CIRCLE = {"latitude": 31.94, "longitude": -102.07, "radius_miles": 5}

PADS: list[tuple[dict[str, Any], str, list[int]]] = [
    ({"complete": True}, "complete=true", [654]),
    ({"complete": False}, "complete=false", [668, 681, 697, 703]),
    ({"well_api": "4232940982"}, "well_api=4232940982", [681]),
    ({"site_pk": 1012}, "site_pk=1012", [697]),
    ({"name_search": "caprok"}, "name_search=caprok", [681]),
    ({"fleet_id": 31}, "fleet_id=31", [668, 703]),
    ({"fleet_name": "blue"}, "fleet_name=blue", [681]),
    ({"fleet_id": 31, "name_search": "flat", "complete": False}, "complete=false&name_search=flat&fleet_id=31", [703]),
]
SITES: list[tuple[dict[str, Any], str, list[int]]] = [
    ({"complete": True}, "complete=true", [911, 912]),
    ({"well_api": "4232940982"}, "well_api=4232940982", [982]),
    ({"name_search": "fio bend 2H"}, "name_search=fio bend 2H", [912]),
    ({"formation_name": "spraberry"}, "formation_name=spraberry", [943, 946, 983]),
    ({"latitude_gte": 31.5, "latitude_lte": 31.6}, "latitude_gte=31.5&latitude_lte=31.6", [1041]),
    ({"longitude_gte": -98, "longitude_lte": -97.5}, "longitude_gte=-98&longitude_lte=-97.5", [1011, 1012, 1013]),
    (CIRCLE, "lat=31.94&long=-102.07&radius_miles=5", [941, 942, 943, 944, 945, 946]),
    ({"fleet_id": 32}, "fleet_id=32", [981, 982, 983, 984]),
    ({"fleet_name": "DUAL"}, "fleet_name=DUAL", [1011, 1012, 1013]),
]
SITES_BY_PAD: list[tuple[dict[str, Any], str, list[int]]] = [
    ({"pad_id": 703}, "pad__id=703", [1041, 1042]),
    ({"pad_pk": 703}, "pad_pk=703", [1041, 1042]),
    ({"pad_name": "oak"}, "pad_name=oak", [1011, 1012, 1013]),
]
STATES: list[tuple[dict[str, Any], str, Callable[[State], bool]]] = [
    (
        {"stage_name_filter": StageNameFilters.FRAC},
        "current_state_search=frac",
        lambda state: state.current_state == "frac_frac",
    ),
    ({"stage_name_filter": "wl"}, "current_state_search=wl", lambda state: state.current_state.startswith("wl_")),
    ({"site_id": 981}, "site__id=981", lambda state: state.site.id == 981),
    ({"pad_id": 697}, "pad__id=697", lambda state: state.site.id in range(1011, 1014)),
]


@pytest.mark.parametrize(("filters", "query", "found"), PADS)
def test_pads(sandbox: Sandbox, form: Form, filters: dict[str, Any], query: str, found: list[int]) -> None:
    assert [pad.id for pad in form(Pad, "get_models", **filters)] == found
    assert asked(sandbox) == [f"GET /pads/?{query}"]


@pytest.mark.parametrize(("filters", "query", "found"), SITES + SITES_BY_PAD)
def test_sites(sandbox: Sandbox, form: Form, filters: dict[str, Any], query: str, found: list[int]) -> None:
    assert [site.id for site in form(Site, "get_models", **filters)] == found
    assert asked(sandbox) == [f"GET /sites/?{query}"]


@pytest.mark.parametrize(("filters", "query", "found"), SITES)
def test_sites_of_a_pad(sandbox: Sandbox, form: Form, filters: dict[str, Any], query: str, found: list[int]) -> None:
    of_pad = {681: range(981, 985), 668: range(941, 947), 697: range(1011, 1014), 703: (1041, 1042), 654: (911, 912)}
    for pad_id, sites in of_pad.items():
        sandbox.requests.clear()
        expected = [site for site in found if site in sites]
        assert [site.id for site in form(Pad(id=pad_id), "get_sites", **filters)] == expected
        (request,) = asked(sandbox)
        assert set(request.removeprefix("GET /sites/?").split("&")) == {f"pad__id={pad_id}", *query.split("&")}


@pytest.mark.parametrize(("filters", "query", "found"), STATES)
def test_states(
    sandbox: Sandbox, form: Form, filters: dict[str, Any], query: str, found: Callable[[State], bool]
) -> None:
    everything = State.get_models()
    sandbox.requests.clear()
    states = form(State, "get_models", **filters)
    assert states == [state for state in everything if found(state)]
    assert 0 < len(states) < len(everything)
    assert asked(sandbox) == [f"GET /states/?{query}"]


def test_every_filter_that_is_documented_is_tested() -> None:
    def tested(*tables: Sequence[tuple[dict[str, Any], str, object]]) -> set[str]:
        return {name for table in tables for filters, _, _ in table for name in filters}

    assert tested(PADS) == set(PadFilters.__annotations__)
    assert tested(SITES) == set(SiteFilters.__annotations__)
    assert tested(SITES, SITES_BY_PAD) == set(AllSiteFilters.__annotations__)
    assert tested(STATES) == set(StateFilters.__annotations__)


def test_none_is_no_filter(sandbox: Sandbox, form: Form) -> None:
    form(Site, "get_models", complete=None, latitude=None, longitude=None, radius_miles=None, new_filter=None)
    form(Pad(id=681), "get_states", stage_name_filter=None)
    assert asked(sandbox) == ["GET /sites/", "GET /states/?pad__id=681"]


def test_filters_that_the_sdk_does_not_know_are_passed_on(sandbox: Sandbox, form: Form) -> None:
    form(Pad, "get_models", basin="Permian", complete=True)
    form(Site, "get_models", ordering="-name", stage_total__gte=60)
    form(State, "get_models", changed_since=5)
    form(Pad(id=681), "get_sites", basin="Permian")
    form(Pad(id=681), "get_states", limit=5)
    form(Pad(id=681), "get_stages_metadata", labels=["a", "b"])
    assert asked(sandbox) == [
        "GET /pads/?complete=true&basin=Permian",
        "GET /sites/?ordering=-name&stage_total__gte=60",
        "GET /states/?changed_since=5",
        "GET /sites/?pad__id=681&basin=Permian",
        "GET /states/?pad__id=681&limit=5",
        "GET /pads/681/history/?labels=a,b",
    ]


@pytest.mark.parametrize(
    ("target", "name", "advice"),
    [
        (Pad, "name", "There are: complete, well_api"),
        (Pad, "customer_name", "There are: "),
        (Site, "metadata", "There are: "),
    ],
)
def test_attributes_that_are_no_filters_are_warned_of(
    sandbox: Sandbox, form: Form, target: object, name: str, advice: str
) -> None:
    with pytest.warns(UserWarning, match=f"'{name}' is no filter that is known here.*{advice}") as warned:
        form(target, "get_models", **{name: "Caprock"})
    assert "datastore_sdk" not in warned[0].filename  # it is the caller's line
    assert asked(sandbox)[0].endswith(f"{name}=Caprock")


def test_special_characters_arrive(sandbox: Sandbox, form: Form) -> None:
    form(Pad, "get_models", name_search="Größe & Co+/?=%#")
    assert sandbox.requests[0].query == (("name_search", "Größe & Co+/?=%#"),)


@pytest.mark.parametrize("left_out", ["latitude", "longitude", "radius_miles"])
@pytest.mark.parametrize("target", [Site, Pad(id=668)], ids=["all", "of a pad"])
def test_a_circle_is_whole_or_none(sandbox: Sandbox, form: Form, target: object, left_out: str) -> None:
    part = {name: value for name, value in CIRCLE.items() if name != left_out}
    call = "get_models" if target is Site else "get_sites"
    for filters in (part, {**part, left_out: None}, {left_out: CIRCLE[left_out]}):
        with pytest.raises(ValueError, match=r"latitude, longitude and radius_miles .* give all three or none"):
            form(target, call, **filters)
    assert asked(sandbox) == []


def test_a_circle_by_the_services_own_names(sandbox: Sandbox, form: Form) -> None:
    form(Site, "get_models", lat=31.94, long=-102.07, radius_miles=5)
    assert asked(sandbox) == ["GET /sites/?lat=31.94&long=-102.07&radius_miles=5"]
    with pytest.raises(ValueError, match="latitude and lat mean the same: give one of them"):
        form(Site, "get_models", **CIRCLE, lat=31.94)


def test_a_circle_around_the_origin_is_one(sandbox: Sandbox, form: Form) -> None:
    assert form(Site, "get_models", latitude=0, longitude=0, radius_miles=0) == []
    assert asked(sandbox) == ["GET /sites/?lat=0&long=0&radius_miles=0"]


def test_the_pad_of_get_sites_cannot_be_overridden(sandbox: Sandbox, form: Form) -> None:
    filters: dict[str, Any] = {"pad_id": 668}
    assert [site.pad_id for site in form(Pad(id=703), "get_sites", **filters)] == [703, 703]
    assert asked(sandbox) == ["GET /sites/?pad__id=703"]


@pytest.mark.parametrize("name", ["pumpdown", "FRAC", "", 5])
def test_a_stage_name_filter_that_does_not_exist(sandbox: Sandbox, form: Form, name: Any) -> None:
    choices = r"StageNameFilters\.FRAC \('frac'\), StageNameFilters\.WIRELINE \('wl'\)"
    for target, call in ((Pad(id=668), "get_states"), (State, "get_models"), (Site(id=981), "get_stages_metadata")):
        with pytest.raises(ValueError, match=f"stage_name_filter is {name!r}; it must be one of {choices}"):
            form(target, call, stage_name_filter=name)
    assert asked(sandbox) == []


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        ({"latitude": 90.1, "longitude": 0, "radius_miles": 1}, "latitude must be from -90 to 90, not 90.1"),
        ({"lat": -91, "long": 0, "radius_miles": 1}, "latitude must be from -90 to 90, not -91"),
        ({"latitude": 0, "longitude": 181, "radius_miles": 1}, "longitude must be from -180 to 180"),
        ({"latitude": 0, "longitude": 0, "radius_miles": -1}, "radius_miles must be from 0"),
        ({"latitude_gte": float("nan")}, "latitude_gte must be from -90 to 90, not nan"),
        ({"longitude_lte": 200}, "longitude_lte must be from -180 to 180"),
    ],
)
def test_a_coordinate_out_of_its_range_is_refused(
    sandbox: Sandbox, form: Form, filters: dict[str, float], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        form(Site, "get_models", **filters)
    assert asked(sandbox) == []


def test_a_coordinate_that_is_no_number_is_refused(sandbox: Sandbox, form: Form) -> None:
    with pytest.raises(TypeError, match="latitude must be a number, not str"):
        form(Site, "get_models", latitude="32", longitude=-101, radius_miles=5)
    assert asked(sandbox) == []
