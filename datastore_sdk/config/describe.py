"""What a client goes by and where that comes from, for people and programs to read. No secret shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from datastore_sdk.config.auth_config import AuthConfig
from datastore_sdk.config.client_config import ClientConfig, Setting

_STARS = "***"
_LONG = 32
"""From so many characters on the last four of a secret tell which one it is, and no more."""


class ClientDescription(Mapping[str, Setting[Any]]):
    """Settings by name, each with its `value`, which JSON can hold, and its `source`. Prints as a table."""

    def __init__(self, settings: Mapping[str, Setting[Any]]) -> None:
        self._settings = dict(settings)

    def __getitem__(self, name: str) -> Setting[Any]:
        return self._settings[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._settings)

    def __len__(self) -> int:
        return len(self._settings)

    def to_dict(self) -> dict[str, dict[str, Any]]:
        """As JSON can hold it: `{"base_url": {"value": ..., "source": ...}, ...}`."""
        return {name: {"value": setting.value, "source": setting.source} for name, setting in self.items()}

    def __str__(self) -> str:
        rows = [(name, _text(setting.value), setting.source) for name, setting in self.items()]
        widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
        return "\n".join(f"{name:{widths[0]}}  {value:{widths[1]}}  {source}" for name, value, source in rows)

    def __repr__(self) -> str:
        return str(self)


def described(configuration: ClientConfig) -> ClientDescription:
    """The description of a configuration."""
    settings: dict[str, Setting[Any]] = {}
    for field in fields(configuration):
        setting: Setting[Any] = getattr(configuration, field.name)
        if isinstance(setting.value, AuthConfig):
            settings |= {name: Setting(text, setting.source) for name, text in _login(setting.value).items()}
        else:
            settings[field.name] = Setting(_readable(field.name, setting.value), setting.source)
    return ClientDescription(settings)


def masked(secret: str) -> str:
    """A secret as it may be shown."""
    return _STARS + (secret[-4:] if len(secret) >= _LONG else "")


def _login(login: AuthConfig) -> dict[str, str]:
    if login.auth_token is None:
        return {"client_id": masked(login.client_id), "client_secret": _STARS}
    return {"auth_token": masked(login.auth_token) if isinstance(login.auth_token, str) else "from a function"}


def _readable(name: str, value: Any) -> Any:
    match name:
        case "timeout" | "retries":
            return asdict(value)
        case "headers":
            return {header: _STARS for header, _ in value}
        case "proxy" if value:
            return _without_user(value)
        case "hooks":
            return [hook for hook in value.__struct_fields__ if getattr(value, hook)]
        case _:
            return _plain(value)


def _without_user(url: str) -> str:
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    return f"{parts.scheme}://{_STARS if user else ''}{at}{host}"


def _plain(value: Any) -> Any:
    if isinstance(value, str | int | float | bool | None):
        return value
    return str(value) if isinstance(value, Path) else f"{type(value).__module__}.{type(value).__name__}"


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        value = [f"{name}={_text(item)}" for name, item in cast("dict[str, Any]", value).items()]
    if isinstance(value, list):
        value = ", ".join(cast("list[str]", value))
    return "-" if value in (None, "") else str(value)
