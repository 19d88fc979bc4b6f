"""Environment of a test: the SDK uses one service, independent of other variables."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Protocol

_SDK_PREFIXES: Final = ("RESTREAM_", "TALLY_")
_UNAFFECTED: Final = frozenset({"RESTREAM_LOG", "RESTREAM_DRIFT"})
"""Variables that do not affect requests."""
_FOLDERS: Final = ("XDG_CONFIG_HOME", "XDG_CACHE_HOME")
_DEFAULTS: Final[Mapping[str, str]] = {"RESTREAM_SHARED_LIMIT": "off"}
"""Tests in other processes must not share limits."""
_LOOPBACK: Final = "127.0.0.1,localhost,::1"


class EnvironmentPatch(Protocol):
    """Changes of the environment that are undone after the test: pytest's `MonkeyPatch`."""

    def setenv(self, name: str, value: str, prepend: str | None = None) -> None:
        """Set a variable."""
        ...

    def delenv(self, name: str, raising: bool = True) -> None:
        """Delete a variable."""
        ...


def use_service(patch: EnvironmentPatch, variables: Mapping[str, str], folder: Path) -> None:
    """Set variables that make the SDK use a service, and delete its other variables.

    Args:
        patch: Undoes the changes after the test.
        variables: The variables.
        folder: An empty folder, without profiles and tokens.
    """
    for name in [*os.environ]:
        if name.startswith(_SDK_PREFIXES) and name not in _UNAFFECTED:
            patch.delenv(name)
    for name in _FOLDERS:
        patch.setenv(name, str(folder))
    for name in ("NO_PROXY", "no_proxy"):
        current = os.environ.get(name)
        patch.setenv(name, f"{current},{_LOOPBACK}" if current else _LOOPBACK)
    for name, value in {**_DEFAULTS, **variables}.items():
        patch.setenv(name, value)
