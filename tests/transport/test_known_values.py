"""The contract names the values that come so far, and the generated models leave room for others."""

from __future__ import annotations

import pytest

from datastore_sdk.exceptions import DriftFoundError
from restream_api.api.sites import list_site_data_changes
from tests.support.answers import always, answer
from tests.support.fixtures import ClientOf, Serve

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
    client = client_of(serve(always(answer(200, {"change_log": [CHANGE]}))))
    log = client.run(list_site_data_changes(981))
    assert log.change_log[0].modification_subtype == "reverse_twice"
    monkeypatch.setenv("RESTREAM_DRIFT", "error")
    with pytest.raises(DriftFoundError, match=r"DataChange\.modification_subtype is 'reverse_twice', which is none of"):
        client.run(list_site_data_changes(981))
