"""The history of stages, and the numbers computed for each."""

from __future__ import annotations

import logging
import pickle
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from datastore_sdk import Pad, Site, Stage, StageNameFilters
from datastore_sdk.entities.stage import MAX_STAGES_PER_REQUEST
from datastore_sdk.sandbox import Sandbox
from restream_api.models import StageAggregations
from tests.support.sync_async_calls import Form, list_requests

START = datetime(2025, 9, 17, tzinfo=UTC)
END = datetime(2025, 9, 18, tzinfo=UTC)
DAY = "start=2025-09-17T00:00:00Z&end=2025-09-18T00:00:00Z"


def test_all_stages_of_a_site(sandbox: Sandbox, form: Form, get_json: Callable[[str], Any]) -> None:
    stages = form(Site(id=981), "get_stages_metadata")
    assert list_requests(sandbox) == ["GET /sites/981/history/"]
    assert [dump_sent_values(stage) for stage in stages] == get_json("/sites/981/history/")
    assert all(type(stage) is Stage for stage in stages)
    assert [stage.start for stage in stages] == sorted((stage.start for stage in stages), reverse=True)


def dump_sent_values(stage: Stage) -> dict[str, Any]:
    return stage.model_dump(mode="json", exclude_unset=True)


def test_all_stages_of_a_pad(sandbox: Sandbox, form: Form) -> None:
    stages = form(Pad(id=703), "get_stages_metadata")
    assert list_requests(sandbox) == ["GET /pads/703/history/"]
    assert {stage.site for stage in stages} == {1041, 1042}


@pytest.mark.usefixtures("sandbox")
def test_the_current_stage_has_neither_id_nor_end(form: Form) -> None:
    current, *past = form(Site(id=981), "get_stages_metadata")
    assert current.id is None
    assert current.end is None
    assert "id" not in current
    assert current["end"] is None
    assert all(stage.id and stage.end > stage.start for stage in past)


@pytest.mark.usefixtures("sandbox")
def test_a_stage_reads_like_an_object_and_like_a_dict(form: Form) -> None:
    stage = form(Site(id=981), "get_stages_metadata", START, END)[0]
    assert stage["id"] == stage.get("id") == stage.id
    assert stage["state"] == stage.state
    assert stage["start"] == stage.start
    assert stage.start.utcoffset() == timedelta(0)
    assert dict(stage) == {
        "state": stage.state,
        "start": stage.start,
        "end": stage.end,
        "stage_number": stage.stage_number,
        "site": 981,
        "id": stage.id,
    }
    assert stage.get("nothing") is None
    assert stage["aggregations"] is None
    with pytest.raises(KeyError, match="nothing"):
        stage["nothing"]


@pytest.mark.parametrize(
    ("filters", "query"),
    [
        ({"start_date": START, "end_date": END}, DAY),
        ({"start": START, "end": END}, DAY),
        ({"start_date": START, "end": END}, DAY),
        ({"start_date": START}, "start=2025-09-17T00:00:00Z"),
        ({"start_date": datetime(2025, 9, 16, 19, tzinfo=timezone(timedelta(hours=-5)))}, "start=2025-09-17T00:00:00Z"),
        (
            {"start_date": START + timedelta(microseconds=1), "end_date": END + timedelta(microseconds=1)},
            DAY,
        ),
        ({"stage_number": 1, "stage_name_filter": StageNameFilters.WIRELINE}, "stage_number=1&state=wl"),
        ({"stage_name_filter": "frac"}, "state=frac"),
        ({"stage_numbers": [60, 61]}, "stage_numbers=60,61"),
        ({"stage_numbers": (60,)}, "stage_numbers=60"),
    ],
)
@pytest.mark.parametrize(("target", "path"), [(Site(id=981), "sites/981"), (Pad(id=681), "pads/681")])
def test_filters(sandbox: Sandbox, form: Form, target: object, path: str, filters: dict[str, Any], query: str) -> None:
    assert form(target, "get_stages_metadata", **filters)
    assert list_requests(sandbox) == [f"GET /{path}/history/?{query}"]


@pytest.mark.usefixtures("sandbox")
def test_filters_narrow_down(form: Form) -> None:
    site = Site(id=981)
    in_a_day = form(site, "get_stages_metadata", START, END)
    assert all(stage.start < END and stage.end > START for stage in in_a_day)
    wireline = form(site, "get_stages_metadata", START, END, stage_name_filter=StageNameFilters.WIRELINE)
    assert wireline == [stage for stage in in_a_day if stage.state.startswith("wl")]
    assert 0 < len(wireline) < len(in_a_day)
    numbered = form(site, "get_stages_metadata", stage_numbers=[60, 61])
    assert {stage.stage_number for stage in numbered} == {60, 61}
    assert form(site, "get_stages_metadata", None, None, 60) == [
        stage for stage in numbered if stage.stage_number == 60
    ]


def test_aggregations(sandbox: Sandbox, form: Form, get_json: Callable[[str], Any]) -> None:
    stages = form(
        Site(id=981),
        "get_stages_metadata",
        start_date=START,
        end_date=END,
        stage_name_filter=StageNameFilters.FRAC,
        add_aggregations=True,
    )
    history, aggregations = list_requests(sandbox)
    assert history == f"GET /sites/981/history/?{DAY}&state=frac"
    assert aggregations == "GET /sites/981/aggregations/?" + "&".join(f"histories={stage.id}" for stage in stages)
    sent = {numbers["id"]: numbers for numbers in get_json(aggregations.removeprefix("GET "))["981"]}
    assert len(stages) > 5
    for stage in stages:
        assert isinstance(stage.aggregations, StageAggregations)
        assert dict(stage["aggregations"]) == sent[stage.id]
        assert stage.aggregations["avg_slurry_rate"] > 50
        assert stage.aggregations.get("avg_gel_conc") is None
        assert "avg_gel_conc" in stage.aggregations


@pytest.mark.parametrize("names", [["total_proppant", "avg_slurry_rate"], "total_proppant,avg_slurry_rate"])
def test_aggregations_can_be_chosen(sandbox: Sandbox, form: Form, names: Any) -> None:
    stages = form(
        Site(id=981), "get_stages_metadata", stage_number=60, add_aggregations=True, aggregations_filter=names
    )
    assert list_requests(sandbox)[1].endswith("&aggregations_filter=total_proppant,avg_slurry_rate")
    for stage in stages:
        assert set(stage.aggregations) == {"id", "total_proppant", "avg_slurry_rate"}


@pytest.mark.usefixtures("sandbox")
def test_the_current_stage_has_no_aggregations_yet(form: Form) -> None:
    stages = form(
        Site(id=981), "get_stages_metadata", START, add_aggregations=True, aggregations_filter="total_duration"
    )
    assert [stage.aggregations is None for stage in stages] == [stage.end is None for stage in stages]
    assert stages[0].end is None


def test_without_finished_stages_no_aggregations_requested(sandbox: Sandbox, form: Form) -> None:
    now = datetime(2025, 9, 18, 11, 59, tzinfo=UTC)
    (stage,) = form(Site(id=981), "get_stages_metadata", now, add_aggregations=True)
    assert stage.aggregations is None
    assert form(Site(id=981), "get_stages_metadata", stage_number=9000, add_aggregations=True) == []
    assert [request.path.split("/")[-2] for request in sandbox.requests] == ["history", "history"]


def test_stages_of_a_site_with_an_error_have_no_aggregations(
    sandbox: Sandbox, form: Form, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "datastore_sdk"):
        stages = form(
            Pad(id=703),
            "get_stages_metadata",
            START,
            END,
            add_aggregations=True,
            aggregations_filter="total_duration",
        )
    assert {stage.site for stage in stages if stage["aggregations"] is None} == {1042}
    assert {stage.site for stage in stages if stage.aggregations is not None} == {1041}
    (record,) = caplog.records
    assert record.name == "datastore_sdk"
    assert record.levelno == logging.WARNING
    assert record.getMessage() == (
        "The stages of site 1042 have no aggregations, because the service reports: "
        "Site 1042 has no component configuration: stages cannot be aggregated"
    )
    assert len(sandbox.requests) == 2


def test_many_stages_are_requested_in_several_calls(sandbox: Sandbox, form: Form) -> None:
    stages = form(
        Pad(id=697),
        "get_stages_metadata",
        stage_name_filter=StageNameFilters.STANDBY,
        add_aggregations=True,
        aggregations_filter="total_duration",
    )
    finished = [stage for stage in stages if stage.end]
    assert len(finished) > 2 * MAX_STAGES_PER_REQUEST
    assert all(stage.aggregations is not None and stage.aggregations.id == stage.id for stage in finished)
    _, *calls = sandbox.requests
    requested_ids = [[int(value) for name, value in call.query if name == "histories"] for call in calls]
    assert [each for ids in requested_ids for each in ids] == [stage.id for stage in finished]
    assert all(len(ids) == MAX_STAGES_PER_REQUEST for ids in requested_ids[:-1])


NAIVE = datetime(2025, 9, 17)  # noqa: DTZ001 - what must be refused


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (
            {"start_date": NAIVE},
            ValueError,
            r"start_date has no time zone.*write it like datetime\(2025, 9, 17, tzinfo",
        ),
        ({"end_date": NAIVE}, ValueError, "end_date has no time zone"),
        ({"start": NAIVE}, ValueError, "has no time zone"),
        ({"start_date": "2025-09-17"}, ValueError, "start_date has no time zone"),
        ({"start_date": END, "end_date": START}, ValueError, "end_date .* is before start_date"),
        ({"start_date": START, "start": START}, ValueError, "start_date and start mean the same: pass one of them"),
        ({"end_date": END, "end": END}, ValueError, "end_date and end mean the same: pass one of them"),
        ({"stage_name_filter": "pumpdown"}, ValueError, "stage_name_filter is 'pumpdown'; it must be one of"),
        ({"stage_number": 0}, ValueError, "stage_number must be positive, not 0"),
        ({"stage_number": "1"}, TypeError, "stage_number must be an int, not str: '1'"),
        ({"stage_numbers": [1, "2"]}, TypeError, "stage_numbers"),
        ({"stage_numbers": []}, ValueError, "stage_numbers"),
        ({"add_aggregations": True, "aggregations_filter": []}, ValueError, "aggregations_filter must be one name or"),
        ({"add_aggregations": True, "aggregations_filter": [5]}, TypeError, "aggregations_filter must hold strings"),
    ],
)
@pytest.mark.parametrize("target", [Site(id=981), Pad(id=681)], ids=["site", "pad"])
def test_wrong_arguments_are_refused_before_any_request(
    sandbox: Sandbox, form: Form, target: object, arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        form(target, "get_stages_metadata", **arguments)
    assert list_requests(sandbox) == []


@pytest.mark.usefixtures("sandbox")
def test_the_records_of_a_stage(form: Form) -> None:
    stage = form(Site(id=981), "get_stages_metadata", START, END, stage_name_filter=StageNameFilters.FRAC)[0]
    records = form.records(form(stage, "get_data", fields="slurry_rate"))
    seconds = [record["timestamp"] for record in records]
    assert {record["site_id"] for record in records} == {981}
    assert seconds == sorted(seconds)
    assert seconds[0] >= stage.start.timestamp()
    assert seconds[-1] <= stage.end.timestamp()
    assert any("slurry_rate" in record for record in records)
    assert not any("surface_treating_pressure" in record for record in records)


@pytest.mark.usefixtures("sandbox")
def test_the_records_of_a_stage_that_goes_on_have_no_end(form: Form) -> None:
    current = form(Site(id=981), "get_stages_metadata")[0]
    (query,) = form(current, "get_data").queries
    assert (query.start, query.end) == (current.start, None)


def test_a_stage_can_be_pickled_and_compared_and_shows_no_token(sandbox: Sandbox, form: Form) -> None:
    stage = form(Site(id=981), "get_stages_metadata", START, END)[0]
    again = form(Site(id=981, auth_token=sandbox.token), "get_stages_metadata", START, END)[0]
    assert pickle.loads(pickle.dumps(stage)) == stage == again
    assert sandbox.token not in f"{stage!r}{pickle.dumps(again)!r}{again.model_dump()}"


@pytest.mark.usefixtures("sandbox")
def test_a_form_that_does_not_exist_is_refused(form: Form) -> None:
    stage = form(Site(id=981), "get_stages_metadata")[0]
    with pytest.raises(TypeError, match="'resolutoin' is not an option of records"):
        form(stage, "get_data", resolutoin="minute")
