"""Fixtures that the tests of transport and data share."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from datastore_sdk.client import Client
from tests.support.fake_server import Handler, Server
from tests.support.jumping_clock import JumpingClock
from tests.support.leak_checks import assert_no_leaks
from tests.support.sync_async_clients import FORMS, Form

Serve = Callable[[Handler], Server]
ClientOf = Callable[..., Client]

TOKEN = "t0ken-0123456789"

_TLS = ssl.create_default_context()
"""Built once, because that takes longer than most tests."""


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    with assert_no_leaks():
        yield


@pytest.fixture(params=[*FORMS])
def form(request: pytest.FixtureRequest) -> Form:
    return FORMS[request.param]


@pytest.fixture
def clock() -> JumpingClock:
    return JumpingClock()


@pytest.fixture
def serve(nothing_left: None) -> Iterator[Serve]:  # noqa: ARG001 - looks for leaks after the servers have ended
    """Start servers that stop at the end of the test."""
    with ExitStack() as stack:
        yield lambda handler: stack.enter_context(Server(handler))


@pytest.fixture
def client_of(clock: JumpingClock, serve: Serve) -> Iterator[ClientOf]:  # noqa: ARG001 - clients end before servers
    """Make clients of a server; they are closed before the server stops."""
    with ExitStack() as stack:

        def make(server: Server, auth_token: str | None = TOKEN, **options: Any) -> Client:
            options = {"base_url": server.url, "clock": clock, "verify": _TLS, **options}
            return stack.enter_context(Client(auth_token, **options))

        yield make
