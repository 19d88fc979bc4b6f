from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import httpx
import pytest

DAY = {"start": "2025-09-17T00:00:00Z", "end": "2025-09-18T00:00:00Z"}


def get(http: httpx.Client, path: str, **query: Any) -> Any:
    response = http.get(path, params=query)
    assert response.status_code == 200, response.text
    return response.json()


def parse_second(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def records_of(http: httpx.Client, stage: dict[str, Any], **query: Any) -> list[dict[str, Any]]:
    def format_second(second: int) -> str:
        return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%d %H:%M:%S")

    span = {
        "start_datetime": format_second(parse_second(stage["start"])),
        "end_datetime": format_second(parse_second(stage["end"]) - 1),
    }
    records: list[dict[str, Any]] = get(http, f"/sites/{stage['site']}/data/", **span, **query)
    return records


def test_stages_are_newest_first_with_one_open(http: httpx.Client) -> None:
    stages = get(http, "/sites/981/history/")
    starts = [stage["start"] for stage in stages]
    assert starts == sorted(starts, reverse=True)
    assert "id" not in stages[0]
    assert stages[0]["end"] is None
    assert all(isinstance(stage["id"], int) and stage["end"] for stage in stages[1:])
    assert all(newer["start"] == older["end"] for newer, older in pairwise(stages))


def test_stages_of_a_pad_are_grouped_by_site(http: httpx.Client) -> None:
    pad = get(http, "/pads/681/history/", **DAY)
    sites = [get(http, f"/sites/{site}/history/", **DAY) for site in (981, 982, 983, 984)]
    assert pad == [stage for stages in sites for stage in stages]


def test_stages_filters(http: httpx.Client) -> None:
    fracs = get(http, "/sites/981/history/", state="frac", **DAY)
    assert fracs
    assert {stage["state"] for stage in fracs} == {"frac_frac"}
    assert all(stage["start"] < "2025-09-18" and stage["end"] > "2025-09-17" for stage in fracs)
    assert {stage["state"] for stage in get(http, "/sites/981/history/", state="wl")} == {"wl_runinhole"}
    first = get(http, "/sites/981/history/", stage_number=1, state="wl")
    assert [stage["stage_number"] for stage in first] == [1]
    some = get(http, "/sites/981/history/", stage_numbers="3,5")
    assert {stage["stage_number"] for stage in some} == {3, 5}
    assert get(http, "/sites/981/history/", stage_numbers="3,5", stage_number=4) == []
    assert get(http, "/sites/981/history/", start="2030-01-01T00:00:00Z", state="frac") == []
    assert get(http, "/sites/981/history/", unknown="x") == get(http, "/sites/981/history/")


def test_state_stages_sources_and_data_agree(http: httpx.Client) -> None:
    for pad_id in (668, 681, 697):
        sources = get(http, f"/pads/{pad_id}/")["simops_config"]["measurement_sources"]
        active = {source["active_site"] for source in sources["frac"]} - {None}
        fractured: set[int] = set()
        for state in get(http, "/states/", pad__id=pad_id):
            site_id = state["site"]["id"]
            current, *before = get(http, f"/sites/{site_id}/history/")
            assert state["current_state"] == current["state"]
            assert state["calculated_stage_number"] == current["stage_number"]
            assert state["last_state_update"] == current["start"]
            assert state["previous_state"] == before[0]["id"]
            done = [stage["stage_number"] for stage in before if stage["state"] == "frac_frac"]
            assert state["completed_stage_number"] == done[0]
            if current["state"] == "frac_frac":
                fractured.add(site_id)
            (now,) = get(
                http,
                f"/sites/{site_id}/data/",
                start_datetime="2025-09-18 12:00:00",
                end_datetime="2025-09-18 12:00:00",
            )
            valves = state["site_component_configuration"]["component_configurations"]
            assert [valve["current_state"] for valve in valves] == [now["upper_master_valve"], now["swab_valve"]]
            assert ("slurry_rate" in now) == (current["state"] == "frac_frac")
            assert ("wl_depth" in now) == (current["state"] == "wl_runinhole")
        assert active == fractured


def test_list_states_filters(http: httpx.Client) -> None:
    states = get(http, "/states/")
    assert len(states) == 16
    assert get(http, f"/states/{states[0]['id']}/") == states[0]
    assert [state["site"]["id"] for state in get(http, "/states/", site__id=981)] == [981]
    assert get(http, "/states/", site__id=1042) == []
    for state in ("frac", "wl", "standby"):
        found = get(http, "/states/", current_state_search=state)
        assert {each["current_state"].split("_")[0] for each in found} <= {state}
        assert found
    assert http.get("/states/1/").status_code == 404
    assert http.get(f"/states/{states[0]['id'] - 981 + 1042}/").status_code == 404


def test_aggregations_match_the_records(http: httpx.Client) -> None:
    stage = get(http, "/sites/982/history/", state="frac", **DAY)[1]
    (numbers,) = get(http, "/sites/982/aggregations/", histories=[stage["id"]])["982"]
    records = records_of(http, stage)
    assert numbers["id"] == stage["id"]

    def values(name: str) -> list[float]:
        return [record[name] for record in records if isinstance(record.get(name), (int, float))]

    rates, pressures, clean = values("slurry_rate"), values("surface_treating_pressure"), values("clean_flow")
    pumped = [record for record in records if record.get("slurry_rate", 0) > 5]
    assert numbers["max_slurry_rate"] == max(rates)
    assert numbers["avg_slurry_rate"] == pytest.approx(sum(rate for rate in rates if rate > 5) / len(pumped))
    assert numbers["max_surface_pressure"] == max(pressures)
    assert numbers["avg_surface_pressure"] == pytest.approx(
        sum(record["surface_treating_pressure"] for record in pumped) / len(pumped)
    )
    assert numbers["total_slurry_flow"] == pytest.approx(sum(rates) / 60 * 42)
    assert numbers["total_clean_flow"] == pytest.approx(sum(clean) * 10 / 60 * 42)
    assert numbers["total_proppant"] == pytest.approx(sum(values("proppant_rate")) * 10 / 60)
    assert numbers["start_pumping_time"] == pumped[0]["timestamp"]
    assert numbers["pumping_duration"] == len(pumped)
    assert numbers["total_duration"] == len(records)
    assert numbers["avg_friction_reduction"] == pytest.approx(
        sum(values("friction_reduction")) / len(values("friction_reduction"))
    )
    assert numbers["max_frac_stage_step"] == max(values("frac_stage_step"))
    assert numbers["avg_gel_conc"] is None
    assert numbers["max_wl_depth"] is None
    assert 200_000 < numbers["total_clean_flow"] < numbers["total_slurry_flow"] < 550_000
    assert 100_000 < numbers["total_proppant"] < 900_000


def test_aggregations_selected_by_id(http: httpx.Client) -> None:
    stages = get(http, "/pads/681/history/", state="frac", **DAY)
    chosen = [stages[0]["id"], stages[-1]["id"]]
    response = get(http, "/pads/681/aggregations/", histories=chosen, aggregations_filter="avg_prop_conc,max_prop_conc")
    assert {int(site): [row["id"] for row in rows] for site, rows in response.items()} == {
        stages[0]["site"]: [chosen[0]],
        stages[-1]["site"]: [chosen[1]],
    }
    assert set(response[str(stages[0]["site"])][0]) == {"id", "avg_prop_conc", "max_prop_conc"}
    by_number = get(http, "/sites/981/aggregations/", state="wl", stage_number=2, aggregations_filter="max_wl_depth")
    assert by_number["981"][0]["max_wl_depth"] == pytest.approx(19_705)
    assert get(http, "/sites/981/aggregations/", histories=[1]) == {}


def test_aggregations_unavailable_have_a_reason(http: httpx.Client) -> None:
    response = get(http, "/pads/703/aggregations/", state="frac", stage_number=9, aggregations_filter="max_slurry_rate")
    assert isinstance(response["1042"], str)
    assert response["1041"][0]["max_slurry_rate"] > 80


@pytest.mark.parametrize(
    ("path", "query", "wrong"),
    [
        ("/sites/981/history/", {"start": "yesterday"}, "start"),
        ("/sites/981/history/", {"stage_number": "one"}, "stage_number"),
        ("/sites/981/history/", {"stage_numbers": "1,two"}, "stage_numbers"),
        ("/pads/681/aggregations/", {"histories": "x"}, "histories"),
        ("/states/", {"pad__id": "1.5"}, "pad__id"),
    ],
)
def test_stages_invalid_filters_are_refused(http: httpx.Client, path: str, query: dict[str, str], wrong: str) -> None:
    response = http.get(path, params=query)
    assert response.status_code == 400
    assert list(response.json()) == [wrong]
