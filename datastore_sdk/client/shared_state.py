"""State shared by all clients of a process with the same credentials: limits of concurrent calls, and tokens."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar
from weakref import WeakValueDictionary

from datastore_sdk._io.clock import Clock
from datastore_sdk._io.fork_safety import renew_after_fork
from datastore_sdk.auth.client_credentials import ClientCredentials
from datastore_sdk.auth.providers import Credentials, ProvidedToken, StaticToken
from datastore_sdk.auth.token_cache import TokenCache
from datastore_sdk.config.client_config import ClientConfig
from datastore_sdk.config.user_folders import cache_folder
from datastore_sdk.transport.executor.concurrency import ConcurrencyLimits, EndpointSemaphores
from datastore_sdk.transport.executor.process_limits import ProcessLimits

S = TypeVar("S")

LATEST = 16
"""Number of tokens kept after their clients are gone, for programs that create a client for each call."""


class SharedState(Generic[S]):
    """Weak-valued cache of shared objects by key. It keeps the latest few alive."""

    def __init__(self, latest: int = 0) -> None:
        self._objects = WeakValueDictionary[Hashable, S]()
        self._latest = deque[S](maxlen=latest)
        self.after_fork()
        renew_after_fork(self)

    def after_fork(self) -> None:
        """Replace the lock; the objects renew themselves."""
        self._lock = Lock()

    def get(self, key: Hashable, make: Callable[[], S]) -> S:
        """Return the object of a key; create it if necessary."""
        with self._lock:
            found = self._objects.get(key)
            if found is None:
                found = self._objects[key] = make()
                self._latest.append(found)
            return found


_slots = SharedState[EndpointSemaphores]()
_processes = SharedState[ProcessLimits]()
_issued = SharedState[ClientCredentials](LATEST)


def limits_of(configuration: ClientConfig, clock: Clock) -> ConcurrencyLimits:
    """Return the limits that a client shares with others."""
    shared = _slots.get((configuration.base_url.value, configuration.auth.value.identity, clock), EndpointSemaphores)
    wanted = configuration.max_concurrent_calls.value
    return ConcurrencyLimits(
        shared, EndpointSemaphores(wanted) if wanted < shared.limit else None, _processes_of(configuration)
    )


def _processes_of(configuration: ClientConfig) -> ProcessLimits | None:
    """Return the limits that are shared with other processes, or None."""
    auth, base_url = configuration.auth.value, configuration.base_url.value
    if not configuration.shared_limit.value or callable(auth.auth_token):  # another process cannot identify a function
        return None
    folder = cache_folder() / "limits"
    key = f"{base_url}\n{auth.auth_token or auth.client_id}"
    return _processes.get((folder, key), lambda: ProcessLimits(folder, key))


def credentials_of(configuration: ClientConfig, clock: Clock) -> Credentials:
    """Return the source of the token."""
    base_url, folder, auth = (
        configuration.base_url.value,
        configuration.token_cache.value,
        configuration.auth.value,
    )
    if auth.auth_token is not None:
        return StaticToken(auth.auth_token) if isinstance(auth.auth_token, str) else ProvidedToken(auth.auth_token)

    def make() -> ClientCredentials:
        cache = TokenCache(folder, base_url, auth.client_id) if folder else None
        return ClientCredentials(auth.client_id, auth.client_secret, clock=clock, cache=cache)

    return _issued.get((base_url, auth.identity, clock, folder), make)
