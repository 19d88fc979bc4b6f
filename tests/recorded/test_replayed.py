"""The main reads, replayed offline from cassettes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from secrets import token_hex
from typing import Any

import httpx
import pytest

from datastore_sdk import Client, Site
from tests.recorded.cassette_files import replaying, vcr
from tests.recorded.recorded_calls import FIELDS, RECORDED_CALLS, TOKEN
from tests.support.paths import CASSETTES
from tests.support.sync_async_calls import Form

Replay = Callable[..., Any]


@pytest.fixture(params=["sync", "async"])
def form(request: pytest.FixtureRequest, runner: asyncio.Runner) -> Form:
    return Form(runner if request.param == "async" else None)


@pytest.fixture(scope="module")
def http() -> Iterator[httpx.Client]:
    with httpx.Client() as http:
        yield http


@pytest.fixture(scope="module")
def async_http(runner: asyncio.Runner) -> Iterator[httpx.AsyncClient]:
    http = httpx.AsyncClient()
    yield http
    runner.run(http.aclose())


@pytest.fixture
def new_client(http: httpx.Client, async_http: httpx.AsyncClient) -> Callable[..., Client]:
    """Makes clients of the host that stands in the cassettes; without a cassette they would really call it."""
    return partial(Client, http=http, async_http=async_http)


@pytest.fixture
def replay(form: Form, new_client: Callable[..., Client]) -> Replay:
    """Makes the calls of a cassette again."""

    def run(name: str, **credentials: str) -> Any:
        client = new_client(**credentials or {"auth_token": "any"})
        with replaying(CASSETTES / f"{name}.yaml") as tape:
            result = RECORDED_CALLS["pads" if name == TOKEN else name](form, client)
        assert tape.all_played
        return result

    return run


def test_replay_pads(replay: Replay) -> None:
    pads, first = replay("pads")
    assert len(pads) > 1
    assert first == pads[0]


def test_replay_requests_a_token_first(replay: Replay) -> None:
    never_used = token_hex(8)  # or the token would be there already
    assert replay(TOKEN, client_id="any", client_secret=never_used) == replay("pads")


def test_replay_sites(replay: Replay) -> None:
    pad, sites, first = replay("sites")
    assert {site.pad_id for site in sites} == {pad.id}
    assert first == sites[0]


def test_replay_states(replay: Replay) -> None:
    states, one = replay("states")
    assert all(state.current_state.startswith("frac") for state in states)
    assert one == states[0]


def test_replay_stages(replay: Replay) -> None:
    stages = replay("stages")
    assert len(stages) > 1
    assert all(stage.state.startswith("frac") for stage in stages)
    finished = [stage for stage in stages if stage.end]
    assert all(stage["aggregations"]["avg_slurry_rate"] > 0 for stage in finished)


def test_replay_metadata(replay: Replay) -> None:
    fields, sources, definitions = replay("metadata")
    assert {field.name for field in fields} >= set(FIELDS)
    assert sources.frac
    assert {"avg_slurry_rate", "total_proppant"} <= {definition.name for definition in definitions}


def test_replay_data(replay: Replay) -> None:
    stage, raw, minutes = replay("data")
    start = (stage.start + timedelta(minutes=30)).timestamp()
    assert [record["timestamp"] for record in raw] == [start + second for second in range(31)]
    assert {record["site_id"] for record in raw + minutes} == {stage.site}
    assert len(minutes) == 11
    assert all(set(FIELDS) <= set(record) for record in minutes)


def test_replay_data_changes(replay: Replay) -> None:
    changes, records = replay("data_changes")
    assert changes
    assert {record["site_id"] for record in records} <= {change.site for change in changes}
    assert all(set(record) <= {"timestamp", "site_id", *FIELDS} for record in records)


def test_replay_not_found(replay: Replay) -> None:
    error = replay("what_is_not_there")
    assert error.status == 404
    assert error.url == "https://app.restreamsolutions.com/external/thirdparty/v1/pads/999999999/"


def test_replay_unrecorded_call_fails(form: Form, new_client: Callable[..., Client]) -> None:
    with replaying(CASSETTES / "pads.yaml"), pytest.raises(vcr.errors.CannotOverwriteExistingCassetteException):
        form(Site, "get_models", client=new_client("any"))
