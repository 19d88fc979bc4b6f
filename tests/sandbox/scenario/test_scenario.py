"""User-defined fields: every endpoint and room returns the values of the scenario."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from datastore_sdk import Client, Pad, Site
from datastore_sdk.sandbox import RoomOptions, Sandbox, Scenario, ScenarioSite
from tests.sandbox.conftest import client_of
from tests.sandbox.websocket_client import UNMODIFIED, message, open_room, seconds

NOON = datetime(2025, 9, 18, 12, tzinfo=UTC)
START = NOON - timedelta(hours=3)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def at(timestamp: datetime) -> int:
    return int(timestamp.timestamp())


def one_well() -> tuple[Scenario, ScenarioSite]:
    scenario = Scenario(now=NOON)
    return scenario, scenario.pad("Mesquite 1", fleet_name="Red").site("Mesquite 1-1H")


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    scenario = Scenario(now=NOON)
    pad = scenario.pad("Mesquite 1", id=668, customer_name="Mesa", fleet_name="Red", crew="A", division="Permian")
    first = pad.site("Mesquite 1-1H", id=941, latitude=31.9, longitude=-102.1, formation_name="Wolfcamp A", source="M1")
    first.stage(7, "frac_frac", start=START, end=START + HOUR, id=70)
    first.stage(8, "wl_runinhole", start=START + HOUR, end=START + 2 * HOUR)
    first.stage(8, start=START + 2 * HOUR)
    first.records(START, NOON, surface_treating_pressure=8000.0, slurry_rate=lambda second: min(second / 10, 80.0))
    first.records(START, NOON, every=10, clean_flow=42)
    first.records(START, NOON, upper_master_valve="O", my_own_field=True)
    second = pad.site("Mesquite 1-2H", source="M2", configured=False)
    second.stage(1, "standby_standby", start=START)
    second.exact_records([{"timestamp": at(START), "slurry_rate": 5, "site_id": 1}, {"timestamp": START + MINUTE}])
    done = scenario.pad("Frio", completed=NOON - HOUR).site("Frio 1", stage_total=40)
    done.stage(40, start=START, end=START + HOUR, aggregations={"avg_slurry_rate": 61.5, "my_number": None})
    return scenario


@pytest.fixture(scope="module")
def sandbox(scenario: Scenario) -> Iterator[Sandbox]:
    with Sandbox(scenario=scenario, rooms=UNMODIFIED) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def http(sandbox: Sandbox) -> Iterator[httpx.Client]:
    with client_of(sandbox) as http:
        yield http


@pytest.fixture(scope="module")
def client(sandbox: Sandbox) -> Iterator[Client]:
    with Client(sandbox.token, base_url=sandbox.url) as client:
        yield client


def records(http: httpx.Client, path: str, first: datetime, last: datetime, **query: Any) -> list[dict[str, Any]]:
    shown = {
        name: f"{timestamp:%Y-%m-%d %H:%M:%S}"
        for name, timestamp in (("start_datetime", first), ("end_datetime", last))
    }
    response = http.get(f"{path}data/", params={**shown, **query})
    assert response.status_code == 200, response.text
    return list(response.json())


def test_scenario_pads_and_sites(client: Client) -> None:
    pads = Pad.get_models(client=client)
    assert [(pad.id, pad.name, pad.customer_name) for pad in pads] == [
        (668, "Mesquite 1", "Mesa"),
        (101, "Frio", "Scenario Energy"),
    ]
    assert pads[0].simops_config is not None
    assert pads[1].completion_date == NOON - HOUR
    assert [site.name for site in Pad(id=668, client=client).get_sites()] == ["Mesquite 1-1H", "Mesquite 1-2H"]
    site = Site.get_model(id=941, client=client)
    assert (site.latitude, site.longitude, site.formation_name, site.fleet_name) == (31.9, -102.1, "Wolfcamp A", "Red")
    assert (site.stage_total, site.metadata.first_timestamp, site.metadata.last_timestamp) == (8, START, NOON)
    assert [site.name for site in Site.get_models(complete=True, client=client)] == ["Frio 1"]
    assert [pad.name for pad in Pad.get_models(fleet_name="red", client=client)] == ["Mesquite 1"]


def test_scenario_states(client: Client) -> None:
    states = Pad(id=668, client=client).get_states()
    assert [(state.site.id, state.current_state, state.calculated_stage_number) for state in states] == [
        (941, "frac_frac", 8)
    ]
    assert states[0].completed_stage_number == 7
    assert states[0].previous_state == Site(id=941, client=client).get_stages_metadata()[1].id
    primary = Pad(id=668, client=client).get_states(as_dict=True)[0]["state_change_primary_field_values"]
    assert primary == {"M1": {"surface_treating_pressure": {"value": 8000.0, "timestamp": at(START + 2 * HOUR)}}}


def test_scenario_stages_and_aggregations(client: Client) -> None:
    stages = Site(id=941, client=client).get_stages_metadata(add_aggregations=True)
    assert [(stage.stage_number, stage.state, stage.start) for stage in stages] == [
        (8, "frac_frac", START + 2 * HOUR),
        (8, "wl_runinhole", START + HOUR),
        (7, "frac_frac", START),
    ]
    assert (stages[0].id, stages[2].id) == (None, 70)
    numbers = stages[2].aggregations
    assert numbers is not None
    assert numbers["max_slurry_rate"] == 80.0
    assert numbers["total_clean_flow"] == pytest.approx(42 * 60 * 42)
    assert numbers["pumping_duration"] == pytest.approx(3600, abs=100)
    frio = Pad(id=101, client=client).get_stages_metadata(add_aggregations=True)[0].aggregations
    assert frio is not None
    assert (frio["avg_slurry_rate"], frio["my_number"], frio["max_slurry_rate"]) == (61.5, None, None)


def test_scenario_fields(client: Client) -> None:
    names = [field.name for field in Site(id=941, client=client).get_fields_metadata()]
    assert names == ["surface_treating_pressure", "slurry_rate", "clean_flow", "upper_master_valve", "my_own_field"]
    pad = {field.name: field for field in Pad(id=668, client=client).get_fields_metadata()}
    assert {"slurry_rate", "M1_slurry_rate", "M2_slurry_rate", "M1_my_own_field"} <= set(pad)
    assert "M1_upper_master_valve" not in pad
    assert (pad["slurry_rate"].imperial_unit, pad["my_own_field"].label) == ("bbl/min", "My Own Field")


def test_scenario_records_of_a_site(http: httpx.Client) -> None:
    sent = records(http, "/sites/941/", START, START + timedelta(seconds=11))
    assert [record["timestamp"] for record in sent] == list(range(at(START), at(START) + 12))
    assert sent[0] == {
        "timestamp": at(START),
        "surface_treating_pressure": 8000.0,
        "slurry_rate": 0.0,
        "clean_flow": 42,
        "upper_master_valve": "O",
        "my_own_field": True,
        "site_id": 941,
    }
    assert [record["slurry_rate"] for record in sent[:3]] == [0.0, 0.1, 0.2]
    assert [second for second, record in enumerate(sent) if "clean_flow" in record] == [0, 10]
    assert records(http, "/sites/941/", START, START, fields="clean_flow")[0].keys() == {
        "timestamp",
        "clean_flow",
        "site_id",
    }
    assert records(http, "/sites/941/", START, START, si_units="true")[0]["slurry_rate"] == 0.0
    assert len(records(http, "/sites/941/", START, NOON, state_imatch="wl")) == 3600
    minutes = records(http, "/sites/941/", START, NOON, resolution="minute", agg="max", fields="slurry_rate")
    assert [record["slurry_rate"] for record in minutes[:2]] == [5.9, 11.9]


def test_scenario_exact_records_are_unchanged(http: httpx.Client, scenario: Scenario) -> None:
    site = scenario.pads[0].sites[1]
    assert records(http, f"/sites/{site.id}/", START, NOON) == [
        {"timestamp": at(START), "slurry_rate": 5, "site_id": site.id}
    ]


def test_scenario_records_of_a_pad(http: httpx.Client, scenario: Scenario) -> None:
    other = scenario.pads[0].sites[1].id
    routed = records(http, "/pads/668/", START, START, routed="true")
    assert {record["site_id"]: record["slurry_rate"] for record in routed} == {941: 0.0, other: 5}
    assert [
        record["site_id"]
        for record in records(http, "/pads/668/", START, START, routed="true", measurement_source="M2")
    ] == [other]
    (second,) = records(http, "/pads/668/", START, START, measurement_source="M2")
    assert second == {"timestamp": at(START), "M2_slurry_rate": 5, "site_id": 941}
    (unrouted,) = records(http, "/pads/668/", START, START)
    assert unrouted == {
        "timestamp": at(START),
        "M1_surface_treating_pressure": 8000.0,
        "M1_slurry_rate": 0.0,
        "M1_clean_flow": 42,
        "upper_master_valve": "O",
        "M1_my_own_field": True,
        "M2_slurry_rate": 5,
        "site_id": 941,
    }


def test_scenario_shared_source_follows_the_frac_site() -> None:
    scenario = Scenario(now=NOON)
    pad = scenario.pad("Zipper")
    for name, state in (("1H", "frac_frac"), ("2H", "wl_runinhole")):
        well = pad.site(name, source="M1")
        well.stage(1, state, start=START)
        well.records(START, START, slurry_rate=name)
    with Sandbox(scenario=scenario) as sandbox, client_of(sandbox) as own:
        assert records(own, f"/pads/{pad.id}/", START, START)[0]["M1_slurry_rate"] == "1H"
        (shown,) = own.get("/pads/").json()
        assert shown["simops_config"]["measurement_sources"]["frac"][0]["active_site"] == pad.sites[0].id


def test_scenario_corrections() -> None:
    scenario, well = one_well()
    well.records(START, START + HOUR, surface_treating_pressure=8000.0, slurry_rate=80)
    made = NOON + HOUR
    later = START + 10 * MINUTE
    well.change(START, START + MINUTE, at=made, surface_treating_pressure=lambda second: 8100.0 + second)
    well.change(later, later, at=made, modification_subtype="delete")
    well.change(later + MINUTE, later + MINUTE, at=made, modification_subtype="annotate")
    well.change(NOON - MINUTE, NOON - MINUTE, at=made, modification_subtype="add", id=77, slurry_rate=70)
    with (
        Sandbox(scenario=scenario, rooms=UNMODIFIED) as sandbox,
        client_of(sandbox) as http,
        Client(sandbox.token, base_url=sandbox.url) as client,
    ):
        path = f"/sites/{well.id}/"
        assert Site(id=well.id, client=client).get_data_changes()[0] == []
        before = records(http, path, START, NOON)
        assert len(before) == 3601
        sandbox.advance(3600)
        changes, corrected = Site(id=well.id, client=client).get_data_changes()
        assert {change.modification_subtype for change in changes} == {"override", "delete", "annotate", "add"}
        assert 77 in {change.id for change in changes}
        after = {record["timestamp"]: record for record in records(http, path, START, NOON)}
        assert len(after) == 3601
        assert after[at(START) + 60] == {**before[60], "surface_treating_pressure": 8160.0}
        assert after[at(START) + 61] == before[61]
        assert at(later) not in after
        assert after[at(later) + 60] == before[660]
        assert after[at(NOON) - 60] == {"timestamp": at(NOON) - 60, "slurry_rate": 70, "site_id": well.id}
        assert len(list(corrected)) == 61 + 1 + 1
        for change in changes:
            change.confirm_data_received()
        assert Site(id=well.id, client=client).get_data_changes()[0] == []
        more = sandbox.field.correct(well.id, START, START, modification_subtype="move_delete")
        assert [change.id for change in Site(id=well.id, client=client).get_data_changes()[0]] == [more.id]
        assert records(http, path, START, START) == []


def test_scenario_old_data_changes_are_open() -> None:
    scenario, well = one_well()
    change = well.change(START - 400 * HOUR, START, at=START - 300 * HOUR)
    with Sandbox(scenario=scenario) as sandbox, client_of(sandbox) as http:
        assert [each["id"] for each in http.get(f"/sites/{well.id}/data_changes/").json()["change_log"]] == [change.id]


def test_scenario_can_grow_while_served() -> None:
    scenario, well = one_well()
    with Sandbox(scenario=scenario) as sandbox, client_of(sandbox) as http:
        path = f"/sites/{well.id}/"
        assert http.get(f"{path}history/").json() == []
        assert records(http, path, START, NOON) == []
        assert http.get(path).json()["metadata"] == {"first_timestamp": None, "last_timestamp": None}
        assert http.get("/states/").json() == []
        well.stage(1, start=START)
        well.records(START, NOON, slurry_rate=1)
        assert len(http.get(f"{path}history/").json()) == 1
        assert len(records(http, path, START, NOON)) == 3 * 3600 + 1
        assert http.get(path).json()["metadata"]["last_timestamp"] == at(NOON)


def test_scenario_rooms_follow_the_clock() -> None:
    scenario, well = one_well()
    well.stage(7, start=START, end=NOON + 2 * MINUTE)
    well.stage(8, "wl_runinhole", start=NOON + 3 * MINUTE)
    well.records(START, NOON + HOUR, slurry_rate=lambda second: second)
    well.change(START, START, at=NOON + MINUTE, slurry_rate=-1)
    with (
        Sandbox(scenario=scenario, rooms=RoomOptions(empty_every=0, array_every=0)) as sandbox,
        open_room(sandbox, f"/sites/{well.id}/data/") as data,
        open_room(sandbox, f"/sites/{well.id}/") as site,
        open_room(sandbox, f"/sites/{well.id}/data_changes/") as changes,
    ):
        sandbox.advance(5)
        assert seconds(data, 5) == [at(NOON) + second for second in range(1, 6)]
        sandbox.advance(55)
        assert message(changes)["modification_subtype"] == "override"
        sandbox.advance(120)
        assert message(site)["current_state"] is None
        sent = message(site)
        assert (sent["current_state"], sent["current_stage_number"]) == ("wl_runinhole", 8)


def test_scenario_clock_with_speed_starts_now() -> None:
    scenario, _ = one_well()
    with Sandbox(scenario=scenario, speed=1000) as sandbox:
        assert sandbox.field.now() >= at(NOON)
        assert sandbox.field.clock.seconds_until(at(NOON) + 10**6) is not None
    assert Sandbox(scenario=scenario, now=START).field.now() == at(START)
    assert Sandbox(scenario=Scenario()).field.pads == ()


def test_scenario_invalid_input_is_refused() -> None:
    scenario, well = one_well()
    well.stage(7, start=START, end=START + HOUR, id=5)
    naive = datetime(2025, 9, 18, 9)  # noqa: DTZ001 - that is the point
    wrong: list[tuple[type[Exception], str, Any]] = [
        (ValueError, "stage 8 .* overlaps stage 7", lambda: well.stage(8, start=START + HOUR / 2)),
        (ValueError, "overlaps", lambda: well.stage(8, "wl_runinhole", start=START - HOUR)),
        (ValueError, "start has no time zone", lambda: well.stage(8, start=naive)),
        (ValueError, "start must be a datetime", lambda: well.stage(8, start="noon")),  # type: ignore[arg-type]
        (ValueError, "whole second", lambda: well.stage(8, start=NOON.replace(microsecond=5))),
        (ValueError, "must be after start", lambda: well.stage(8, start=NOON, end=NOON)),
        (ValueError, "unknown state 'fracking'.*frac, wl, standby", lambda: well.stage(8, "fracking", start=NOON)),
        (ValueError, "unknown state 'swim_swim'", lambda: well.stage(8, "swim_swim", start=NOON)),
        (ValueError, "the number of a stage must be positive", lambda: well.stage(0, start=NOON)),
        (ValueError, "a stage with the id 5 already exists", lambda: well.stage(8, start=NOON, id=5)),
        (ValueError, "end must not be before start", lambda: well.records(NOON, START, slurry_rate=1)),
        (ValueError, "records need fields", lambda: well.records(START, NOON)),
        (ValueError, "site_id is part of every record", lambda: well.records(START, NOON, site_id=1)),
        (ValueError, "every must be positive", lambda: well.records(START, NOON, every=0, slurry_rate=1)),
        (TypeError, "slurry_rate must be a number", lambda: well.records(START, NOON, slurry_rate=[1])),  # type: ignore[arg-type]
        (ValueError, "slurry_rate must be finite", lambda: well.records(START, NOON, slurry_rate=float("nan"))),
        (ValueError, "two records", lambda: well.exact_records([{"timestamp": 5}, {"timestamp": 5}])),
        (TypeError, "needs a timestamp", lambda: well.exact_records([{"slurry_rate": 5}])),
        (ValueError, "unknown kind", lambda: well.change(START, NOON, at=NOON, modification_subtype="magic")),  # type: ignore[arg-type]
        (
            ValueError,
            "delete removes records",
            lambda: well.change(START, NOON, at=NOON, modification_subtype="delete", slurry_rate=1),
        ),
        (ValueError, "at has no time zone", lambda: well.change(START, NOON, at=naive)),
        (ValueError, "now has no time zone", lambda: Scenario(now=naive)),
        (ValueError, "completed has no time zone", lambda: scenario.pad("x", completed=naive)),
        (TypeError, "the id of a pad must be an int", lambda: scenario.pad("x", id="7")),  # type: ignore[arg-type]
    ]
    for kind, words, attempt in wrong:
        with pytest.raises(kind, match=words):
            attempt()
    assert [stage.number for stage in well.stages] == [7]
