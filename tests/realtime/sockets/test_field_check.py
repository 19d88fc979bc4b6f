"""Live data whose requested fields do not arrive: one warning in the log, and no request."""

from __future__ import annotations

from typing import Any

import pytest

from datastore_sdk import Client, Pad, Site
from datastore_sdk.data.query import DataQuery
from datastore_sdk.realtime import LiveData
from datastore_sdk.realtime.field_check import FieldCheck
from tests.realtime.live_reader import LiveReader
from tests.realtime.websocket_server import build_envelope_frame, make_record, serve_connections
from tests.support.fixtures import ClientOf, Serve

RECORDS = [make_record(second) for second in range(60)]


def warnings_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if "has the fields" in record.getMessage()]


def read_messages(live: LiveData[Any], form: str, count: int) -> None:
    reader = LiveReader(live._stream.plan, form)
    reader.wait_for_items(count)
    reader.close()


@pytest.mark.parametrize("form", ["sync", "async"])
@pytest.mark.parametrize("together", [False, True])
def test_misspelt_field_warns_once(
    form: str, together: bool, serve: Serve, client_of: ClientOf, caplog: pytest.LogCaptureFixture
) -> None:
    messages = build_envelope_frame(RECORDS) if together else b"".join(map(build_envelope_frame, RECORDS))
    server = serve(serve_connections(messages))
    start = "2025-09-18T12:00:00Z"
    fields = ["slurry_rate", "slury_rate", "wl_deth"]
    live, _ = Site(981, client=client_of(server)).get_realtime_measurements_data(fields=fields, start=start)
    read_messages(live, form, 60)
    (warning,) = warnings_of(caplog)
    assert warning.endswith("site 981 has the fields 'slury_rate', 'wl_deth': get_fields_metadata() lists the names")
    assert not [request for request in server.received if "/fields/" in request.path]


@pytest.mark.parametrize("fields", [None, ["slurry_rate"], ["site_id", "slurry_rate"]])
def test_fields_that_arrive_do_not_warn(
    fields: list[str] | None, serve: Serve, client_of: ClientOf, caplog: pytest.LogCaptureFixture
) -> None:
    server = serve(serve_connections(b"".join(map(build_envelope_frame, RECORDS))))
    live, _ = Site(981, client=client_of(server)).get_realtime_measurements_data(
        fields=fields, start="2025-09-18T12:00:00Z"
    )
    read_messages(live, "sync", 60)
    assert warnings_of(caplog) == []


def test_few_records_do_not_warn(serve: Serve, client_of: ClientOf, caplog: pytest.LogCaptureFixture) -> None:
    server = serve(serve_connections(b"".join(map(build_envelope_frame, RECORDS[:20]))))
    client: Client = client_of(server)
    live, _ = Site(981, client=client).get_realtime_measurements_data(fields="nothing", start="2025-09-18T12:00:00Z")
    read_messages(live, "sync", 20)
    assert warnings_of(caplog) == []


def test_warning_is_not_repeated(caplog: pytest.LogCaptureFixture) -> None:
    check = FieldCheck(DataQuery(source="site", id=981, fields=["nothing"]))
    for _ in range(5):
        check.add([b'{"timestamp": 1}'], 30)
    assert len(warnings_of(caplog)) == 1


def test_names_without_source_on_a_pad_are_explained(
    serve: Serve, client_of: ClientOf, caplog: pytest.LogCaptureFixture
) -> None:
    records = [{"timestamp": record["timestamp"], "M1_slurry_rate": 1} for record in RECORDS]
    server = serve(serve_connections(b"".join(map(build_envelope_frame, records))))
    live, _ = Pad(681, client=client_of(server)).get_realtime_measurements_data(
        fields="slurry_rate", start="2025-09-18T12:00:00Z"
    )
    read_messages(live, "sync", 60)
    (warning,) = warnings_of(caplog)
    assert "without is_routed=True, names carry the measurement source" in warning
