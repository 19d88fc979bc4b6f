from __future__ import annotations

import gzip
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import groupby, islice
from typing import Any

import httpx
import orjson
import pytest

from datastore_sdk.sandbox.api.streaming import json_chunks
from datastore_sdk.sandbox.simulation.oilfield import Oilfield
from datastore_sdk.sandbox.simulation.readings import Record
from datastore_sdk.sandbox.simulation.resampling import fill_records, resample
from datastore_sdk.sandbox.simulation.selection import Selection

Rows = list[dict[str, Any]]


def span(start: str, end: str) -> dict[str, str]:
    return {"start_datetime": f"2025-09-17 {start}", "end_datetime": f"2025-09-17 {end}"}


HOUR = span("05:00:00", "05:59:59")


def get(http: httpx.Client, path: str, **query: Any) -> Rows:
    response = http.get(path, params=query)
    assert response.status_code == 200, response.text
    rows: Rows = response.json()
    return rows


def seconds(records: Rows) -> list[int]:
    return [record["timestamp"] for record in records]


def test_data_range_includes_both_ends(http: httpx.Client) -> None:
    records = get(http, "/sites/981/data/", **span("05:00:00", "05:00:10"))
    begin = int(datetime(2025, 9, 17, 5, tzinfo=UTC).timestamp())
    assert seconds(records) == list(range(begin, begin + 11))
    assert len(get(http, "/sites/981/data/", **span("05:00:07", "05:00:07"))) == 1


def test_data_without_records_is_an_empty_array(http: httpx.Client) -> None:
    past = {"start_datetime": "2020-01-01 00:00:00", "end_datetime": "2020-01-02 00:00:00"}
    future = {"start_datetime": "2031-01-01 00:00:00", "end_datetime": "2031-01-02 00:00:00"}
    for query in (past, future):
        for path in ("/sites/981/data/", "/pads/681/data/"):
            assert http.get(path, params=query).content == b"[]"


def test_data_of_a_pad_merged_and_routed(http: httpx.Client) -> None:
    minute = span("05:00:00", "05:00:59")
    unrouted = get(http, "/pads/681/data/", routed="false", **minute)
    assert len(unrouted) == 60
    assert {record["site_id"] for record in unrouted} == {981}
    routed = get(http, "/pads/681/data/", routed="true", **minute)
    assert len(routed) == 240
    assert [len(list(group)) for _, group in groupby(seconds(routed))] == [4] * 60


def test_data_stage_filters_match_the_stages(http: httpx.Client) -> None:
    stages = http.get("/pads/681/history/", params={"state": "frac"}).json()
    routed = get(http, "/pads/681/data/", routed="true", state_imatch="FRAC", **HOUR)
    assert routed
    for record in routed[::97]:
        at = datetime.fromtimestamp(record["timestamp"], UTC).isoformat().replace("+00:00", "Z")
        assert any(
            stage["site"] == record["site_id"] and stage["start"] <= at and (stage["end"] is None or at < stage["end"])
            for stage in stages
        )
    stage = next(stage for stage in stages if stage["site"] == 982 and stage["stage_number"] == 20)
    one = get(http, "/pads/681/data/", routed="true", state_imatch="frac", stage_number=20, fields="slurry_rate")
    mine = seconds([record for record in one if record["site_id"] == 982])
    assert mine[0] == int(datetime.fromisoformat(stage["start"]).timestamp())
    assert mine[-1] == int(datetime.fromisoformat(stage["end"]).timestamp()) - 1
    assert seconds(get(http, "/sites/982/data/", state_imatch="frac", stage_number=20)) == mine


def test_data_selects_fields_and_sources(http: httpx.Client) -> None:
    minute = span("05:00:00", "05:00:59")
    chosen = get(http, "/pads/681/data/", fields="M1_slurry_rate,M2_slurry_rate,nothing", **minute)
    assert {name for record in chosen for name in record} <= {
        "timestamp",
        "site_id",
        "M1_slurry_rate",
        "M2_slurry_rate",
    }
    source = get(http, "/pads/668/data/", measurement_source="M2,W2", **minute)
    names = {name for record in source for name in record} - {"timestamp", "site_id"}
    assert {name.split("_")[0] for name in names} <= {"M2", "W2"}
    routed = get(http, "/pads/681/data/", measurement_source="M1", routed="true", **minute)
    assert {record["site_id"] for record in routed} <= {981, 982}


def test_data_si_units(http: httpx.Client) -> None:
    query = {**span("05:00:00", "05:02:00"), "routed": "true", "state_imatch": "frac"}
    imperial, metric = (get(http, "/pads/681/data/", si_units=si, **query) for si in ("false", "true"))
    factors = {"surface_treating_pressure": 6.894757, "slurry_rate": 0.158987, "proppant_conc": 119.8264}
    temperatures = 0
    assert len(imperial) == len(metric) > 100
    for before, after in zip(imperial, metric, strict=True):
        for name, factor in factors.items():
            if before.get(name) is not None:
                assert after[name] == pytest.approx(before[name] * factor, rel=1e-5)
        if "slurry_sample_temp" in before:
            temperatures += 1
            assert after["slurry_sample_temp"] == pytest.approx((before["slurry_sample_temp"] - 32) / 1.8)
        assert after["upper_master_valve"] == before["upper_master_valve"]
        assert after["timestamp"] == before["timestamp"]
    assert temperatures


@pytest.mark.parametrize(
    ("resolution", "step"), [("ten-second", 10), ("minute", 60), ("ten-minute", 600), ("hour", 3600)]
)
def test_data_resolutions_and_aggregates(http: httpx.Client, resolution: str, step: int) -> None:
    query = {**span("05:00:00", "06:59:59"), "fields": "surface_treating_pressure,slurry_rate,swab_valve"}
    raw = get(http, "/sites/981/data/", **query)
    by_interval = {
        begin: list(group) for begin, group in groupby(raw, lambda record: record["timestamp"] // step * step)
    }
    functions: dict[str | None, Callable[[list[float]], float]] = {
        "min": min,
        "max": max,
        "mean": lambda values: sum(values) / len(values),
        None: lambda values: values[0],
    }
    for name, function in functions.items():
        rows = get(http, "/sites/981/data/", resolution=resolution, **({"agg": name} if name else {}), **query)
        assert seconds(rows) == list(by_interval)
        for row in rows:
            interval = by_interval[row["timestamp"]]
            for field in ("surface_treating_pressure", "slurry_rate"):
                values = [record[field] for record in interval if field in record]
                assert row.get(field) == (pytest.approx(function(values)) if values else None)
            assert row["swab_valve"] == interval[0]["swab_valve"]


def test_data_resolution_groups_by_site(http: httpx.Client) -> None:
    rows = get(http, "/pads/681/data/", routed="true", resolution="ten-minute", agg="max", **HOUR)
    assert len(rows) == 24
    assert seconds(rows) == sorted(seconds(rows))


def build_records(*values: Any) -> list[Record]:
    return [
        {"timestamp": 100 + index, "site_id": 1, **({} if value == "" else {"x": value})}
        for index, value in enumerate(values)
    ]


@pytest.mark.parametrize(
    ("method", "limit", "inside_only", "expected"),
    [
        ("ffill", 2, True, ["", 1, 1, 1, "", 5, 5, 7, "", ""]),
        ("ffill", 9, True, ["", 1, 1, 1, 1, 5, 5, 7, "", ""]),
        ("ffill", 1, False, ["", 1, 1, None, "", 5, 5, 7, 7, ""]),
        ("bfill", 2, True, ["", 1, "", 5, 5, 5, 7, 7, "", ""]),
        ("bfill", 9, True, ["", 1, 5, 5, 5, 5, 7, 7, "", ""]),
        ("bfill", 1, False, [1, 1, "", None, 5, 5, 7, 7, "", ""]),
    ],
)
def test_data_fill_methods(method: Any, limit: int, inside_only: bool, expected: list[Any]) -> None:
    def records() -> list[Record]:
        return build_records("", 1, "", None, "", 5, "Infinity", 7, "", "")

    result = list(fill_records(records, method, limit, inside_only=inside_only))
    assert result == build_records(*expected)


def test_data_fill_over_http(http: httpx.Client) -> None:
    query = {**span("05:00:00", "05:01:59"), "fields": "surface_casing_pressure"}
    sparse = get(http, "/sites/981/data/", **query)
    assert sum("surface_casing_pressure" in record for record in sparse) == 12
    forward = get(http, "/sites/981/data/", fill_data_method="ffill", fill_data_limit=5, **query)
    assert sum("surface_casing_pressure" in record for record in forward) == 11 * 6 + 1
    everywhere = get(
        http, "/sites/981/data/", fill_data_method="ffill", fill_data_limit=60, inside_area_only="false", **query
    )
    assert all("surface_casing_pressure" in record for record in everywhere)
    routed = get(
        http, "/pads/681/data/", fill_data_method="bfill", fill_data_limit=9, routed="true", inside_area_only="false",
        **query,
    )  # fmt: skip
    assert len({record["site_id"] for record in routed}) == 4
    assert sum("surface_casing_pressure" not in record for record in routed) == 4 * 9
    assert seconds(routed) == sorted(seconds(routed))


@pytest.mark.parametrize(
    ("path", "query", "wrong"),
    [
        ("/sites/981/data/", {"start_datetime": "2025-09-17T00:00:00Z"}, "start_datetime"),
        ("/sites/981/data/", {"start_datetime": "2025-02-30 00:00:00"}, "start_datetime"),
        ("/sites/981/data/", span("06:00:00", "05:00:00"), "end_datetime"),
        ("/sites/981/data/", {"resolution": "second"}, "resolution"),
        ("/sites/981/data/", {"agg": "median"}, "agg"),
        ("/sites/981/data/", {"si_units": "yes"}, "si_units"),
        ("/sites/981/data/", {"stage_number": 3}, "stage_number"),
        ("/pads/681/data/", {"stage_number": 3, "state_imatch": "frac"}, "stage_number"),
        ("/pads/681/data/", {"routed": "1"}, "routed"),
        ("/pads/681/data/", {"measurement_source": "M9"}, "measurement_source"),
        ("/pads/703/data/", {"measurement_source": "M1"}, "measurement_source"),
        ("/sites/981/data/", {"fill_data_method": "ffill"}, "fill_data_limit"),
        ("/sites/981/data/", {"fill_data_limit": 5}, "fill_data_limit"),
        ("/sites/981/data/", {"fill_data_method": "ffill", "fill_data_limit": 0}, "fill_data_limit"),
        ("/sites/981/data/", {"fill_data_method": "nearest", "fill_data_limit": 5}, "fill_data_method"),
        (
            "/sites/981/data/",
            {"fill_data_method": "ffill", "fill_data_limit": 5, "resolution": "minute"},
            "fill_data_method",
        ),
        ("/sites/981/data/", {"fill_data_method": "ffill", "fill_data_limit": 5, "agg": "min"}, "fill_data_method"),
        ("/sites/981/data/", {"inside_area_only": "perhaps"}, "inside_area_only"),
    ],
)
def test_data_invalid_query_is_refused(http: httpx.Client, path: str, query: dict[str, Any], wrong: str) -> None:
    response = http.get(path, params=query)
    assert response.status_code == 400
    assert wrong in response.json()


def test_data_chunks_split_records_and_gzip_is_optional(http: httpx.Client) -> None:
    query = {**HOUR, "si_units": "false", "resolution": "raw"}
    with http.stream("GET", "/sites/981/data/", params=query, headers={"Accept-Encoding": "identity"}) as response:
        assert "content-encoding" not in response.headers
        assert "content-length" not in response.headers
        chunks = list(response.iter_raw())
    whole = b"".join(chunks)
    assert len(chunks) > 10
    assert not all(chunk.endswith((b"}", b"]")) for chunk in chunks)
    with http.stream("GET", "/sites/981/data/", params=query, headers={"Accept-Encoding": "gzip"}) as response:
        assert response.headers["content-encoding"] == "gzip"
        packed = b"".join(response.iter_raw())
    assert gzip.decompress(packed) == whole
    assert len(packed) < len(whole) / 2
    assert len(orjson.loads(whole)) > 3000


@pytest.mark.exhaustive
def test_data_stream_uses_constant_memory(field: Oilfield) -> None:
    selection = Selection(0, field.now(), field.now(), state="frac")
    tracemalloc.start()
    try:
        records = field.operations[668].read_routed_records((941, 942, 943, 944), selection)
        size = sum(len(chunk) for chunk in islice(json_chunks(records), 300))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert size > 4_000_000
    assert peak < 6_000_000


def test_data_arrays_of_any_length_are_complete() -> None:
    for count in (0, 1, 63, 64, 65, 1000):
        rows = [{"timestamp": number, "text": "x" * (number % 70)} for number in range(count)]
        assert orjson.loads(b"".join(json_chunks(iter(rows)))) == rows


def test_data_resampling_of_text_values() -> None:
    records: list[Record] = [
        {"timestamp": 60, "site_id": 1, "x": "Infinity", "on": True},
        {"timestamp": 61, "site_id": 1, "x": 3, "on": False},
        {"timestamp": 62, "site_id": 1, "x": None, "on": False, "late": "O"},
    ]
    assert list(resample(records, 60, "mean")) == [{"timestamp": 60, "site_id": 1, "x": 3.0, "on": True, "late": "O"}]
