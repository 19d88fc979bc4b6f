"""The user's folders for configuration and cache files, by the XDG base directory specification."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

FOLDER_VARIABLES = ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "HOME")
"""Environment variables that the folders depend on."""


def config_file() -> Path:
    """Return the path of the file with the profiles. The file need not exist."""
    return _user_path("XDG_CONFIG_HOME", ".config", "config.toml")


def cache_folder() -> Path:
    """Return the path of the SDK's cache folder. The folder need not exist."""
    return _user_path("XDG_CACHE_HOME", ".cache", "")


def _user_path(variable: str, default: str, name: str) -> Path:
    # Each call of the SDK looks for profiles, and building paths is slow: hence strings and a cache.
    home = os.path.expanduser("~")  # noqa: PTH111
    return _build_path(os.environ.get(variable, ""), home, default, name)


@lru_cache(maxsize=64)
def _build_path(base: str, home: str, default: str, name: str) -> Path:
    if Path(base).is_absolute():  # the specification ignores relative paths
        return Path(base) / "restream" / name
    if home == "~":  # a user without a home folder, in a container for example: no file can exist at this path
        return Path(os.devnull) / "restream" / name
    return Path(home) / default / "restream" / name
