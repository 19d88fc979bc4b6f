from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import orjson
import pytest

from datastore_sdk.sandbox import Sandbox
from tests.support.entity_fixtures import form, serving
from tests.support.sync_async_calls import PREFIX

__all__ = ["form", "serving"]


@pytest.fixture(scope="session")
def http(shared_sandbox: Sandbox) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {shared_sandbox.token}"}
    with httpx.Client(base_url=shared_sandbox.url + PREFIX, headers=headers) as client:
        yield client


@pytest.fixture(scope="session")
def recorded_bodies() -> dict[str, bytes]:
    """Bodies that the shared sandbox has sent, by target. Its clock is frozen, so they do not change."""
    return {}


@pytest.fixture
def get_json(sandbox: Sandbox, http: httpx.Client, recorded_bodies: dict[str, bytes]) -> Callable[[str], Any]:
    """Return the JSON of a GET without the SDK; the request does not appear in `sandbox.requests`."""

    def get(target: str) -> Any:
        if target not in recorded_bodies:
            recorded_bodies[target] = http.get(target).content
            sandbox.requests.pop()
        return orjson.loads(recorded_bodies[target])

    return get
