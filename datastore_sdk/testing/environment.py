"""The environment of a test: led to one service, whatever whoever runs the test has set."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Protocol

_OURS: Final = ("RESTREAM_", "TALLY_")
_WATCHING: Final = frozenset({"RESTREAM_LOG", "RESTREAM_DRIFT"})
"""Variables that do not change what is called."""
_FOLDERS: Final = ("XDG_CONFIG_HOME", "XDG_CACHE_HOME")
_USUAL: Final[Mapping[str, str]] = {"RESTREAM_SHARED_LIMIT": "off"}
"""A test runs beside others, which have nothing to do with each other."""
_LOOPBACK: Final = "127.0.0.1,localhost,::1"


class EnvironmentPatch(Protocol):
    """Changes the environment until the test ends: pytest's `MonkeyPatch`."""

    def setenv(self, name: str, value: str, prepend: str | None = None) -> None:
        """Sets a variable."""
        ...

    def delenv(self, name: str, raising: bool = True) -> None:
        """Takes a variable away."""
        ...


def lead_to(patch: EnvironmentPatch, variables: Mapping[str, str], folder: Path) -> None:
    """Sets these variables, and none else that would lead the SDK elsewhere.

    Args:
        patch: Undoes it at the end.
        variables: What leads the SDK to a service.
        folder: An empty folder, where there are neither profiles nor tokens.
    """
    for name in [*os.environ]:
        if name.startswith(_OURS) and name not in _WATCHING:
            patch.delenv(name)
    for name in _FOLDERS:
        patch.setenv(name, str(folder))
    for name in ("NO_PROXY", "no_proxy"):
        known = os.environ.get(name)
        patch.setenv(name, f"{known},{_LOOPBACK}" if known else _LOOPBACK)
    for name, value in {**_USUAL, **variables}.items():
        patch.setenv(name, value)
