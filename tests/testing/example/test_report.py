"""A program that uses the SDK, and its tests: with a scenario, faults and recorded responses.

`pytest` runs them; `pytest --restream-record=all` records the responses again, with the credentials in the environment.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from statistics import mean

import pytest

from datastore_sdk import Pad, Site, StageNameFilters
from datastore_sdk.exceptions import ServerError
from datastore_sdk.sandbox import Sandbox, Scenario, faults
from datastore_sdk.testing import Cassette

NOON = datetime(2025, 9, 18, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def mean_rates(site_id: int) -> dict[int, float]:
    """Return the mean slurry rate of each frac stage of a site, by stage number."""
    rates: dict[int, float] = {}
    for stage in Site(id=site_id).get_stages_metadata(stage_name_filter=StageNameFilters.FRAC):
        measured = [record["slurry_rate"] for record in stage.get_data(fields=["slurry_rate"])]
        rates[stage.stage_number] = mean(measured)
    return rates


def names_of_pads() -> list[str]:
    """Return the names of all pads."""
    return sorted(pad.name for pad in Pad.get_models())


@pytest.fixture
def restream_scenario() -> Scenario:
    """Two stages of one well; one is corrected at noon."""
    scenario = Scenario(now=NOON - timedelta(minutes=1))
    well = scenario.pad("Mesquite 1").site("Mesquite 1-1H", id=981)
    for number, start in ((7, NOON - 4 * HOUR), (8, NOON - 2 * HOUR)):
        well.stage(number, "frac_frac", start=start, end=start + HOUR)
        well.records(start, start + HOUR, surface_treating_pressure=8000.0, slurry_rate=10.0 * number)
    well.change(NOON - 2 * HOUR, NOON - HOUR, at=NOON, modification_subtype="override", slurry_rate=81.5)
    return scenario


def test_rates(restream_sandbox: Sandbox) -> None:
    assert mean_rates(981) == {7: 70.0, 8: 80.0}
    restream_sandbox.advance(60)
    assert mean_rates(981) == {7: 70.0, 8: 81.5}
    assert [change.modification_subtype for change in Site(id=981).get_data_changes()[0]] == ["override"]


def test_the_service_fails(restream_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    restream_sandbox.faults.add(faults.Reset("body", at=50, path="/data/"))
    assert mean_rates(981)[7] == 70.0, "the SDK resumes the stream"
    monkeypatch.setenv("RESTREAM_MAX_RETRY_ATTEMPTS", "1")
    with restream_sandbox.faults.during(faults.Status(503, times=None)), pytest.raises(ServerError):
        names_of_pads()


@pytest.mark.restream_sandbox(denied=[981])
def test_a_site_that_we_may_not_see(restream_sandbox: Sandbox) -> None:
    assert Site.get_models() == []
    assert [request.status for request in restream_sandbox.requests] == [200]


def test_pads_as_they_were_recorded(restream_cassette: Cassette) -> None:
    assert names_of_pads() == ["Caprock East", "Frio Bend", "Live Oak", "Mesquite Draw 14", "Rattlesnake Flat"]
    assert restream_cassette.is_recording or restream_cassette.all_played
