"""Environment variables of a test."""

from __future__ import annotations

from collections.abc import Mapping

import pytest


def set_environment(monkeypatch: pytest.MonkeyPatch, variables: Mapping[str, str]) -> None:
    """Set environment variables until the end of the test. Those of a sandbox direct the SDK to it."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
