"""Sandboxes with a frozen clock, and environment variables that direct the SDK to them."""

from __future__ import annotations

import asyncio
import atexit
import gc
import os
import signal
from collections.abc import Generator, Iterator
from datetime import UTC, datetime

import pytest

from datastore_sdk import Client
from datastore_sdk._io.clock import Clock
from datastore_sdk.client import client_cache as clients
from datastore_sdk.sandbox import Sandbox, Untidiness
from datastore_sdk.transport.http.environment_proxy import AUTHORITIES
from tests.support.environment import set_environment
from tests.support.exhaustive import Selection, select_default

NOW = datetime(2025, 9, 18, 12, tzinfo=UTC)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--all", action="store_true", help="run the tests marked `exhaustive` too")
    parser.addoption("--screenshots", metavar="FOLDER", help="where screenshots of plots are kept, to look at them")
    parser.addoption("--untidy", type=int, metavar="SEED", help="run against sandboxes with untidy responses")


def pytest_configure(config: pytest.Config) -> None:
    """Select the cases. An untidy sandbox ignores filters, so its warnings are expected."""
    Selection.run_all = bool(config.getoption("--all"))
    if config.getoption("--untidy") is not None:
        config.addinivalue_line("filterwarnings", "ignore::datastore_sdk.exceptions.MismatchWarning")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect tests that run with `--all` only, unless it is given."""
    if config.getoption("--all"):
        return
    chosen = select_default(items)
    chosen_ids = {*map(id, chosen)}
    config.hook.pytest_deselected(items=[item for item in items if id(item) not in chosen_ids])
    items[:] = chosen


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Exclude modules and tests from garbage collection, which would take longer than most tests."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()
        atexit.register(gc.unfreeze)  # C libraries check for leaks when Python exits


@pytest.fixture(scope="session")
def untidiness(pytestconfig: pytest.Config) -> Untidiness | None:
    """Return how untidy the sandboxes are; None: tidy."""
    seed: int | None = pytestconfig.getoption("--untidy")
    return None if seed is None else Untidiness(seed)


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    make_bare(monkeypatch, tmp_path_factory)


def make_bare(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Remove variables of the developer that change where requests go: token, host, proxy, certificates, profile."""
    for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path_factory.getbasetemp() / "empty"))
    for name in os.environ:
        if name.startswith(("RESTREAM_", "TALLY_")) or name.lower().endswith("_proxy") or name in AUTHORITIES:
            monkeypatch.delenv(name)
    monkeypatch.setenv("RESTREAM_SHARED_LIMIT", "off")


@pytest.fixture(scope="session")
def runner() -> Iterator[asyncio.Runner]:
    """Share one event loop among all tests, so that async clients are built once."""
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="session")
def shared_sandbox(runner: asyncio.Runner, untidiness: Untidiness | None) -> Iterator[Sandbox]:
    with Sandbox(now=NOW, days=10, untidy=untidiness) as sandbox:
        yield sandbox
        close_default_clients(sandbox.url, runner)


@pytest.fixture
def sandbox(shared_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """Use the sandbox that all tests share, for calls that change nothing. The environment points to it."""
    shared_sandbox.requests.clear()
    set_environment(monkeypatch, shared_sandbox.environment)
    return shared_sandbox


@pytest.fixture
def at_now(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the SDK and the command live at the time of the sandbox."""

    def now(_: Clock) -> float:
        return NOW.timestamp()

    monkeypatch.setattr(Clock, "now", now)


@pytest.fixture
def own_sandbox(
    monkeypatch: pytest.MonkeyPatch, runner: asyncio.Runner, untidiness: Untidiness | None
) -> Iterator[Sandbox]:
    """Start a sandbox for one test, for calls that change something. The environment points to it."""
    with Sandbox(now=NOW, days=10, untidy=untidiness) as sandbox:
        set_environment(monkeypatch, sandbox.environment)
        yield sandbox
        close_default_clients(sandbox.url, runner)


def close_default_clients(url: str, runner: asyncio.Runner) -> None:
    """Close the default clients for a host. A socket that stays open fails the test that opened it."""
    for key in [key for key, client in clients._defaults.items() if client.base_url == url]:
        _close(clients._defaults.pop(key), runner)
    gc.collect()


def _close(client: Client, runner: asyncio.Runner) -> None:
    client.close()
    runner.run(client.aclose())


@pytest.fixture
def default_sighup() -> Iterator[None]:
    """Handle SIGHUP by its default, also in a test run under `nohup`, from which child processes inherit otherwise."""
    previous = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, previous)
