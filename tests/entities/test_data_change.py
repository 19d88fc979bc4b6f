"""Corrections of historical data: listed, downloaded and acknowledged."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from datastore_sdk import Data, DataAsync, DataChange, DataResolutions, Pad, Site
from datastore_sdk.exceptions import NotFoundError, NotLoadedError, ResponseValidationError
from datastore_sdk.sandbox import Sandbox
from tests.support.fake_service import Serving
from tests.support.http_responses import http_response
from tests.support.sync_async_calls import Form, Record, list_requests

TARGETS = pytest.mark.parametrize(
    ("target", "path"), [(Site(id=981), "sites/981"), (Pad(id=668), "pads/668")], ids=["site", "pad"]
)
FORMS: list[tuple[dict[str, Any], set[str]]] = [
    ({}, {"si_units=false", "resolution=raw"}),
    (
        {"fields": ["slurry_rate", "proppant_conc"], "si_units": True},
        {"si_units=true", "resolution=raw", "fields=slurry_rate,proppant_conc"},
    ),
    (
        {"resolution": DataResolutions.MINUTE, "aggregation": "mean"},
        {"si_units=false", "resolution=minute", "agg=mean"},
    ),
    (
        {"fill_data_method": "ffill", "fill_data_limit": 5, "inside_area_only": False},
        {
            "si_units=false",
            "resolution=raw",
            "fill_data_method=ffill",
            "fill_data_limit=5",
            "inside_area_only=false",
        },
    ),
]


def seconds(records: list[Record]) -> list[tuple[int, int]]:
    return [(record["site_id"], record["timestamp"]) for record in records]


@TARGETS
def test_the_open_ones(sandbox: Sandbox, form: Form, get_json: Callable[[str], Any], target: object, path: str) -> None:
    changes, data = form(target, "get_data_changes")
    assert list_requests(sandbox) == [f"GET /{path}/data_changes/"]
    sent = get_json(f"/{path}/data_changes/")["change_log"]
    assert [change.model_dump(mode="json", exclude_unset=True) for change in changes] == sent
    assert all(type(change) is DataChange for change in changes)
    assert isinstance(data, Data | DataAsync)


@TARGETS
@pytest.mark.parametrize("as_dict", [False, True])
def test_the_acknowledged_ones_too(
    sandbox: Sandbox, form: Form, get_json: Callable[[str], Any], target: object, path: str, as_dict: bool
) -> None:
    changes, _ = form(target, "get_data_changes", get_acknowledged=True, as_dict=as_dict)
    assert list_requests(sandbox) == [f"GET /{path}/data_changes/?get_acknowledged=true"]
    sent = get_json(f"/{path}/data_changes/?get_acknowledged=true")["change_log"]
    assert [change["id"] for change in changes] == [change["id"] for change in sent]
    assert len(changes) > len(form(target, "get_data_changes", get_acknowledged=False)[0])


@TARGETS
@pytest.mark.usefixtures("sandbox")
def test_as_dicts(form: Form, get_json: Callable[[str], Any], target: object, path: str) -> None:
    changes, data = form(target, "get_data_changes", as_dict=True, fields="slurry_rate")
    assert changes == get_json(f"/{path}/data_changes/")["change_log"]
    as_objects, same_data = form(target, "get_data_changes", fields="slurry_rate")
    assert [DataChange(**change) for change in changes] == as_objects
    assert data.queries == same_data.queries


def test_attributes_have_their_types(sandbox: Sandbox, form: Form) -> None:
    change = form(Site(id=981), "get_data_changes")[0][0]
    assert change["site"] == change.site == 981
    assert isinstance(change.modification_type, str)
    assert change.start_date < change.end_date < change.created_at
    assert change.start_date.utcoffset() == timedelta(0)
    assert len(sandbox.requests) == 1


def test_intervals_that_overlap_are_downloaded_once(sandbox: Sandbox, form: Form) -> None:
    changes, data = form(Site(id=981), "get_data_changes")
    overlapping = [
        (one, other) for one in changes for other in changes if one.start_date < other.start_date <= one.end_date
    ]
    assert overlapping, "the sandbox has overlapping changes on this site"
    assert len(sandbox.requests) == 1
    records = form.records(data)
    assert len(sandbox.requests) == 1 + len(changes) - len(overlapping)
    assert seconds(records) == sorted(set(seconds(records)))
    for change in changes:
        theirs = [(981, record["timestamp"]) for record in form.records(form(change, "get_data"))]
        assert set(theirs) <= set(seconds(records))


def test_the_data_of_all_changes_of_a_pad_together(sandbox: Sandbox, form: Form) -> None:
    changes, data = form(Pad(id=668), "get_data_changes", fields=["slurry_rate"])
    records = form.records(data)
    calls = sandbox.requests[1:]
    assert {call.path.split("/")[-3] for call in calls} == {str(change.site) for change in changes}
    assert all("/sites/" in call.path for call in calls)
    assert len(calls) == len(data.queries) < len(changes)
    for record in records:
        timestamp = datetime.fromtimestamp(record["timestamp"], UTC)
        assert any(
            change.site == record["site_id"] and change.start_date <= timestamp <= change.end_date for change in changes
        )


def interval(site: int, start: int, end: int) -> dict[str, Any]:
    def timestamp(second: int) -> str:
        return f"2025-09-17T00:00:{second:02}Z"

    return {
        "id": 100 * site + start,
        "created_at": "2025-09-17T12:00:00Z",
        "modification_type": "transaction",
        "modification_subtype": "override",
        "start_date": timestamp(start),
        "end_date": timestamp(end),
        "site": site,
    }


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([], []),
        ([(1, 10, 20)], [(1, 10, 20)]),
        ([(1, 10, 20), (1, 15, 30)], [(1, 10, 30)]),
        ([(1, 15, 30), (1, 10, 20)], [(1, 10, 30)]),
        ([(1, 10, 50), (1, 20, 30)], [(1, 10, 50)]),
        ([(1, 10, 20), (1, 20, 30)], [(1, 10, 30)]),
        ([(1, 10, 20), (1, 21, 30)], [(1, 10, 30)]),
        ([(1, 10, 20), (1, 22, 30)], [(1, 10, 20), (1, 22, 30)]),
        ([(1, 10, 20), (1, 10, 20)], [(1, 10, 20)]),
        ([(2, 10, 20), (1, 15, 30)], [(1, 15, 30), (2, 10, 20)]),
        ([(1, 10, 20), (1, 30, 40), (1, 15, 35)], [(1, 10, 40)]),
    ],
)
def test_how_intervals_are_merged(
    serving: Serving, form: Form, changes: list[tuple[int, int, int]], expected: list[tuple[int, int, int]]
) -> None:
    service = serving(http_response(200, {"change_log": [interval(*change) for change in changes]}))
    _, data = form(Pad(id=1, client=service.client), "get_data_changes")
    assert [(query.id, query.start.second, query.end.second) for query in data.queries] == expected


@pytest.mark.parametrize(("arguments", "query"), FORMS)
def test_records_have_the_requested_form(
    sandbox: Sandbox, form: Form, arguments: dict[str, Any], query: set[str]
) -> None:
    changes, data = form(Site(id=981), "get_data_changes", **arguments)
    form.records(data)
    form.records(form(changes[0], "get_data"))
    listing, *calls = list_requests(sandbox)
    assert listing == "GET /sites/981/data_changes/"
    for call in calls:
        parameters = set(call.partition("?")[2].split("&"))
        assert {each for each in parameters if "_datetime=" not in each} == query


def test_the_data_of_one_change(sandbox: Sandbox, form: Form) -> None:
    change = form(Site(id=981), "get_data_changes", fields="slurry_rate", si_units=True)[0][0]
    sandbox.requests.clear()
    data = form(change, "get_data", si_units=False, resolution="minute")
    assert list_requests(sandbox) == []
    assert form.records(data)
    start, end = (f"{timestamp:%Y-%m-%d %H:%M:%S}" for timestamp in (change.start_date, change.end_date))
    assert sandbox.requests[0].path.endswith("/sites/981/data/")
    assert dict(sandbox.requests[0].query) == {
        "start_datetime": start,
        "end_datetime": end,
        "fields": "slurry_rate",
        "si_units": "false",
        "resolution": "minute",
    }


@pytest.mark.usefixtures("sandbox")
def test_saved(form: Form, tmp_path: Path) -> None:
    _, data = form(Site(id=981), "get_data_changes", fields="slurry_rate")
    form(data, "save", tmp_path / "changes" / "data.json")
    form(data, "save", tmp_path / "changes" / "data.csv")
    records = form.records(data)
    assert json.loads((tmp_path / "changes" / "data.json").read_bytes()) == records
    assert len((tmp_path / "changes" / "data.csv").read_bytes().splitlines()) == len(records) + 1


def test_without_changes_there_is_no_record_and_no_request(serving: Serving, form: Form) -> None:
    service = serving(http_response(200, {"change_log": []}))
    changes, data = form(Site(id=981, client=service.client), "get_data_changes")
    assert changes == form.records(data) == []
    assert service.request_lines == ["GET /sites/981/data_changes/"]


@TARGETS
def test_what_is_acknowledged_is_not_listed_again(own_sandbox: Sandbox, form: Form, target: object, path: str) -> None:
    changes, _ = form(target, "get_data_changes")
    first, *remaining = changes
    own_sandbox.requests.clear()
    assert form(first, "confirm_data_received") is True
    assert list_requests(own_sandbox) == [f"POST /sites/{first.site}/data_changes/"]
    assert form(target, "get_data_changes")[0] == remaining
    assert form(first, "confirm_data_received") is True
    assert form(target, "get_data_changes")[0] == remaining
    assert first in form(target, "get_data_changes", get_acknowledged=True)[0]
    for change in remaining:
        form(change, "confirm_data_received")
    assert form(target, "get_data_changes")[0] == []
    assert path


def test_what_is_acknowledged(serving: Serving, form: Form) -> None:
    service = serving(http_response(200, {"change_log": [interval(1, 10, 20)]}))
    still_open = DataChange(**interval(1, 10, 20), client=service.client)
    assert form(still_open, "confirm_data_received") is False
    assert json.loads(service.server.received[0].content) == {"change_log": [{"id": 110, "update_received": True}]}
    other = DataChange(**interval(1, 30, 40), client=service.client)
    assert form(other, "confirm_data_received") is True


@pytest.mark.usefixtures("own_sandbox")
def test_corrected_records_are_others(form: Form, own_sandbox: Sandbox) -> None:
    site, start = Site(id=981), datetime(2025, 9, 17, 6, tzinfo=UTC)
    for stage in form(site, "get_stages_metadata", start, stage_name_filter="frac"):
        if stage.end:
            start = stage.start + timedelta(minutes=20)
    end = start + timedelta(seconds=30)
    wanted: dict[str, Any] = {"fields": ["surface_treating_pressure"]}
    before = form.records(form(site, "get_data", start, end, **wanted))
    made = own_sandbox.field.correct(981, start, end)
    (change,) = (change for change in form(site, "get_data_changes", **wanted)[0] if change.id == made.id)
    after = form.records(form(change, "get_data"))
    assert seconds(after) == seconds(before)
    assert after != before
    assert after == form.records(form(site, "get_data", start, end, **wanted))


def test_update(sandbox: Sandbox, form: Form) -> None:
    listed = form(Pad(id=668), "get_data_changes", fields="slurry_rate")[0][0]
    sandbox.requests.clear()
    change = DataChange(id=listed.id, site=listed.site)
    assert form(change, "update") is None
    assert list_requests(sandbox) == [f"GET /sites/{listed.site}/data_changes/{listed.id}/"]
    assert change == listed
    form(listed, "update")
    sandbox.requests.clear()
    form.records(form(listed, "get_data"))
    assert ("fields", "slurry_rate") in sandbox.requests[0].query


@pytest.mark.usefixtures("sandbox")
def test_a_change_that_is_not_there(form: Form) -> None:
    with pytest.raises(NotFoundError):
        form(DataChange(id=5, site=981), "update")


def test_a_response_without_the_change(serving: Serving, form: Form) -> None:
    service = serving(http_response(200, {"change_log": [interval(1, 10, 20)]}))
    change = DataChange(id=5, site=1, client=service.client)
    with pytest.raises(ResponseValidationError, match="the requested change is not in it") as caught:
        form(change, "update")
    assert caught.value.method == "GET"
    assert caught.value.url == service.server.url + "/external/thirdparty/v1/sites/1/data_changes/5/"


def test_without_its_site_nothing_is_requested(sandbox: Sandbox, form: Form) -> None:
    change = DataChange(id=5)
    for call in ("update", "confirm_data_received", "get_data"):
        with pytest.raises(NotLoadedError, match=r"DataChange\(id=5\)\.site is not loaded"):
            form(change, call)
    with pytest.raises(NotLoadedError, match="start_date is not loaded"):
        form(DataChange(id=5, site=981), "get_data")
    assert list_requests(sandbox) == []


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"fill_data_method": "ffill"}, ValueError, "fill_data_method and fill_data_limit need each other"),
        ({"resolution": "day"}, ValueError, "resolution is 'day'; it must be one of"),
        ({"fields": []}, ValueError, "fields must be one name or more"),
        ({"fields": [5]}, TypeError, "fields must hold strings only"),
        ({"stage_number": 5}, TypeError, "stage_number"),
        ({"colour": "red"}, TypeError, "colour"),
        ({"is_routed": True}, TypeError, "is_routed"),
    ],
)
def test_wrong_arguments_are_refused_before_any_request(
    sandbox: Sandbox, form: Form, arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    change = DataChange(**interval(981, 10, 20))
    for target, call in ((Site(id=981), "get_data_changes"), (Pad(id=668), "get_data_changes"), (change, "get_data")):
        with pytest.raises(error, match=message):
            form(target, call, **arguments)
    assert list_requests(sandbox) == []


@pytest.mark.usefixtures("sandbox")
def test_compared_copied_and_shown(form: Form) -> None:
    change = form(Site(id=981), "get_data_changes", fields="slurry_rate")[0][0]
    for twin in (deepcopy(change), pickle.loads(pickle.dumps(change))):
        assert twin == change
        assert twin is not change
        assert {twin, change} == {change}
    assert repr(change).startswith(f"DataChange(id={change.id}, site=981, modification_type='")


def test_a_pickled_change_keeps_its_form(sandbox: Sandbox, form: Form) -> None:
    change = form(Site(id=981), "get_data_changes", fields="slurry_rate")[0][0]
    for twin in (deepcopy(change), pickle.loads(pickle.dumps(change))):
        sandbox.requests.clear()
        form.records(form(twin, "get_data"))
        assert ("fields", "slurry_rate") in sandbox.requests[0].query
