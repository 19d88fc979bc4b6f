"""The client: everything that calls need and share."""

from __future__ import annotations

import atexit
import os
import platform
import ssl
from collections.abc import AsyncGenerator, Generator
from threading import Lock
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from datastore_sdk.transport.clock import Clock
from datastore_sdk.transport.config import base_url_from, credentials_from
from datastore_sdk.transport.connection import Connection, Timeouts
from datastore_sdk.transport.effects import Steps
from datastore_sdk.transport.exchange import Calls, Exchange
from datastore_sdk.transport.retry import RetryPolicy
from datastore_sdk.version import VERSION

if TYPE_CHECKING:
    import httpx

    from datastore_sdk.transport.drivers import AsyncDriver, Driver
    from datastore_sdk.transport.http import Http

T = TypeVar("T")

CALLS_PER_ENDPOINT = 3
"""The service's limit of calls at a time, per client and endpoint."""
LONGEST_ANSWER = 1 << 29
"""The most bytes that an answer other than time-series data may have."""
USER_AGENT = f"restream-datastore-sdk/{VERSION} Python/{platform.python_version()}"


class Client:
    """A connection to the Restream API with its credentials; pools its sockets and keeps to the service's limits.

    One is made from the environment by itself; make one to choose another host, other credentials or other manners, and
    pass it as `client=` wherever `auth_token=` can be passed. It can be shared by threads and event loops. As a context
    manager it closes its connections at the end.

    Args:
        auth_token: The token from Tally. Default: the environment variable TALLY_AUTH_TOKEN.
        client_id: OAuth2 client id, for which the SDK gets tokens by itself. Default: RESTREAM_CLIENT_ID.
        client_secret: OAuth2 client secret. Default: RESTREAM_CLIENT_SECRET.
        base_url: Scheme and host of the service. Default: RESTREAM_HOST, else `https://app.restreamsolutions.com`.
        timeouts: How long to wait for connections and answers.
        retries: How often and when failed calls are made again.
        verify: How to verify the service's certificate: an SSL context of your own; False turns it off, which hands the
            token to anybody in between.
        proxy: URL of a proxy. Default: the usual environment variables (HTTPS_PROXY, NO_PROXY).
        http: An httpx client of your own for the sync calls. The SDK never closes it.
        async_http: An httpx client of your own for the async calls. The SDK never closes it. Default:
            threads make them, over the same connections as the sync ones, whichever event loop they come from.
        clock: For tests that must not wait.

    Raises:
        MissingCredentialsError: There is neither a token nor a pair of client id and client secret.
        ConfigurationError: The base URL or the token cannot be used.
    """

    def __init__(
        self,
        auth_token: str | None = None,
        *,
        client_id: str | None = None,
        client_secret: str | None = None,
        base_url: str | None = None,
        timeouts: Timeouts | None = None,
        retries: RetryPolicy | None = None,
        verify: ssl.SSLContext | bool = True,
        proxy: str | None = None,
        http: httpx.Client | None = None,
        async_http: httpx.AsyncClient | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._clock = clock or Clock()
        self._base_url = base_url_from(base_url)
        self._credentials = credentials_from(auth_token, client_id, client_secret, clock=self._clock)
        self._connection = Connection(timeouts=timeouts or Timeouts(), verify=verify, proxy=proxy)
        self._http = http
        self._async_http = async_http
        self._lock = Lock()
        self._blocking: Http | None = None
        self.exchange = Exchange(
            self._base_url,
            self._credentials,
            retries=retries or RetryPolicy(),
            clock=self._clock,
            user_agent=USER_AGENT,
            calls_per_endpoint=CALLS_PER_ENDPOINT,
            longest_answer=LONGEST_ANSWER,
        )

    @property
    def base_url(self) -> str:
        """Scheme and host of the service."""
        return self._base_url

    def run(self, calls: Calls[T]) -> T:
        """Carries out an operation or a flow of operations."""
        return self._sync().drive(self.exchange.run(calls))

    async def arun(self, calls: Calls[T]) -> T:
        """Async form of `run`."""
        return await self._async().drive(self.exchange.run(calls))

    def drive(self, steps: Steps[T]) -> T:
        """Carries out steps."""
        return self._sync().drive(steps)

    async def adrive(self, steps: Steps[T]) -> T:
        """Async form of `drive`."""
        return await self._async().drive(steps)

    def iterate(self, steps: Steps[None]) -> Generator[Any, None, None]:
        """Carries out steps, giving the items that they emit."""
        return self._sync().iterate(steps)

    def aiterate(self, steps: Steps[None]) -> AsyncGenerator[Any, None]:
        """Async form of `iterate`."""
        return self._async().iterate(steps)

    def close(self) -> None:
        """Closes the connections that are not in use. The client can still be used: it connects anew."""
        with self._lock:
            blocking, self._blocking = self._blocking, None
        if blocking is not None:
            blocking.close()

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
        return f"Client(base_url={self._base_url!r}, credentials={self._credentials.kind!r})"

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self  # whoever copies an object means its values, not its connections

    def __reduce__(self) -> tuple[Any, ...]:
        raise TypeError("a Client cannot be pickled: it holds credentials and connections; make one where it is needed")

    def _sync(self) -> Driver:
        # httpx is imported, and its TLS context built, with the first call: neither is needed to import this package.
        from datastore_sdk.transport.drivers import Driver

        return Driver(self._connect(), self._clock)

    def _async(self) -> AsyncDriver:
        from datastore_sdk.transport.drivers import AsyncDriver
        from datastore_sdk.transport.http import AsyncHttp

        return AsyncDriver(AsyncHttp(self._connect, self._connection.timeouts, self._async_http), self._clock)

    def _connect(self) -> Http:
        from datastore_sdk.transport.http import Http

        with self._lock:
            if self._blocking is None:
                self._blocking = Http(self._connection, self._http)
            return self._blocking


_defaults: dict[tuple[str, ...], Client] = {}
_lock = Lock()


def client_for(auth_token: str | None = None, client: Client | None = None) -> Client:
    """The client to call with: the one given, else a shared one, of which there is one per host and credentials.

    Args:
        auth_token: The token from Tally. Default: the credentials of the environment.
        client: A client of the user's.

    Raises:
        MissingCredentialsError: There are no credentials.
        ValueError: Both were given.
    """
    if client is not None:
        if not isinstance(client, Client):  # pyright: ignore[reportUnnecessaryIsInstance] - users without a type checker
            raise TypeError(f"client must be a Client, not {type(client).__name__}; a token is passed as auth_token")
        if auth_token is not None:
            raise ValueError("pass auth_token or client, not both: a client has its own credentials")
        return client
    key = (base_url_from(None), *credentials_from(auth_token, None, None, clock=Clock()).identity)
    with _lock:
        if key not in _defaults:
            _defaults[key] = Client(auth_token)
        return _defaults[key]


@atexit.register
def _close_defaults() -> None:
    for client in _defaults.values():
        client.close()


def _forget_defaults() -> None:
    """Sockets and locks must not be shared with a forked process."""
    global _lock  # noqa: PLW0603 - another thread may have held it while this process was forked
    _lock = Lock()
    _defaults.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_defaults)
