"""Rooms that tell of other objects than those they are about."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from datastore_sdk import Pad, Site
from datastore_sdk.exceptions import MismatchWarning
from datastore_sdk.instrumentation import mismatches
from tests.realtime.live_reader import LiveReader, save_in_background
from tests.realtime.sockets.test_schema_drift import CHANGE, build_frames
from tests.realtime.websocket_server import KEY, build_envelope_frame, frame, make_record, serve_connections
from tests.support.fake_server import TIMEOUT_SECONDS
from tests.support.fixtures import ClientOf, Serve
from tests.support.waiting import wait_until
from tests.transport.executor.test_schema_drift import PAD

OTHER_PAD = {**PAD, "id": 681}
OTHER_CHANGE = {**CHANGE, "id": 6, "site": 982}


@pytest.fixture(autouse=True)
def nothing_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mismatches, "_reported", set[tuple[str, str]]())


@pytest.fixture(params=["sync", "async"])
def form(request: pytest.FixtureRequest) -> str:
    form: str = request.param
    return form


def list_warnings(recwarn: pytest.WarningsRecorder) -> list[str]:
    return [str(each.message) for each in recwarn if each.category is MismatchWarning]


@pytest.mark.parametrize("as_dict", [False, True])
def test_updates_are_of_the_object(
    serve: Serve, client_of: ClientOf, form: str, as_dict: bool, recwarn: pytest.WarningsRecorder
) -> None:
    together = frame(json.dumps([PAD, OTHER_PAD, {**PAD, "name": "Renamed"}]).encode())
    pad = Pad(668, client=client_of(serve(serve_connections(build_frames(OTHER_PAD, OTHER_PAD) + together))))
    reader = LiveReader(pad.get_realtime_instance_updates(as_dict)._stream.plan, form)
    reader.wait_for_items(2)
    assert [(item["id"], item["name"]) for item in reader.close()] == [(668, PAD["name"]), (668, "Renamed")]
    assert list_warnings(recwarn) == [
        "updates of the pad: 1 of 1 left out, which do not match the request: id is 681, not 668"
    ]


@pytest.mark.parametrize("as_dict", [False, True])
def test_data_changes_are_of_the_site(
    serve: Serve, client_of: ClientOf, form: str, as_dict: bool, recwarn: pytest.WarningsRecorder
) -> None:
    client = client_of(serve(serve_connections(build_frames(OTHER_CHANGE, CHANGE))))
    reader = LiveReader(Site(981, client=client).get_realtime_data_changes_updates(as_dict)._stream.plan, form)
    reader.wait_for_items(1)
    assert [item["id"] for item in reader.close()] == [5]
    assert list_warnings(recwarn) == [
        "data changes of the site: 1 of 1 left out, which do not match the request: site is 982, not 981"
    ]


def test_changes_of_a_pad_may_be_of_any_site(serve: Serve, client_of: ClientOf) -> None:
    client = client_of(serve(serve_connections(build_frames(OTHER_CHANGE, CHANGE))))
    reader = LiveReader(Pad(681, client=client).get_realtime_data_changes_updates()._stream.plan, "sync")
    reader.wait_for_items(2)
    assert [item["id"] for item in reader.close()] == [6, 5]


@pytest.mark.parametrize("name", ["updates.ndjson", "updates.csv"])
def test_what_is_saved_is_of_the_object(
    serve: Serve, client_of: ClientOf, form: str, name: str, tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    pad = Pad(668, client=client_of(serve(serve_connections(build_frames(PAD, OTHER_PAD, PAD)))))
    live, saving = save_in_background(pad.get_realtime_instance_updates()._stream.plan, form, tmp_path / name)
    wait_until(lambda: live.statistics.delivered == 2)
    live.close()
    saving.result(TIMEOUT_SECONDS)
    assert "681" not in (tmp_path / name).read_text()
    assert len(list_warnings(recwarn)) == 1


def test_records_are_of_the_site(
    serve: Serve, client_of: ClientOf, form: str, recwarn: pytest.WarningsRecorder
) -> None:
    unknown: dict[str, Any] = {"timestamp": make_record(3)["timestamp"], "site_id": None, "slurry_rate": 1.0}
    messages = [make_record(1), [make_record(1, site=982), make_record(2, site=982), make_record(2)], unknown]
    site = Site(981, client=client_of(serve(serve_connections(b"".join(map(build_envelope_frame, messages))))))
    live, key = site.get_realtime_measurements_data(KEY, fill_gaps=False)
    reader = LiveReader(live._stream.plan, form)
    reader.wait_for_items(3)
    assert reader.close() == [make_record(1), make_record(2), unknown]
    assert key == KEY
    assert list_warnings(recwarn)[0].endswith("left out, which do not match the request: site_id is 982, not 981")
    assert len(list_warnings(recwarn)) == 1
