"""The command against a sandbox, at the time of the sandbox."""

from __future__ import annotations

import pytest

from datastore_sdk._io.clock import Clock
from tests.conftest import NOW


@pytest.fixture(autouse=True)
def no_forced_color(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of the test run may force colors."""
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "GITHUB_ACTIONS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def at_now(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the SDK and the command live at the time of the sandbox."""
    monkeypatch.setattr(Clock, "now", lambda _: NOW.timestamp())
