"""`Client.describe()`: every setting and its source, without secrets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from datastore_sdk.config.auth_config import CREDENTIALS
from datastore_sdk.config.client_config import OPTIONS, ClientConfig
from datastore_sdk.config.options import Setting


class ClientDescription(Mapping[str, Setting[Any]]):
    """Settings by name, each with a `value` that JSON can hold, and its `source`. Prints as a table."""

    def __init__(self, settings: Mapping[str, Setting[Any]]) -> None:
        self._settings = dict(settings)

    def __getitem__(self, name: str) -> Setting[Any]:
        return self._settings[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._settings)

    def __len__(self) -> int:
        return len(self._settings)

    def to_dict(self) -> dict[str, dict[str, Any]]:
        """Return a dict for JSON: `{"base_url": {"value": ..., "source": ...}, ...}`."""
        return {name: {"value": setting.value, "source": setting.source} for name, setting in self.items()}

    def __str__(self) -> str:
        rows = [(name, _format(setting.value), setting.source) for name, setting in self.items()]
        widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
        return "\n".join(f"{name:{widths[0]}}  {value:{widths[1]}}  {source}" for name, value, source in rows)

    def __repr__(self) -> str:
        return str(self)


def describe_config(config: ClientConfig) -> ClientDescription:
    """Return the description of a configuration."""
    auth = config.auth
    credentials = [(each, getattr(auth.value, each.name)) for each in CREDENTIALS]
    settings = {each.name: Setting(each.describe(value), auth.source) for each, value in credentials if value}
    for each in OPTIONS:
        setting: Setting[Any] = getattr(config, each.name)
        settings[each.name] = Setting(each.describe(setting.value), setting.source)
    return ClientDescription({**settings, "profile": config.profile})


def _format(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        value = [f"{name}={_format(item)}" for name, item in cast("dict[str, Any]", value).items()]
    if isinstance(value, list):
        value = ", ".join(cast("list[str]", value))
    return "-" if value in (None, "") else str(value)
