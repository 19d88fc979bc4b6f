"""Updates of objects, data changes and monitored states, over the sandbox."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from datastore_sdk import Client, DataChange, Pad, RetryPolicy, Site, State
from datastore_sdk.exceptions import NotFoundError, PermissionDeniedError
from datastore_sdk.sandbox import Sandbox, faults
from tests.conftest import NOW
from tests.realtime.live_reader import LiveReader, save_in_background
from tests.support.fake_server import TIMEOUT_SECONDS
from tests.support.waiting import wait_until

SITE, PAD = 981, 681
STEP = 300
"""Seconds at a time, so that no change is passed over."""


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(now=NOW, days=1) as sandbox:
        yield sandbox


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[Client]:
    with Client(sandbox.token, base_url=sandbox.url) as client:
        yield client


@pytest.fixture(params=["sync", "async"])
def form(request: pytest.FixtureRequest) -> str:
    form: str = request.param
    return form


def reader(live: Any, form: str) -> LiveReader:
    return LiveReader(live._stream.plan, form)


def go_on(sandbox: Sandbox, hours: float, enough: Any = lambda: False) -> None:
    for _ in range(int(hours * 3600 / STEP)):
        sandbox.advance(STEP)
        time.sleep(0.01)
        if enough():
            return


@pytest.mark.parametrize("as_dict", [False, True])
def test_site_updates(sandbox: Sandbox, client: Client, form: str, as_dict: bool) -> None:
    site = Site(SITE, client=client)
    updates = reader(site.get_realtime_instance_updates(as_dict), form)
    wait_until(lambda: updates.live.statistics.connected)
    go_on(sandbox, 24, lambda: len(updates.items) >= 3)
    items = updates.close()
    assert len(items) >= 3
    if as_dict:
        assert {item["id"] for item in items} == {SITE}
        assert all(isinstance(item["date_created"], str) for item in items)
    else:
        assert all(isinstance(item, Site) for item in items)
        assert items[0].get_state() is not None  # the client came along
        assert items[0]["current_state"]


def test_pad_updates(sandbox: Sandbox, client: Client, form: str) -> None:
    updates = reader(Pad(PAD, client=client).get_realtime_instance_updates(), form)
    wait_until(lambda: updates.live.statistics.connected)
    go_on(sandbox, 24, lambda: len(updates.items) >= 2)
    assert [type(item) for item in updates.close()[:2]] == [Pad, Pad]


def test_corrections_once_each(sandbox: Sandbox, client: Client, form: str) -> None:
    site = Site(SITE, client=client)
    open_, _ = site.get_data_changes()
    updates = reader(site.get_realtime_data_changes_updates(), form)
    updates.wait_for_items(len(open_))
    sandbox.close_websockets()
    wait_until(lambda: updates.live.statistics.reconnections == 1 and updates.live.statistics.connected)
    wait_until(lambda: updates.live.statistics.duplicates >= len(open_))
    items = updates.close()
    assert sorted(item.id for item in items) == sorted(change.id for change in open_)
    assert all(isinstance(item, DataChange) for item in items)
    assert items[0].confirm_data_received()


def test_updates_are_saved_unchanged(client: Client, form: str, tmp_path: Path) -> None:
    site = Site(SITE, client=client)
    open_, _ = site.get_data_changes(as_dict=True)
    live, saving = save_in_background(
        site.get_realtime_data_changes_updates()._stream.plan, form, tmp_path / "changes.ndjson"
    )
    wait_until(lambda: live.statistics.delivered >= len(open_))
    live.close()
    saving.result(TIMEOUT_SECONDS)
    saved = [json.loads(line) for line in (tmp_path / "changes.ndjson").read_text().splitlines()]
    assert saved == sorted(open_, key=lambda change: change["id"])


def test_objects_that_do_not_fit_are_left_out(sandbox: Sandbox, client: Client) -> None:
    updates = reader(Site(SITE, client=client).get_realtime_data_changes_updates(), "sync")
    updates.wait_for_items(1)
    sandbox.faults.add(faults.Garbage(kind="object"))
    sandbox.close_websockets()
    wait_until(lambda: updates.live.statistics.unreadable >= 1)
    updates.close()


def changes_of(sandbox: Sandbox, form: str, watch: Any) -> list[State]:
    watched = reader(watch, form)
    watched.wait_for_items(1)
    before = len(watched.items)
    go_on(sandbox, 24, lambda: len(watched.items) >= before + 3)
    wait_until(lambda: len(watched.items) >= before + 3)
    return watched.close()


def test_the_state_of_a_site(sandbox: Sandbox, client: Client, form: str) -> None:
    site = Site(SITE, client=client)
    first = site.get_state()
    sandbox.requests.clear()
    states = changes_of(sandbox, form, site.monitor_state())
    assert states[0] == first
    assert all(state.site["id"] == SITE for state in states)
    aspects = [(state.current_state, state.calculated_stage_number, state.last_state_update) for state in states]
    assert len(set(aspects)) == len(aspects)
    count = sum(request.path.endswith("/states/") for request in sandbox.requests)
    assert count < 100  # it receives updates, and does not poll


def test_the_states_of_a_pad(sandbox: Sandbox, client: Client, form: str) -> None:
    states = changes_of(sandbox, form, Pad(PAD, client=client).monitor_states())
    assert len({state.id for state in states}) > 1


@pytest.mark.parametrize("status", [403, 500])
def test_states_are_polled_if_the_room_refuses(sandbox: Sandbox, client: Client, form: str, status: int) -> None:
    sandbox.faults.add(faults.Status(status, path="/ws/*", times=None))
    site = Site(SITE, client=client.with_options(retries=RetryPolicy(max_attempts=2, initial_wait=0)))
    assert len(changes_of(sandbox, form, site.monitor_state(interval=0.05))) >= 4


def test_states_are_polled_if_the_room_is_in_use(sandbox: Sandbox, client: Client) -> None:
    site = Site(SITE, client=client)
    other = reader(site.get_realtime_instance_updates(), "sync")
    wait_until(lambda: other.live.statistics.connected)
    assert len(changes_of(sandbox, "sync", site.monitor_state(interval=0.05))) >= 4
    other.close()


def test_room_in_use_is_entered_when_released(sandbox: Sandbox, client: Client, form: str) -> None:
    site = Site(SITE, client=client)
    other = reader(site.get_realtime_instance_updates(), "sync")
    wait_until(lambda: other.live.statistics.connected)
    watched = reader(site.monitor_state(interval=0.05), form)
    watched.wait_for_items(1)
    other.close()
    wait_until(lambda: watched.live.statistics.connected)
    is_pushed(sandbox, watched)


def test_refusing_room_is_retried(sandbox: Sandbox, client: Client, form: str) -> None:
    sandbox.faults.add(faults.Status(503, path="/ws/*", times=4))
    site = Site(SITE, client=client.with_options(retries=RetryPolicy(max_attempts=2, initial_wait=0)))
    watched = reader(site.monitor_state(interval=0.01), form)
    wait_until(lambda: watched.live.statistics.connected)
    is_pushed(sandbox, watched)


def is_pushed(sandbox: Sandbox, watched: LiveReader) -> None:
    """It does not poll any more, and each change comes once."""
    before = len(watched.items)
    count = len([request for request in sandbox.requests if request.path.endswith("/states/")])
    go_on(sandbox, 24, lambda: len(watched.items) >= before + 3)
    wait_until(lambda: len(watched.items) >= before + 3)
    states = watched.close()
    aspects = [(state.current_state, state.calculated_stage_number, state.last_state_update) for state in states]
    assert len(set(aspects)) == len(aspects)
    assert len([request for request in sandbox.requests if request.path.endswith("/states/")]) < count + 100


@pytest.mark.parametrize("how", ["closed", "left"])
def test_monitor_after_another_has_just_ended(client: Client, form: str, how: str) -> None:
    """The room is free at once, although the connection may still be ending."""
    for _ in range(5):
        watched = Site(SITE, client=client).monitor_state()
        states = iter(watched)
        next(states)
        wait_until(lambda watched=watched: watched.statistics.connected)  # type: ignore[misc]
        if how == "closed":
            watched.close()
        else:
            states.close()  # type: ignore[attr-defined]
    last = reader(Site(SITE, client=client).monitor_state(), form)
    wait_until(lambda: last.live.statistics.connected)
    last.close()


@pytest.mark.parametrize("kind", [Site, Pad])
def test_states_of_a_missing_object_raise(client: Client, form: str, kind: type[Site | Pad]) -> None:
    it = kind(999999, client=client)
    watching = reader(it.monitor_state() if isinstance(it, Site) else it.monitor_states(), form)
    with pytest.raises(NotFoundError, match=r"/ws/(site|pad)s/999999/"):
        watching.done.result(TIMEOUT_SECONDS)


def test_updates_without_access_raise() -> None:
    with (
        Sandbox(now=NOW, days=1, denied=[SITE]) as sandbox,
        Client(sandbox.token, base_url=sandbox.url) as client,
        pytest.raises(PermissionDeniedError, match="/ws/sites/981/"),
    ):
        next(iter(Site(SITE, client=client).get_realtime_instance_updates()))


def test_states_that_are_saved(client: Client, form: str, tmp_path: Path) -> None:
    live, saving = save_in_background(
        Pad(PAD, client=client).monitor_states()._stream.plan, form, tmp_path / "states.ndjson"
    )
    wait_until(lambda: live.statistics.delivered >= 2)
    live.close()
    saving.result(TIMEOUT_SECONDS)
    states = [json.loads(line) for line in (tmp_path / "states.ndjson").read_text().splitlines()]
    assert {state["id"] for state in states} == {state.id for state in Pad(PAD, client=client).get_states()}
