"""`Data.estimate`: size and duration from short samples, without the download."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from datastore_sdk import Client, Estimate, Pad, Site, UnusableValueError
from datastore_sdk.data.estimate import MAX_SAMPLES, SAMPLE_INTERVALS
from datastore_sdk.sandbox import Sandbox, Scenario
from tests.conftest import NOW
from tests.support.exhaustive import first
from tests.support.sync_async_calls import Form, list_requests

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def nothing_left() -> None:
    """Switch the leak check of the folder off: default clients keep connections to the shared sandbox."""


@pytest.fixture(params=["sync", "async"])
def form(request: pytest.FixtureRequest, runner: asyncio.Runner) -> Form:
    return Form(runner if request.param == "async" else None)


def count_downloads(sandbox: Sandbox) -> int:
    return sum("/sites/981/data/" in request for request in list_requests(sandbox))


def estimate(form: Form, asset: Pad | Site, **query: Any) -> Estimate:
    data = form(asset, "get_data", **query)
    found: Estimate = form(data, "estimate")
    return found


def test_estimate_of_a_day_is_near(form: Form, sandbox: Sandbox) -> None:
    query: dict[str, Any] = {"start_datetime": NOW - DAY, "end_datetime": NOW, "fields": "slurry_rate"}
    found = estimate(form, Site(id=981), **query)
    assert count_downloads(sandbox) == len(found.sampled_ranges) == MAX_SAMPLES
    assert found.calls == 1
    assert found.sampled_records == MAX_SAMPLES * SAMPLE_INTERVALS
    data = Site(id=981).get_data(**query)
    assert found.records == pytest.approx(len([*data]), rel=0.05)
    assert found.seconds > 0
    assert f"about {found.records:,} records" in str(found)


@pytest.mark.usefixtures("sandbox")
def test_estimate_of_a_short_range_is_exact(form: Form) -> None:
    query: dict[str, Any] = {"start_datetime": NOW - timedelta(minutes=4), "end_datetime": NOW, "fields": "slurry_rate"}
    found = estimate(form, Site(id=981), **query)
    data = Site(id=981).get_data(**query)
    assert found.records == found.sampled_records == len([*data])
    assert found.bytes == found.sampled_bytes
    assert found.sampled_ranges == ((query["start_datetime"], NOW),)


@pytest.mark.usefixtures("sandbox")
@pytest.mark.parametrize("query", first(1, [{"stage_number": 2, "stage_name_filter": "frac"}, {"resolution": "hour"}]))
def test_estimate_without_a_range_is_near(form: Form, query: dict[str, Any]) -> None:
    found = estimate(form, Site(id=981), **query)
    assert found.records == pytest.approx(len([*Site(id=981).get_data(**query)]), rel=0.05)


@pytest.mark.exhaustive
@pytest.mark.usefixtures("sandbox")
def test_estimate_of_a_pad_counts_its_sites(form: Form) -> None:
    query: dict[str, Any] = {"start_datetime": NOW - DAY / 4, "is_routed": True}
    found = estimate(form, Pad(id=681), **query)
    data = Pad(id=681).get_data(end_datetime=NOW, **query)
    assert found.records == pytest.approx(len([*data]), rel=0.1)


def test_estimate_counts_the_calls_of_parts(form: Form, sandbox: Sandbox) -> None:
    query: dict[str, Any] = {"start_datetime": NOW - DAY, "end_datetime": NOW, "fields": "slurry_rate", "parallel": 3}
    found = estimate(form, Site(id=981), **query)
    sandbox.requests.clear()
    assert len([*Site(id=981).get_data(**query)]) == pytest.approx(found.records, rel=0.05)
    assert found.calls == count_downloads(sandbox)


def test_estimate_of_the_future_is_nothing(form: Form, sandbox: Sandbox) -> None:
    found = estimate(form, Site(id=981), start_datetime="2999-01-01T00:00:00Z")
    assert (found.records, found.bytes, found.sampled_ranges) == (0, 0, ())
    assert count_downloads(sandbox) == 0


def test_estimate_without_a_known_start_fails(form: Form) -> None:
    scenario = Scenario(now=NOW)
    site = scenario.pad("Pad").site("Well")
    with (
        Sandbox(scenario=scenario) as sandbox,
        Client(sandbox.token, base_url=sandbox.url) as client,
        pytest.raises(UnusableValueError, match="pass start_datetime"),
    ):
        estimate(form, Site(id=site.id, client=client))
