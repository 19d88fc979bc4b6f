"""Sandboxes for tests: in a time that stands still, and gone without a trace at the end."""

from __future__ import annotations

import gc
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final

from datastore_sdk.client.client_cache import close_default_clients
from datastore_sdk.sandbox import Sandbox, Scenario
from datastore_sdk.sandbox.api import admin, app  # the sandbox imports them late, perhaps in frozen time
from datastore_sdk.sandbox.api import uvicorn_server as server
from datastore_sdk.sandbox.api.websocket import connections as visits

_NEEDED = (admin, app, server, visits)
NOW: Final = datetime(2025, 9, 18, 12, tzinfo=UTC)
"""When the simulated field's time stands still, where a test does not say otherwise."""
_USUAL: Final[Mapping[str, Any]] = {"now": NOW, "days": 10}


@contextmanager
def served(scenario: Scenario | None, options: Mapping[str, Any]) -> Generator[Sandbox]:
    """A running sandbox of a scenario, or of the simulated field.

    Args:
        scenario: The scenario; None: the simulated field.
        options: Further arguments of `Sandbox`.
    """
    usual: Mapping[str, Any] = _USUAL if scenario is None else {"scenario": scenario}
    arguments: dict[str, Any] = {**usual, **options}
    with Sandbox(**arguments) as sandbox:
        try:
            yield sandbox
        finally:
            close_default_clients(sandbox.url)
            gc.collect()
