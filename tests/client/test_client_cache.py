"""The clients that the SDK makes by itself: one per configuration."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from datastore_sdk.client import Client, client_for
from datastore_sdk.client import client_cache as clients
from datastore_sdk.exceptions import ConfigurationError, MissingCredentialsError
from restream_api.api.pads import list_pads
from tests.support.fixtures import Serve
from tests.support.http_responses import http_response, respond_always
from tests.support.threads import run_in_threads

HOST = "https://restream.test"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No default clients but those of the test."""
    monkeypatch.setenv("RESTREAM_HOST", HOST)
    monkeypatch.setenv("TALLY_AUTH_TOKEN", "t0ken")
    monkeypatch.setattr(clients, "_defaults", {})
    yield
    for client in clients._defaults.values():
        client.close()


def test_one_per_host_and_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    first = client_for()
    assert first.base_url == HOST
    assert client_for() is first
    assert client_for("t0ken") is first, "wherever the token comes from"
    assert client_for(" t0ken\n") is first
    assert client_for("other") is not first
    monkeypatch.setenv("RESTREAM_HOST", f"{HOST}/")
    assert client_for() is first
    monkeypatch.setenv("RESTREAM_HOST", "https://other.test")
    assert client_for() is not first
    monkeypatch.setenv("RESTREAM_HOST", HOST)
    assert client_for() is first


def test_client_credentials_make_another(monkeypatch: pytest.MonkeyPatch) -> None:
    first = client_for()
    monkeypatch.delenv("TALLY_AUTH_TOKEN")
    monkeypatch.setenv("RESTREAM_CLIENT_ID", "crew")
    monkeypatch.setenv("RESTREAM_CLIENT_SECRET", "t0ken")
    second = client_for()
    assert second is not first
    assert client_for() is second
    monkeypatch.setenv("RESTREAM_CLIENT_SECRET", "new")
    assert client_for() is not second


def test_a_token_changed_in_the_environment_is_taken_up(monkeypatch: pytest.MonkeyPatch) -> None:
    first = client_for()
    monkeypatch.setenv("TALLY_AUTH_TOKEN", "new")
    assert client_for() is not first


def test_a_client_of_the_user_is_taken_as_it_is() -> None:
    client = Client("mine", base_url=HOST)
    assert client_for(client=client) is client
    assert clients._defaults == {}
    with pytest.raises(ValueError, match="not both"):
        client_for("t0ken", client)


def test_nothing_is_kept_of_what_cannot_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigurationError):
        client_for("two words")
    monkeypatch.setenv("RESTREAM_HOST", "nowhere")
    with pytest.raises(ConfigurationError):
        client_for()
    monkeypatch.setenv("RESTREAM_HOST", HOST)
    monkeypatch.delenv("TALLY_AUTH_TOKEN")
    with pytest.raises(MissingCredentialsError):
        client_for()
    assert clients._defaults == {}


def test_threads_share_one() -> None:
    assert len({id(client) for client in run_in_threads([client_for] * 50)}) == 1


def test_importing_makes_no_client_and_loads_no_http_library() -> None:
    code = "import sys, datastore_sdk; print(sorted({'httpx', 'urllib3', 'ssl'} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": os.pathsep.join(sys.path)},
        timeout=20,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "httpx" not in done.stdout
    assert "urllib3" not in done.stdout


def test_default_clients_are_really_used(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    server = serve(respond_always(http_response(200, b"[]")))
    monkeypatch.setenv("RESTREAM_HOST", server.url)
    for _ in range(3):
        client_for().request(list_pads())
    assert server.connections == 1
    assert {request.token for request in server.received} == {"t0ken"}
