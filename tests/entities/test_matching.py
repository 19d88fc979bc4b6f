"""Objects that match the request: the service may ignore filters or return other objects."""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from datastore_sdk import Client, DataChange, Pad, Site, StageNameFilters, State
from datastore_sdk.entities.matching import get_value
from datastore_sdk.exceptions import MismatchWarning, ObjectMismatchError, ResponseValidationError
from datastore_sdk.instrumentation import mismatches
from tests.support.fake_service import Serving
from tests.support.http_responses import http_response, respond_by_path
from tests.support.paths import SAMPLES
from tests.support.sync_async_calls import Form

GetJson = Callable[[str], Any]
Ignoring = Callable[..., Client]


@pytest.fixture(autouse=True)
def nothing_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget what other tests reported."""
    reported: set[tuple[str, str]] = set()
    monkeypatch.setattr(mismatches, "_reported", reported)


@pytest.fixture
def ignoring(serving: Serving, get_json: GetJson) -> Ignoring:
    """Create clients of a service that ignores all filters."""

    def start(responses: dict[str, Any] | None = None) -> Client:
        lists = {path: get_json(path) for path in ("/pads/", "/sites/", "/states/")}
        return serving(
            respond_by_path({path: http_response(200, body) for path, body in (lists | (responses or {})).items()})
        ).client

    return start


@pytest.fixture
def quiet() -> Any:
    """Takes the warnings of mismatches, which a test looks at no further."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MismatchWarning)
        yield


def ids(found: list[Any]) -> list[int]:
    return [item["id"] for item in found]


LISTS: list[tuple[Any, str, dict[str, Any], str, Callable[[Any], bool]]] = [
    (Site, "get_models", {"pad_id": 668}, "pad_id", lambda pad_id: pad_id == 668),
    (Site, "get_models", {"pad_pk": 668}, "pad_id", lambda pad_id: pad_id == 668),
    (Site, "get_models", {"fleet_id": 31}, "fleet_id", lambda fleet_id: fleet_id == 31),
    (Site, "get_models", {"latitude_gte": 32.0}, "latitude", lambda latitude: latitude >= 32.0),
    (Site, "get_models", {"latitude_lte": 32.0}, "latitude", lambda latitude: latitude <= 32.0),
    (Site, "get_models", {"longitude_gte": -102}, "longitude", lambda longitude: longitude >= -102),
    (Site, "get_models", {"longitude_lte": -102}, "longitude", lambda longitude: longitude <= -102),
    (Pad, "get_sites", {}, "pad_id", lambda pad_id: pad_id == 681),
    (State, "get_models", {"site_id": 981}, "site.id", lambda site_id: site_id == 981),
    (State, "get_models", {"pad_id": 681}, "site.pad.id", lambda pad_id: pad_id == 681),
    (State, "get_models", {"stage_name_filter": "frac"}, "current_state", lambda state: state == "frac_frac"),
    (Pad, "get_states", {}, "site.pad.id", lambda pad_id: pad_id == 681),
]
"""Calls, and what a key of each object must be where the object has it."""


@pytest.mark.parametrize(("kind", "call", "filters", "key", "belongs"), LISTS)
@pytest.mark.parametrize("as_dict", [False, True])
def test_lists_hold_only_requested_objects(
    ignoring: Ignoring,
    get_json: GetJson,
    form: Form,
    kind: Any,
    call: str,
    filters: dict[str, Any],
    key: str,
    belongs: Callable[[Any], bool],
    as_dict: bool,
) -> None:
    client = ignoring()
    every = get_json("/sites/" if kind is Site or call == "get_sites" else "/states/")
    target, arguments = (kind, {"client": client}) if call == "get_models" else (kind(id=681, client=client), {})
    with pytest.warns(MismatchWarning, match=rf"\d+ of {len(every)} left out, .*: {key} is ") as warned:
        found = form(target, call, as_dict=as_dict, **arguments, **filters)
    values = {item["id"]: get_value(item, key) for item in every}
    assert ids(found) == [id_ for id_, value in values.items() if value is None or belongs(value)]
    assert 0 < len(found) < len(every)
    assert len(warned) == 1
    assert "datastore_sdk" not in warned[0].filename  # it is the caller's line
    assert form(target, call, as_dict=as_dict, **arguments, **filters) == found  # and no second warning


@pytest.mark.usefixtures("quiet")
def test_what_does_not_say_is_kept(ignoring: Ignoring, get_json: GetJson, form: Form) -> None:
    mine, other = get_json("/sites/?pad__id=668")[0], get_json("/sites/?pad__id=681")[0]
    without = {name: value for name, value in mine.items() if name != "pad_id"}
    sites: list[Any] = [
        mine,
        other,
        without,
        {**other, "pad_id": None},
        {**mine, "pad_id": "668"},
        {**mine, "pad_id": {}},
    ]
    pad = Pad(id=668, client=ignoring({"/sites/": sites}))
    assert form(pad, "get_sites", as_dict=True) == [site for site in sites if site is not other]


ODD: list[Any] = [None, True, -1, 1.5, "", "9" * 5000, "2025-09-17", [[]], {"id": {}}]
KEYS = ("id", "site", "pad_id", "latitude", "longitude", "state", "start", "end", "stage_number")


@pytest.mark.parametrize("body", [{}, {"detail": "soon"}, None, 5, ODD, [dict.fromkeys(KEYS, odd) for odd in ODD]])
def test_dicts_may_be_anything(ignoring: Ignoring, form: Form, body: Any) -> None:
    client = ignoring(dict.fromkeys(("/sites/", "/history/", "/aggregations/", "/data_changes/", "/pads/668/"), body))
    pad = Pad(id=668, client=client)
    box = {"latitude_gte": 0, "longitude_lte": 0}
    times = {"start": datetime(2025, 9, 17, tzinfo=UTC), "end": datetime(2025, 9, 18, tzinfo=UTC)}
    with warnings.catch_warnings(category=MismatchWarning, action="ignore"):
        sites = form(pad, "get_sites", as_dict=True, **box)
        stages = form(pad, "get_stages_metadata", as_dict=True, add_aggregations=True, stage_numbers=[1], **times)
    if isinstance(body, list):
        assert all(site in body for site in sites)
        assert all(stage in body or (stage.pop("aggregations") is None and stage in body) for stage in stages)
    else:
        assert sites == stages == body


def test_an_operation_that_is_not_known_is_kept(ignoring: Ignoring, get_json: GetJson, form: Form) -> None:
    names = ["frac_frac", "FRAC_pumping", "pumpdown_run", "wl_runinhole", "standby_standby"]
    states = [{**get_json("/states/")[0], "current_state": name} for name in names]
    client = ignoring({"/states/": states})
    with pytest.warns(
        MismatchWarning, match="list_states: 2 of 5 left out, .*: current_state is wl_runinhole, standby"
    ):
        found = form(State, "get_models", stage_name_filter=StageNameFilters.FRAC, client=client)
    assert [state.current_state for state in found] == names[:3]


@pytest.mark.parametrize("as_dict", [False, True])
def test_the_state_of_a_site_is_that_of_the_site(ignoring: Ignoring, form: Form, as_dict: bool) -> None:
    client = ignoring()
    with pytest.warns(MismatchWarning, match=r"list_states: .* site.id is .*, not 983"):
        state = form(Site(id=983, client=client), "get_state", as_dict=as_dict)
    assert state["site"]["id"] == 983
    assert form(Site(id=1042, client=client), "get_state", as_dict=as_dict) is None


def test_a_state_that_does_not_say_whose_it_is(ignoring: Ignoring, get_json: GetJson, form: Form) -> None:
    state = get_json("/states/?site__id=981")[0]
    client = ignoring({"/states/": [{**state, "site": None}]})
    with pytest.raises(ObjectMismatchError, match="a state has no site id"):
        form(Site(id=981, client=client), "get_state", as_dict=True)


STAGES: list[tuple[dict[str, Any], str, Callable[[dict[str, Any]], bool]]] = [
    ({}, "site", bool),
    ({"stage_number": 12}, "stage_number", lambda stage: stage["stage_number"] == 12),
    ({"stage_numbers": [12, 13]}, "stage_number", lambda stage: stage["stage_number"] in {12, 13}),
    ({"stage_name_filter": "wl"}, "state", lambda stage: stage["state"].startswith("wl_")),
    ({"start_date": "2025-09-17"}, "end", lambda stage: not stage["end"] or stage["end"] >= "2025-09-17"),
    ({"end": "2025-09-17"}, "start", lambda stage: stage["start"] <= "2025-09-17T00:00:00Z"),
]


@pytest.mark.parametrize(("filters", "key", "belongs"), STAGES)
@pytest.mark.parametrize("kind", [Pad, Site])
def test_stages_match_the_filters(
    ignoring: Ignoring,
    get_json: GetJson,
    form: Form,
    kind: Any,
    filters: dict[str, Any],
    key: str,
    belongs: Callable[[dict[str, Any]], bool],
) -> None:
    stages = get_json("/pads/681/history/")
    time_names = {"start_date", "end"} & filters.keys()
    arguments = filters | {name: datetime.fromisoformat(f"{filters[name]}T00:00:00+00:00") for name in time_names}
    asset = kind(id=681 if kind is Pad else 982, client=ignoring({"/history/": stages}))
    expected = [stage for stage in stages if belongs(stage) and (kind is Pad or stage["site"] == 982)]
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        found = form(asset, "get_stages_metadata", **arguments)
        untouched = form(asset, "get_stages_metadata", as_dict=True, **arguments)
    assert untouched == expected
    assert [stage.model_dump(mode="json", exclude_unset=True) for stage in found] == expected
    assert 0 < len(found) <= len(stages)
    assert any(f": {key} is " in str(warning.message) for warning in warned) is (len(expected) < len(stages))
    assert {warning.category for warning in warned} <= {MismatchWarning}


def test_stages_and_changes_of_sites_of_other_pads(ignoring: Ignoring, get_json: GetJson, form: Form) -> None:
    pad = get_json("/pads/681/")
    stages = [*get_json("/sites/981/history/")[:3], *get_json("/sites/941/history/")[:2]]
    stages.append({**stages[0], "site": 77})  # which cannot be read
    changes = [
        {"id": number, "created_at": stage["start"], "modification_type": "transaction", "modification_subtype": "add"}
        | {"start_date": stage["start"], "end_date": stage["start"], "site": stage["site"]}
        for number, stage in enumerate(stages, 1)
    ]
    service = {
        "/history/": stages,
        "/data_changes/": {"change_log": changes},
        "/sites/941/": get_json("/sites/941/"),
    }
    client = ignoring(service | {"/sites/77/": "gone"})
    own = [981, 981, 981, 77]
    loaded = Pad(**pad, client=client)
    with pytest.warns(
        MismatchWarning, match="list_pad_stages: 2 of 6 left out, .*: site is 941, not a site of pad 681"
    ):
        assert [stage.site for stage in form(loaded, "get_stages_metadata")] == own
    for as_dict in (True, False):
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            found, _ = form(loaded, "get_data_changes", as_dict=as_dict)
        assert [change["site"] for change in found] == own
        assert len(warned) == as_dict  # once
    nothing_known = Pad(id=681, client=client)
    assert [stage.site for stage in form(nothing_known, "get_stages_metadata")] == [stage["site"] for stage in stages]


def test_aggregations_are_those_of_the_stages(ignoring: Ignoring, get_json: GetJson, form: Form) -> None:
    stages = [stage for stage in get_json("/sites/981/history/") if stage.get("id")][:3]
    first, second, third = (stage["id"] for stage in stages)
    numbers = {
        "981": [{"id": first, "rate": 1.0}, {"id": 5, "rate": 2.0}, {"id": second, "rate": 3.0}],
        "941": [{"id": third, "rate": 4.0}],
        "942": "an error",
    }
    client = ignoring({"/history/": stages, "/aggregations/": numbers})
    with pytest.warns(MismatchWarning) as warned:
        found = form(Site(id=981, client=client), "get_stages_metadata", add_aggregations=True)
    assert [stage.aggregations and stage.aggregations["rate"] for stage in found] == [1.0, 3.0, None]
    assert sorted(str(warning.message).partition(" ")[2] for warning in warned) == [
        f"1 of 3 left out, which do not match the request: id is 5, not {first} or {second} or {third}",
        "2 of 3 left out, which do not match the request: site is 941, 942, not 981",
    ]


def test_aggregations_listed_under_another_site(ignoring: Ignoring, get_json: GetJson, form: Form) -> None:
    mine, other = (get_json(f"/sites/{site}/history/?state=frac")[-1] for site in (981, 982))
    numbers = {"981": [{"id": mine["id"], "rate": 1.0}, {"id": other["id"], "rate": 2.0}], "982": []}
    client = ignoring({"/history/": [mine, other], "/aggregations/": numbers})
    with pytest.warns(MismatchWarning, match=f"1 of 2 left out, .*: id is {other['id']}, not {mine['id']}"):
        found = form(Pad(id=681, client=client), "get_stages_metadata", add_aggregations=True)
    assert [stage.aggregations and stage.aggregations["rate"] for stage in found] == [1.0, None]


@pytest.mark.usefixtures("quiet")
def test_changes_of_a_site_are_of_that_site(ignoring: Ignoring, get_json: GetJson, form: Form) -> None:
    changes = get_json("/pads/668/data_changes/?get_acknowledged=true")
    site = changes["change_log"][0]["site"]
    own = [change for change in changes["change_log"] if change["site"] == site]
    assert len(own) < len(changes["change_log"])
    client = ignoring({"/data_changes/": changes})
    found, data = form(Site(id=site, client=client), "get_data_changes", as_dict=True)
    assert found == own
    assert {query.id for query in data._queries} == {site}
    assert ids(form(Site(id=site, client=client), "get_data_changes")[0]) == ids(own)
    other = next(change for change in changes["change_log"] if change["site"] != site)
    log = ignoring({f"/{other['id']}/": {"change_log": [other]}})
    with pytest.raises(ResponseValidationError, match="the requested change is not in it"):
        form(DataChange(id=other["id"], site=site, client=log), "update")


OTHERS: list[tuple[Any, str, tuple[Any, ...], dict[str, str], str]] = [
    (Pad, "get_model", (681,), {"/pads/681/": "/pads/668/"}, "id is 668, not 681"),
    (Site, "get_model", (981,), {"/sites/981/": "/sites/941/"}, "id is 941, not 981"),
    (State, "get_model", (20981,), {"/states/20981/": "/states/20941/"}, "id is 20941, not 20981"),
    (Pad(id=681), "update", (), {"/pads/681/": "/pads/668/"}, "id is 668, not 681"),
    (State(id=20981), "update", (), {"/states/20981/": "/states/20941/"}, "id is 20941, not 20981"),
    (Site(id=981), "get_pad", (), {"/sites/981/": "/sites/941/"}, "id is 941, not 981"),
    (Site(id=981, pad_id=681), "get_pad", (), {"/pads/681/": "/pads/668/"}, "id is 668, not 681"),
    (Pad(id=681), "get_measurement_sources_metadata", (), {"/pads/681/": "/pads/668/"}, "id is 668, not 681"),
    (
        Site(id=981, pad_id=681),
        "get_measurement_sources_metadata",
        (),
        {"/pads/681/": "/pads/668/"},
        "id is 668, not 681",
    ),
    (Pad(id=681), "get_stages_aggregation", (1,), {"/parameters/1/": "/pads/681/parameters/2/"}, "id is 2, not 1"),
]


@pytest.mark.parametrize(("target", "call", "arguments", "responses", "problem"), OTHERS)
@pytest.mark.parametrize("as_dict", [False, True])
def test_another_object_is_an_error(
    ignoring: Ignoring,
    get_json: GetJson,
    form: Form,
    target: Any,
    call: str,
    arguments: tuple[Any, ...],
    responses: dict[str, str],
    problem: str,
    as_dict: bool,
) -> None:
    client = ignoring({path: get_json(other) for path, other in responses.items()})
    options: dict[str, Any] = {"as_dict": as_dict} if call in {"get_model", "get_pad"} else {}
    if isinstance(target, type):
        options["client"] = client
    else:
        target = type(target)(**target, client=client)
    before = {**target} if not isinstance(target, type) else None
    with pytest.raises(ObjectMismatchError, match=f"did not return the requested object: {problem}") as raised:
        form(target, call, *arguments, **options)
    assert raised.value.url.startswith(client.base_url)
    assert len(raised.value.problems) == 1
    assert isinstance(target, type) or {**target} == before


def test_a_write_with_another_object_in_its_response_succeeds(
    ignoring: Ignoring, get_json: GetJson, form: Form
) -> None:
    pad = Pad(id=681, client=ignoring({"/parameters/1/": get_json("/pads/681/parameters/2/")}))
    with pytest.warns(MismatchWarning, match="id is 2, not 1"):
        changed = form(pad, "update_stages_aggregation", 1, {"label": "x"})
    assert {**changed} == {"id": 1}


def test_an_updated_state_stays_that_of_its_site(ignoring: Ignoring, get_json: GetJson, form: Form) -> None:
    before, other = get_json("/states/20981/"), get_json("/states/20982/")
    moved = {**other, "id": 20981}
    state = State(**before, client=ignoring({"/states/20981/": moved}))
    with pytest.raises(ObjectMismatchError, match=r"site.id is 982, not 981"):
        form(state, "update")
    assert state == State(**before)


def test_a_site_without_pad_id_is_looked_for_on_its_pad(ignoring: Ignoring, get_json: GetJson, form: Form) -> None:
    site: dict[str, Any] = {**get_json("/sites/981/"), "pad_id": None}
    pad, sites = get_json("/pads/681/"), get_json("/sites/?pad__id=681")
    of_pad = [{**each, "pad_id": None} if each["id"] == 981 else each for each in sites]
    honest = {"/sites/981/": site, "/pads/": [pad], "/sites/": of_pad, "/pads/681/": pad}
    client = ignoring(honest)
    assert form(Site(id=981, client=client), "get_pad").id == 681
    assert form(Site(**site, client=client), "get_pad", as_dict=True) == pad
    assert form(Site(id=981, client=client), "get_measurement_sources_metadata").frac
    assert ids(form(Pad, "get_models", site_pk=981, client=client)) == [681]
    assert form(Site(id=981, client=ignoring(honest | {"/pads/": []})), "get_pad") is None
    unconfirmed: list[dict[str, Any]] = [
        {"/pads/": get_json("/pads/")},  # the filter is ignored
        {"/sites/": [each for each in of_pad if each["id"] != 981]},  # the pad does not have it
        {"/sites/": [*of_pad, get_json("/sites/941/")]},  # these are not the sites of the pad
    ]
    for responses in unconfirmed:
        client = ignoring(honest | responses)
        calls: list[tuple[Any, str, dict[str, Any]]] = [
            (Site(id=981, client=client), "get_pad", {}),
            (Site(id=981, client=client), "get_pad", {"as_dict": True}),
            (Site(id=981, client=client), "get_measurement_sources_metadata", {}),
            (Pad, "get_models", {"site_pk": 981, "client": client, "as_dict": True}),
        ]
        for target, call, options in calls:
            with pytest.raises(ObjectMismatchError, match="site 981 has no pad_id"):
                form(target, call, **options)


def test_pads_by_site_are_the_pad_of_the_site(ignoring: Ignoring, get_json: GetJson, form: Form) -> None:
    client = ignoring({"/sites/981/": get_json("/sites/981/")})
    with pytest.warns(MismatchWarning, match="list_pads: 4 of 5 left out, .*: id is .*, not the pad of site 981"):
        assert ids(form(Pad, "get_models", site_pk=981, client=client)) == [681]


def test_each_report_is_logged_the_first_at_warning(
    ignoring: Ignoring, form: Form, caplog: pytest.LogCaptureFixture
) -> None:
    pad = Pad(id=668, client=ignoring())
    with caplog.at_level(logging.INFO, "datastore_sdk"):
        with pytest.warns(MismatchWarning):
            form(pad, "get_sites")
        form(pad, "get_sites")
    lines = [record for record in caplog.records if "left out" in record.message]
    assert [record.levelname for record in lines] == ["WARNING", "INFO"]
    assert lines[0].message == lines[1].message
    assert lines[0].message.endswith("left out, which do not match the request: pad_id is 681, 697, 703, ..., not 668")


def test_the_recorded_payloads(serving: Serving, form: Form) -> None:
    if not SAMPLES.is_dir():
        pytest.skip("the recorded payloads are not here")

    def sample(name: str) -> Any:
        return json.loads((SAMPLES / f"{name}.json").read_text("utf-8"))

    pads, sites, pad = sample("pad_many"), sample("sites_many_by_pad"), sample("pad_one")
    replies: dict[str, Any] = {
        "/pads/": [*pads, pad],
        "/pads/697/": pad,
        "/sites/": sites,
        "/sites/1112/": sites[1],
        "/states/": sample("states_many_by_pad"),
        "/pads/697/history/": sample("stages_pad"),
        "/sites/1112/history/": sample("stages_pad_filtered"),
        "/aggregations/": sample("aggregations_pad"),
        "/data_changes/": sample("data_changes_pad_many"),
        "/parameters/": sample("pad_parameters"),
    }
    client = serving(respond_by_path({path: http_response(200, body) for path, body in replies.items()})).client
    site = form(Site, "get_model", 1112, client=client)
    loaded = form(site, "get_pad")
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # matching objects cause no warning
        assert loaded.id == 697
        assert [source.name for source in form(site, "get_measurement_sources_metadata").frac] == ["M1", "M2"]
        assert len(form(loaded, "get_sites")) == len(sites)
        assert len(form(loaded, "get_states")) == len(replies["/states/"])
        assert len(form(loaded, "get_stages_metadata")) == len(replies["/pads/697/history/"])
        assert len(form(loaded, "get_data_changes")[0]) == len(replies["/data_changes/"]["change_log"])
        assert len(form(loaded, "get_stages_aggregations")) == len(replies["/parameters/"])
    with pytest.warns(MismatchWarning):
        assert form(site, "get_state").site.id == 1112
    with pytest.warns(MismatchWarning) as warned:
        stages = form(site, "get_stages_metadata", add_aggregations=True)
    assert {stage.site for stage in stages} == {1112}
    assert all(stage.aggregations for stage in stages)
    assert {str(warning.message).partition(":")[0] for warning in warned} == {
        "list_site_stages",
        "list_site_stage_aggregations",
    }
    with pytest.warns(MismatchWarning):
        assert {change.site for change in form(site, "get_data_changes")[0]} == {1112}
