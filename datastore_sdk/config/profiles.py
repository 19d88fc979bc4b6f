"""Profiles: named tables of options in a TOML file.

    # ~/.config/restream/config.toml
    [default]
    auth_token = "..."

    [field]
    base_url = "https://staging.example.com"
    client_id = "..."
    client_secret = "..."
    timeout = 30

Each table is a profile. Its keys are arguments of `Client`.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

from msgspec import Struct

from datastore_sdk._utils.suggestions import suggest
from datastore_sdk._utils.validation import validate_text
from datastore_sdk.auth.token_cache import is_readable_by_others
from datastore_sdk.config.auth_config import CREDENTIALS
from datastore_sdk.config.client_config import ClientConfig
from datastore_sdk.config.options import Option, options_of
from datastore_sdk.config.user_folders import config_file
from datastore_sdk.exceptions import ConfigurationError

DEFAULT_PROFILE = "default"
PROFILE: Option[Any] = Option(
    name="profile",
    doc="Name of the profile. The profile `default` need not exist.",
    parse=validate_text,
    default=DEFAULT_PROFILE,
    default_text="`default`",
    variable="RESTREAM_PROFILE",
    in_profile=False,
)
_OPTIONS = tuple(each for each in (*CREDENTIALS, *options_of(ClientConfig)) if each.in_profile)
_KEYS = tuple(each.name for each in _OPTIONS)
_SECRET_KEYS = tuple(each.name for each in _OPTIONS if each.is_secret)


class Profile(Struct, frozen=True):
    """One table of the file; an empty one if the file or the table does not exist."""

    name: str
    path: Path
    values: Mapping[str, Any]
    exists: bool

    @property
    def source(self) -> str:
        """The name of this source, for messages and `Client.describe()`."""
        return f"profile {self.name} in {self.path}"


def load_profile(name: str | None) -> Profile:
    """Return the profile of that name, else of RESTREAM_PROFILE, else `default`, which need not exist.

    Raises:
        TypeError: The name is not a string.
        ConfigurationError: The profile does not exist, or the file is invalid.
    """
    if name is not None and not isinstance(name, str):  # pyright: ignore[reportUnnecessaryIsInstance] - users without a type checker
        raise TypeError(f"profile must be a name, not {type(name).__name__}")
    requested = name or os.environ.get(str(PROFILE.variable))
    path = config_file()
    profiles = _load_profiles(path)
    if requested and requested not in profiles:
        found = f"{path} has {_format_names(profiles)}" if path.is_file() else f"there is no {path}"
        raise ConfigurationError(f"there is no profile {requested!r}: {found}{suggest(requested, profiles)}")
    name = requested or DEFAULT_PROFILE
    return Profile(name, path, profiles.get(name, {}), name in profiles)


FileState = tuple[int, int, int]
_cache: dict[Path, tuple[FileState, Mapping[str, Mapping[str, Any]]]] = {}
"""The profiles of each file, with the state of the file when it was read."""


def file_state(path: Path) -> FileState | None:
    """Return a value that changes when a file changes, or None if the file does not exist."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_mode


def _load_profiles(path: Path) -> Mapping[str, Mapping[str, Any]]:
    state = file_state(path)
    if state is None:
        return {}
    cached = _cache.get(path)
    if cached is None or cached[0] != state:
        cached = _cache[path] = (state, _validate(_parse(path), path))
    return cached[1]


def _parse(path: Path) -> dict[str, Any]:
    import tomllib  # slow to import

    try:
        return tomllib.loads(path.read_text("utf-8-sig"))
    except tomllib.TOMLDecodeError as error:  # names the line, and shows one character at most: no secret
        raise ConfigurationError(f"{path} is not TOML: {error}") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path} is not TOML: it is not encoded as UTF-8") from None
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from None


def _validate(profiles: dict[str, Any], path: Path) -> Mapping[str, Mapping[str, Any]]:
    for name, values in profiles.items():
        if not isinstance(values, dict):
            raise ConfigurationError(f"{path}: {name} is outside of a profile; write [{DEFAULT_PROFILE}] above it")
        for key in cast("dict[str, Any]", values):
            if key not in _KEYS:
                raise ConfigurationError(f"{path}: [{name}] has an unknown key {key!r}{suggest(key, _KEYS)}")
    if is_readable_by_others(path.stat()) and any(
        key in values for values in profiles.values() for key in _SECRET_KEYS
    ):
        warnings.warn(
            f"{path} contains secrets and other users can read it; run: chmod 600 {path}", UserWarning, stacklevel=2
        )
    return MappingProxyType(profiles)


def _format_names(names: Iterable[str]) -> str:
    return ", ".join(f"[{name}]" for name in names) or "no profiles"
