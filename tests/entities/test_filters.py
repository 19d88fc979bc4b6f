"""The filters of lists: each becomes a parameter of the request, and narrows the list down."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

from datastore_sdk import DataChange, Pad, Site, StageNameFilters, State
from datastore_sdk.filters import (
    AllSiteFilters,
    PadFilters,
    PadStateFilters,
    SiteFilters,
    StageFilters,
    StateFilters,
)
from datastore_sdk.sandbox import Sandbox
from tests.support.sync_async_calls import Form, list_requests

CIRCLE = {"latitude": 31.94, "longitude": -102.07, "radius_miles": 5}

PADS: list[tuple[dict[str, Any], str, list[int]]] = [
    ({"complete": True}, "complete=true", [654]),
    ({"complete": False}, "complete=false", [668, 681, 697, 703]),
    ({"well_api": "4232940982"}, "well_api=4232940982", [681]),
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
    assert list_requests(sandbox) == [f"GET /pads/?{query}"]


def test_pads_by_site_are_confirmed_by_the_site(sandbox: Sandbox, form: Form) -> None:
    assert [pad.id for pad in form(Pad, "get_models", site_pk=1012)] == [697]
    assert list_requests(sandbox) == ["GET /pads/?site_pk=1012", "GET /sites/1012/"]
    assert form(Pad, "get_models", site_pk=5) == []


@pytest.mark.parametrize(("filters", "query", "found"), SITES + SITES_BY_PAD)
def test_sites(sandbox: Sandbox, form: Form, filters: dict[str, Any], query: str, found: list[int]) -> None:
    assert [site.id for site in form(Site, "get_models", **filters)] == found
    assert list_requests(sandbox) == [f"GET /sites/?{query}"]


@pytest.mark.parametrize(("filters", "query", "found"), SITES)
def test_sites_of_a_pad(sandbox: Sandbox, form: Form, filters: dict[str, Any], query: str, found: list[int]) -> None:
    of_pad = {681: range(981, 985), 668: range(941, 947), 697: range(1011, 1014), 703: (1041, 1042), 654: (911, 912)}
    for pad_id, sites in of_pad.items():
        sandbox.requests.clear()
        expected = [site for site in found if site in sites]
        assert [site.id for site in form(Pad(id=pad_id), "get_sites", **filters)] == expected
        (request,) = list_requests(sandbox)
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
    assert list_requests(sandbox) == [f"GET /states/?{query}"]


def test_every_filter_that_is_documented_is_tested() -> None:
    def get_tested_names(*tables: Sequence[tuple[dict[str, Any], str, object]]) -> set[str]:
        return {name for table in tables for filters, _, _ in table for name in filters}

    assert get_tested_names(PADS) | {"site_pk"} == set(PadFilters.__annotations__)
    assert get_tested_names(SITES) == set(SiteFilters.__annotations__)
    assert get_tested_names(SITES, SITES_BY_PAD) == set(AllSiteFilters.__annotations__)
    assert get_tested_names(STATES) == set(StateFilters.__annotations__)


def test_none_is_no_filter(sandbox: Sandbox, form: Form) -> None:
    form(Site, "get_models", complete=None, latitude=None, longitude=None, radius_miles=None, extra_filters=None)
    form(Site, "get_models", extra_filters={"new": None})
    form(Pad(id=681), "get_states", stage_name_filter=None)
    assert list_requests(sandbox) == ["GET /sites/", "GET /sites/", "GET /states/?pad__id=681"]


def test_extra_filters_are_passed_on(sandbox: Sandbox, form: Form) -> None:
    form(Pad, "get_models", extra_filters={"basin": "Permian"}, complete=True)
    form(Site, "get_models", extra_filters={"ordering": "-name", "stage_total__gte": np.int64(60), "odd": Decimal(0)})
    form(State, "get_models", extra_filters={"changed_since": 5, "since": datetime(2025, 9, 17, tzinfo=UTC)})
    form(Pad(id=681), "get_sites", extra_filters={"active": np.False_, "ratio": 0.5, "none": None})
    form(Pad(id=681), "get_states", extra_filters={"limit": 5})
    form(Pad(id=681), "get_stages_metadata", extra_filters={"labels": ["a", "b"], "ids": np.array([1, 2])})
    assert list_requests(sandbox) == [
        "GET /pads/?complete=true&basin=Permian",
        "GET /sites/?ordering=-name&stage_total__gte=60&odd=0.0",
        "GET /states/?changed_since=5&since=2025-09-17T00:00:00Z",
        "GET /sites/?pad__id=681&active=false&ratio=0.5",
        "GET /states/?pad__id=681&limit=5",
        "GET /pads/681/history/?labels=a,b&ids=1,2",
    ]


CALLS_WITH_FILTERS: list[tuple[object, str, type]] = [
    (Pad, "get_models", PadFilters),
    (Site, "get_models", AllSiteFilters),
    (State, "get_models", StateFilters),
    (Pad(id=681), "get_sites", SiteFilters),
    (Pad(id=681), "get_states", PadStateFilters),
    (Pad(id=681), "get_stages_metadata", StageFilters),
    (Site(id=981), "get_stages_metadata", StageFilters),
]
with_filters = pytest.mark.parametrize(("target", "call", "filters"), CALLS_WITH_FILTERS)


@with_filters
def test_an_unknown_filter_is_refused_with_the_names_there_are(
    sandbox: Sandbox, form: Form, target: object, call: str, filters: type
) -> None:
    for name in ("complet", "name", "operator", "search", "pad", "limit", "fleet", "pad_name_", "as_json"):
        with pytest.raises(TypeError, match=f"'{name}' is not a filter of .*extra_filters") as caught:
            form(target, call, **{name: None})
        assert all(known in str(caught.value) for known in filters.__annotations__)
    assert list_requests(sandbox) == []


def test_a_misspelt_filter_is_named_with_the_one_meant(sandbox: Sandbox, form: Form) -> None:
    with pytest.raises(TypeError, match="'fleet' is not a filter of pads; did you mean 'fleet_id'"):
        form(Pad, "get_models", fleet="red")
    with pytest.raises(TypeError, match="'pad_id' is not a filter of the sites of a pad; there are"):
        form(Pad(id=703), "get_sites", pad_id=668)
    with pytest.raises(TypeError, match="'stage_nr' is not a filter of stages; did you mean 'stage_number'"):
        form(Site(id=981), "get_stages_metadata", stage_nr=5)
    assert list_requests(sandbox) == []


@pytest.mark.parametrize(
    ("extra", "error", "message"),
    [
        ({"x": ""}, ValueError, "extra_filters\\['x'\\] is empty"),
        ({"x": " "}, ValueError, "is empty"),
        ({"x": []}, ValueError, "is empty"),
        ({"x": np.array([])}, ValueError, "is empty"),
        ({"x": ["a", ""]}, ValueError, "an item of .* is empty"),
        ({"x": float("nan")}, ValueError, "not nan"),
        ({"x": [np.float64("inf")]}, ValueError, "not inf"),
        ({"x": datetime(2025, 9, 17)}, ValueError, "no time zone"),  # noqa: DTZ001 - that is the point
        ({"x": pd.NaT}, ValueError, "NaT"),
        ({"x": pd.NA}, TypeError, "must be a str, a number"),
        ({"x": {"y": 1}}, TypeError, "not dict"),
        ({"x": [[1]]}, TypeError, "not list"),
        ({"x": Pad(id=5)}, TypeError, "not Pad"),
        ({1: 5}, TypeError, "a name in extra_filters must be a str"),
        ("x=5", TypeError, "must be a dict"),
    ],
)
def test_extra_filters_that_cannot_be_sent_are_refused(
    sandbox: Sandbox, extra: Any, error: type[Exception], message: str
) -> None:
    for target, call, _ in CALLS_WITH_FILTERS:
        with pytest.raises(error, match=message):
            getattr(target, call)(extra_filters=extra)
    assert list_requests(sandbox) == []


def test_an_extra_filter_does_not_override_another(sandbox: Sandbox, form: Form) -> None:
    with pytest.raises(ValueError, match="extra_filters has 'pad__id', which another argument already sends"):
        form(Pad(id=703), "get_sites", extra_filters={"pad__id": 668})
    with pytest.raises(ValueError, match="pass only one of them"):
        form(Site(id=981), "get_stages_metadata", stage_number=5, extra_filters={"stage_number": 6})
    assert list_requests(sandbox) == []


@pytest.mark.parametrize(("target", "call", "filters"), CALLS_WITH_FILTERS[:5])
@pytest.mark.parametrize("empty", ["", [], (), {}, np.array([]), pd.Series([], dtype=object)], ids=type)
def test_an_empty_value_is_refused_not_sent_as_all(
    sandbox: Sandbox, target: object, call: str, filters: type, empty: object
) -> None:
    for name in filters.__annotations__:
        with pytest.raises(ValueError, match=f"{name} is empty: .*; omit it, or pass None, for all"):
            getattr(target, call)(**{name: empty})
    assert list_requests(sandbox) == []


def test_a_blank_text_is_empty(sandbox: Sandbox) -> None:
    with pytest.raises(ValueError, match="name_search is empty: '  '"):
        Pad.get_models(name_search="  ")
    assert list_requests(sandbox) == []


@pytest.mark.parametrize(
    "call",
    [
        lambda: Site(id=981).get_stages_metadata(stage_numbers=[]),
        lambda: Site(id=981).get_stages_metadata(add_aggregations=True, aggregations_filter=[]),
        lambda: Site(id=981).get_stages_metadata(add_aggregations=True, aggregations_filter=""),
        lambda: Site(id=981).get_data(fields=[]),
        lambda: Site(id=981).get_data(fields=[" "]),
        lambda: Pad(id=681).get_data(measurement_sources_names=()),
        lambda: Pad(id=681).get_data_changes(fields=()),
        lambda: Pad(id=681).get_realtime_measurements_data(measurement_sources_names=[]),
        lambda: Pad(id=681).create_stages_aggregations([]),
        lambda: Pad(id=681).update_stages_aggregation(5, {}),
        lambda: Pad(id=681).update_stages_aggregation(5, {}, partial=False),
    ],
)
def test_an_empty_list_is_refused(sandbox: Sandbox, call: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match=r"empty|one number or more"):
        call()
    assert list_requests(sandbox) == []


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        ({"complete": "yes"}, "complete must be a bool, not str"),
        ({"complete": np.int64(1)}, "complete must be a bool, not int64"),
        ({"well_api": 4232940982}, "well_api must be a str, not int"),
        ({"fleet_id": "31"}, r"fleet_id must be an int, not str: '31'; pass int\('31'\)"),
        ({"fleet_id": True}, "fleet_id must be an int, not bool"),
        ({"fleet_id": np.True_}, "fleet_id must be an int, not bool"),
        ({"fleet_id": 31.0}, "fleet_id must be an int, not float"),
        ({"fleet_id": Decimal("31.5")}, "fleet_id must be an int, not Decimal"),
        ({"fleet_id": Decimal("1e999999")}, "fleet_id must be an int, not Decimal"),
        ({"fleet_id": pd.NA}, "fleet_id must be an int, not NAType"),
        ({"fleet_id": [31]}, "fleet_id must be an int, not list"),
        ({"pad_id": Site(id=981)}, "pad_id must be an int, not Site: .*; pass a Pad or its id"),
        ({"pad_pk": State(id=981)}, "pad_pk must be an int, not State: .*; pass a Pad or its id"),
        ({"name_search": b"x"}, "name_search must be a str, not bytes"),
    ],
)
def test_a_filter_of_another_type_is_refused(sandbox: Sandbox, filters: dict[str, Any], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        Site.get_models(**filters)
    assert list_requests(sandbox) == []


@pytest.mark.parametrize(
    ("filters", "query"),
    [
        ({"complete": np.False_}, "complete=false"),
        ({"complete": np.bool_(True)}, "complete=true"),
        ({"pad_id": np.int64(668)}, "pad__id=668"),
        ({"pad_id": np.array(668)}, "pad__id=668"),
        ({"pad_id": pd.Series([668])[0]}, "pad__id=668"),
        ({"pad_id": Decimal(0)}, "pad__id=0"),
        ({"pad_pk": Decimal("668.00")}, "pad_pk=668"),
        ({"pad_id": Pad(id=668)}, "pad__id=668"),
        ({"name_search": np.str_("Caprock")}, "name_search=Caprock"),
        ({"latitude_gte": np.float32(31.5)}, "latitude_gte=31.5"),
        ({"longitude_lte": Decimal("-97.5")}, "longitude_lte=-97.5"),
        ({"latitude_gte": np.int16(0)}, "latitude_gte=0"),
    ],
)
def test_scalars_of_other_libraries_are_converted(sandbox: Sandbox, filters: dict[str, Any], query: str) -> None:
    Site.get_models(**filters)
    assert list_requests(sandbox) == [f"GET /sites/?{query}"]


def test_objects_stand_for_their_ids(sandbox: Sandbox, form: Form) -> None:
    pad, site = Pad(id=681), Site(id=981)
    form(Pad, "get_models", site_pk=site)
    form(State, "get_models", site_id=site, pad_id=pad)
    assert form(Pad, "get_model", pad).id == 681
    assert form(Site, "get_model", id=site).id == 981
    assert list_requests(sandbox) == [
        "GET /pads/?site_pk=981",
        "GET /sites/981/",
        "GET /states/?site__id=981&pad__id=681",
        "GET /pads/681/",
        "GET /sites/981/",
    ]
    as_ids: dict[str, Any] = {"pad": pad, "site": site}
    assert Pad(id=as_ids["pad"]).id == 681
    assert DataChange(id=5, site=site).site == 981
    change = DataChange(id=5)
    change.site = as_ids["site"]
    assert change.site == 981
    for wrong in (
        lambda: Pad(id=as_ids["site"]),
        lambda: DataChange(id=5, site=pad),
        lambda: setattr(change, "site", pad),
    ):
        with pytest.raises(TypeError, match=r"must be an int, not (Site|Pad): .*; pass a (Pad|Site) or its id"):
            wrong()
    with pytest.raises(TypeError, match=r"id must be an int, not Site: .*; pass a Pad or its id"):
        form(Pad, "get_model", site)


def test_timestamps_of_pandas_are_accepted(sandbox: Sandbox) -> None:
    start = pd.Timestamp("2025-09-17T06:00:00.000000005Z")
    Site(id=981).get_stages_metadata(start_date=start, end_date=start)
    Site(id=981).get_data(start, start).head(1)
    timestamp = "2025-09-17T06:00:00Z"
    assert list_requests(sandbox)[0] == f"GET /sites/981/history/?start={timestamp}&end={timestamp}"
    assert "start_datetime=2025-09-17 06:00:00" in list_requests(sandbox)[1]
    calls: list[Any] = [Site(id=981).get_stages_metadata, Site(id=981).get_data]
    for call in calls:
        with pytest.raises(ValueError, match="is NaT, which is not a time"):
            call(pd.NaT)
        with pytest.raises(TypeError, match="must be a datetime, not datetime64"):
            call(np.datetime64("2025-09-17"))


def test_special_characters_arrive(sandbox: Sandbox, form: Form) -> None:
    form(Pad, "get_models", name_search="Größe & Co+/?=%#")
    assert sandbox.requests[0].query == (("name_search", "Größe & Co+/?=%#"),)


@pytest.mark.parametrize("left_out", ["latitude", "longitude", "radius_miles"])
@pytest.mark.parametrize("target", [Site, Pad(id=668)], ids=["all", "of a pad"])
def test_a_circle_is_whole_or_none(sandbox: Sandbox, form: Form, target: object, left_out: str) -> None:
    part = {name: value for name, value in CIRCLE.items() if name != left_out}
    call = "get_models" if target is Site else "get_sites"
    for filters in (part, {**part, left_out: None}, {left_out: CIRCLE[left_out]}):
        with pytest.raises(ValueError, match=r"latitude, longitude and radius_miles .* pass all three or none"):
            form(target, call, **filters)
    assert list_requests(sandbox) == []


def test_a_circle_by_the_services_own_names(sandbox: Sandbox, form: Form) -> None:
    form(Site, "get_models", lat=31.94, long=-102.07, radius_miles=5)
    assert list_requests(sandbox) == ["GET /sites/?lat=31.94&long=-102.07&radius_miles=5"]
    with pytest.raises(ValueError, match="latitude and lat mean the same: pass one of them"):
        form(Site, "get_models", **CIRCLE, lat=31.94)


def test_a_circle_around_the_origin_is_one(sandbox: Sandbox, form: Form) -> None:
    assert form(Site, "get_models", latitude=0, longitude=0, radius_miles=0) == []
    assert list_requests(sandbox) == ["GET /sites/?lat=0&long=0&radius_miles=0"]


@pytest.mark.parametrize("name", ["pumpdown", "FRAC", 5])
def test_a_stage_name_filter_that_does_not_exist(sandbox: Sandbox, form: Form, name: Any) -> None:
    choices = r"StageNameFilters\.FRAC \('frac'\), StageNameFilters\.WIRELINE \('wl'\)"
    for target, call in ((Pad(id=668), "get_states"), (State, "get_models"), (Site(id=981), "get_stages_metadata")):
        with pytest.raises(ValueError, match=f"stage_name_filter is {name!r}; it must be one of {choices}"):
            form(target, call, stage_name_filter=name)
    assert list_requests(sandbox) == []


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
    assert list_requests(sandbox) == []


def test_a_coordinate_that_is_no_number_is_refused(sandbox: Sandbox, form: Form) -> None:
    with pytest.raises(TypeError, match="latitude must be a number, not str"):
        form(Site, "get_models", latitude="32", longitude=-101, radius_miles=5)
    assert list_requests(sandbox) == []
