"""Drift at run time in what rooms of objects tell."""

from __future__ import annotations

import json
from typing import Any

import pytest

from datastore_sdk import DriftEvent, Hooks, Pad, Site
from datastore_sdk.exceptions import DriftFoundError, DriftWarning
from datastore_sdk.transport.executor import schema_drift as drift
from tests.realtime.live_reader import LiveReader
from tests.realtime.websocket_server import frame, serve_connections
from tests.support.fake_server import TIMEOUT_SECONDS
from tests.support.fixtures import ClientOf, Serve
from tests.transport.executor.test_schema_drift import NEW, PAD

CHANGE = {
    "id": 5,
    "created_at": "2025-09-17T00:00:00Z",
    "modification_type": "sensor_swap",
    "modification_subtype": "add",
    "start_date": "2025-09-16T00:00:00Z",
    "end_date": "2025-09-16T01:00:00Z",
    "site": 981,
}
UNREADABLE = {**NEW, "name": 5}


@pytest.fixture(autouse=True)
def nothing_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_warned", "_logged"):
        monkeypatch.setattr(drift, name, set[tuple[object, ...]]())


@pytest.fixture(params=["sync", "async"])
def form(request: pytest.FixtureRequest) -> str:
    form: str = request.param
    return form


def build_frames(*objects: dict[str, Any]) -> bytes:
    return b"".join(frame(json.dumps(each).encode()) for each in objects)


@pytest.mark.parametrize("as_dict", [False, True])
def test_each_kind_is_warned_of_once(
    serve: Serve,
    client_of: ClientOf,
    form: str,
    as_dict: bool,
    monkeypatch: pytest.MonkeyPatch,
    recwarn: pytest.WarningsRecorder,
) -> None:
    monkeypatch.setenv("RESTREAM_DRIFT", "warn")
    pad = Pad(668, client=client_of(serve(serve_connections(build_frames(PAD, NEW, UNREADABLE, NEW)))))
    reader = LiveReader(pad.get_realtime_instance_updates(as_dict)._stream.plan, form)
    assert reader.wait_for_items(4)[1]["color"] == NEW["color"]
    reader.close()
    warned = [str(each.message) for each in recwarn if each.category is DriftWarning]
    assert warned == [
        "Pad.color is not in the API contract (met in enter_room)",
        "Pad.name is a number, where the API contract has text; kept as sent (met in enter_room)",
    ]


@pytest.mark.parametrize("as_dict", [False, True])
def test_an_error_ends_it(
    serve: Serve, client_of: ClientOf, form: str, as_dict: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESTREAM_DRIFT", "error")
    server = serve(serve_connections(build_frames(CHANGE)))
    site = Site(981, client=client_of(server))
    reader = LiveReader(site.get_realtime_data_changes_updates(as_dict)._stream.plan, form)
    with pytest.raises(DriftFoundError, match=r"DataChange\.modification_type is 'sensor_swap'") as raised:
        reader.done.result(TIMEOUT_SECONDS)
    assert raised.value.url == f"{server.url}/external/thirdparty/v2/ws/sites/981/data_changes/"
    assert len(server.received) == 1, "reconnecting would change nothing"


def test_the_hook(serve: Serve, client_of: ClientOf) -> None:
    events: list[DriftEvent] = []
    server = serve(serve_connections(build_frames(NEW, NEW)))
    pad = Pad(668, client=client_of(server, hooks=Hooks(on_drift=events.append)))
    reader = LiveReader(pad.get_realtime_instance_updates()._stream.plan, "sync")
    reader.wait_for_items(2)
    reader.close()
    assert [(event.kind, event.place, event.operation) for event in events] == [("field", "Pad.color", "enter_room")]


def test_nothing_is_checked_unless_requested(
    serve: Serve, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    def look(*_: object) -> None:
        pytest.fail("it was looked at")

    monkeypatch.setattr(drift, "_report_call", look)
    pad = Pad(668, client=client_of(serve(serve_connections(build_frames(NEW)))))
    reader = LiveReader(pad.get_realtime_instance_updates(as_dict=True)._stream.plan, "sync")
    assert reader.wait_for_items(1) == [NEW]
    reader.close()
