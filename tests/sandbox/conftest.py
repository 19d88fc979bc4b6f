"""Sandboxes with a frozen clock, and clients of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest

from datastore_sdk.sandbox import Sandbox
from datastore_sdk.sandbox.simulation.oilfield import Oilfield

NOW = datetime(2025, 9, 18, 12, tzinfo=UTC)
PREFIX = "/external/thirdparty/v1"


@pytest.fixture(scope="session")
def field() -> Oilfield:
    """A field to look at; tests that correct it make their own."""
    return Oilfield(7, NOW.timestamp, 10)


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """A sandbox for calls that change nothing but what each client has acknowledged."""
    with Sandbox(seed=7, now=NOW, days=10) as running:
        yield running


@pytest.fixture(scope="session")
def http(sandbox: Sandbox) -> Iterator[httpx.Client]:
    with client_of(sandbox) as client:
        yield client


def client_of(sandbox: Sandbox, token: str | None = None) -> httpx.Client:
    headers = {"Authorization": f"Bearer {token or sandbox.token}"}
    return httpx.Client(base_url=sandbox.url + PREFIX, headers=headers, timeout=30)
