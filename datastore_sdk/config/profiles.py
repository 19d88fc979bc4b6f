"""Profiles: settings in a file, under a name.

    # ~/.config/restream/config.toml
    [default]
    auth_token = "..."

    [field]
    base_url = "https://staging.example.com"
    client_id = "..."
    client_secret = "..."
    timeout = 30

Each table is a profile; its keys are arguments of `Client`.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

from msgspec import Struct

from datastore_sdk.auth.token_cache import is_readable_by_others
from datastore_sdk.exceptions import ConfigurationError

DEFAULT = "default"
KEYS = (
    "auth_token",
    "client_id",
    "client_secret",
    "base_url",
    "allow_plain_http",
    "timeout",
    "retries",
    "max_concurrent_calls",
    "max_response_bytes",
    "strict",
    "proxy",
    "verify",
    "headers",
    "user_agent",
    "token_cache",
)
"""What a profile can set."""
_SECRETS = ("auth_token", "client_secret", "proxy", "headers")


class Profile(Struct, frozen=True):
    """One table of the file; without file or table an empty one."""

    name: str
    path: Path
    values: Mapping[str, Any]
    exists: bool

    @property
    def source(self) -> str:
        """What it is called."""
        return f"profile {self.name} in {self.path}"


def profile_named(name: str | None) -> Profile:
    """The profile of that name: the argument, else RESTREAM_PROFILE, else `default`, which may be missing.

    Raises:
        TypeError: The name is not a string.
        ConfigurationError: There is no such profile, or the file cannot be used.
    """
    if name is not None and not isinstance(name, str):  # pyright: ignore[reportUnnecessaryIsInstance] - users without a type checker
        raise TypeError(f"profile must be a name, not {type(name).__name__}")
    asked = name or os.environ.get("RESTREAM_PROFILE")
    path = config_file()
    profiles = _profiles(path)
    if asked and asked not in profiles:
        there = f"{path} has {_listed(profiles)}" if path.is_file() else f"there is no {path}"
        raise ConfigurationError(f"there is no profile {asked!r}: {there}{did_you_mean(asked, profiles)}")
    name = asked or DEFAULT
    return Profile(name, path, profiles.get(name, {}), name in profiles)


def config_file() -> Path:
    """The file with the profiles, which need not exist."""
    return _within_user_folder("XDG_CONFIG_HOME", ".config", "config.toml")


def user_folder(variable: str, otherwise: str) -> Path:
    """The folder of this SDK among those of the user: where the variable says, else in the home folder."""
    return _within_user_folder(variable, otherwise)


def _within_user_folder(variable: str, otherwise: str, name: str = "") -> Path:
    home = os.path.expanduser("~")  # noqa: PTH111 - each call looks for profiles, and making paths takes long
    return _path(os.environ.get(variable, ""), home, otherwise, name)


@lru_cache(maxsize=64)
def _path(variable: str, home: str, otherwise: str, name: str) -> Path:
    named = Path(variable)
    if named.is_absolute():  # the standard says to pass over others
        return named / "restream" / name
    if home == "~":  # a user without a home, in a container say: nothing is there, and nothing can be made there
        return Path(os.devnull) / "restream" / name
    return Path(home) / otherwise / "restream" / name


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A hint at the name that is nearest to a wrong one."""
    from difflib import get_close_matches  # here, for it takes long

    nearest = get_close_matches(name, [*known], n=1)
    return f"; did you mean {nearest[0]!r}?" if nearest else ""


State = tuple[int, int, int]
_read: dict[Path, tuple[State, Mapping[str, Mapping[str, Any]]]] = {}
"""What was read of a file, with what tells whether it is still the same."""


def state_of(path: Path) -> State | None:
    """What tells whether a file is still the same; None where there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_mode


def _profiles(path: Path) -> Mapping[str, Mapping[str, Any]]:
    state = state_of(path)
    if state is None:
        return {}
    known = _read.get(path)
    if known is None or known[0] != state:
        known = _read[path] = (state, _checked(_parsed(path), path))
    return known[1]


def _parsed(path: Path) -> dict[str, Any]:
    import tomllib  # here, for it takes long

    try:
        return tomllib.loads(path.read_text("utf-8-sig"))
    except tomllib.TOMLDecodeError as error:  # says where, and shows no more than a character
        raise ConfigurationError(f"{path} is not TOML: {error}") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path} is not TOML: it is not in UTF-8") from None
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from None


def _checked(profiles: dict[str, Any], path: Path) -> Mapping[str, Mapping[str, Any]]:
    for name, values in profiles.items():
        if not isinstance(values, dict):
            raise ConfigurationError(f"{path}: {name} stands outside of any profile; write [{DEFAULT}] above it")
        for key in cast("dict[str, Any]", values):
            if key not in KEYS:
                raise ConfigurationError(f"{path}: [{name}] has an unknown key {key!r}{did_you_mean(key, KEYS)}")
    if is_readable_by_others(path.stat()) and any(key in values for values in profiles.values() for key in _SECRETS):
        warnings.warn(
            f"{path} holds secrets and can be read by others; run: chmod 600 {path}", UserWarning, stacklevel=2
        )
    return MappingProxyType(profiles)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"[{name}]" for name in names) or "no profiles"
