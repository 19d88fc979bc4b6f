"""Sandboxes for tests, with a frozen clock."""

from __future__ import annotations

import gc
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final

from datastore_sdk.client.client_cache import close_default_clients
from datastore_sdk.sandbox import Sandbox, Scenario
from datastore_sdk.sandbox.api import admin, app  # the sandbox imports them late, when a test may have frozen time
from datastore_sdk.sandbox.api import uvicorn_server as server
from datastore_sdk.sandbox.api.websocket import connections

_PRELOADED = (admin, app, server, connections)
DEFAULT_NOW: Final = datetime(2025, 9, 18, 12, tzinfo=UTC)
"""Default time of the simulated field."""
_DEFAULTS: Final[Mapping[str, Any]] = {"now": DEFAULT_NOW, "days": 10}


@contextmanager
def run_sandbox(scenario: Scenario | None, options: Mapping[str, Any]) -> Generator[Sandbox]:
    """Run a sandbox.

    Args:
        scenario: The scenario; None: the simulated field.
        options: Further arguments of `Sandbox`.
    """
    defaults: Mapping[str, Any] = _DEFAULTS if scenario is None else {"scenario": scenario}
    arguments: dict[str, Any] = {**defaults, **options}
    with Sandbox(**arguments) as sandbox:
        try:
            yield sandbox
        finally:
            close_default_clients(sandbox.url)
            gc.collect()
