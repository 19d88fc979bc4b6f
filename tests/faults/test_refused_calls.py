"""A service that does not listen: every call is retried, also those that create, for none has reached it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from datastore_sdk import Client, Pad, RetryPolicy
from datastore_sdk.exceptions import APIConnectionError
from datastore_sdk.sandbox import Sandbox
from tests.conftest import NOW
from tests.faults.call_runner import CallRunner
from tests.faults.case_runner import TLS
from tests.faults.expected_outcomes import ATTEMPTS
from tests.faults.fault_cases import FORMS
from tests.faults.leak_checks import assert_no_leaks, time_limit
from tests.faults.public_calls import CALLS, DEFINITION, PAD, TOKEN, Call, count_refused
from tests.support.jumping_clock import JumpingClock
from tests.support.leak_checks import read_files

TOKEN_ATTEMPTS = 3


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """Yield a port that is in use, and on which no server listens."""
    with socket.socket() as occupied:
        occupied.bind(("127.0.0.1", 0))
        yield occupied.getsockname()[1]


@pytest.mark.parametrize("call", CALLS.values(), ids=lambda call: call.name)
@pytest.mark.parametrize("form", FORMS)
def test_refused_connection_fails_every_call(call: Call, form: str, port: int, tmp_path: Path) -> None:
    clock = JumpingClock()
    managed = TOKEN in call.requests
    with time_limit(), assert_no_leaks(), ExitStack() as stack:
        client = Client(
            None if managed else "t0ken",
            client_id="sandbox" if managed else None,
            client_secret="s3cret" if managed else None,
            base_url=f"http://127.0.0.1:{port}",
            retries=RetryPolicy(max_attempts=ATTEMPTS),
            verify=TLS,
            clock=clock,
        )
        stack.callback(client.close)
        runner = stack.enter_context(asyncio.Runner()) if form == "async" else None
        with pytest.raises(APIConnectionError, match="was not reached") as caught:
            call.make(CallRunner(client, runner, tmp_path, change_id=1))
    assert not caught.value.sent
    assert len(clock.sleeps) == count_refused(call.requests) * ((TOKEN_ATTEMPTS if managed else ATTEMPTS) - 1)
    assert read_files(tmp_path) == {}


class OpeningClock(JumpingClock):
    """Who sleeps by it finds that the service listens again."""

    def __init__(self, service: Sandbox) -> None:
        super().__init__()
        self._service = service

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        self._service.start()


@pytest.mark.parametrize("form", FORMS)
def test_refused_connection_retries_until_the_service_is_up(form: str, tmp_path: Path) -> None:
    service = Sandbox(now=NOW, days=1)
    with time_limit(), assert_no_leaks(), ExitStack() as stack:
        service.start()
        stack.callback(service.stop)
        service._address = "127.0.0.1", service._port
        client = Client(service.token, base_url=service.url, verify=TLS, clock=OpeningClock(service))
        stack.callback(client.close)
        runner = stack.enter_context(asyncio.Runner()) if form == "async" else None
        caller = CallRunner(client, runner, tmp_path, change_id=1)
        pad = Pad(PAD, client=client)
        service.stop()
        created = caller(pad, "create_stages_aggregations", [DEFINITION])
        service.stop()
        assert caller(Pad, "get_model", PAD, client=client).id == PAD
    assert [definition.name for definition in created] == [DEFINITION["name"]]
    assert [request.method for request in service.requests] == ["POST", "GET"]
