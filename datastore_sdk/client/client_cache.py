"""Cache of the clients that the SDK creates itself, for calls without `client=`."""

from __future__ import annotations

import atexit
import os
from collections.abc import Hashable
from functools import lru_cache
from threading import Lock

from datastore_sdk.auth.providers import validate_token
from datastore_sdk.client.client import Client
from datastore_sdk.config.client_config import ClientConfig, ClientOptions
from datastore_sdk.config.environment import environment_state, resolve_config

MAX_CLIENTS = 32
"""Maximum number of cached clients. Programs that serve many customers have a token for each."""
_defaults: dict[ClientConfig, Client] = {}
"""The clients, least recently used first."""
_lock = Lock()


def client_for(auth_token: str | None = None, client: Client | None = None, *, profile: str | None = None) -> Client:
    """Return the client for a call: the one passed, else a cached one, of which there is one per configuration.

    Callers delete the token afterwards: error trackers show the variables of frames.

    Args:
        auth_token: The token from Tally. Default: the credentials of the environment, or of the profile.
        client: A client of the user's.
        profile: Name of the profile. Default: that of the environment.

    Raises:
        MissingCredentialsError: There are no credentials.
        ConfigurationError: A setting is invalid, or the profile does not exist.
        ValueError: Both were given.
    """
    if client is not None:
        if not isinstance(client, Client):  # pyright: ignore[reportUnnecessaryIsInstance] - users without a type checker
            raise TypeError(f"client must be a Client, not {type(client).__name__}; a token is passed as auth_token")
        if auth_token is not None:
            raise ValueError("pass auth_token or client, not both: a client has its own credentials")
        return client
    key = _resolve(None if auth_token is None else validate_token(auth_token), profile, environment_state())
    with _lock:
        found = _defaults.pop(key, None) or Client._from_config(key)
        _defaults[key] = found
        oldest = _defaults.pop(next(iter(_defaults))) if len(_defaults) > MAX_CLIENTS else None
    if oldest is not None:
        oldest.close()  # objects that hold it can still use it: it reconnects
    return found


@lru_cache(maxsize=64)
def _resolve(auth_token: str | None, profile: str | None, _: tuple[Hashable, ...]) -> ClientConfig:
    return resolve_config(ClientOptions(auth_token=auth_token), profile)


def close_default_clients(base_url: str | None = None) -> None:
    """Close the cached clients. New ones are created on demand.

    Args:
        base_url: Only those of this service.
    """
    with _lock:
        those = [key for key, client in _defaults.items() if base_url in {None, client.base_url}]
        clients = [_defaults.pop(key) for key in those]
    for client in clients:
        client.close()


@atexit.register
def _close_at_exit() -> None:
    for client in [*_defaults.values()]:  # without the lock, which a hanging thread may hold
        client.close()


def _forget_lock() -> None:
    """Replace the lock in a forked process: another thread of the parent may have held it."""
    global _lock  # noqa: PLW0603 - see above
    _lock = Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_lock)
