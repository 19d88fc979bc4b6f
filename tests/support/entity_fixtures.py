"""Fixtures of tests that call entities in both forms."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from datastore_sdk import Client, RetryPolicy
from tests.support.fake_server import Server
from tests.support.fake_service import TOKEN, Service, Serving
from tests.support.http_responses import Reply, respond_always
from tests.support.sync_async_calls import Form


@pytest.fixture(params=["sync", "async"])
def form(request: pytest.FixtureRequest, runner: asyncio.Runner) -> Form:
    """Runs a test twice: with the calls in their sync and in their async form."""
    return Form(runner if request.param == "async" else None)


@pytest.fixture
def serving(runner: asyncio.Runner) -> Iterator[Serving]:
    """Start services with a client that does not retry."""
    with ExitStack() as stack:

        def start(reply: Reply, **options: Any) -> Service:
            server = stack.enter_context(Server(respond_always(reply)))
            options = {"retries": RetryPolicy(max_attempts=1), **options}
            client = stack.enter_context(Client(TOKEN, base_url=server.url, **options))
            stack.callback(lambda: runner.run(client.aclose()))
            return Service(server, client)

        yield start
