"""Records of one second over a connection."""

from __future__ import annotations

import pytest

from datastore_sdk import Site
from tests.realtime.live_reader import LiveReader
from tests.realtime.test_same_second import pair
from tests.realtime.websocket_server import build_envelope_frame, serve_connections
from tests.support.fixtures import ClientOf, Serve


@pytest.mark.parametrize("form", ["sync", "async"])
def test_same_second_different_content_all_delivered(form: str, serve: Serve, client_of: ClientOf) -> None:
    records = [record for second in range(1_758_196_800, 1_758_196_810) for record in pair(second)]
    server = serve(serve_connections(b"".join(map(build_envelope_frame, [*records, *records]))))
    live, _ = Site(981, client=client_of(server)).get_realtime_measurements_data()
    reader = LiveReader(live._stream.plan, form)
    reader.wait_for_items(20)
    assert reader.close() == records
    assert reader.live.statistics.duplicates == 20
