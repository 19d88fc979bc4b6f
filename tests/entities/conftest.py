from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import orjson
import pytest

from datastore_sdk import Client, RetryPolicy
from datastore_sdk.sandbox import Sandbox
from tests.support.fake_server import Server
from tests.support.fake_service import TOKEN, Service, Serving
from tests.support.http_responses import Reply, respond_always
from tests.support.sync_async_calls import PREFIX, Form


@pytest.fixture(params=["sync", "async"])
def form(request: pytest.FixtureRequest, runner: asyncio.Runner) -> Form:
    """Runs a test twice: with the calls in their sync and in their async form."""
    return Form(runner if request.param == "async" else None)


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


@pytest.fixture
def serving(runner: asyncio.Runner) -> Iterator[Serving]:
    """Start services with the same response for every request, with clients that do not retry."""
    with ExitStack() as stack:

        def start(reply: Reply, **options: Any) -> Service:
            server = stack.enter_context(Server(respond_always(reply)))
            options = {"retries": RetryPolicy(max_attempts=1), **options}
            client = stack.enter_context(Client(TOKEN, base_url=server.url, **options))
            stack.callback(lambda: runner.run(client.aclose()))
            return Service(server, client)

        yield start
