"""Where the service is and who is calling: from arguments, else from the environment."""

from __future__ import annotations

import os
import re
from ipaddress import ip_address
from urllib.parse import urlsplit

from datastore_sdk.exceptions import ConfigurationError, MissingCredentialsError
from datastore_sdk.transport.clock import Clock
from datastore_sdk.transport.credentials import ClientCredentials, Credentials, StaticToken, is_token

_HOST = re.compile(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]+")
DEFAULT_HOST = "https://app.restreamsolutions.com"

NO_CREDENTIALS = """\
There are no credentials for the Restream API. Do one of these:
  - set the environment variable TALLY_AUTH_TOKEN to the token you have from Tally
  - pass it: auth_token="..." (Pad.get_models(auth_token=...), Pad(id=668, auth_token=...))
  - set the environment variables RESTREAM_CLIENT_ID and RESTREAM_CLIENT_SECRET
  - pass client=Client(client_id="...", client_secret="...")"""


def base_url_from(base_url: str | None) -> str:
    """The base URL: the argument, else RESTREAM_HOST, else the service's own; without a trailing slash.

    Raises:
        ConfigurationError: it is not a URL, or would send the token unencrypted to another machine.
    """
    url = (base_url or os.environ.get("RESTREAM_HOST") or DEFAULT_HOST).strip().rstrip("/")
    if not url.isprintable() or " " in url or "\\" in url:
        raise ConfigurationError("the base URL (RESTREAM_HOST, base_url) holds a space, a line break or the like")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise ConfigurationError(f"the base URL (RESTREAM_HOST, base_url) cannot be read: {error}") from None
    if "@" in url or "?" in url or "#" in url:
        raise ConfigurationError("the base URL (RESTREAM_HOST, base_url) must hold neither user name nor query")
    if parts.scheme not in ("http", "https") or not host or not _HOST.fullmatch(host):
        raise ConfigurationError(f"{url!r} is no base URL; RESTREAM_HOST and base_url look like {DEFAULT_HOST}")
    if parts.scheme == "http" and not _is_loopback(host):
        raise ConfigurationError(
            f"{url} would send the token unencrypted; use https (http is for loopback addresses only)"
        )
    return url


def credentials_from(
    auth_token: str | None, client_id: str | None, client_secret: str | None, *, clock: Clock
) -> Credentials:
    """The credentials: a token before client credentials, arguments before the environment.

    Raises:
        MissingCredentialsError: there are none.
        ConfigurationError: half of the client credentials is missing, or a token could not stand in a header.
    """
    if auth_token is None and client_id is None and client_secret is None:
        auth_token = os.environ.get("TALLY_AUTH_TOKEN") or None
    if auth_token is not None:
        return StaticToken(_checked(auth_token))
    client_id = client_id or os.environ.get("RESTREAM_CLIENT_ID")
    client_secret = client_secret or os.environ.get("RESTREAM_CLIENT_SECRET")
    if client_id and client_secret:
        return ClientCredentials(client_id, client_secret, clock=clock)
    if client_id or client_secret:
        missing = "client secret (RESTREAM_CLIENT_SECRET)" if client_id else "client id (RESTREAM_CLIENT_ID)"
        raise MissingCredentialsError(f"the {missing} is missing")
    raise MissingCredentialsError(NO_CREDENTIALS)


def _checked(token: object) -> str:
    if not isinstance(token, str):
        raise TypeError(f"a token must be a string, not {type(token).__name__}")
    token = token.strip()
    if token.lower().startswith("bearer "):
        raise ConfigurationError('the token holds characters that no token has: pass it without "Bearer " before it')
    if not token:
        raise MissingCredentialsError("the token is empty\n" + NO_CREDENTIALS)
    if not is_token(token):
        raise ConfigurationError(
            "the token holds characters that no token has (a line break, a space?); was it copied whole?"
        )
    return token


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
