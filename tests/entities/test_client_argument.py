"""Who calls: credentials from arguments and from the environment, clients made by the SDK and by the user."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from datastore_sdk import Client, Pad, Site, State
from datastore_sdk.exceptions import AuthenticationError
from datastore_sdk.sandbox import Sandbox
from tests.conftest import NOW, close_default_clients
from tests.support.fake_service import TOKEN, Serving
from tests.support.http_responses import http_response
from tests.support.paths import PYTHONPATH, ROOT
from tests.support.sync_async_calls import Form, list_requests

ENVIRONMENT = {"PYTHONPATH": PYTHONPATH}
PADS = [668, 681, 697, 703, 654]


@pytest.fixture
def host(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """A sandbox to which the environment leads, without a token."""
    monkeypatch.delenv("TALLY_AUTH_TOKEN")
    return sandbox


@pytest.mark.parametrize("target", [Pad, Site, State], ids=lambda kind: kind.__name__)
def test_a_token_as_an_argument(host: Sandbox, form: Form, target: Any) -> None:
    models = form(target, "get_models", auth_token=host.token)
    assert form(target, "get_model", models[0].id, auth_token=host.token) == models[0]
    assert {request.status for request in host.requests} == {200}


def test_the_argument_wins(host: Sandbox, form: Form, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TALLY_AUTH_TOKEN", "not-good")
    monkeypatch.setenv("RESTREAM_CLIENT_ID", "not-good")
    monkeypatch.setenv("RESTREAM_CLIENT_SECRET", "not-good")
    assert [pad.id for pad in form(Pad, "get_models", auth_token=host.token)] == PADS
    assert [request.path for request in host.requests] == ["/external/thirdparty/v1/pads/"]


def test_objects_keep_their_token_for_all_that_they_lead_to(
    own_sandbox: Sandbox, form: Form, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TALLY_AUTH_TOKEN")
    pad = Pad(id=668, auth_token=own_sandbox.token)
    form(pad, "update")
    for site in form(pad, "get_sites")[:1]:
        form(site, "get_state")
        form(form(site, "get_pad"), "get_fields_metadata")
        form(form(site, "get_data_changes")[0][0], "confirm_data_received")
        form(site, "update")
    for state in form(pad, "get_states")[:1]:
        form(state, "update")
    listed = form(Site, "get_models", auth_token=own_sandbox.token, pad_id=681)
    form.first(form(listed[0], "get_data", NOW - timedelta(minutes=1)))
    assert {request.status for request in own_sandbox.requests} == {200}


def test_changing_the_environment_changes_who_calls(
    host: Sandbox, form: Form, monkeypatch: pytest.MonkeyPatch, runner: asyncio.Runner
) -> None:
    monkeypatch.setenv("TALLY_AUTH_TOKEN", "not-good")
    with pytest.raises(AuthenticationError):
        form(Pad, "get_models")
    monkeypatch.setenv("TALLY_AUTH_TOKEN", host.token)
    assert form(Pad, "get_models")
    with Sandbox(now=NOW, days=1) as other:
        monkeypatch.setenv("RESTREAM_HOST", f"{other.url}/")
        with pytest.raises(AuthenticationError):
            form(Pad, "get_models")
        assert form(Pad, "get_models", auth_token=other.token)
        close_default_clients(other.url, runner)


def test_client_credentials_from_the_environment(
    form: Form, monkeypatch: pytest.MonkeyPatch, runner: asyncio.Runner
) -> None:
    with Sandbox(now=NOW, days=1) as sandbox:
        monkeypatch.setenv("RESTREAM_HOST", sandbox.url)
        monkeypatch.setenv("RESTREAM_CLIENT_ID", sandbox.client_id)
        monkeypatch.setenv("RESTREAM_CLIENT_SECRET", sandbox.client_secret)
        for _ in range(3):
            assert [pad.id for pad in form(Pad, "get_models")] == PADS
        close_default_clients(sandbox.url, runner)
    assert list_requests(sandbox) == ["POST /o/token/"] + ["GET /pads/"] * 3


def test_a_client_of_ones_own(form: Form, serving: Serving) -> None:
    service = serving(http_response(200, []))
    for target, call in ((Pad, "get_models"), (Pad(id=668, client=service.client), "get_sites")):
        assert form(target, call, **({"client": service.client} if target is Pad else {})) == []
    assert service.request_lines == ["GET /pads/", "GET /sites/"]
    assert {request.token for request in service.server.received} == {TOKEN}
    agents = {request.headers["user-agent"] for request in service.server.received}
    assert all(agent.startswith("restream-datastore-sdk/") for agent in agents)


def test_a_client_and_a_token_exclude_each_other(sandbox: Sandbox, form: Form) -> None:
    client = Client(TOKEN, base_url=sandbox.url)
    both: dict[str, Any] = {"client": client, "auth_token": TOKEN}
    calls: list[Callable[[], object]] = [
        lambda: form(Pad, "get_models", **both),
        lambda: form(Site, "get_model", 981, **both),
        lambda: Pad(id=668, **both),
    ]
    for call in calls:
        with pytest.raises(ValueError, match="pass auth_token or client, not both"):
            call()
    assert list_requests(sandbox) == []


def test_a_client_as_a_context_manager(sandbox: Sandbox) -> None:
    with Client(sandbox.token) as client:
        assert [pad.id for pad in Pad.get_models(client=client)] == PADS

    async def main() -> list[int]:
        async with Client(sandbox.token) as client:
            return [pad.id for pad in await Pad.aget_models(client=client)]

    assert asyncio.run(main()) == PADS


@pytest.mark.usefixtures("sandbox")
def test_many_threads() -> None:
    with ThreadPoolExecutor(12) as pool:
        futures = [pool.submit(Pad.get_models) for _ in range(48)]
    assert [[pad.id for pad in future.result()] for future in futures] == [PADS] * 48


def test_calls_to_one_endpoint_keep_to_the_services_limit(sandbox: Sandbox) -> None:
    start = datetime(2025, 9, 17, 6, tzinfo=UTC)
    end = start + timedelta(minutes=10)
    sites = [site.id for pad in (668, 681) for site in Pad(id=pad).get_sites()]

    async def count(site: Site) -> int:
        return sum([1 async for _ in await site.aget_data(start, end)])

    async def main() -> list[int]:
        async with Client(sandbox.token) as client:
            return await asyncio.gather(*(count(Site(id=number, client=client)) for number in sites * 2))

    assert asyncio.run(main()) == [len(list(Site(id=number).get_data(start, end))) for number in sites] * 2
    assert {request.status for request in sandbox.requests} == {200}


ONE_LOOP_AFTER_ANOTHER = """
import asyncio, gc, os, threading
from datastore_sdk import Pad

async def main():
    return len(await Pad.aget_models()) + len(Pad.get_models())

def open_sockets():
    gc.collect()
    links = [os.path.join("/proc/self/fd", name) for name in os.listdir("/proc/self/fd")]
    return sum(os.path.lexists(link) and os.readlink(link).startswith("socket:") for link in links)

found, sockets = asyncio.run(main()), []
for _ in range(4):
    asyncio.run(main())
    thread = threading.Thread(target=lambda: asyncio.run(main()))
    thread.start()
    thread.join()
    sockets.append(open_sockets())
print(found, sockets[-1] - sockets[0])
"""


@pytest.mark.usefixtures("sandbox")
def test_one_event_loop_after_another_leaves_nothing_behind() -> None:
    """As a notebook or a scheduler does it, with the client that the SDK makes by itself, which nobody closes."""
    command = [sys.executable, "-W", "error", "-c", ONE_LOOP_AFTER_ANOTHER]
    done = subprocess.run(command, cwd=ROOT, env=ENVIRONMENT | os.environ, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("10 0\n", "")
