"""No frame that an error goes through holds a token or a secret: tools that collect errors show their variables."""

from __future__ import annotations

import asyncio
import gc
import os
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from datastore_sdk import Client, Pad, Site, State
from datastore_sdk.client.client_cache import close_default_clients
from datastore_sdk.exceptions import CallError, ConfigurationError, NotFoundError, RestreamError
from datastore_sdk.realtime import StreamOptions
from datastore_sdk.realtime.measurements import build_measurement_plan
from datastore_sdk.transport.executor.retry import RetryPolicy
from restream_api.api.pads import list_pads
from tests.realtime.live_reader import LiveReader
from tests.realtime.websocket_server import KEY
from tests.support.error_rendering import render_error
from tests.support.fake_server import TIMEOUT_SECONDS, ClientConnection
from tests.support.fixtures import ClientOf, Serve
from tests.support.http_responses import (
    Reply,
    http_response,
    respond_always,
    respond_by_path,
    respond_in_turn,
    send_then,
)
from tests.support.sync_async_clients import Form

TOKEN = "t0ken-0123456789abcdef"
SECRET = "s3cret-0123456789abcdef"
ONCE = RetryPolicy(max_attempts=1)
GRANTED = http_response(200, {"access_token": TOKEN, "expires_in": 3600, "token_type": "Bearer", "scope": "read"})

CALLS: dict[str, Callable[[str], object]] = {
    "Pad.get_models": lambda token: Pad.get_models(auth_token=token),
    "Site.get_models": lambda token: Site.get_models(auth_token=token, as_dict=True),
    "State.get_models": lambda token: State.get_models(auth_token=token),
    "Site.get_model": lambda token: Site.get_model(7, auth_token=token),
    "update": lambda token: Pad(7, auth_token=token).update(),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_tokens_that_are_arguments(
    call: Callable[[str], object], serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESTREAM_HOST", serve(respond_always(http_response(404, {}))).url)
    with pytest.raises(NotFoundError) as caught:
        call(TOKEN)
    close_default_clients()
    assert TOKEN not in render_error(caught.value)


ROOMS: dict[str, Reply] = {
    "refused": http_response(403, {"detail": f"You sent {TOKEN}"}),
    "reset": send_then(b"", ClientConnection.reset),
    "no handshake": send_then(b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 300 + b"\r\n", ClientConnection.close),
    "other handshake": send_then(b"HTTP/1.1 101 Well\r\nUpgrade: something\r\n\r\n", ClientConnection.close),
}


@pytest.mark.parametrize("reply", ROOMS.values(), ids=ROOMS)
@pytest.mark.parametrize("kind", ["token", "client credentials"])
def test_rooms(kind: str, reply: Reply, serve: Serve, client_of: ClientOf) -> None:
    server = serve(respond_by_path({"/o/token/": GRANTED, "/data/": reply}))
    credentials: dict[str, Any] = {"client_id": "crew", "client_secret": SECRET} if kind != "token" else {}
    client = client_of(server, None if credentials else TOKEN, retries=ONCE, **credentials)
    reading = LiveReader(build_measurement_plan(client, "site", 981, KEY, {}, StreamOptions()), "sync")
    error = reading.done.exception(TIMEOUT_SECONDS)
    assert isinstance(error, RestreamError)
    assert TOKEN not in render_error(error)
    assert SECRET not in render_error(error)


@pytest.mark.parametrize("token", [f"{TOKEN}\r\nX: y", f"Bearer {TOKEN}", [TOKEN]])
def test_functions_that_return_an_invalid_token(token: Any, serve: Serve, client_of: ClientOf, form: Form) -> None:
    class Vault:
        def __call__(self) -> Any:
            return token

    with pytest.raises((ConfigurationError, TypeError)) as caught:
        form.run(client_of(serve(respond_always(http_response(200, b"[]"))), Vault()), list_pads())
    assert TOKEN not in render_error(caught.value)


@pytest.mark.parametrize("wrong", ["timeout = 'x'", "tokn = 1", "proxy = 'x'", "headers = {X = 1}", "client_id = 'x'"])
def test_secrets_of_a_profile(wrong: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    path = tmp_path / "restream" / "config.toml"
    path.parent.mkdir()
    path.write_text(f"[default]\nauth_token = '{TOKEN}'\n{wrong}\n[other]\nclient_secret = '{SECRET}'\n")
    path.chmod(0o600)
    for make in (Client, Pad.get_models):
        with pytest.raises(ConfigurationError) as caught:
            make()
        assert TOKEN not in render_error(caught.value)
        assert SECRET not in render_error(caught.value)


def test_a_client_that_could_not_be_made_can_be_shown() -> None:
    with pytest.raises(TypeError) as caught:
        Client(TOKEN, timeout="soon")  # type: ignore[arg-type]
    assert "Client()" in str([*traceback.walk_tb(caught.value.__traceback__)][1][0].f_locals)


def test_the_environment_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "TALLY_AUTH_TOKEN", "Bearer x")
    with pytest.raises(ConfigurationError, match=r"^environment variable TALLY_AUTH_TOKEN: the token is not valid"):
        Client()


REFUSALS: dict[str, tuple[Reply, ...]] = {
    "for good": (http_response(404, {}),),
    "twice": (http_response(503), http_response(503)),
    "once": (http_response(503), http_response(200, b"[]")),
    "with this token": (http_response(401), http_response(200, b"[]")),
    "by a disconnect": (send_then(b"", ClientConnection.reset),) * 3,  # one of them on the pooled connection
}


def call_once(client: Client) -> None:
    with client, suppress(CallError):
        client.request(list_pads())


def amade(client: Client) -> None:
    async def main() -> None:
        async with client:
            with suppress(CallError):
                await client.arequest(list_pads())

    asyncio.run(main())


@pytest.mark.parametrize("call", [call_once, amade])
@pytest.mark.parametrize("replies", REFUSALS.values(), ids=REFUSALS)
def test_an_error_does_not_hold_itself(
    replies: tuple[Reply, ...], call: Callable[[Client], None], serve: Serve, client_of: ClientOf
) -> None:
    """Otherwise a response or file that its frames hold stays open until garbage is collected."""
    server = serve(
        respond_by_path({"/o/token/": respond_in_turn(GRANTED, GRANTED), "/pads/": respond_in_turn(*replies)})
    )
    client = client_of(server, None, client_id="crew", client_secret=SECRET, retries=RetryPolicy(max_attempts=2))
    gc.collect()
    gc.disable()
    try:
        call(client)
        end = time.monotonic() + TIMEOUT_SECONDS
        while left := [each for each in gc.get_objects() if isinstance(each, CallError)]:
            assert time.monotonic() < end, left
            del left  # a thread may only be about to forget it
            time.sleep(0.01)
    finally:
        gc.enable()
