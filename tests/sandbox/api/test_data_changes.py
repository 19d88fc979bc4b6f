from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import httpx
import pytest

from datastore_sdk.sandbox import Sandbox
from datastore_sdk.sandbox.simulation.corrections import ModificationSubtype
from datastore_sdk.sandbox.simulation.oilfield import Oilfield
from datastore_sdk.sandbox.simulation.records import site_records
from datastore_sdk.sandbox.simulation.selection import Selection
from tests.support.exhaustive import first

NOW = datetime(2025, 9, 18, 12, tzinfo=UTC)
PREFIX = "/external/thirdparty/v1"
FRAC = {"state": "frac"}


@pytest.fixture(scope="module")
def own() -> Iterator[Sandbox]:
    with Sandbox(seed=7, now=NOW, days=4) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def api(own: Sandbox) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {own.token}"}
    with httpx.Client(base_url=own.url + PREFIX, headers=headers, timeout=30) as client:
        yield client


def changes(api: httpx.Client, path: str, **query: Any) -> list[dict[str, Any]]:
    log: list[dict[str, Any]] = api.get(f"{path}data_changes/", params=query).json()["change_log"]
    return log


def format_timestamp(timestamp: datetime) -> str:
    return timestamp.strftime("%Y-%m-%d %H:%M:%S")


def data(api: httpx.Client, site_id: int, start: datetime, end: datetime, **query: Any) -> list[dict[str, Any]]:
    span = {"start_datetime": format_timestamp(start), "end_datetime": format_timestamp(end)}
    records: list[dict[str, Any]] = api.get(f"/sites/{site_id}/data/", params={**span, **query}).json()
    return records


def test_data_changes_new_open_old_acknowledged(api: httpx.Client) -> None:
    for path in ("/pads/668/", "/pads/681/", "/sites/981/"):
        still_open, everything = changes(api, path), changes(api, path, get_acknowledged="true")
        assert still_open
        assert len(everything) > len(still_open)
        assert all(change in everything for change in still_open)
        created = [datetime.fromisoformat(change["created_at"]) for change in still_open]
        assert max(created) <= NOW
        assert changes(api, path, get_acknowledged="false") == still_open


def test_data_changes_of_a_pad_are_those_of_its_sites(api: httpx.Client) -> None:
    of_sites = [change for site in (981, 982, 983, 984) for change in changes(api, f"/sites/{site}/")]
    assert changes(api, "/pads/681/") == of_sites


def test_data_changes_of_a_site_can_overlap(field: Oilfield) -> None:
    found = field.corrections(981)
    assert any(a.start < b.end and b.start < a.end for a in found for b in found if a.id < b.id)


def test_acknowledge_is_per_client_and_idempotent(own: Sandbox, api: httpx.Client) -> None:
    before = changes(api, "/pads/668/")
    one = before[0]
    body = {"change_log": [{"id": one["id"], "update_received": True}]}
    for _ in range(2):
        response = api.post(f"/sites/{one['site']}/data_changes/", json=body)
        assert response.status_code == 200
        assert one not in response.json()["change_log"]
    assert changes(api, "/pads/668/") == before[1:]
    assert one in changes(api, "/pads/668/", get_acknowledged="true")
    assert api.get(f"/sites/{one['site']}/data_changes/{one['id']}/").json() == {"change_log": [one]}
    grant = {
        "client_id": own.client_id,
        "client_secret": own.client_secret,
        "grant_type": "client_credentials",
    }
    token = httpx.post(f"{own.url}/o/token/", data=grant).json()["access_token"]
    with httpx.Client(base_url=own.url + PREFIX, headers={"Authorization": f"Bearer {token}"}) as other:
        assert changes(other, "/pads/668/") == before
    assert api.post("/pads/668/data_changes/", json={"change_log": []}).json() == {"change_log": before[1:]}


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b"{}",
        b'{"change_log": 5}',
        b'{"change_log": [{"id": "x", "update_received": true}]}',
        b'{"change_log": [{"id": 5}]}',
        b'{"change_log": [{"id": 5, "update_received": false}]}',
        b'{"change_log": [7]}',
    ],
)
def test_acknowledge_invalid_body_is_refused(http: httpx.Client, body: bytes) -> None:
    response = http.post("/sites/981/data_changes/", content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == 400
    assert response.json()


def test_data_change_by_id(http: httpx.Client) -> None:
    change = changes(http, "/pads/681/", get_acknowledged="true")[0]
    for path in ("/pads/681", f"/sites/{change['site']}"):
        assert http.get(f"{path}/data_changes/{change['id']}/").json() == {"change_log": [change]}
    assert http.get(f"/pads/668/data_changes/{change['id']}/").status_code == 404


ONE_OF_EACH_EFFECT: tuple[ModificationSubtype, ...] = ("add", "move", "change", "augment", "delete", "annotate")


@pytest.mark.parametrize("subtype", first(6, dict.fromkeys((*ONE_OF_EACH_EFFECT, *get_args(ModificationSubtype)))))
def test_correction_changes_the_data(own: Sandbox, api: httpx.Client, subtype: ModificationSubtype) -> None:
    stages = [stage for stage in api.get("/sites/981/history/", params=FRAC).json() if stage["end"]]
    stage = stages[get_args(ModificationSubtype).index(subtype)]  # each its own: they share the sandbox
    start = datetime.fromisoformat(stage["start"]) + timedelta(minutes=20)
    end = start + timedelta(minutes=2)
    minute = timedelta(minutes=1)
    before, around = data(api, 981, start, end), data(api, 981, start - minute, start - timedelta(seconds=1))
    numbers = api.get("/sites/981/aggregations/", params={"histories": stage["id"]}).json()["981"][0]
    open_before = changes(api, "/sites/981/")

    made = own.field.correct(981, start, end, modification_subtype=subtype)

    after = data(api, 981, start, end)
    (new,) = [change for change in changes(api, "/sites/981/") if change not in open_before]
    assert (new["id"], new["modification_subtype"], new["site"]) == (made.id, subtype, 981)
    assert (new["start_date"], new["end_date"]) == (
        start.isoformat().replace("+00:00", "Z"),
        end.isoformat().replace("+00:00", "Z"),
    )
    assert data(api, 981, start - minute, start - timedelta(seconds=1)) == around
    if subtype == "annotate":
        assert after == before
    elif "delete" in subtype:
        assert after == []
    else:
        assert [record["timestamp"] for record in after] == [record["timestamp"] for record in before]
        assert after != before
        again = api.get("/sites/981/aggregations/", params={"histories": stage["id"]}).json()["981"][0]
        assert again["avg_surface_pressure"] != numbers["avg_surface_pressure"]


def test_correction_fixes_wrong_records(field: Oilfield) -> None:
    seen: set[str] = set()
    operations = field.operations[681]
    for site in operations.pad.sites:
        for correction in field.corrections(site.id):
            created = int(correction.created_at)
            earlier, later = (
                list(site_records(operations, site.id, Selection(correction.start, correction.end, created + after)))
                for after in (-1, 1)
            )
            seen.add(correction.modification_subtype)
            assert (earlier == later) is (correction.modification_subtype == "annotate")
    assert len(seen) >= 7


def test_data_changes_appear_over_time() -> None:
    clock = NOW.timestamp()
    with Sandbox(seed=7, now=lambda: clock, days=2) as sandbox:
        headers = {"Authorization": f"Bearer {sandbox.token}"}
        with httpx.Client(base_url=sandbox.url + PREFIX, headers=headers) as api:
            before = changes(api, "/pads/668/")
            clock += 12 * 3600
            after = changes(api, "/pads/668/")
    assert len(after) > len(before)
    assert all(change in after for change in before)


def test_correction_is_visible_within_a_second() -> None:
    field = Oilfield(7, lambda: NOW.timestamp() + 0.7, 4)
    made = field.correct(981, NOW - timedelta(hours=1), NOW)
    assert field.corrections(981)[0] == made


def test_correction_invalid_arguments_are_refused(field: Oilfield) -> None:
    with pytest.raises(ValueError, match="time zone"):
        field.correct(981, datetime(2025, 9, 17), NOW)  # noqa: DTZ001
    with pytest.raises(ValueError, match="before start"):
        field.correct(981, NOW, NOW - timedelta(1))
    with pytest.raises(KeyError):
        field.correct(5, NOW, NOW)
    kind: Any = "improve"
    with pytest.raises(ValueError, match="unknown kind"):
        field.correct(981, NOW, NOW, modification_subtype=kind)
