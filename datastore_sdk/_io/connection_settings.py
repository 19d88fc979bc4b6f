"""Settings of connections: TLS, proxy, and httpx clients of the user."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from datastore_sdk._utils.validation import user_stack_level
from datastore_sdk.exceptions import ConfigurationError

if TYPE_CHECKING:
    import ssl

    import httpx


class ConnectionSettings(Struct, frozen=True, kw_only=True):
    """TLS, proxy, and httpx clients of the user's. Clients with equal settings share connections."""

    verify: ssl.SSLContext | Path | bool
    proxy: str | None
    http: httpx.Client | None = None
    async_http: httpx.AsyncClient | None = None


def build_closed_client_error(name: str) -> ConfigurationError:
    """Return the error of an httpx client that was closed.

    Args:
        name: The argument that the client was passed as.
    """
    return ConfigurationError(
        f"the httpx client passed as {name}= is closed; keep it open as long as the SDK's client is used"
    )


def validate_httpx_client(client: httpx.Client | httpx.AsyncClient | None, name: str, base_url: str) -> None:
    """Check an httpx client of the user for settings that the SDK overrides.

    A different `base_url` and `auth` are errors: requests would go to another host, or with other credentials, than
    the settings say. `follow_redirects` is a warning, since a redirect is an error in any case.

    Args:
        client: The httpx client.
        name: The argument that it was passed as.
        base_url: Scheme and host to which the SDK sends its requests.

    Raises:
        ConfigurationError: It has `auth`, or another `base_url`.
    """
    if client is None:
        return
    own_url = str(client.base_url).rstrip("/")
    if own_url not in {"", base_url}:
        raise ConfigurationError(
            f"the httpx client passed as {name}= has the base_url {own_url}, but the SDK sends requests to {base_url}; "
            "pass base_url= to the SDK's client too, or make the httpx client without it"
        )
    if client.auth is not None:
        raise ConfigurationError(
            f"the httpx client passed as {name}= has auth, which the SDK does not use: its requests carry the bearer "
            "token; pass auth_token= (a token or a function), or make the httpx client without auth"
        )
    if client.follow_redirects:
        warnings.warn(
            f"the httpx client passed as {name}= has follow_redirects=True, which the SDK does not use: it follows no "
            "redirect, since another host would receive the token",
            stacklevel=user_stack_level(),
        )
