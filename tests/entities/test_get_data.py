"""Time-series data: the requests, their time, and the records."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from datastore_sdk import (
    Data,
    DataAggregations,
    DataAsync,
    DataFillMethods,
    DataResolutions,
    Pad,
    Site,
    StageNameFilters,
)
from datastore_sdk.sandbox import Sandbox
from tests.support.sync_async_calls import Form, list_requests

START = datetime(2025, 9, 9, tzinfo=UTC)
END = datetime(2025, 9, 9, minute=1, tzinfo=UTC)
TIMES = "start_datetime=2025-09-09 00:00:00&end_datetime=2025-09-09 00:01:00"
MINUTE: dict[str, Any] = {"start_datetime": START, "end_datetime": END}

OF_BOTH: list[tuple[dict[str, Any], str]] = [
    ({}, "si_units=false&resolution=raw"),
    ({"si_units": True}, "si_units=true&resolution=raw"),
    ({"fields": ["slurry_rate", "proppant_conc"]}, "si_units=false&resolution=raw&fields=slurry_rate,proppant_conc"),
    ({"fields": "slurry_rate, proppant_conc"}, "si_units=false&resolution=raw&fields=slurry_rate,proppant_conc"),
    ({"resolution": DataResolutions.TEN_SECOND}, "si_units=false&resolution=ten-second"),
    ({"resolution": "minute"}, "si_units=false&resolution=minute"),
    (
        {"resolution": DataResolutions.MINUTE, "aggregation": DataAggregations.MEAN},
        "si_units=false&resolution=minute&agg=mean",
    ),
    ({"resolution": "ten-minute", "aggregation": "max"}, "si_units=false&resolution=ten-minute&agg=max"),
    ({"stage_name_filter": StageNameFilters.FRAC}, "si_units=false&resolution=raw&state_imatch=frac"),
    (
        {"fill_data_method": DataFillMethods.FORWARD_FILL, "fill_data_limit": 30},
        "si_units=false&resolution=raw&fill_data_method=ffill&fill_data_limit=30&inside_area_only=true",
    ),
    (
        {"fill_data_method": "bfill", "fill_data_limit": 5, "inside_area_only": False},
        "si_units=false&resolution=raw&fill_data_method=bfill&fill_data_limit=5&inside_area_only=false",
    ),
]
OF_PADS: list[tuple[dict[str, Any], str]] = [
    ({"is_routed": True}, "routed=true"),
    ({"measurement_sources_names": ["M1", "M2"]}, "routed=false&measurement_source=M1,M2"),
    ({"measurement_sources_names": "M2", "is_routed": True}, "routed=true&measurement_source=M2"),
]


def parameters(request: str) -> set[str]:
    return set(request.partition("?")[2].split("&"))


@pytest.mark.parametrize(("arguments", "query"), OF_BOTH)
def test_query_of_site_data(sandbox: Sandbox, form: Form, arguments: dict[str, Any], query: str) -> None:
    assert form.first(form(Site(id=981), "get_data", **MINUTE, **arguments))["site_id"] == 981
    (request,) = list_requests(sandbox)
    assert request.startswith("GET /sites/981/data/?")
    assert parameters(request) == {*TIMES.split("&"), *query.split("&")}


@pytest.mark.parametrize(("arguments", "query"), OF_BOTH)
def test_query_of_pad_data(sandbox: Sandbox, form: Form, arguments: dict[str, Any], query: str) -> None:
    form.records(form(Pad(id=681), "get_data", **MINUTE, **arguments))
    (request,) = list_requests(sandbox)
    assert request.startswith("GET /pads/681/data/?")
    assert parameters(request) == {*TIMES.split("&"), *query.split("&"), "routed=false"}


@pytest.mark.parametrize(("arguments", "query"), OF_PADS)
def test_query_of_pad_data_only(sandbox: Sandbox, form: Form, arguments: dict[str, Any], query: str) -> None:
    assert form.records(form(Pad(id=681), "get_data", **MINUTE, **arguments))
    (request,) = list_requests(sandbox)
    assert parameters(request) == {*TIMES.split("&"), "si_units=false", "resolution=raw", *query.split("&")}


@pytest.mark.parametrize(
    ("target", "path", "routing"),
    [(Site(id=981), "sites/981", {}), (Pad(id=681), "pads/681", {"is_routed": True})],
    ids=["site", "pad"],
)
def test_one_stage(sandbox: Sandbox, form: Form, target: object, path: str, routing: dict[str, bool]) -> None:
    data = form(target, "get_data", None, None, 20, StageNameFilters.FRAC, fields="slurry_rate", **routing)
    records = form.records(data)
    (request,) = list_requests(sandbox)
    assert request.startswith(f"GET /{path}/data/?")
    routed = {"routed=true"} if routing else set[str]()
    form_of_records = {"fields=slurry_rate", "si_units=false", "resolution=raw"}
    assert parameters(request) == {"stage_number=20", "state_imatch=frac"} | form_of_records | routed
    (stage,) = Site(id=981).get_stages_metadata(stage_number=20, stage_name_filter="frac")
    seconds = [record["timestamp"] for record in records if record["site_id"] == 981]
    assert stage.end
    assert (seconds[0], seconds[-1]) == (stage.start.timestamp(), stage.end.timestamp() - 1)


@pytest.mark.usefixtures("sandbox")
def test_records_are_what_the_service_sends(form: Form, get_json: Callable[[str], Any]) -> None:
    end = START + timedelta(minutes=1)
    data = form(Pad(id=681), "get_data", START, end, stage_name_filter=StageNameFilters.FRAC, is_routed=True)
    records = form.records(data)
    assert records == get_json(f"/pads/681/data/?{TIMES}&routed=true&state_imatch=frac")
    assert len(records) > 60
    assert {type(record) for record in records} == {dict}
    assert all(START.timestamp() <= record["timestamp"] <= end.timestamp() for record in records)


def test_times_are_sent_in_utc_and_whole_seconds(sandbox: Sandbox, form: Form) -> None:
    central = timezone(timedelta(hours=-5))
    start = datetime(2025, 9, 8, 19, 0, 0, 1, tzinfo=central)
    end = datetime(2025, 9, 8, 19, 0, 5, 999_999, tzinfo=central)
    records = form.records(form(Site(id=981), "get_data", start, end))
    assert {"start_datetime=2025-09-09 00:00:01", "end_datetime=2025-09-09 00:00:05"} <= parameters(
        list_requests(sandbox)[0]
    )
    assert [record["timestamp"] for record in records] == [int(START.timestamp()) + second for second in range(1, 6)]


def test_one_second_is_an_interval_too(sandbox: Sandbox, form: Form) -> None:
    assert len(form.records(form(Site(id=981), "get_data", START, START))) == 1
    assert len(sandbox.requests) == 1


@pytest.mark.usefixtures("sandbox")
def test_a_missing_number_is_none(form: Form, get_json: Callable[[str], Any]) -> None:
    stage: dict[str, Any] = {"stage_number": 20, "stage_name_filter": StageNameFilters.FRAC}
    sent = get_json("/sites/981/data/?stage_number=20&state_imatch=frac&fields=slurry__viscosity_actual")
    data = form(Site(id=981), "get_data", **stage, fields=["slurry__viscosity_actual"])
    expected = [{name: None if value == "Infinity" else value for name, value in record.items()} for record in sent]
    assert "Infinity" in [record.get("slurry__viscosity_actual") for record in sent]
    assert form.records(data) == expected


def test_nothing_is_requested_before_iteration(sandbox: Sandbox, form: Form) -> None:
    data = form(Site(id=981), "get_data", **MINUTE)
    assert isinstance(data, Data | DataAsync)
    fetcher = data.data_fetcher
    assert list_requests(sandbox) == []
    assert repr(data)
    assert data.queries[0].id == 981
    assert list_requests(sandbox) == []
    form.first(data)
    assert len(sandbox.requests) == 1
    assert fetcher is not data.data_fetcher


def test_every_access_starts_afresh(sandbox: Sandbox, form: Form) -> None:
    data = form(Site(id=981), "get_data", **MINUTE)
    first, second, third = form.records(data), form.records(data), form.iterate(data)
    assert first == second == third
    assert len(first) == 61
    assert list_requests(sandbox) == [list_requests(sandbox)[0]] * 3


def test_an_abandoned_download_harms_no_other(sandbox: Sandbox, form: Form) -> None:
    data = form(Site(id=981), "get_data", START, START + timedelta(hours=6))
    for _ in range(5):  # more than the service allows at a time
        assert form.first(data)["timestamp"] == START.timestamp()
    assert {request.status for request in sandbox.requests} == {200}


@pytest.mark.usefixtures("sandbox")
def test_nothing_there_is_no_record(form: Form) -> None:
    day = datetime(2020, 1, 1, tzinfo=UTC)
    assert form.records(form(Site(id=981), "get_data", day, day + timedelta(days=1))) == []


@pytest.mark.usefixtures("sandbox")
def test_four_streams_read_in_turn_do_not_wait_for_each_other() -> None:
    streams = [
        Site(id=site).get_data(START, START + timedelta(hours=2), fields="slurry_rate").data_fetcher
        for site in (981, 982, 983, 984)
    ]
    read = [0] * len(streams)
    for _ in range(50):
        for index, stream in enumerate(streams):
            read[index] += next(stream)["timestamp"] is not None
    for stream in streams:
        stream.close()
    assert read == [50] * 4


NAIVE = datetime(2025, 9, 9)  # noqa: DTZ001 - what must be refused


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"start_datetime": NAIVE}, ValueError, r"start_datetime has no time zone.*datetime\(2025, 9, 17, tzinfo="),
        ({"end_datetime": NAIVE}, ValueError, "end_datetime has no time zone"),
        ({"start_datetime": "2025-09-09"}, ValueError, "start_datetime has no time zone"),
        ({"start_datetime": START.date()}, TypeError, "start_datetime must be a datetime, not date"),
        ({"start_datetime": END, "end_datetime": START}, ValueError, "end_datetime .* is before start_datetime"),
        ({"stage_number": 5}, ValueError, "stage_number needs stage_name_filter too .*StageNameFilters.FRAC"),
        ({"stage_number": 0, "stage_name_filter": "frac"}, ValueError, "stage_number must be positive, not 0"),
        ({"stage_number": "5", "stage_name_filter": "frac"}, TypeError, "stage_number must be an int, not str: '5'"),
        ({"stage_name_filter": "pumpdown"}, ValueError, "stage_name_filter is 'pumpdown'; it must be one of .*'frac'"),
        ({"resolution": "second"}, ValueError, r"resolution is 'second'; it must be one of .*\('raw"),
        ({"resolution": None}, (ValueError, TypeError), "resolution"),
        ({"aggregation": "avg"}, ValueError, "aggregation is 'avg'; it must be one of .*'mean'"),
        ({"fill_data_method": "linear", "fill_data_limit": 5}, ValueError, "fill_data_method is 'linear'; it must be"),
        ({"fill_data_method": "ffill"}, ValueError, "fill_data_method and fill_data_limit need each other"),
        ({"fill_data_limit": 5}, ValueError, "fill_data_method and fill_data_limit need each other"),
        ({"fill_data_method": "ffill", "fill_data_limit": 0}, ValueError, "fill_data_limit must be .*positive"),
        ({"fill_data_method": "ffill", "fill_data_limit": "5"}, TypeError, "fill_data_limit must be an int"),
        ({"fill_data_method": "ffill", "fill_data_limit": 2.5}, TypeError, "fill_data_limit must be an int"),
        (
            {"fill_data_method": "ffill", "fill_data_limit": 5, "resolution": "minute"},
            ValueError,
            "1-second data only: leave resolution at DataResolutions.SECOND",
        ),
        (
            {"fill_data_method": "ffill", "fill_data_limit": 5, "aggregation": "mean"},
            ValueError,
            "fill_data_method and aggregation exclude each other",
        ),
        ({"fields": []}, ValueError, "fields must be one name or more"),
        ({"fields": ["slurry_rate", ""]}, ValueError, "fields must be one name or more, none of them empty"),
        ({"fields": ["slurry_rate", 5]}, TypeError, "fields must hold strings only"),
        ({"fields": 5}, TypeError, "fields must hold strings only"),
        ({"si_units": "false"}, TypeError, "si_units must be a bool"),
    ],
)
@pytest.mark.parametrize("target", [Site(id=981), Pad(id=681)], ids=["site", "pad"])
def test_wrong_arguments_are_refused_before_any_request(
    sandbox: Sandbox,
    form: Form,
    target: object,
    arguments: dict[str, Any],
    error: type[Exception] | tuple[type[Exception], ...],
    message: str,
) -> None:
    with pytest.raises(error, match=message):
        form(target, "get_data", **arguments)
    assert list_requests(sandbox) == []


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"stage_number": 5, "stage_name_filter": "frac"}, ValueError, "on a pad, stage_number needs is_routed=True"),
        ({"measurement_sources_names": []}, ValueError, "measurement_sources_names must be one name or more"),
        ({"measurement_sources_names": [1]}, TypeError, "measurement_sources_names must hold strings only"),
        ({"is_routed": "yes"}, TypeError, "is_routed must be a bool"),
    ],
)
def test_wrong_arguments_of_pads(
    sandbox: Sandbox, form: Form, arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        form(Pad(id=681), "get_data", **arguments)
    assert list_requests(sandbox) == []


@pytest.mark.parametrize("name", ["is_routed", "measurement_sources_names", "resolutions", "field"])
def test_arguments_that_a_site_does_not_have(sandbox: Sandbox, form: Form, name: str) -> None:
    with pytest.raises(TypeError, match=f"unexpected keyword argument '{name}'"):
        form(Site(id=981), "get_data", **{name: True})
    assert list_requests(sandbox) == []


@pytest.mark.parametrize(
    ("target", "fields", "routed", "missing", "hint"),
    [
        (Site(id=981), ["slury_rate", "slurry_rate"], {}, "'slury_rate'", "get_fields_metadata"),
        (Site(id=981), ["M1_slurry_rate"], {}, "'M1_slurry_rate'", "belong to pads without"),
        (Pad(id=681), ["slurry_rate"], {}, "'slurry_rate'", "without is_routed=True, names carry"),
        (Pad(id=681), ["M1_slurry_rate"], {"is_routed": True}, "'M1_slurry_rate'", "belong to pads without"),
        (Site(id=981), ["slurry_rate"], {}, "", ""),
    ],
)
@pytest.mark.usefixtures("sandbox")
def test_fields_that_no_record_has_are_warned_of(
    target: object,
    fields: list[str],
    routed: dict[str, bool],
    missing: str,
    hint: str,
    form: Form,
    caplog: pytest.LogCaptureFixture,
) -> None:
    records: list[Any] = []
    for options in ({}, {} if isinstance(target, Pad) else {"parallel": 2}):
        caplog.clear()
        with caplog.at_level("WARNING", "datastore_sdk"):
            records = form.records(form(target, "get_data", **MINUTE, fields=fields, **routed, **options))
        messages = [record.getMessage() for record in caplog.records]
        if missing and records:
            (message,) = messages
            assert f"has the fields {missing}: " in message
            assert hint in message
        else:
            assert messages == []
    assert records


@pytest.mark.usefixtures("sandbox")
@pytest.mark.parametrize("field", ["slury_rate", "débit"])
def test_first_record_without_a_field_is_warned_of(field: str, form: Form, caplog: pytest.LogCaptureFixture) -> None:
    data = form(Site(id=981), "get_data", **MINUTE, fields=["slurry_rate", field])
    assert form.first(data)
    (warning,) = [record.getMessage() for record in caplog.records]
    assert f"has the fields '{field}': get_fields_metadata()" in warning
