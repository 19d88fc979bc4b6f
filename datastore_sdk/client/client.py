"""`Client`: configuration, credentials and connections of calls."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Generator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar, Unpack

from datastore_sdk._io.clock import Clock
from datastore_sdk._io.effects import EffectGen
from datastore_sdk._io.timeouts import Timeouts
from datastore_sdk._utils.signatures import complete_signature
from datastore_sdk._version import VERSION
from datastore_sdk.auth.providers import TokenProvider
from datastore_sdk.client.connections import Connections
from datastore_sdk.client.shared_state import credentials_of, limits_of
from datastore_sdk.config.client_config import ClientConfig, ClientOptions, KeywordOptions
from datastore_sdk.config.describe import ClientDescription, describe_config
from datastore_sdk.config.environment import resolve_config
from datastore_sdk.transport.executor.executor import OperationRunner, RequestExecutor
from datastore_sdk.transport.executor.retry import RetryPolicy
from datastore_sdk.transport.http.cancellation import Cancellation
from restream_api.types import Operation

if TYPE_CHECKING:
    from datastore_sdk.transport.drivers.async_driver import AsyncDriver
    from datastore_sdk.transport.drivers.sync_driver import SyncDriver

T = TypeVar("T")

USER_AGENT = f"restream-datastore-sdk/{VERSION} Python/{sys.version.split()[0]}"
REAL_TIME = Clock()
"""The default clock. Clients share limits and tokens only if they have the same clock."""


class Client:
    """A client of the Restream API: configuration, credentials and pooled connections.

    The SDK creates a client from the environment if you pass none. Create one to set another host, other credentials or
    other options, and pass it as `client=` to any call that accepts `auth_token=`. Objects keep the client that fetched
    them. Threads, event loops and forked processes can share a client. As a context manager, it closes its connections
    at the end.

    A client is immutable; `with_options` returns a changed copy. Each option comes from the argument, else the
    environment, else the profile, else the default; `describe()` shows the values and their sources. A profile is a
    table in the TOML file `~/.config/restream/config.toml` (below XDG_CONFIG_HOME, if set). Its keys are arguments of
    this class.

    Args:
        auth_token: The token from Tally, or a sync or async function that returns one. The SDK calls the function for
            each request, and again if the service rejects the token; the function should cache its token until it
            expires. Default: TALLY_AUTH_TOKEN.
        client_id: OAuth2 client id. The SDK requests tokens for it and renews them. Default: RESTREAM_CLIENT_ID.
        client_secret: OAuth2 client secret. It must come from the same source as the client id. Default:
            RESTREAM_CLIENT_SECRET.
        profile: Name of the profile. The profile `default` need not exist. Default: RESTREAM_PROFILE, else `default`.
        base_url: Scheme and host of the service. Default: RESTREAM_HOST, else `https://app.restreamsolutions.com`.
        allow_plain_http: Allow a base URL with `http://` on another machine. Everybody on the network path can then
            read the token. Default: `False`.
        timeout: Timeouts of a call. A number of seconds limits each single wait, as in httpx. Default: `Timeouts()`.
        retries: When and how often to retry failed calls. The environment variable sets `max_attempts` only. Default:
            RESTREAM_MAX_RETRY_ATTEMPTS, else `RetryPolicy()`.
        max_concurrent_calls: Maximum number of concurrent calls to one endpoint: 1 to 3. The service allows 3 for all
            clients with the same credentials together. Default: `3`.
        max_response_bytes: Maximum size of a response other than time-series data, in bytes after decompression. A
            longer response raises `ResponseValidationError`. Default: 64 MiB.
        strict: Raise `ResponseValidationError` if a response does not fit the API contract. Otherwise the SDK converts
            the values that fit and keeps the others as the service sent them. Default: `False`.
        proxy: URL of a proxy. Default: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY.
        verify: How to verify the certificate of the service: a file or folder of CA certificates to trust instead of
            the default ones, or an SSL context. False turns verification off, so that anybody on the network path can
            read the token. Default: SSL_CERT_FILE, SSL_CERT_DIR, REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE, else `True`.
        headers: Additional headers for every request. Default: none.
        user_agent: Name and version of your program, such as "frac-report/1.2". It precedes the name of the SDK.
            Default: none.
        token_cache: Where to cache the tokens of client credentials for all processes of the user: True for
            `~/.cache/restream` (below XDG_CACHE_HOME, if set), or the path of a folder. Default: RESTREAM_TOKEN_CACHE,
            else no cache.
        http: An httpx client for sync calls, with its own proxy and certificates. The SDK never closes it. Default: a
            client of the SDK.
        async_http: An httpx client for async calls. The SDK never closes it. Default: threads that share the
            connections of sync calls.
        hooks: Functions that receive an event for each request, response, error and retry. Default: `Hooks()`.
        clock: Clock for tests that must not wait.

    Raises:
        MissingCredentialsError: There are no credentials, or half of the client credentials is missing.
        ConfigurationError: A setting is invalid; the message names the setting and its source.
        TypeError: An argument does not exist or has the wrong type.
        ValueError: An argument is invalid.
    """

    __slots__ = ("__weakref__", "_clock", "_config", "_connections", "_executor")

    _clock: Clock
    _config: ClientConfig
    _executor: RequestExecutor
    _connections: Connections

    @complete_signature(KeywordOptions)
    def __init__(
        self,
        auth_token: str | TokenProvider | None = None,
        *,
        profile: str | None = None,
        clock: Clock | None = None,
        **options: Unpack[KeywordOptions],
    ) -> None:
        self._set_up(resolve_config(ClientOptions(auth_token=auth_token, **options), profile), clock or REAL_TIME)

    @complete_signature(ClientOptions)
    def with_options(self, **changes: Unpack[ClientOptions]) -> Self:
        """Return a copy of the client with changed options.

        Both clients share connections if `proxy`, `verify`, `http` and `async_http` are equal. They share the token and
        the limits if the credentials and the base URL are equal. Closing one closes the idle connections of both; both
        can still be used.

        Args:
            **changes: The options of `Client` to change. Omitted options, and those that are None, stay unchanged.

        Raises:
            ConfigurationError: An option is invalid.
            TypeError: An option does not exist or has the wrong type.
            ValueError: An option is invalid.
        """
        return self._from_config(self._config.with_changes(changes), self._clock, self._connections)

    @classmethod
    def _from_config(
        cls, config: ClientConfig, clock: Clock = REAL_TIME, connections: Connections | None = None
    ) -> Self:
        """Return a client with this configuration. It uses existing connections if their settings are equal."""
        client = cls.__new__(cls)
        client._set_up(config, clock, connections)  # noqa: SLF001 - its own class
        return client

    def _set_up(self, config: ClientConfig, clock: Clock, connections: Connections | None = None) -> None:
        settings = config.connection_settings()
        program = config.user_agent.value
        self._clock = clock
        self._config = config
        self._connections = (
            connections if connections is not None and connections.connection == settings else Connections(settings)
        )
        self._executor = RequestExecutor(
            config.base_url.value,
            credentials_of(config, clock),
            limits=limits_of(config, clock),
            timeouts=config.timeout.value,
            retries=config.retries.value,
            clock=clock,
            headers={**dict(config.headers.value), "User-Agent": f"{program} {USER_AGENT}".lstrip()},
            hooks=config.hooks.value,
            max_response_bytes=config.max_response_bytes.value,
            strict=config.strict.value,
        )

    @property
    def base_url(self) -> str:
        """Scheme and host of the service."""
        return self._config.base_url.value

    @property
    def timeout(self) -> Timeouts:
        """The timeouts."""
        return self._config.timeout.value

    @property
    def retries(self) -> RetryPolicy:
        """The retry policy."""
        return self._config.retries.value

    @property
    def max_concurrent_calls(self) -> int:
        """Maximum number of concurrent calls to one endpoint."""
        return self._config.max_concurrent_calls.value

    def describe(self) -> ClientDescription:
        """Return every setting and its source, with secrets masked.

        The result prints as a table and reads as a dict (`client.describe()["base_url"].value`); `to_dict()` is for
        JSON.
        """
        return describe_config(self._config)

    def get_access_token(self, *, rejected: str | None = None) -> str:
        """Return the current token, for programs that call the service by other means too.

        With client credentials, this is the token that the SDK itself uses. A new one is requested only if there is no
        valid token, because the service can ban clients that request tokens too often.

        Args:
            rejected: A token that the service rejected. If it is still the current one, it is renewed. A token from
                Tally cannot be renewed.

        Raises:
            AuthenticationError: The client id or the client secret is wrong.
            RestreamError: The token request failed.
        """
        return self._drive(self._executor.access_token(rejected))

    async def aget_access_token(self, *, rejected: str | None = None) -> str:
        """Return the current token, for programs that call the service by other means too.

        With client credentials, this is the token that the SDK itself uses. A new one is requested only if there is no
        valid token, because the service can ban clients that request tokens too often.

        Args:
            rejected: A token that the service rejected. If it is still the current one, it is renewed. A token from
                Tally cannot be renewed.

        Raises:
            AuthenticationError: The client id or the client secret is wrong.
            RestreamError: The token request failed.
        """
        return await self._adrive(self._executor.access_token(rejected))

    def request(self, operation: Operation[T]) -> T:
        """Call an operation of `restream_api` that the SDK has no method for.

        The call gets the token, the limits, the retries and the error classes of every other call. `restream_api.api`
        has one function per operation of the API contract; it returns the request as a value:

            from restream_api.api.sites import get_site_data_change

            changes = client.request(get_site_data_change(981, 5))

        Args:
            operation: The operation with its arguments.

        Returns:
            The response, as the type that the operation declares.

        Raises:
            ValueError: The response is a stream of records; use `get_data`.
            RestreamError: The call failed.
        """
        return self._run(operation)

    async def arequest(self, operation: Operation[T]) -> T:
        """Call an operation of `restream_api` that the SDK has no method for.

        The call gets the token, the limits, the retries and the error classes of every other call. `restream_api.api`
        has one function per operation of the API contract; it returns the request as a value:

            from restream_api.api.sites import get_site_data_change

            changes = client.request(get_site_data_change(981, 5))

        Args:
            operation: The operation with its arguments.

        Returns:
            The response, as the type that the operation declares.

        Raises:
            ValueError: The response is a stream of records; use `aget_data`.
            RestreamError: The call failed.
        """
        return await self._arun(operation)

    def _run(self, calls: OperationRunner[T]) -> T:
        """Execute an operation, or a flow of operations."""
        return self._drive(self._executor.run(calls))

    async def _arun(self, calls: OperationRunner[T]) -> T:
        """Async form of `_run`."""
        return await self._adrive(self._executor.run(calls))

    def _drive(self, steps: EffectGen[T]) -> T:
        """Execute effects and return their result."""
        return self._driver().drive(steps)

    async def _adrive(self, steps: EffectGen[T]) -> T:
        """Async form of `_drive`."""
        return await self._adriver().drive(steps)

    def _iterate(self, steps: EffectGen[None]) -> Generator[Any, None, None]:
        """Execute effects and yield the items that they emit."""
        return self._driver().iterate(steps)

    def _aiterate(self, steps: EffectGen[None]) -> AsyncGenerator[Any, None]:
        """Async form of `_iterate`."""
        return self._adriver().iterate(steps)

    def _listen(self, steps: EffectGen[None], cancellation: Cancellation) -> Generator[Any, None, None]:
        """Execute effects that read WebSockets, until they are cancelled, and yield the items that they emit."""
        from datastore_sdk.transport.websocket.connection import RoomDriver

        return RoomDriver(self._connections.http(), self._clock, cancellation, self._connections.sockets()).iterate(
            steps
        )

    def close(self) -> None:
        """Close the idle connections. The client can still be used; it then opens new ones."""
        self._connections.close()

    async def aclose(self) -> None:
        """Close the idle connections. The client can still be used; it then opens new ones."""
        self.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        if not hasattr(self, "_config"):  # `__init__` raised, and a traceback shows the object
            return "Client()"
        return f"Client(base_url={self.base_url!r}, credentials={self._config.auth.value.kind!r})"

    def __copy__(self) -> Self:
        return self  # it is immutable

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self  # a deep copy of an object copies its values, not its connections

    def __reduce__(self) -> tuple[Any, ...]:
        raise TypeError("a Client cannot be pickled: it holds credentials and connections; create one in each process")

    def _driver(self) -> SyncDriver:
        from datastore_sdk.transport.drivers.sync_driver import SyncDriver

        return SyncDriver(self._connections.http(), self._clock)

    def _adriver(self) -> AsyncDriver:
        from datastore_sdk.transport.drivers.async_driver import AsyncDriver

        return AsyncDriver(self._connections.async_http(), self._clock)
