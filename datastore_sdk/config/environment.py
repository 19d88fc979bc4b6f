"""Settings that are not arguments: from the environment, else from a profile, else what is usual."""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from datastore_sdk.auth.providers import NO_CREDENTIALS_MESSAGE
from datastore_sdk.config.auth_config import AuthConfig, login_from, refuse_two
from datastore_sdk.config.client_config import (
    ARGUMENT,
    USUAL,
    ClientConfig,
    ClientOptions,
    Setting,
    configured,
    kept_on_this_machine,
)
from datastore_sdk.config.options import attempts_from, is_plain, proxy_from, retries_from
from datastore_sdk.config.profiles import Profile, config_file, profile_named, state_of
from datastore_sdk.exceptions import ConfigurationError, MissingCredentialsError
from datastore_sdk.transport.executor.retry import RetryPolicy
from datastore_sdk.transport.http.environment_proxy import AUTHORITIES, find_environment_proxy

if TYPE_CHECKING:
    import ssl

T = TypeVar("T")

DEFAULT = "default"
_VARIABLES = {
    "base_url": "RESTREAM_HOST",
    "token_cache": "RESTREAM_TOKEN_CACHE",
    "shared_limit": "RESTREAM_SHARED_LIMIT",
}
_ATTEMPTS = "RESTREAM_MAX_RETRY_ATTEMPTS"
_LOGIN = {
    "auth_token": "TALLY_AUTH_TOKEN",
    "client_id": "RESTREAM_CLIENT_ID",
    "client_secret": "RESTREAM_CLIENT_SECRET",
}


_READ = (
    *_VARIABLES.values(),
    *_LOGIN.values(),
    _ATTEMPTS,
    "RESTREAM_PROFILE",
    "XDG_CONFIG_HOME",
    "XDG_CACHE_HOME",
    "HOME",
    *AUTHORITIES,
    *(form(f"{kind}_proxy") for kind in ("http", "https", "all", "no") for form in (str.lower, str.upper)),
)
"""The variables that settings depend on."""


def state() -> tuple[Hashable, ...]:
    """What tells whether environment and profiles are still the same, in less time than reading them takes."""
    return (*map(os.environ.get, _READ), state_of(config_file()))


def configuration(options: ClientOptions, profile: str | None = None) -> ClientConfig:
    """The configuration that options, environment and profile make.

    Raises:
        MissingCredentialsError: There are no credentials, or half of a pair.
        ConfigurationError: Something in there cannot be used.
        TypeError: There is no such option, or it is of the wrong type.
        ValueError: An option cannot be used.
    """
    try:
        return _configuration(options, profile)
    except (TypeError, ValueError) as error:
        error.__context__ = None
        raise error.with_traceback(None) from None  # its frames held the secrets of the profile


def _configuration(options: ClientOptions, profile: str | None) -> ClientConfig:
    found = configured(options, _Surroundings(profile_named(profile), named_here=profile is not None))
    if found.verify.value is True and any(map(os.environ.get, AUTHORITIES)) and not is_plain(found.base_url.value):
        found = replace(found, verify=_verified_by_environment(found.verify))
    if options.get("proxy") is None and (proxy := find_environment_proxy(found.base_url.value)):
        url, source = proxy
        return kept_on_this_machine(replace(found, proxy=_read(proxy_from, url, source)))
    return found


class _Surroundings:
    """Environment and profile."""

    def __init__(self, profile: Profile, *, named_here: bool) -> None:
        self._profile = profile
        self._named_here = named_here

    def __call__(self, name: str, read: Callable[[Any], Any], /) -> Any:
        match name:
            case "profile":
                return self._which()
            case "login":
                return self._login()
            case "retries":
                return self._retries()
            case _:
                return self._setting(name, read)

    def _setting(self, name: str, read: Callable[[Any], T]) -> Setting[T]:
        variable = _VARIABLES.get(name)
        if variable and (text := os.environ.get(variable)):
            return _read(read, text, f"environment variable {variable}")
        value = self._profile.values.get(name)
        if value is not None:
            return _read(read, value, self._profile.source)
        return Setting(USUAL[name], DEFAULT)

    def _retries(self) -> Setting[RetryPolicy]:
        policy = self._setting("retries", retries_from)
        if not (text := os.environ.get(_ATTEMPTS)):
            return policy
        attempts = _read(attempts_from, text, f"environment variable {_ATTEMPTS}")
        source = attempts.source if policy.source == DEFAULT else f"{attempts.source}, {policy.source}"
        return Setting(replace(policy.value, max_attempts=attempts.value), source)

    def _login(self) -> Setting[AuthConfig]:
        given = {name: os.environ.get(variable) or None for name, variable in _LOGIN.items()}
        try:
            login = login_from(given, _LOGIN, "the environment")
        except MissingCredentialsError:
            raise
        except ConfigurationError as error:
            raise ConfigurationError(f"environment variable {_LOGIN['auth_token']}: {error}") from None
        if login:
            variables = [_LOGIN["auth_token"]] if login.auth_token else [_LOGIN["client_id"], _LOGIN["client_secret"]]
            return Setting(login, f"environment variable{'s'[: len(variables) - 1]} {', '.join(variables)}")
        if login := self._profile_login(self._profile.values):
            return Setting(login, self._profile.source)
        raise MissingCredentialsError(NO_CREDENTIALS_MESSAGE)

    def _profile_login(self, values: Mapping[str, Any]) -> AuthConfig | None:
        source = self._profile.source
        try:
            refuse_two(values)
            return login_from(values, {name: name for name in _LOGIN}, source)
        except (TypeError, ValueError) as error:
            kind = MissingCredentialsError if isinstance(error, MissingCredentialsError) else ConfigurationError
            raise kind(f"{source}: {error}") from None

    def _which(self) -> Setting[str | None]:
        shown = f"{self._profile.name} in {self._profile.path}" if self._profile.exists else None
        if self._named_here:
            return Setting(shown, ARGUMENT)
        return Setting(
            shown, "environment variable RESTREAM_PROFILE" if os.environ.get("RESTREAM_PROFILE") else DEFAULT
        )


def _verified_by_environment(verify: Setting[ssl.SSLContext | Path | bool]) -> Setting[ssl.SSLContext | Path | bool]:
    """Return the setting with the variable as its source, which `tls_context` heeds."""
    from datastore_sdk.transport.http.tls import (  # here, for it takes long
        get_environment_authorities,
        validate_authorities,
    )

    if authorities := get_environment_authorities():
        validate_authorities(authorities)
        return replace(verify, source=authorities.source)
    return verify


def _read(read: Callable[[Any], T], value: Any, source: str) -> Setting[T]:
    try:
        return Setting(read(value), source)
    except (TypeError, ValueError) as error:
        raise ConfigurationError(f"{source}: {error}") from None
