from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from typing import Any

import pytest

from datastore_sdk.sandbox.simulation.oilfield import Oilfield
from datastore_sdk.sandbox.simulation.readings import Record
from datastore_sdk.sandbox.simulation.records import pad_records, site_records
from datastore_sdk.sandbox.simulation.schedule import FRAC, STANDBY, WIRELINE, ScheduledStage
from datastore_sdk.sandbox.simulation.selection import Selection

NOW = datetime(2025, 9, 18, 12, tzinfo=UTC)


def make(seed: int = 7, now: datetime = NOW, days: float = 10) -> Oilfield:
    return Oilfield(seed, now.timestamp, days)


def second(*fields: int) -> int:
    return int(datetime(*fields, tzinfo=UTC).timestamp())  # type: ignore[arg-type, misc]


def fracs(field: Oilfield, site_id: int) -> list[ScheduledStage]:
    return [stage for stage in field.stages(site_id) if stage.state == FRAC and stage.end is not None]


def records_of(field: Oilfield, site_id: int, first: int, last: int, **how: Any) -> list[Record]:
    operations = field.operations[field.pad_of(site_id).id]
    return list(site_records(operations, site_id, Selection(first, last, field.now(), **how)))


def number(record: Record, name: str) -> float:
    value = record[name]
    assert isinstance(value, (int, float))
    return value


def test_field_is_determined_by_its_seed() -> None:
    first, again, other = make(7), make(7), make(8)
    assert first.stages(981) == again.stages(981) != other.stages(981)
    assert first.corrections(981) == again.corrections(981)
    span = second(2025, 9, 17), second(2025, 9, 17, 0, 2)
    assert records_of(first, 981, *span) == records_of(again, 981, *span) != records_of(other, 981, *span)


def test_field_range_equals_part_of_a_longer_range(field: Oilfield) -> None:
    begin = second(2025, 9, 14, 3)
    whole = records_of(field, 942, begin, begin + 7200)
    part = records_of(make(), 942, begin + 3000, begin + 4000)
    assert part == [record for record in whole if begin + 3000 <= number(record, "timestamp") <= begin + 4000]


def test_field_time_only_adds_records() -> None:
    earlier, later = make(now=NOW), make(now=NOW + timedelta(hours=6))
    known = [stage for stage in earlier.stages(983) if stage.end is not None]
    assert later.stages(983)[: len(known)] == known
    assert len(later.stages(983)) > len(earlier.stages(983))
    assert {each.id for each in earlier.corrections(983)} <= {each.id for each in later.corrections(983)}


def test_field_stages_are_contiguous_and_numbered(field: Oilfield) -> None:
    for pad in field.pads:
        for site in pad.sites:
            stages = field.stages(site.id)
            assert all(before.end == after.start for before, after in pairwise(stages))
            assert stages[-1].end is None
            assert stages[0].state == WIRELINE
            numbers = [stage.number for stage in fracs(field, site.id)]
            assert numbers == list(range(site.first_stage, site.first_stage + len(numbers)))
            assert all(0 <= after.number - before.number <= 1 for before, after in pairwise(stages))
            assert len({stage.id for stage in stages}) == len(stages)


def test_field_crew_is_at_one_well_and_zipper_alternates(field: Oilfield) -> None:
    for operations in field.operations.values():
        for crew in operations.pad.crews:
            jobs = [job for job in operations.calendars[crew.number].fracs(field.now()) if job.end is not None]
            assert all((before.end or 0) < after.start for before, after in pairwise(jobs))
            if operations.get_completion_time(field.now()) is None:
                assert all(before.site_id != after.site_id for before, after in pairwise(jobs))
            runs = [
                stage
                for site_id in crew.works
                for stage in operations.stages(site_id, field.now())
                if stage.state == WIRELINE
            ]
            ordered = sorted(runs, key=lambda stage: stage.start)
            assert all((before.end or 0) <= after.start for before, after in pairwise(ordered))


def test_field_stage_durations_are_realistic(field: Oilfield) -> None:
    for site_id in (941, 981, 1011):
        for stage in field.stages(site_id)[:-1]:
            assert stage.end is not None
            hours = (stage.end - stage.start) / 3600
            if stage.state == FRAC:
                assert 1.2 <= hours <= 2.0
            elif stage.state == WIRELINE:
                assert 1.0 <= hours <= 1.5
            else:
                assert hours > 0


def test_field_completed_pad_has_no_new_records(field: Oilfield) -> None:
    complete = [operations for operations in field.operations.values() if operations.get_completion_time(field.now())]
    assert [operations.pad.id for operations in complete] == [654]
    last = field.stages(911)[-1]
    assert (last.state, last.number, last.end) == (STANDBY, 9, None)
    assert records_of(field, 911, last.start, field.now())[-1]["timestamp"] == last.start + 3600


def test_field_treatment_is_realistic(field: Oilfield) -> None:
    for stage in fracs(field, 1011)[:4] + fracs(field, 944)[:4]:
        assert stage.end is not None
        operations = field.operations[field.pad_of(stage.site_id).id]
        treatment = operations.treatment(stage)
        steady = range(treatment.flow_from + 300, treatment.flow_until - 30)
        rates = [treatment.slurry_rate(t) for t in steady]
        pressures = sorted(treatment.surface_pressure(t) for t in steady)
        concentrations = [treatment.proppant(t - stage.start) for t in range(stage.start, stage.end)]
        assert 80 < max(rates) < 100
        assert 7_000 < pressures[len(pressures) // 10] < pressures[-1] < 9_800
        assert concentrations[0] == concentrations[-1] == 0
        assert 2.0 <= max(concentrations) <= 2.75
        assert treatment.proppant(treatment.flow_from - stage.start + 200) == 0  # the pad has no proppant
        top = concentrations.index(max(concentrations))
        assert concentrations[: top + 1] == sorted(concentrations[: top + 1])
        assert treatment.slurry_rate(stage.end - 1) == 0
        shut_in = treatment.surface_pressure(stage.end - 1)
        assert 2_500 < shut_in < 6_000  # the pressure of the fracture remains
        assert treatment.surface_pressure(stage.start) < 100


def test_field_proppant_lowers_wellhead_pressure(field: Oilfield) -> None:
    treatment = field.operations[681].treatment(fracs(field, 981)[5])

    def mean(begin: float) -> float:
        seconds = range(treatment.start + int(begin), treatment.start + int(begin) + 120)
        return sum(treatment.surface_pressure(t) for t in seconds) / 120

    with_fluid_only = mean(650)
    with_much_proppant = min(mean(share * treatment.duration) for share in (0.5, 0.6, 0.7, 0.8))
    assert with_much_proppant < with_fluid_only - 100


def test_field_wireline_runs_to_the_toe_and_back(field: Oilfield) -> None:
    site = field.site(981)
    runs = [stage for stage in field.stages(981) if stage.state == WIRELINE and stage.end is not None]
    depths: list[float] = []
    for stage in runs[:6]:
        run = field.operations[681].wireline_run(stage)
        at = [run.depth(t) for t in range((stage.end or 0) - stage.start)]
        depths.append(max(at))
        assert at[0] == at[-1] == 0
        assert max(run.speed(t) for t in range(stage.start, stage.end or 0)) < 1_200
        readings = run.readings()
        pumped = [t for t in range(stage.start, stage.end or 0) if readings["pumpdown_active"](t) is True]
        assert pumped
        assert min(run.depth(t - stage.start) for t in pumped) >= site.vertical_depth
    assert depths == sorted(depths, reverse=True)
    assert depths[0] == pytest.approx(site.measured_depth)


def test_field_valves_follow_the_state(field: Oilfield) -> None:
    expected = {FRAC: ("O", "C"), WIRELINE: ("O", "O"), STANDBY: ("C", "C")}
    for stage in islice(field.stages(982), 12):
        for record in records_of(field, 982, stage.start, (stage.end or stage.start + 60) - 1)[::50]:
            assert (record["upper_master_valve"], record["swab_valve"]) == expected[stage.state]


def test_field_channels_have_rates_delays_and_gaps(field: Oilfield) -> None:
    stage = fracs(field, 981)[3]
    assert stage.end is not None
    records = records_of(field, 981, stage.start, stage.end - 1)
    fast = [record for record in records if number(record, "timestamp") % 10]
    slow = [record for record in records if not number(record, "timestamp") % 10]
    assert 11 <= max(len(record) for record in fast) <= 15
    assert 35 <= max(len(record) for record in slow) <= 51
    assert all("clean_flow" not in record for record in fast)
    assert "friction_reduction" not in records[0]
    assert any("friction_reduction" in record for record in records)
    assert any(record["slurry_rate"] == 0 and isinstance(record["slurry_rate"], int) for record in records)
    assert any(isinstance(record["slurry_rate"], float) for record in records)
    assert {"clean_conductivity_25c", "clean_conductivity_25C"} <= slow[-1].keys()


def test_field_new_sensor_adds_a_column(field: Oilfield) -> None:
    before, *_, after = fracs(field, 981)
    assert not any("iron_concentration" in record for record in records_of(field, 981, before.start, before.end or 0))
    assert any("iron_concentration" in record for record in records_of(field, 981, after.start, after.end or 0))


@pytest.mark.exhaustive
def test_field_contains_every_irregularity(field: Oilfield) -> None:
    values: set[object] = set()
    gaps = 0
    for stage in fracs(field, 941)[:20]:
        records = records_of(field, 941, stage.start, (stage.end or 0) - 1)
        values.update(record["slurry__viscosity_actual"] for record in records if "slurry__viscosity_actual" in record)
        steps = [number(after, "timestamp") - number(before, "timestamp") for before, after in pairwise(records)]
        gaps += sum(step > 1 for step in steps)
        assert all(step == 1 or step >= 61 or stage.start for step in steps)
    assert "Infinity" in values
    assert None in values
    assert gaps


def test_field_routed_records_equal_site_records(field: Oilfield) -> None:
    first, last = second(2025, 9, 17, 4), second(2025, 9, 17, 4, 30)
    routed = list(field.operations[668].read_routed_records(range(941, 947), Selection(first, last, field.now())))
    times = [number(record, "timestamp") for record in routed]
    assert times == sorted(times)
    for site in field.operations[668].pad.sites:
        mine = [record for record in routed if record["site_id"] == site.id]
        assert mine == records_of(field, site.id, first, last)


def test_field_unrouted_records_use_source_names(field: Oilfield) -> None:
    operations = field.operations[668]
    stage = fracs(field, 941)[-2]
    first, last = stage.start + 1000, stage.start + 1200
    unrouted = {record["timestamp"]: record for record in pad_records(operations, Selection(first, last, field.now()))}
    for record in records_of(field, 941, first, last):
        whole = unrouted[record["timestamp"]]
        assert whole["M1_surface_treating_pressure"] == record["surface_treating_pressure"]
        assert whole["M1_slurry_rate"] == record["slurry_rate"]
        assert whole["_external_power_"] == record["_external_power_"]
        assert "M2_surface_treating_pressure" in whole
        assert "slurry_rate" not in whole


@pytest.mark.parametrize("seed", [7, 1, 3, 40])
def test_field_any_seed_suits_the_readme_examples(seed: int) -> None:
    field = make(seed)
    first, last = second(2025, 9, 9), second(2025, 9, 9, 0, 1)
    selection = Selection(first, last, field.now(), state="frac")
    minute = list(field.operations[681].read_routed_records(range(981, 985), selection))
    wireline = [stage for stage in field.stages(981) if stage.state == WIRELINE and stage.number == 1]
    day = [stage for stage in fracs(field, 981) if second(2025, 9, 17) <= stage.start < second(2025, 9, 18)]
    assert len(wireline) == 1
    assert len(day) > 3
    assert minute
    assert field.site(981).configured


def test_field_history_is_limited_to_the_job() -> None:
    with pytest.raises(ValueError, match="days must be"):
        make(days=11)


def test_field_unknown_sites_are_refused(field: Oilfield) -> None:
    with pytest.raises(KeyError):
        field.stages(5)


def stamp(record: Record) -> int:
    second = record["timestamp"]
    assert isinstance(second, int)
    return second


def test_field_true_pressures_match_the_readings(field: Oilfield) -> None:
    """Breakdown, instantaneous shut-in pressure and decline are known for the tests of picks."""
    for stage in fracs(field, 1011)[:3] + fracs(field, 944)[:3]:
        operations = field.operations[field.pad_of(stage.site_id).id]
        treatment = operations.treatment(stage)
        early = range(stage.start, treatment.flow_from)
        assert abs(max(map(treatment.surface_pressure, early)) - treatment.breakdown_pressure) < 150
        assert treatment.slurry_rate(treatment.shut_in_at - 1) > 0
        assert treatment.slurry_rate(treatment.shut_in_at) == 0
        assert treatment.slurry_rate(treatment.full_rate_at) > 80
        assert treatment.surface_pressure(treatment.shut_in_at - 60) > treatment.isip + 1000  # friction
        read = treatment.surface_pressure(treatment.shut_in_at + 300)
        assert abs(read - treatment.shut_in_pressure(5)) < 20
        assert treatment.isip > treatment.shut_in_pressure(5) > treatment.shut_in_pressure(10)


def test_field_pressure_is_watched_after_a_stage(field: Oilfield) -> None:
    """The well's records have the pressure until wireline opens the well, or the crew leaves."""
    operations, stages = field.operations[681], field.stages(981)
    for stage, standby in pairwise(stages):
        if stage.state != FRAC or standby.end is None or stage.end is None:
            continue
        until = min(operations.get_watched_until(stage), standby.end - 1)
        records = records_of(field, 981, stage.end, standby.end)
        watched = [stamp(record) for record in records if "surface_treating_pressure" in record]
        assert watched
        assert until - 60 <= max(watched) <= until  # a lost minute has no records
        assert {record.get("slurry_rate") for record in records if stamp(record) in watched} == {0}


def test_field_screen_outs_trip_the_pumps(field: Oilfield) -> None:
    """The pressure rises at full rate and with proppant, until the pumps stop without a flush."""
    found = 0
    for pad in field.pads:
        for stage in (stage for site in pad.sites for stage in fracs(field, site.id)):
            treatment = field.operations[pad.id].treatment(stage)
            if treatment.screen_out is None:
                continue
            found += 1
            begin, trip = treatment.screen_out
            pressures = [treatment.surface_pressure(second) for second in (begin, begin + 60, trip)]
            assert pressures == sorted(pressures)
            assert pressures[2] - pressures[0] > 700
            assert treatment.slurry_rate(trip) == pytest.approx(treatment.slurry_rate(begin), abs=2)
            assert treatment.proppant_concentration(trip - 1) > 1
            assert treatment.shut_in_at == trip + 5
            assert treatment.slurry_rate(trip + 5) == treatment.proppant_concentration(trip + 5) == 0
            assert treatment.step(trip + 200) == treatment.step(trip)
            read = treatment.surface_pressure(treatment.shut_in_at + 300)
            assert abs(read - treatment.shut_in_pressure(5)) < 20
    assert found >= 3
