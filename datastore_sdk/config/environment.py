"""Settings from the environment, else from a profile, else the defaults."""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from datastore_sdk.auth.providers import NO_CREDENTIALS_MESSAGE
from datastore_sdk.config.auth_config import CREDENTIALS, AuthConfig, parse_credentials, validate_one_kind
from datastore_sdk.config.client_config import OPTIONS, ClientConfig, ClientOptions, build_config, drop_remote_proxy
from datastore_sdk.config.options import ARGUMENT, DEFAULT, Option, Setting
from datastore_sdk.config.parsers import is_plain, parse_proxy
from datastore_sdk.config.profiles import PROFILE, Profile, file_state, load_profile
from datastore_sdk.config.user_folders import FOLDER_VARIABLES, config_file
from datastore_sdk.exceptions import ConfigurationError, MissingCredentialsError
from datastore_sdk.transport.http.environment_proxy import AUTHORITIES, find_environment_proxy

if TYPE_CHECKING:
    import ssl

T = TypeVar("T")

ALL_OPTIONS: tuple[Option[Any], ...] = (*CREDENTIALS, PROFILE, *OPTIONS)
"""All options, in the order of the documentation."""
_CREDENTIAL_VARIABLES = {each.name: str(each.variable) for each in CREDENTIALS}
_VARIABLES = (
    *(each.variable for each in ALL_OPTIONS if each.variable),
    *(case(name) for each in ALL_OPTIONS for name in each.other_variables for case in (str.upper, str.lower)),
    *FOLDER_VARIABLES,
)
"""The environment variables that a configuration depends on."""


def environment_state() -> tuple[Hashable, ...]:
    """Return a value that changes when the environment or the profiles change. This is faster than reading them."""
    return (*map(os.environ.get, _VARIABLES), file_state(config_file()))


def resolve_config(arguments: ClientOptions, profile: str | None = None) -> ClientConfig:
    """Return the configuration that arguments, environment and profile make.

    Raises:
        MissingCredentialsError: There are no credentials, or half of the client credentials is missing.
        ConfigurationError: A setting is invalid.
        TypeError: An argument does not exist or has the wrong type.
        ValueError: An argument is invalid.
    """
    try:
        return _resolve(arguments, profile)
    except (TypeError, ValueError) as error:
        error.__context__ = None
        raise error.with_traceback(None) from None  # the frames hold the secrets of the profile


def _resolve(arguments: ClientOptions, profile: str | None) -> ClientConfig:
    environment = _Environment(load_profile(profile), is_argument=profile is not None)
    config = build_config(arguments, environment)
    if config.verify.value is True and any(map(os.environ.get, AUTHORITIES)) and not is_plain(config.base_url.value):
        config = replace(config, verify=_with_environment_authorities(config.verify))
    if arguments.get("proxy") is None and (proxy := find_environment_proxy(config.base_url.value)):
        url, source = proxy
        return drop_remote_proxy(
            replace(config, proxy=Setting(_with_source(source, parse_proxy, url, "proxy"), source))
        )
    return config


class _Environment:
    """The environment variables and a profile."""

    def __init__(self, profile: Profile, *, is_argument: bool) -> None:
        self._profile = profile
        self._is_argument = is_argument

    def get(self, option: Option[T], /) -> Setting[T]:
        variable = f"environment variable {option.variable}"
        text = os.environ.get(option.variable) if option.variable else None
        if text and option.merge is None:
            return _parse(option, text, variable)
        value = self._profile.values.get(option.name) if option.in_profile else None
        found = Setting(option.default, DEFAULT) if value is None else _parse(option, value, self._profile.source)
        if not text or option.merge is None:
            return found
        source = variable if found.source == DEFAULT else f"{variable}, {found.source}"
        return Setting(_with_source(variable, option.merge, text, found.value), source)

    def auth(self) -> Setting[AuthConfig]:
        values = {name: os.environ.get(variable) or None for name, variable in _CREDENTIAL_VARIABLES.items()}
        try:
            auth = parse_credentials(values, _CREDENTIAL_VARIABLES, "the environment")
        except MissingCredentialsError:
            raise
        except ConfigurationError as error:
            raise ConfigurationError(f"environment variable {_CREDENTIAL_VARIABLES['auth_token']}: {error}") from None
        if auth:
            names = ("auth_token",) if auth.auth_token else ("client_id", "client_secret")
            variables = ", ".join(_CREDENTIAL_VARIABLES[name] for name in names)
            return Setting(auth, f"environment variable{'s'[: len(names) - 1]} {variables}")
        if auth := self._profile_auth(self._profile.values):
            return Setting(auth, self._profile.source)
        raise MissingCredentialsError(NO_CREDENTIALS_MESSAGE)

    def _profile_auth(self, values: Mapping[str, Any]) -> AuthConfig | None:
        source = self._profile.source
        try:
            validate_one_kind(values)
            return parse_credentials(values, {each.name: each.name for each in CREDENTIALS}, source)
        except (TypeError, ValueError) as error:
            kind = MissingCredentialsError if isinstance(error, MissingCredentialsError) else ConfigurationError
            raise kind(f"{source}: {error}") from None

    def profile(self) -> Setting[str | None]:
        name = f"{self._profile.name} in {self._profile.path}" if self._profile.exists else None
        if self._is_argument:
            return Setting(name, ARGUMENT)
        variable = str(PROFILE.variable)
        return Setting(name, f"environment variable {variable}" if os.environ.get(variable) else DEFAULT)


def _with_environment_authorities(
    verify: Setting[ssl.SSLContext | Path | bool],
) -> Setting[ssl.SSLContext | Path | bool]:
    """Return the setting with the environment variable as its source; `build_tls_context` reads the variable again."""
    from datastore_sdk.transport.http.tls import get_environment_authorities, validate_authorities  # slow to import

    if authorities := get_environment_authorities():
        validate_authorities(authorities)
        return replace(verify, source=authorities.source)
    return verify


def _parse(option: Option[T], value: Any, source: str) -> Setting[T]:
    return Setting(_with_source(source, option.parse, value, option.name), source)


def _with_source(source: str, parse: Callable[..., T], *arguments: Any) -> T:
    """Call a parser; its errors then name the source of the value."""
    try:
        return parse(*arguments)
    except (TypeError, ValueError) as error:
        raise ConfigurationError(f"{source}: {error}") from None
