"""Options of a client. This is the place to add one: a key in `ClientOptions` and a field in `ClientConfig`.

Then run `tests/config/option_docs.py`, which writes the docstring of `Client` and the table in `docs/clients.md`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypedDict, TypeVar, cast

from datastore_sdk._io.connection_settings import ConnectionSettings, validate_httpx_client
from datastore_sdk._io.timeouts import Timeouts
from datastore_sdk._utils.redaction import STARS, mask_user_info
from datastore_sdk._utils.suggestions import suggest
from datastore_sdk._utils.validation import validate_flag, validate_id
from datastore_sdk.auth.providers import TokenProvider
from datastore_sdk.config.auth_config import CREDENTIALS, AuthConfig, parse_credentials, validate_one_kind
from datastore_sdk.config.options import ARGUMENT, Option, Setting, option, options_of
from datastore_sdk.config.parsers import (
    DEFAULT_HOST,
    Headers,
    is_loopback,
    is_plain,
    merge_max_attempts,
    parse_async_http,
    parse_base_url,
    parse_concurrency,
    parse_headers,
    parse_hooks,
    parse_http,
    parse_proxy,
    parse_retries,
    parse_switch,
    parse_timeouts,
    parse_token_cache,
    parse_user_agent,
    parse_verify,
)
from datastore_sdk.exceptions import ConfigurationError
from datastore_sdk.instrumentation.events import Hooks
from datastore_sdk.transport.executor.concurrency import MAX_CALLS_PER_ENDPOINT
from datastore_sdk.transport.executor.retry import RetryPolicy
from datastore_sdk.transport.http.environment_proxy import AUTHORITIES

if TYPE_CHECKING:
    import ssl

    import httpx

T = TypeVar("T")

_USE_HTTPS = "use https, or pass allow_plain_http=True (http is otherwise allowed for loopback addresses only)"


class KeywordOptions(TypedDict, total=False):
    """Keyword arguments of `Client`. None leaves an option to the environment, the profile or the default."""

    client_id: str | None
    client_secret: str | None
    base_url: str | None
    allow_plain_http: bool | None
    timeout: float | Timeouts | None
    retries: RetryPolicy | None
    max_concurrent_calls: int | None
    max_response_bytes: int | None
    strict: bool | None
    proxy: str | None
    verify: ssl.SSLContext | str | Path | bool | None
    headers: Mapping[str, str] | None
    user_agent: str | None
    token_cache: bool | str | Path | None
    http: httpx.Client | None
    async_http: httpx.AsyncClient | None
    hooks: Hooks | None


class ClientOptions(KeywordOptions, total=False):
    """Arguments of `Client.with_options`. None leaves an option unchanged."""

    auth_token: str | TokenProvider | None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ClientConfig:
    """Configuration of a client. Two configurations with equal values are equal; the sources do not matter."""

    auth: Setting[AuthConfig]
    base_url: Setting[str] = option(
        "Scheme and host of the service.",
        parse=parse_base_url,
        default=DEFAULT_HOST,
        variable="RESTREAM_HOST",
    )
    allow_plain_http: Setting[bool] = option(
        "Allow a base URL with `http://` on another machine. Everybody on the network path can then read the token.",
        parse=validate_flag,
        default=False,
    )
    timeout: Setting[Timeouts] = option(
        "Timeouts of a call. A number of seconds limits each single wait, as in httpx.",
        parse=parse_timeouts,
        default=Timeouts(),
        describe=asdict,
    )
    retries: Setting[RetryPolicy] = option(
        "When and how often to retry failed calls. The environment variable sets `max_attempts` only.",
        parse=parse_retries,
        default=RetryPolicy(),
        variable="RESTREAM_MAX_RETRY_ATTEMPTS",
        merge=merge_max_attempts,
        describe=asdict,
    )
    max_concurrent_calls: Setting[int] = option(
        f"Maximum number of concurrent calls to one endpoint: 1 to {MAX_CALLS_PER_ENDPOINT}. The service allows "
        f"{MAX_CALLS_PER_ENDPOINT} for all clients with the same credentials together.",
        parse=parse_concurrency,
        default=MAX_CALLS_PER_ENDPOINT,
    )
    max_response_bytes: Setting[int] = option(
        "Maximum size of a response other than time-series data, in bytes after decompression. A longer response "
        "raises `ResponseValidationError`.",
        parse=validate_id,
        default=64 << 20,
        default_text="64 MiB",
    )
    strict: Setting[bool] = option(
        "Raise `ResponseValidationError` if a response does not fit the API contract. Otherwise the SDK converts the "
        "values that fit and keeps the others as the service sent them.",
        parse=validate_flag,
        default=False,
    )
    proxy: Setting[str | None] = option(
        "URL of a proxy.",
        parse=parse_proxy,
        default=None,
        other_variables=("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"),
        is_secret=True,
        describe=lambda url: url and mask_user_info(url),
    )
    verify: Setting[ssl.SSLContext | Path | bool] = option(
        "How to verify the certificate of the service: a file or folder of CA certificates to trust instead of the "
        "default ones, or an SSL context. False turns verification off, so that anybody on the network path can read "
        "the token.",
        parse=parse_verify,
        default=True,
        other_variables=AUTHORITIES,
    )
    headers: Setting[Headers] = option(
        "Additional headers for every request.",
        parse=parse_headers,
        default=(),
        default_text="none",
        is_secret=True,
        describe=lambda headers: {name: STARS for name, _ in headers},
    )
    user_agent: Setting[str] = option(
        'Name and version of your program, such as "frac-report/1.2". It precedes the name of the SDK.',
        parse=parse_user_agent,
        default="",
        default_text="none",
    )
    token_cache: Setting[Path | None] = option(
        "Where to cache the tokens of client credentials for all processes of the user: True for `~/.cache/restream` "
        "(below XDG_CACHE_HOME, if set), or the path of a folder.",
        parse=parse_token_cache,
        default=None,
        default_text="no cache",
        variable="RESTREAM_TOKEN_CACHE",
    )
    shared_limit: Setting[bool] = option(
        "Share the limit of concurrent calls with the other processes of the user on this machine (`on` or `off`).",
        parse=parse_switch,
        default=True,
        default_text="on",
        variable="RESTREAM_SHARED_LIMIT",
        is_argument=False,
        in_profile=False,
    )
    http: Setting[httpx.Client | None] = option(
        "An httpx client for sync calls, with its own proxy and certificates. The SDK never closes it.",
        parse=parse_http,
        default=None,
        default_text="a client of the SDK",
        in_profile=False,
    )
    async_http: Setting[httpx.AsyncClient | None] = option(
        "An httpx client for async calls. The SDK never closes it.",
        parse=parse_async_http,
        default=None,
        default_text="threads that share the connections of sync calls",
        in_profile=False,
    )
    hooks: Setting[Hooks] = option(
        "Functions that receive an event for each request, response, error and retry.",
        parse=parse_hooks,
        default=Hooks(),
        in_profile=False,
        describe=lambda hooks: [name for name in hooks.__struct_fields__ if getattr(hooks, name)],
    )
    profile: Setting[str | None] = field(compare=False)

    def connection_settings(self) -> ConnectionSettings:
        """Return the settings of connections.

        Raises:
            ConfigurationError: An httpx client of the user has settings that the SDK overrides.
        """
        validate_httpx_client(self.http.value, "http", self.base_url.value)
        validate_httpx_client(self.async_http.value, "async_http", self.base_url.value)
        return ConnectionSettings(
            verify=self.verify.value,
            proxy=self.proxy.value,
            http=self.http.value,
            async_http=self.async_http.value,
        )

    def with_changes(self, changes: ClientOptions) -> ClientConfig:
        """Return a copy with changed options."""
        return build_config(changes, _Unchanged(self))


OPTIONS = options_of(ClientConfig)


class Fallback(Protocol):
    """Source of the settings that no argument sets."""

    def auth(self) -> Setting[AuthConfig]:
        """Return the credentials."""
        ...

    def profile(self) -> Setting[str | None]:
        """Return the name and the file of the profile."""
        ...

    def get(self, option: Option[T], /) -> Setting[T]:
        """Return the setting of an option."""
        ...


class _Unchanged:
    """The settings of a configuration."""

    def __init__(self, config: ClientConfig) -> None:
        self._config = config

    def auth(self) -> Setting[AuthConfig]:
        return self._config.auth

    def profile(self) -> Setting[str | None]:
        return self._config.profile

    def get(self, option: Option[T], /) -> Setting[T]:
        return cast("Setting[T]", getattr(self._config, option.name))


def build_config(arguments: ClientOptions, fallback: Fallback) -> ClientConfig:
    """Return the configuration that arguments and a fallback make.

    Raises:
        MissingCredentialsError: There are no credentials, or half of the client credentials is missing.
        ConfigurationError: An argument or a value of the fallback is invalid.
        TypeError: An argument does not exist or has the wrong type.
        ValueError: An argument is invalid.
    """
    known = ClientOptions.__annotations__
    for name in arguments:
        if name not in known:
            raise TypeError(f"there is no option {name!r}{suggest(name, known)}")
    values = cast("Mapping[str, Any]", arguments)
    settings: dict[str, Setting[Any]] = {each.name: _get_setting(each, values, fallback) for each in OPTIONS}
    config = ClientConfig(auth=_parse_auth(values) or fallback.auth(), profile=fallback.profile(), **settings)
    _validate_base_url(config)
    return drop_remote_proxy(config)


def _get_setting(option: Option[T], arguments: Mapping[str, Any], fallback: Fallback) -> Setting[T]:
    value = arguments.get(option.name)
    return fallback.get(option) if value is None else Setting(option.parse(value, option.name), ARGUMENT)


def _parse_auth(arguments: Mapping[str, Any]) -> Setting[AuthConfig] | None:
    validate_one_kind(arguments)
    auth = parse_credentials(arguments, {each.name: f"{each.name}=" for each in CREDENTIALS}, "an argument")
    return Setting(auth, ARGUMENT) if auth else None


def _validate_base_url(config: ClientConfig) -> None:
    url = config.base_url
    if is_plain(url.value) and not (config.allow_plain_http.value or is_loopback(url.value)):
        source = "" if url.source == ARGUMENT else f"{url.source}: "
        raise ConfigurationError(f"{source}{url.value} would send the token unencrypted; {_USE_HTTPS}")


def drop_remote_proxy(config: ClientConfig) -> ClientConfig:
    """Return the configuration without a proxy on another machine, if the base URL is `http://` on this machine.

    The proxy could not reach the service, and would receive the token unencrypted.

    Raises:
        ConfigurationError: The proxy is an argument.
    """
    base_url, proxy = config.base_url.value, config.proxy
    if proxy.value is None or not is_plain(base_url) or config.allow_plain_http.value or is_loopback(proxy.value):
        return config
    if proxy.source == ARGUMENT:
        raise ConfigurationError(
            f"the proxy on another machine would receive the token for {base_url} unencrypted; {_USE_HTTPS}"
        )
    return replace(config, proxy=Setting(None, f"{proxy.source}, which is ignored for addresses of this machine"))
