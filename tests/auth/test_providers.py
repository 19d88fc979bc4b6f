"""Tokens that a function of the user's gives, sync or async."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import pytest

from datastore_sdk.client import Client
from datastore_sdk.exceptions import AuthenticationError, ConfigurationError, MissingCredentialsError, ServerError
from restream_api.api.pads import list_pads
from tests.support.fake_server import TIMEOUT_SECONDS
from tests.support.fixtures import ClientOf, Serve
from tests.support.http_responses import http_response, respond_always, respond_in_turn
from tests.support.sync_async_clients import Form

EMPTY = http_response(200, b"[]")


class Vault:
    """Gives another token each time."""

    def __init__(self) -> None:
        self.calls = 0
        self.threads: list[str] = []

    def token(self) -> str:
        self.calls += 1
        self.threads.append(threading.current_thread().name)
        return f"token-{self.calls}"

    async def atoken(self) -> str:
        await asyncio.sleep(0)
        return self.token()

    async def __call__(self) -> str:
        return await self.atoken()


def kinds(vault: Vault) -> dict[str, Callable[[], str | Awaitable[str]]]:
    return {
        "function": vault.token,
        "async function": vault.atoken,
        "async object": vault,
        "function that gives an awaitable": lambda: vault.atoken(),  # noqa: PLW0108 - to be seen as a plain function
        "partial": partial(Vault.token, vault),
    }


@pytest.mark.parametrize("kind", [*kinds(Vault())])
def test_it_is_called_for_each_request(kind: str, serve: Serve, client_of: ClientOf, form: Form) -> None:
    server = serve(respond_always(EMPTY))
    client = client_of(server, kinds(Vault())[kind])
    for _ in range(2):
        assert form.run(client, list_pads()) == []
    assert [request.token for request in server.received] == ["token-1", "token-2"]


@pytest.mark.parametrize("kind", [*kinds(Vault())])
def test_once_more_when_the_service_refuses(kind: str, serve: Serve, client_of: ClientOf, form: Form) -> None:
    server = serve(respond_in_turn(http_response(401), EMPTY, http_response(401), http_response(401)))
    client = client_of(server, kinds(Vault())[kind])
    assert form.run(client, list_pads()) == []
    with pytest.raises(AuthenticationError):
        form.run(client, list_pads())
    assert [request.token for request in server.received] == [f"token-{number}" for number in range(1, 5)]


def test_a_slow_function_does_not_hold_up_the_event_loop(serve: Serve, client_of: ClientOf) -> None:
    called, going_on = threading.Event(), threading.Event()

    def slow() -> str:
        called.set()
        assert going_on.wait(TIMEOUT_SECONDS)
        return "t0ken"

    client = client_of(serve(respond_always(EMPTY)), slow)

    async def main() -> None:
        async with client, asyncio.timeout(TIMEOUT_SECONDS):
            call = asyncio.create_task(client.arequest(list_pads()))
            while not called.is_set():  # noqa: ASYNC110 - another thread sets it
                await asyncio.sleep(0.001)
            going_on.set()
            assert await call == []

    asyncio.run(main())


def test_an_async_function_runs_in_the_loop_of_the_call(serve: Serve, client_of: ClientOf) -> None:
    loops: list[asyncio.AbstractEventLoop] = []

    async def token() -> str:
        loops.append(asyncio.get_running_loop())
        return "t0ken"

    client = client_of(serve(respond_always(EMPTY)), token)

    async def main() -> None:
        async with client:
            assert await client.arequest(list_pads()) == []
            assert client.request(list_pads()) == [], "a sync call in a notebook, whose cells run within a loop"
        assert loops[0] is asyncio.get_running_loop()
        assert loops[1] is not asyncio.get_running_loop()

    asyncio.run(main())


@pytest.mark.parametrize(
    "error",
    [
        OSError("the vault is closed"),
        KeyError("t0ken"),
        ServerError("as of this SDK", method="GET", url="https://vault.test", status=503, retry_after=None),
    ],
    ids=lambda error: type(error).__name__,
)
@pytest.mark.parametrize("asynchronous", [True, False])
def test_its_errors_are_the_callers(
    error: Exception, asynchronous: bool, serve: Serve, client_of: ClientOf, form: Form
) -> None:
    server = serve(respond_always(EMPTY))
    calls = 0

    def fail() -> str:
        nonlocal calls
        calls += 1
        raise error

    async def afail() -> str:
        return fail()

    client = client_of(server, afail if asynchronous else fail)
    with pytest.raises(type(error)) as caught:
        form.run(client, list_pads())
    assert caught.value is error
    assert calls == 1
    assert server.received == []
    assert form.run(client.with_options(auth_token="t0ken"), list_pads()) == []


@pytest.mark.parametrize(
    ("token", "kind"),
    [
        ("two words", ConfigurationError),
        ("a\r\nX: 1", ConfigurationError),
        ("Bearer abc", ConfigurationError),
        ("", MissingCredentialsError),
        (None, TypeError),
        (b"t0ken", TypeError),
    ],
)
def test_what_is_no_token(token: Any, kind: type[Exception], serve: Serve, client_of: ClientOf, form: Form) -> None:
    server = serve(respond_always(EMPTY))
    with pytest.raises(kind) as caught:
        form.run(client_of(server, lambda: token), list_pads())
    assert not token or str(token) not in str(caught.value)
    assert server.received == []


def test_the_token_for_elsewhere(serve: Serve, client_of: ClientOf) -> None:
    client = client_of(serve(respond_always(EMPTY)), Vault().atoken)
    assert client.get_access_token() == "token-1"
    assert asyncio.run(client.aget_access_token()) == "token-2"
    assert client.get_access_token(rejected="token-2") == "token-3"


def test_it_is_not_shown() -> None:
    assert repr(Client(lambda: "t0ken")).endswith("credentials='token from a function')")
