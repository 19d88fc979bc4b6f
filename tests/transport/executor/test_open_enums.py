"""The contract names the values that come so far, and the generated models leave room for others."""

from __future__ import annotations

import pytest

from datastore_sdk.exceptions import DriftFoundError
from restream_api.api.sites import get_site, list_site_data_changes, list_site_stages
from tests.support.fixtures import ClientOf, Serve
from tests.support.http_responses import http_response, respond_always

CHANGE = {
    "id": 5,
    "created_at": "2025-09-17T00:00:00Z",
    "modification_type": "transaction",
    "modification_subtype": "reverse_twice",
    "start_date": "2025-09-16T00:00:00Z",
    "end_date": "2025-09-16T01:00:00Z",
    "site": 981,
}


def test_a_new_kind_of_data_change(serve: Serve, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch) -> None:
    client = client_of(serve(respond_always(http_response(200, {"change_log": [CHANGE]}))))
    log = client.request(list_site_data_changes(981))
    assert log.change_log[0].modification_subtype == "reverse_twice"
    monkeypatch.setenv("RESTREAM_DRIFT", "error")
    with pytest.raises(DriftFoundError, match=r"DataChange\.modification_subtype is 'reverse_twice', which is not"):
        client.request(list_site_data_changes(981))


STAGE = {"state": "coil_runinhole", "start": "2025-09-17T00:00:00Z", "end": None, "stage_number": 5, "site": 981}
SITE = {
    "id": 981,
    "name": "Mesquite 1-1H",
    "date_created": "2025-09-17T00:00:00Z",
    "latitude": None,
    "longitude": None,
    "lease_name": "M",
    "operator_name": "O",
    "metadata": {"first_timestamp": None, "last_timestamp": None},
    "well_api": None,
    "pad_id": None,
    "is_demo_site": False,
    "stage_total": None,
    "timezone": None,
}


def test_a_new_name_of_a_stage(serve: Serve, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch) -> None:
    client = client_of(serve(respond_always(http_response(200, [STAGE]))))
    assert client.request(list_site_stages(981))[0].state == "coil_runinhole"
    monkeypatch.setenv("RESTREAM_DRIFT", "error")
    with pytest.raises(DriftFoundError, match=r"Stage\.state is 'coil_runinhole', which is not a value of"):
        client.request(list_site_stages(981))


def test_a_new_state_of_a_site(serve: Serve, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESTREAM_DRIFT", "error")
    for state in (None, "wl_onsurface"):
        client_of(serve(respond_always(http_response(200, {**SITE, "current_state": state})))).request(get_site(981))
    client = client_of(serve(respond_always(http_response(200, {**SITE, "current_state": "coil_runinhole"}))))
    with pytest.raises(DriftFoundError, match=r"Site\.current_state is 'coil_runinhole'"):
        client.request(get_site(981))
