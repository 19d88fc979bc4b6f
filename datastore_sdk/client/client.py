"""The client: everything that calls need and share."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Generator, Mapping
from pathlib import Path
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
from datastore_sdk.config.client_config import ClientConfig, ClientOptions
from datastore_sdk.config.describe import ClientDescription, described
from datastore_sdk.config.environment import configuration
from datastore_sdk.instrumentation.events import Hooks
from datastore_sdk.transport.executor.executor import OperationRunner, RequestExecutor
from datastore_sdk.transport.executor.retry import RetryPolicy
from datastore_sdk.transport.http.cancellation import Cancellation
from restream_api.types import Operation

if TYPE_CHECKING:
    import ssl

    import httpx

    from datastore_sdk.transport.drivers.async_driver import AsyncDriver
    from datastore_sdk.transport.drivers.sync_driver import SyncDriver

T = TypeVar("T")

USER_AGENT = f"restream-datastore-sdk/{VERSION} Python/{sys.version.split()[0]}"
REAL_TIME = Clock()
"""The clock of all clients that are given none: by it they are told to share what is theirs together."""


class Client:
    """A connection to the Restream API with its credentials; pools its sockets and keeps to the service's limits.

    One is made by itself where none is given; make one to choose another host, other credentials or other manners, and
    pass it as `client=` wherever `auth_token=` can be passed: what is made through a client keeps it. It can be shared
    by threads and event loops, and used in forked processes. As a context manager it closes its connections at the end.

    A client never changes; `with_options` makes another one. What is not given comes from the environment, else from
    the profile, else it is what is usual; `describe()` tells. A profile is a table in the TOML file
    `~/.config/restream/config.toml` (under XDG_CONFIG_HOME where that is set), whose keys are arguments of this class.

    Args:
        auth_token: The token from Tally; or a function, sync or async, that gives one. The function is called for each
            request, so it should keep its token until that expires, and once more when the service refuses the token.
            Default: the environment variable TALLY_AUTH_TOKEN.
        client_id: OAuth2 client id, for which the SDK gets tokens by itself. Default: RESTREAM_CLIENT_ID.
        client_secret: OAuth2 client secret, from the same source as the id. Default: RESTREAM_CLIENT_SECRET.
        profile: Name of the profile. Default: RESTREAM_PROFILE, else `default`, which need not exist.
        base_url: Scheme and host of the service. Default: RESTREAM_HOST, else `https://app.restreamsolutions.com`.
        allow_plain_http: True: the base URL may be http:// on another machine too, which shows the token to everybody
            in between.
        timeout: How long to wait, as `Timeouts`; a number of seconds is the longest of every single wait, as in httpx.
        retries: How often and when failed calls are made again. Default: `RetryPolicy()`, with as many attempts as
            RESTREAM_MAX_RETRY_ATTEMPTS says.
        max_concurrent_calls: How many calls to one endpoint may be under way at a time: 3, which is the service's limit
            for all clients with the same credentials together, or fewer.
        max_response_bytes: How many bytes an answer other than time-series data may have, decompressed: 64 MB, unless
            you ask for more or fewer. A longer one raises `ResponseValidationError`.
        strict: True: a response that does not fit the API contract raises `ResponseValidationError`. Default: what
            fits is converted, and what does not fit is kept as the service sent it.
        proxy: URL of a proxy. Default: the usual environment variables (HTTPS_PROXY, NO_PROXY).
        verify: How to verify the service's certificate: a file or folder of CA certificates to trust instead of the
            usual ones, or an SSL context of your own; False turns it off, which hands the token to anybody in between.
        headers: Headers to send with every request besides.
        user_agent: What your program is called, such as "frac-report/1.2"; stands before what the SDK is called.
        token_cache: True: tokens for client credentials are kept in `~/.cache/restream` (under XDG_CACHE_HOME where
            that is set), where all processes of the user find them; or another folder. Default: RESTREAM_TOKEN_CACHE.
        http: An httpx client of your own for the calls, with its own proxy and certificates. The SDK never closes it.
        async_http: An httpx client of your own for the async calls. The SDK never closes it. Default:
            threads make them, over the same connections as the sync ones, whichever event loop they come from.
        hooks: Functions that are told of calls as they happen.
        clock: For tests that must not wait.

    Raises:
        MissingCredentialsError: There are no credentials, or only half of a pair.
        ConfigurationError: A setting cannot be used; the message says which, and where it comes from.
        TypeError: An argument is of the wrong type.
        ValueError: An argument cannot be used.
    """

    __slots__ = ("__weakref__", "_clock", "_config", "_connections", "_executor")

    _clock: Clock
    _config: ClientConfig
    _executor: RequestExecutor
    _connections: Connections

    def __init__(
        self,
        auth_token: str | TokenProvider | None = None,
        *,
        client_id: str | None = None,
        client_secret: str | None = None,
        profile: str | None = None,
        base_url: str | None = None,
        allow_plain_http: bool | None = None,
        timeout: float | Timeouts | None = None,
        retries: RetryPolicy | None = None,
        max_concurrent_calls: int | None = None,
        max_response_bytes: int | None = None,
        strict: bool | None = None,
        proxy: str | None = None,
        verify: ssl.SSLContext | str | Path | bool | None = None,
        headers: Mapping[str, str] | None = None,
        user_agent: str | None = None,
        token_cache: bool | str | Path | None = None,
        http: httpx.Client | None = None,
        async_http: httpx.AsyncClient | None = None,
        hooks: Hooks | None = None,
        clock: Clock | None = None,
    ) -> None:
        options = ClientOptions(
            auth_token=auth_token,
            client_id=client_id,
            client_secret=client_secret,
            base_url=base_url,
            allow_plain_http=allow_plain_http,
            timeout=timeout,
            retries=retries,
            max_concurrent_calls=max_concurrent_calls,
            max_response_bytes=max_response_bytes,
            strict=strict,
            proxy=proxy,
            verify=verify,
            headers=headers,
            user_agent=user_agent,
            token_cache=token_cache,
            http=http,
            async_http=async_http,
            hooks=hooks,
        )
        self._set_up(configuration(options, profile), clock or REAL_TIME)

    @complete_signature(ClientOptions)
    def with_options(self, **changes: Unpack[ClientOptions]) -> Self:
        """Another client, which does the same but for what is given here.

        It shares connections with this one unless it makes them otherwise (proxy, verify, http, async_http), and token
        and limits unless it calls as somebody else or somewhere else. Closing either closes the connections of both
        that are not in use; both can still be used.

        Args:
            **changes: As for `Client`; what is not given, or None, stays as it is.

        Raises:
            ConfigurationError: A setting cannot be used.
            TypeError: There is no such option, or it is of the wrong type.
            ValueError: An option cannot be used.
        """
        return self._from_config(self._config.changed(changes), self._clock, self._connections)

    @classmethod
    def _from_config(
        cls, configuration: ClientConfig, clock: Clock = REAL_TIME, wire: Connections | None = None
    ) -> Self:
        """A client that goes by a configuration, over given connections where they are made as it says."""
        client = cls.__new__(cls)
        client._set_up(configuration, clock, wire)  # noqa: SLF001 - its own class
        return client

    def _set_up(self, configuration: ClientConfig, clock: Clock, wire: Connections | None = None) -> None:
        connection = configuration.connection()
        program = configuration.user_agent.value
        self._clock = clock
        self._config = configuration
        self._connections = wire if wire is not None and wire.connection == connection else Connections(connection)
        self._executor = RequestExecutor(
            configuration.base_url.value,
            credentials_of(configuration, clock),
            limits=limits_of(configuration, clock),
            timeouts=configuration.timeout.value,
            retries=configuration.retries.value,
            clock=clock,
            headers={**dict(configuration.headers.value), "User-Agent": f"{program} {USER_AGENT}".lstrip()},
            hooks=configuration.hooks.value,
            max_response_bytes=configuration.max_response_bytes.value,
            strict=configuration.strict.value,
        )

    @property
    def base_url(self) -> str:
        """Scheme and host of the service."""
        return self._config.base_url.value

    @property
    def timeout(self) -> Timeouts:
        """How long it waits."""
        return self._config.timeout.value

    @property
    def retries(self) -> RetryPolicy:
        """How often and when failed calls are made again."""
        return self._config.retries.value

    @property
    def max_concurrent_calls(self) -> int:
        """How many calls to one endpoint may be under way at a time."""
        return self._config.max_concurrent_calls.value

    def describe(self) -> ClientDescription:
        """Every setting in force and where it comes from; secrets are masked.

        Prints as a table, reads as a dict (`client.describe()["base_url"].value`), and `to_dict()` is for JSON.
        """
        return described(self._config)

    def get_access_token(self, *, rejected: str | None = None) -> str:
        """The token to send now, for programs that call the service by other means too.

        Where it is issued for client credentials, it is the one that the SDK uses itself, and asked for only where
        there is none: asking too often can get a client banned.

        Args:
            rejected: A token that the service refused: if it is still the current one, another is got. One that was
                handed over by Tally stays.

        Raises:
            AuthenticationError: The client id or the client secret is wrong.
            RestreamError: The token could not be got.
        """
        return self._drive(self._executor.access_token(rejected))

    async def aget_access_token(self, *, rejected: str | None = None) -> str:
        """Async form of `get_access_token`."""
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
        """Async form of `request`."""
        return await self._arun(operation)

    def _run(self, calls: OperationRunner[T]) -> T:
        """Execute an operation, or a flow of operations."""
        return self._drive(self._executor.run(calls))

    async def _arun(self, calls: OperationRunner[T]) -> T:
        """Async form of `_run`."""
        return await self._adrive(self._executor.run(calls))

    def _drive(self, steps: EffectGen[T]) -> T:
        """Carries out steps."""
        return self._driver().drive(steps)

    async def _adrive(self, steps: EffectGen[T]) -> T:
        """Async form of `_drive`."""
        return await self._adriver().drive(steps)

    def _iterate(self, steps: EffectGen[None]) -> Generator[Any, None, None]:
        """Carries out steps, giving the items that they emit."""
        return self._driver().iterate(steps)

    def _aiterate(self, steps: EffectGen[None]) -> AsyncGenerator[Any, None]:
        """Async form of `_iterate`."""
        return self._adriver().iterate(steps)

    def _listen(self, steps: EffectGen[None], cancellation: Cancellation) -> Generator[Any, None, None]:
        """Carries out steps that listen to rooms, until they are cancelled."""
        from datastore_sdk.transport.websocket.connection import RoomDriver

        return RoomDriver(self._connections.http(), self._clock, cancellation, self._connections.sockets()).iterate(
            steps
        )

    def close(self) -> None:
        """Closes the connections that are not in use. The client can still be used: it connects anew."""
        self._connections.close()

    async def aclose(self) -> None:
        """Async form of `close`."""
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
        if not hasattr(self, "_config"):  # it could not be made, and a traceback shows it
            return "Client()"
        return f"Client(base_url={self.base_url!r}, credentials={self._config.login.value.kind!r})"

    def __copy__(self) -> Self:
        return self  # it never changes

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self  # whoever copies an object means its values, not its connections

    def __reduce__(self) -> tuple[Any, ...]:
        raise TypeError("a Client cannot be pickled: it holds credentials and connections; make one where it is needed")

    def _driver(self) -> SyncDriver:
        from datastore_sdk.transport.drivers.sync_driver import SyncDriver

        return SyncDriver(self._connections.http(), self._clock)

    def _adriver(self) -> AsyncDriver:
        from datastore_sdk.transport.drivers.async_driver import AsyncDriver

        return AsyncDriver(self._connections.async_http(), self._clock)
