"""The configuration of a client: every setting, and where it comes from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypedDict, TypeVar

from datastore_sdk._io.timeouts import ConnectionSettings, Timeouts
from datastore_sdk.auth.providers import TokenProvider
from datastore_sdk.config.auth_config import NAMES, AuthConfig, login_from, refuse_two
from datastore_sdk.config.options import (
    DEFAULT_HOST,
    Headers,
    answer_bytes_from,
    async_http_from,
    base_url_from,
    cache_folder_from,
    concurrency_from,
    headers_from,
    hooks_from,
    http_from,
    is_loopback,
    is_plain,
    plain_http_from,
    proxy_from,
    retries_from,
    shared_limit_from,
    strict_from,
    timeouts_from,
    user_agent_from,
    verify_from,
)
from datastore_sdk.config.profiles import did_you_mean
from datastore_sdk.exceptions import ConfigurationError
from datastore_sdk.instrumentation.events import Hooks
from datastore_sdk.transport.executor.concurrency import MAX_CALLS_PER_ENDPOINT
from datastore_sdk.transport.executor.retry import RetryPolicy

if TYPE_CHECKING:
    import ssl

    import httpx

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

ARGUMENT = "argument"
_HOW_PLAIN = "use https (http is for loopback addresses only, unless allow_plain_http=True asks for it)"
USUAL: dict[str, Any] = {
    "base_url": DEFAULT_HOST,
    "allow_plain_http": False,
    "timeout": Timeouts(),
    "retries": RetryPolicy(),
    "max_concurrent_calls": MAX_CALLS_PER_ENDPOINT,
    "max_response_bytes": 64 << 20,
    "strict": False,
    "proxy": None,
    "verify": True,
    "headers": (),
    "user_agent": "",
    "token_cache": None,
    "shared_limit": True,
    "http": None,
    "async_http": None,
    "hooks": Hooks(),
}
"""The settings that nobody has asked for otherwise."""


class ClientOptions(TypedDict, total=False):
    """What somebody asks for; None leaves it open. The meanings are told at `Client`."""

    auth_token: str | TokenProvider | None
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


@dataclass(frozen=True, slots=True)
class Setting(Generic[T_co]):
    """A value, and where it comes from."""

    value: T_co
    source: str = field(compare=False)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ClientConfig:
    """Everything that a client goes by. Two that are equal do the same, wherever their settings come from."""

    login: Setting[AuthConfig]
    base_url: Setting[str]
    allow_plain_http: Setting[bool]
    timeout: Setting[Timeouts]
    retries: Setting[RetryPolicy]
    max_concurrent_calls: Setting[int]
    max_response_bytes: Setting[int]
    strict: Setting[bool]
    proxy: Setting[str | None]
    verify: Setting[ssl.SSLContext | Path | bool]
    headers: Setting[Headers]
    user_agent: Setting[str]
    token_cache: Setting[Path | None]
    shared_limit: Setting[bool]
    http: Setting[httpx.Client | None]
    async_http: Setting[httpx.AsyncClient | None]
    hooks: Setting[Hooks]
    profile: Setting[str | None] = field(compare=False)

    def connection(self) -> ConnectionSettings:
        """How connections are made."""
        return ConnectionSettings(
            verify=self.verify.value,
            proxy=self.proxy.value,
            http=self.http.value,
            async_http=self.async_http.value,
        )

    def changed(self, options: ClientOptions) -> ClientConfig:
        """The same but for what the options ask for."""
        return configured(options, lambda name, _: getattr(self, name))


class Fallback(Protocol):
    """Gives the settings that options leave open."""

    def __call__(self, name: str, read: Callable[[Any], Any], /) -> Any:
        """The `Setting` of that name; `read` makes its value of what somebody wrote."""
        ...


def configured(options: ClientOptions, otherwise: Fallback) -> ClientConfig:
    """The configuration that options make, and whatever gives the rest.

    Raises:
        MissingCredentialsError: There are no credentials, or half of a pair.
        ConfigurationError: An option, or what gives the rest, holds something that cannot be used.
        TypeError: There is no such option, or it is of the wrong type.
        ValueError: An option cannot be used.
    """
    for name in options:
        if name not in ClientOptions.__annotations__:
            raise TypeError(f"there is no option {name!r}{did_you_mean(name, ClientOptions.__annotations__)}")

    def setting(name: str, read: Callable[[Any], T]) -> Setting[T]:
        value = options.get(name)
        if value is not None:
            return Setting(read(value), ARGUMENT)
        found: Setting[T] = otherwise(name, read)
        return found

    base_url, plain = setting("base_url", base_url_from), setting("allow_plain_http", plain_http_from)
    if is_plain(base_url.value) and not (plain.value or is_loopback(base_url.value)):
        source = "" if base_url.source == ARGUMENT else f"{base_url.source}: "
        raise ConfigurationError(f"{source}{base_url.value} would send the token unencrypted; {_HOW_PLAIN}")
    found = ClientConfig(
        profile=otherwise("profile", as_it_is),
        login=_login(options) or otherwise("login", as_it_is),
        base_url=base_url,
        allow_plain_http=plain,
        timeout=setting("timeout", timeouts_from),
        retries=setting("retries", retries_from),
        max_concurrent_calls=setting("max_concurrent_calls", concurrency_from),
        max_response_bytes=setting("max_response_bytes", answer_bytes_from),
        strict=setting("strict", strict_from),
        proxy=setting("proxy", proxy_from),
        verify=setting("verify", verify_from),
        headers=setting("headers", headers_from),
        user_agent=setting("user_agent", user_agent_from),
        token_cache=setting("token_cache", cache_folder_from),
        shared_limit=otherwise("shared_limit", shared_limit_from),
        http=setting("http", http_from),
        async_http=setting("async_http", async_http_from),
        hooks=setting("hooks", hooks_from),
    )
    return kept_on_this_machine(found)


def kept_on_this_machine(found: ClientConfig) -> ClientConfig:
    """The same, but a token that goes to this machine unencrypted does not leave it through a proxy.

    Raises:
        ConfigurationError: An argument has it go there.
    """
    base_url, proxy = found.base_url.value, found.proxy
    if proxy.value is None or not is_plain(base_url) or found.allow_plain_http.value or is_loopback(proxy.value):
        return found
    if proxy.source == ARGUMENT:
        raise ConfigurationError(
            f"the proxy on another machine would get the token for {base_url} unencrypted; {_HOW_PLAIN}"
        )
    return replace(found, proxy=Setting(None, f"{proxy.source}, which is not for addresses of this machine"))


def _login(options: ClientOptions) -> Setting[AuthConfig] | None:
    given = {name: options.get(name) for name in NAMES}
    refuse_two(given)
    login = login_from(given, {name: f"{name}=" for name in given}, "an argument")
    return Setting(login, ARGUMENT) if login else None


def as_it_is(value: T) -> T:
    """For what needs no reading."""
    return value
