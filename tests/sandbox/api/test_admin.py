"""The admin interface: faults, requests and forgetting, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from datastore_sdk.sandbox import Sandbox, faults
from tests.sandbox.conftest import NOW, client_of


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with Sandbox(now=NOW, days=1, admin=True) as running:
        yield running


@pytest.fixture
def service(running: Sandbox) -> Iterator[Sandbox]:
    yield running
    running.reset()


@pytest.fixture
def admin(service: Sandbox) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {service.admin_token}"}
    with httpx.Client(base_url=f"{service.url}/__admin__", headers=headers, timeout=30) as client:
        yield client


def test_admin_adds_a_fault(service: Sandbox, admin: httpx.Client) -> None:
    fault: dict[str, Any] = {"fault": "status", "status": 503, "path": "/pads/*", "times": 2, "retry_after": 1}
    assert admin.post("/faults", json=fault).json() == [{**fault, "left": 2}]
    with client_of(service) as client:
        assert [client.get(path).status_code for path in ("/pads/668/", "/sites/", "/pads/668/")] == [503, 200, 503]
    assert admin.get("/faults").json() == []


def test_admin_adds_several_faults(service: Sandbox, admin: httpx.Client) -> None:
    response = admin.post("/faults", json=[{"fault": "wrong_json", "content": 1}, {"fault": "delay", "times": None}])
    assert response.status_code == 201
    assert list(service.faults) == [faults.WrongJson(1), faults.Delay(times=None)]
    assert [fault["left"] for fault in admin.get("/faults").json()] == [1, None]
    assert admin.delete("/faults").status_code == 204
    assert list(service.faults) == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("no json", "malformed"),
        ('{"fault": "earthquake"}', "earthquake"),
        ('{"fault": "status"}', "status"),
        ('{"fault": "status", "status": "503"}', "Expected `int`"),
        ('{"fault": "status", "status": 5}', "200 to 599"),
        ('{"fault": "delay", "second": 5}', "second"),
        ('{"fault": "reset", "when": "noon"}', "noon"),
    ],
)
def test_admin_invalid_fault_is_refused(service: Sandbox, admin: httpx.Client, content: str, message: str) -> None:
    response = admin.post("/faults", content=content)
    assert response.status_code == 400
    assert message in response.json()["detail"]
    assert list(service.faults) == []


def test_admin_lists_requests(service: Sandbox, admin: httpx.Client) -> None:
    with client_of(service) as client:
        client.get("/pads/", params={"complete": "true"})
    (request,) = admin.get("/requests").json()
    assert request == {
        "method": "GET",
        "path": "/external/thirdparty/v1/pads/",
        "query": [["complete", "true"]],
        "status": 200,
        "fault": None,
    }
    assert admin.delete("/requests").status_code == 204
    assert admin.get("/requests").json() == []


def test_admin_resets_the_sandbox(service: Sandbox, admin: httpx.Client) -> None:
    service.faults.add(faults.Delay())
    with client_of(service) as client:
        body = [{"name": "mine", "description": "", "config": {"field": "slurry_rate", "aggregation": "average"}}]
        service.faults.clear()
        assert client.post("/pads/668/parameters/", json=body).status_code == 201
        service.faults.add(faults.Delay())
        assert admin.post("/reset").status_code == 204
        assert service.requests == []
        assert "mine" not in client.get("/pads/668/parameters/").text


def test_admin_requires_its_token(service: Sandbox) -> None:
    for authorization in ("", "Bearer nonsense", f"Bearer {service.token}", f"Basic {service.admin_token}"):
        response = httpx.get(f"{service.url}/__admin__/requests", headers={"Authorization": authorization})
        assert (response.status_code, "admin token" in response.text) == (401, True)


def test_admin_unknown_path_or_method_is_refused(admin: httpx.Client) -> None:
    assert admin.get("/elsewhere").status_code == 404
    response = admin.get("/reset")
    assert (response.status_code, response.headers["allow"]) == (405, "POST")


def test_admin_calls_are_not_logged_or_faulted(service: Sandbox, admin: httpx.Client) -> None:
    service.faults.add(faults.Status(500, times=None))
    assert admin.get("/requests").json() == []


def test_admin_is_off_by_default() -> None:
    with Sandbox(now=NOW, days=1) as sandbox:
        assert sandbox.admin_token is None
        for token in ("None", sandbox.token):
            response = httpx.get(f"{sandbox.url}/__admin__/faults", headers={"Authorization": f"Bearer {token}"})
            assert response.status_code == 404


def test_admin_token_is_not_shown(service: Sandbox) -> None:
    assert service.admin_token
    assert service.admin_token not in repr(service)
    assert service.admin_token not in str(service.environment)
