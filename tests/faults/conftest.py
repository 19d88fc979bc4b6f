from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from msgspec import structs

from datastore_sdk import Client
from datastore_sdk.sandbox import Sandbox, Untidiness
from tests.conftest import NOW, make_bare
from tests.faults.case_runner import TLS
from tests.faults.fault_cases import COUNT
from tests.support.jumping_clock import JumpingClock

ClientOf = Callable[..., Client]


@pytest.fixture(autouse=True, scope="module")
def bare_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Clear the environment once for all tests of a module, because there are thousands."""
    with pytest.MonkeyPatch.context() as environment:
        make_bare(environment, tmp_path_factory)
        yield


@pytest.fixture(scope="module")
def running(untidiness: Untidiness | None) -> Iterator[Sandbox]:
    # The tests count requests and corrupt bodies, so those stay as they are.
    how = untidiness and structs.replace(untidiness, pages=False, bodies=False)
    with Sandbox(now=NOW, days=3, untidy=how) as sandbox:
        yield sandbox


@pytest.fixture
def service(running: Sandbox) -> Iterator[Sandbox]:
    """Reset the sandbox before and after the test."""
    running.reset()
    yield running
    running.reset()


@pytest.fixture
def clock() -> JumpingClock:
    return JumpingClock()


@pytest.fixture
def client_of(service: Sandbox, clock: JumpingClock) -> Iterator[ClientOf]:
    """Make clients of the sandbox; without a token, they request one."""
    with ExitStack() as stack:

        def make(auth_token: str | None = service.token, **options: Any) -> Client:
            if auth_token is None:
                options |= {"client_id": service.client_id, "client_secret": service.client_secret}
            options = {"base_url": service.url, "verify": TLS, "clock": clock, **options}
            return stack.enter_context(Client(auth_token, **options))

        yield make


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    terminalreporter.write_line(f"tests/faults: {COUNT}")
