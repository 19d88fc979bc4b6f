"""The environment of the command."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def no_forced_color(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of the test run may force colors."""
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "GITHUB_ACTIONS"):
        monkeypatch.delenv(name, raising=False)
