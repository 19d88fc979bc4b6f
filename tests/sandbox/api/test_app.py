from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial

import httpx
import pytest

from datastore_sdk.sandbox import Sandbox
from tests.support.waiting import wait_until

NOW = datetime(2025, 9, 18, 12, tzinfo=UTC)
PREFIX = "/external/thirdparty/v1"
LONG = {"start_datetime": "2025-09-16 00:00:00", "si_units": "false", "resolution": "raw"}


@pytest.fixture(scope="module")
def own() -> Iterator[Sandbox]:
    with Sandbox(seed=7, now=NOW, days=3, client_id="me", client_secret="s3cret", token="fixed") as sandbox:
        yield sandbox


def client(sandbox: Sandbox, token: str | None = None) -> httpx.Client:
    headers = {"Authorization": f"Bearer {token or sandbox.token}"}
    return httpx.Client(base_url=sandbox.url + PREFIX, headers=headers, timeout=30)


def grant(**change: str) -> dict[str, str]:
    return {"client_id": "me", "client_secret": "s3cret", "grant_type": "client_credentials", **change}


def test_token_issued_is_accepted(own: Sandbox) -> None:
    response = httpx.post(f"{own.url}/o/token/", data=grant())
    assert response.status_code == 200
    assert response.json()["expires_in"] == 36_000
    assert response.json()["token_type"] == "Bearer"
    with client(own, response.json()["access_token"]) as api:
        assert api.get("/pads/").status_code == 200


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        (grant(client_id="you"), 401, "invalid_client"),
        (grant(client_secret="wrong"), 401, "invalid_client"),
        (grant(grant_type="password"), 400, "unsupported_grant_type"),
        ({}, 400, "unsupported_grant_type"),
    ],
)
def test_token_wrong_credentials_are_refused(own: Sandbox, form: dict[str, str], status: int, error: str) -> None:
    response = httpx.post(f"{own.url}/o/token/", data=form)
    assert (response.status_code, response.json()) == (status, {"error": error})


def test_token_expires() -> None:
    with Sandbox(now=NOW, token_lifetime=0.2) as sandbox:
        form = grant(client_id=sandbox.client_id, client_secret=sandbox.client_secret)
        token = httpx.post(f"{sandbox.url}/o/token/", data=form).json()["access_token"]
        with client(sandbox, token) as api:
            assert api.get("/pads/").status_code == 200
            time.sleep(0.25)
            response = api.get("/pads/")
        assert (response.status_code, response.json()) == (401, {"detail": "Token has expired."})


@pytest.mark.parametrize("header", [None, "Bearer", "Bearer wrong", "Basic Zml4ZWQ=", "fixed"])
def test_token_invalid_is_refused(own: Sandbox, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    for path in ("/pads/", "/pads/99999/", "/sites/981/data/?resolution=wrong"):
        response = httpx.get(own.url + PREFIX + path, headers=headers)
        assert response.status_code == 401
        assert response.headers["www-authenticate"].startswith("Bearer")
        assert list(response.json()) == ["detail"]


def test_unknown_object_is_404(http: httpx.Client) -> None:
    for path in ("/pads/1/", "/sites/1/data/", "/nothing/", "/pads/668", "/pads/x/", "/states/5/"):
        response = http.get(path)
        assert response.status_code == 404, path
        assert list(response.json()) == ["detail"]


def test_unsupported_method_is_405(http: httpx.Client) -> None:
    for method, path, allowed in [
        ("POST", "/pads/", "GET"),
        ("DELETE", "/sites/981/data_changes/", "GET, POST"),
        ("HEAD", "/sites/", "GET"),
        ("POST", "/pads/668/parameters/1/", "GET, PUT, PATCH, DELETE"),
    ]:
        response = http.request(method, path)
        assert (response.status_code, response.headers["allow"]) == (405, allowed)


def test_denied_pads_and_sites_are_403() -> None:
    with Sandbox(now=NOW, denied={697, 982}) as sandbox, client(sandbox) as api:
        for path in ("/pads/697/", "/sites/1011/", "/pads/697/data/", "/sites/982/history/", "/states/20982/"):
            response = api.get(path)
            assert response.status_code == 403, path
            assert list(response.json()) == ["detail"]
        assert 697 not in [pad["id"] for pad in api.get("/pads/").json()]
        assert [site["id"] for site in api.get("/sites/", params={"pad_pk": 681}).json()] == [981, 983, 984]
        assert {stage["site"] for stage in api.get("/pads/681/history/").json()} == {981, 983, 984}
        routed = {**LONG, "start_datetime": "2025-09-18 11:59:00", "routed": "true"}
        assert {record["site_id"] for record in api.get("/pads/681/data/", params=routed).json()} == {981, 983, 984}


def test_concurrency_is_three_per_endpoint_and_client(own: Sandbox) -> None:
    with client(own) as api, ExitStack() as streams:
        for site in (981, 982, 983):
            streams.enter_context(api.stream("GET", f"/sites/{site}/data/", params=LONG))
        refused = api.get("/sites/984/data/", params=LONG)
        assert refused.status_code == 429
        assert refused.headers["retry-after"] == "1"
        assert "throttled" in refused.json()["detail"]
        assert api.get("/sites/981/").status_code == 200  # another endpoint
        assert api.get("/pads/681/data/", params={**LONG, "start_datetime": "2025-09-18 11:59:00"}).status_code == 200
        token = httpx.post(f"{own.url}/o/token/", data=grant()).json()["access_token"]
        brief = {**LONG, "start_datetime": "2025-09-18 11:59:00"}
        with client(own, token) as other:  # another client
            assert other.get("/sites/984/data/", params=brief).status_code == 200
    with client(own) as api:
        wait_until(lambda: responds(api, "/sites/984/data/", brief))


def test_concurrency_permit_is_released_with_the_response(own: Sandbox) -> None:
    statuses: list[int] = []

    def call_again_and_again() -> None:
        with client(own) as api:
            statuses.extend(api.get("/sites/981/").status_code for _ in range(60))

    callers = [threading.Thread(target=call_again_and_again) for _ in range(3)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert statuses == [200] * 180


def responds(api: httpx.Client, path: str, query: dict[str, str]) -> bool:
    return api.get(path, params=query).status_code == 200


def test_concurrency_permit_is_released_on_disconnect(own: Sandbox) -> None:
    for _ in range(4):
        with client(own) as api, ExitStack() as streams:
            for pad in (668, 681, 697):
                response = streams.enter_context(api.stream("GET", f"/pads/{pad}/data/", params=LONG))
                assert next(response.iter_raw())
        with client(own) as api:
            brief = {**LONG, "start_datetime": "2025-09-18 11:59:50"}
            wait_until(partial(responds, api, "/pads/668/data/", brief))


def test_stream_does_not_block_other_calls(own: Sandbox) -> None:
    with client(own) as api, api.stream("GET", "/pads/668/data/", params=LONG) as response:
        reader = threading.Thread(target=lambda: [None for _ in zip(range(300), response.iter_raw(), strict=False)])
        reader.start()
        with client(own) as other:
            took: list[float] = []
            for _ in range(10):
                begin = time.perf_counter()
                other.get("/sites/981/")
                took.append(time.perf_counter() - begin)
        reader.join()
    assert sorted(took)[5] < 0.25


def test_requests_are_logged_without_tokens(own: Sandbox) -> None:
    earlier = len(own.requests)
    with client(own) as api:
        api.get("/pads/", params={"complete": "true"})
        api.get("/nothing/")
    httpx.post(f"{own.url}/o/token/", data=grant())
    noted = [(each.method, each.path, each.query, each.status) for each in own.requests[earlier:]]
    assert noted == [
        ("GET", f"{PREFIX}/pads/", (("complete", "true"),), 200),
        ("GET", f"{PREFIX}/nothing/", (), 404),
        ("POST", "/o/token/", (), 200),
    ]
    assert "fixed" not in repr(own.requests)
    assert "s3cret" not in repr(own.requests)


def test_stream_of_a_stage_is_fast(http: httpx.Client) -> None:
    begin = time.perf_counter()
    records = http.get("/sites/981/data/", params={"state_imatch": "frac", "stage_number": 60}).json()
    assert len(records) > 4_000
    assert time.perf_counter() - begin < 2
