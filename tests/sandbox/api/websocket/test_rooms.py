"""The messages of the rooms, and which connections they accept."""

from __future__ import annotations

import logging
import math
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import httpx
import orjson
import pytest
from pydantic import BaseModel
from websockets.exceptions import ConnectionClosed, InvalidMessage, InvalidStatus

from datastore_sdk.sandbox import RoomOptions, Sandbox, faults
from datastore_sdk.sandbox.api.auth import ClientCredential, TokenRegistry
from datastore_sdk.sandbox.api.context import CallContext, ServiceState
from datastore_sdk.sandbox.api.query_params import QueryParams
from datastore_sdk.sandbox.api.websocket.sources import MessageSource
from datastore_sdk.sandbox.api.websocket.updates import DataChangeMessages, pad_updates, site_updates
from datastore_sdk.sandbox.simulation.clock import FieldClock
from datastore_sdk.sandbox.simulation.oilfield import MAX_DAYS, Oilfield
from restream_api.models import DataChange, Pad, Site
from tests.sandbox.conftest import PREFIX
from tests.sandbox.websocket_client import (
    NOON,
    NOW,
    ROOMS,
    UNMODIFIED,
    is_quiet,
    message,
    messages,
    open_room,
    refusal,
    seconds,
    until_closed,
)
from tests.support.waiting import wait_until

SITE, PAD = "/sites/981/data/", "/pads/681/data/"
KEY = "0123456789abcdef" * 2
FORM = {"si_units": "false", "resolution": "raw"}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(now=NOW, days=2, rooms=UNMODIFIED) as running:
        yield running


def fetch_records(sandbox: Sandbox, path: str, **query: str) -> list[dict[str, Any]]:
    headers = {"Authorization": f"Bearer {sandbox.token}"}
    response = httpx.get(sandbox.url + PREFIX + path, params=FORM | query, headers=headers)
    records: list[dict[str, Any]] = response.json()
    return records


def format_second(second: int) -> str:
    return datetime.fromtimestamp(second, NOW.tzinfo).strftime("%Y-%m-%d %H:%M:%S")


@pytest.mark.parametrize("path", [SITE, PAD])
def test_room_records_equal_rest_records(sandbox: Sandbox, path: str) -> None:
    with open_room(sandbox, path, session_key=KEY) as room:
        assert is_quiet(room)
        sandbox.advance(90)
        received = messages(room, 90)
        assert is_quiet(room)
    assert {each["session_key"] for each in received} == {KEY}
    assert [each["message"] for each in received] == fetch_records(
        sandbox, path, start_datetime=format_second(NOON + 1)
    )


def test_room_advances_with_the_clock(sandbox: Sandbox) -> None:
    with open_room(sandbox, SITE) as room:
        for step in (0.5, 0.5, 1, 61, 0.25):
            sandbox.advance(step)
        assert seconds(room, 63) == list(range(NOON + 1, NOON + 64))
        assert is_quiet(room)
        sandbox.advance(0.75)
        assert seconds(room, 1) == [NOON + 64]


@pytest.mark.parametrize("bad", [-1, float("nan"), float("inf")])
def test_clock_cannot_go_backwards(sandbox: Sandbox, bad: float) -> None:
    with pytest.raises(ValueError, match="seconds must be"):
        sandbox.advance(bad)


def test_room_with_a_filter_sends_history_first(sandbox: Sandbox) -> None:
    start = format_second(NOON - 9)
    with open_room(sandbox, SITE, start_datetime=start, fields="upper_master_valve") as room:
        received = [each["message"] for each in messages(room, 10)]
        assert received == fetch_records(sandbox, SITE, start_datetime=start, fields="upper_master_valve")
        assert is_quiet(room)
        sandbox.advance(2)
        assert seconds(room, 2) == [NOON + 1, NOON + 2]


def test_room_history_is_followed_by_live_records(sandbox: Sandbox) -> None:
    interval = {"start_datetime": format_second(NOON - 100), "end_datetime": format_second(NOON - 98)}
    with open_room(sandbox, SITE, **interval) as room:
        sandbox.advance(1)
        assert seconds(room, 4) == [NOON - 100, NOON - 99, NOON - 98, NOON + 1]


def test_room_fills_only_history(sandbox: Sandbox) -> None:
    query = {"fields": "clean_flow,slurry_rate", "start_datetime": format_second(NOON - 20)}
    filling = {"fill_data_method": "ffill", "fill_data_limit": "5"}
    history = fetch_records(sandbox, SITE, **query, **filling)
    with open_room(sandbox, SITE, **query, **filling) as room:
        sandbox.advance(15)
        assert [each["message"] for each in messages(room, 36)] == history + fetch_records(sandbox, SITE, **query)[21:]


def test_room_future_start_waits(sandbox: Sandbox) -> None:
    with open_room(sandbox, SITE, start_datetime=format_second(NOON + 5)) as room:
        sandbox.advance(7)
        assert seconds(room, 3) == [NOON + 5, NOON + 6, NOON + 7]


@pytest.mark.parametrize(("path", "form"), [(SITE, FORM), (PAD, {**FORM, "routed": "true"})])
def test_room_without_filter_sends_no_history(sandbox: Sandbox, path: str, form: dict[str, str]) -> None:
    with open_room(sandbox, path, **form) as room:
        assert is_quiet(room)


def test_room_empty_history(sandbox: Sandbox) -> None:
    with open_room(sandbox, SITE, state_imatch="coil") as room:
        assert is_quiet(room)
        sandbox.advance(86_400)
        assert is_quiet(room)


def test_room_routed_records_with_unit_system(sandbox: Sandbox) -> None:
    query = {"routed": "true", "si_units": "true", "fields": "surface_casing_pressure", "resolution": "raw"}
    with open_room(sandbox, PAD, start_datetime=format_second(NOON + 1), **query) as room:
        sandbox.advance(20)
        received = [each["message"] for each in messages(room, 80)]
    assert received == fetch_records(sandbox, PAD, start_datetime=format_second(NOON + 1), **query)
    assert {record["site_id"] for record in received} == {981, 982, 983, 984}


def test_room_resampled_record_comes_after_its_interval(sandbox: Sandbox) -> None:
    query = {"resolution": "ten-second", "agg": "mean", "start_datetime": format_second(NOON - 20)}
    with open_room(sandbox, SITE, **query) as room:
        assert seconds(room, 2) == [NOON - 20, NOON - 10]
        sandbox.advance(8)
        assert is_quiet(room)
        sandbox.advance(1)
        assert message(room)["message"] == fetch_records(sandbox, SITE, **query)[2]
        sandbox.advance(30)
        assert seconds(room, 3) == [NOON + 10, NOON + 20, NOON + 30]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"resolution": "weekly"}, "resolution"),
        ({"stage_number": "3"}, "state_imatch"),
        ({"session_key": "short"}, "32 hexadecimal digits"),
    ],
)
def test_room_invalid_query_is_refused(sandbox: Sandbox, query: dict[str, str], words: str) -> None:
    response = refusal(sandbox, SITE, **query)
    assert response.status_code == 400
    assert words in response.body.decode()


@pytest.mark.parametrize(
    ("path", "token", "status"),
    [
        ("/sites/981/", "wrong", 403),
        ("/sites/983/", None, 403),
        ("/sites/7/data/", None, 404),
        ("/pads/681/nothing/", None, 404),
    ],
)
def test_room_handshake_refusals(path: str, token: str | None, status: int) -> None:
    with Sandbox(now=NOW, days=1, denied={983}) as sandbox:
        assert refusal(sandbox, path, token).status_code == status
        assert sandbox.requests[-1].status == status


def test_room_accepts_tokens_until_they_expire() -> None:
    with Sandbox(now=NOW, days=1, token_lifetime=0.2) as sandbox:
        form = {
            "client_id": sandbox.client_id,
            "client_secret": sandbox.client_secret,
            "grant_type": "client_credentials",
        }
        token = httpx.post(f"{sandbox.url}/o/token/", data=form).json()["access_token"]
        with open_room(sandbox, "/sites/981/", token), open_room(sandbox, "/sites/981/"):
            pass  # two clients: each may have one

        def is_refused() -> bool:
            try:
                with open_room(sandbox, "/sites/981/", token):
                    return False
            except InvalidStatus as error:
                return error.response.status_code == 403

        wait_until(is_refused)


def test_room_allows_one_connection_per_url(sandbox: Sandbox) -> None:
    with open_room(sandbox, "/sites/981/"), open_room(sandbox, "/sites/982/"), open_room(sandbox, SITE):
        response = refusal(sandbox, "/sites/981/")
        assert (response.status_code, response.headers["Retry-After"]) == (429, "1")
    with open_room(sandbox, "/sites/981/"):
        pass


def test_room_handshakes_are_logged_without_tokens(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("uvicorn.error").setLevel(logging.DEBUG)
    with caplog.at_level(logging.DEBUG), open_room(sandbox, SITE, session_key=KEY) as room:
        sandbox.advance(1)
        message(room)
    entry = sandbox.requests[-1]
    assert (entry.method, entry.path, entry.query) == ("GET", ROOMS + SITE, (("session_key", KEY),))
    assert entry.status == 101
    served = [record.getMessage() for record in caplog.records if record.name.startswith("uvicorn")]
    assert served
    assert not any(sandbox.token in text for text in served)


def test_room_sends_the_whole_site_on_change(sandbox: Sandbox) -> None:
    with open_room(sandbox, "/sites/981/") as room:
        assert is_quiet(room)
        sandbox.advance(12 * 3600)
        began = [stage.start for stage in sandbox.field.stages(981) if stage.start > NOON]
        received = messages(room, len(began))
        assert is_quiet(room)
    now = httpx.get(f"{sandbox.url}{PREFIX}/sites/981/", headers={"Authorization": f"Bearer {sandbox.token}"}).json()
    assert [parse_timestamp(each["metadata"]["last_timestamp"]) for each in received] == began
    assert {name: value for name, value in received[-1].items() if name in now and name != "metadata"} == {
        name: value for name, value in now.items() if name != "metadata"
    }
    assert {each["current_state"] for each in received} == {"frac_frac", "wl_runinhole", "standby_standby"}
    for each in received:
        sources = [source["active_site"] for source in each["current_data_sources"]["frac"]]
        assert sources == ([981] if each["current_state"] == "frac_frac" else [])
        assert each["current_stage_number"] > 0


def parse_timestamp(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def test_room_sends_the_pad_when_a_source_moves(sandbox: Sandbox) -> None:
    with open_room(sandbox, "/pads/681/") as room:
        sandbox.advance(3 * 3600)
        assert message(room) != message(room)
        while not is_quiet(room):
            pass
    with open_room(sandbox, "/pads/681/") as room:
        assert is_quiet(room)


def test_room_objects_match_the_contract(sandbox: Sandbox) -> None:
    expected: dict[str, type[BaseModel]] = {
        "/sites/981/": Site,
        "/pads/668/": Pad,
        "/sites/984/data_changes/": DataChange,
    }
    for path, model in expected.items():
        with open_room(sandbox, path) as room:
            sandbox.advance(6 * 3600)
            received = model.model_validate(message(room), strict=False)
        assert not received.model_extra


def test_room_runs_to_the_end_of_the_job() -> None:
    with Sandbox(now=NOW, days=MAX_DAYS, rooms=UNMODIFIED) as sandbox, open_room(sandbox, "/sites/911/") as room:
        sandbox.advance(30 * 86_400)
        assert is_quiet(room)  # its job was done before


@pytest.mark.parametrize("path", ["/sites/984/", "/pads/681/"])
def test_room_sends_open_data_changes_first(sandbox: Sandbox, path: str) -> None:
    headers = {"Authorization": f"Bearer {sandbox.token}"}
    log = httpx.get(f"{sandbox.url}{PREFIX}{path}data_changes/", headers=headers).json()["change_log"]
    assert log
    with open_room(sandbox, f"{path}data_changes/") as room:
        assert messages(room, len(log)) == sorted(log, key=lambda change: parse_timestamp(change["created_at"]))
        assert is_quiet(room)
        made = sandbox.field.correct(984, NOW - timedelta(hours=2), NOW - timedelta(hours=1))
        assert message(room)["id"] == made.id
        sandbox.advance(86_400)
        later = message(room)
        assert parse_timestamp(later["created_at"]) > NOON
    body = {"change_log": [{"id": change["id"], "update_received": True} for change in log]}
    httpx.post(f"{sandbox.url}{PREFIX}{path}data_changes/", headers=headers, json=body)
    with open_room(sandbox, f"{path}data_changes/") as room:
        assert message(room)["id"] == made.id


def test_room_knows_its_next_event() -> None:
    for make, ids in [
        (DataChangeMessages, {"site_id": 942}),
        (DataChangeMessages, {"pad_id": 681}),
        (site_updates, {"site_id": 981}),
        (pad_updates, {"pad_id": 668}),
    ]:
        field = Oilfield(7, FieldClock.running(NOON, 0), 2)
        service = ServiceState(field, frozenset(), TokenRegistry(ClientCredential("token", "id", "secret", 60)))
        source: MessageSource = make(CallContext(service, "token", ids, QueryParams(()), b"", NOON), dict)
        while source.take(NOON, 100):
            pass
        received: list[bytes] = []
        while not received:
            due = math.ceil(source.due_at(field.now()))
            assert due > field.now()
            field.advance(due - field.now() - 1)
            assert not source.take(field.now(), 100)
            field.advance(1)
            received = source.take(field.now(), 100)


def test_clock_speed() -> None:
    with Sandbox(now=NOW, speed=5000, days=1, rooms=UNMODIFIED) as sandbox, open_room(sandbox, SITE) as room:
        received = seconds(room, 1000)
        assert received == list(range(received[0], received[0] + 1000))
        assert fetch_records(sandbox, SITE, start_datetime=format_second(received[-1]))[0]["timestamp"] == received[-1]


def test_clock_custom_function() -> None:
    time = [float(NOON)]
    with Sandbox(now=lambda: time[0], days=1, rooms=UNMODIFIED) as sandbox, open_room(sandbox, SITE) as room:
        time[0] += 2
        assert seconds(room, 2) == [NOON + 1, NOON + 2]
        sandbox.advance(1)
        assert seconds(room, 1) == [NOON + 3]


def test_clock_invalid_speed_is_refused() -> None:
    for speed in (-1, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="speed must be"):
            Sandbox(speed=speed)
    with pytest.raises(ValueError, match="a speed of its own"):
        Sandbox(now=NOW.timestamp, speed=2)


def test_command_line_speed() -> None:
    command = [sys.executable, "-m", "datastore_sdk.sandbox", "--speed", "3600", "--days", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout
            url, token = (process.stdout.readline().strip().partition("=")[2] for _ in range(2))
            headers = {"Authorization": f"Bearer {token}"}

            def has_continued() -> bool:
                site = httpx.get(f"{url}{PREFIX}/sites/981/", headers=headers).json()
                ahead: float = site["metadata"]["last_timestamp"] - datetime.now(NOW.tzinfo).timestamp()
                return ahead > 3600

            wait_until(has_continued)
        finally:
            process.terminate()


def test_command_line_invalid_speed_is_refused() -> None:
    command = [sys.executable, "-m", "datastore_sdk.sandbox", "--speed", "-1"]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert result.returncode == 2
    assert "speed must be" in result.stderr


def test_stop_closes_rooms() -> None:
    with Sandbox(now=NOW, days=1) as sandbox, open_room(sandbox, SITE) as room:
        sandbox.stop()
        with pytest.raises(ConnectionClosed):
            room.recv(5)


@pytest.mark.parametrize("wrong", [{"empty_every": -1}, {"longest_array": 0}, {"close_after_messages": 0}])
def test_room_invalid_options_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        RoomOptions(**wrong)


def test_session_sends_empty_messages_and_arrays() -> None:
    options = RoomOptions(empty_every=5, array_every=5, longest_array=4, replays=0)
    with Sandbox(now=NOW, days=1, rooms=options) as sandbox, open_room(sandbox, SITE) as room:
        sandbox.advance(300)
        received: list[Any] = []
        kinds: set[str] = set()
        while len(received) < 300:
            text = room.recv(5)
            if text in {"", "null"}:
                kinds.add(str(text))
                continue
            content = orjson.loads(text)["message"]
            kinds.add(type(content).__name__)
            received += content if isinstance(content, list) else [content]
    assert [record["timestamp"] for record in received] == list(range(NOON + 1, NOON + 301))
    assert kinds == {"", "null", "list", "dict"}


def test_session_normal_close() -> None:
    for options, count in [
        (RoomOptions(empty_every=0, array_every=0, close_after_messages=7), 7),
        (RoomOptions(empty_every=0, array_every=0, close_after_seconds=10), 10),
    ]:
        with Sandbox(now=NOW, days=1, rooms=options) as sandbox, open_room(sandbox, SITE) as room:
            sandbox.advance(60)
            assert len(list(until_closed(room))) == count


def test_session_handshake_faults(sandbox: Sandbox) -> None:
    sandbox.faults.add(
        faults.Status(401, path="/ws/sites/981/"),
        faults.Status(429, path="/ws/*", retry_after=7),
        faults.Status(503, path="/ws/*"),
        faults.Reset(path="/ws/*"),
        faults.Delay(seconds=0.0, path="/ws/*"),
    )
    assert [refusal(sandbox, "/sites/981/").status_code for _ in range(3)] == [401, 429, 503]
    assert [(entry.status, entry.fault) for entry in sandbox.requests] == [
        (401, "status"),
        (429, "status"),
        (503, "status"),
    ]
    with pytest.raises((ConnectionError, InvalidMessage)), open_room(sandbox, "/sites/981/"):
        pass
    with open_room(sandbox, "/sites/981/"):
        pass
    sandbox.faults.add(faults.Truncate(path="/sites/981/"), faults.ExpireToken(path="/sites/981/"))
    assert [refusal(sandbox, "/sites/981/").status_code for _ in range(2)] == [403, 403]
