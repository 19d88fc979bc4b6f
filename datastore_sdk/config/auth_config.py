"""Credentials of a client: a token, a function that returns one, or client credentials; all from one source."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from datastore_sdk._utils.redaction import STARS, mask_secret
from datastore_sdk.auth.providers import TokenProvider, validate_token
from datastore_sdk.config.options import Option
from datastore_sdk.exceptions import ConfigurationError, MissingCredentialsError


def _parse_token(value: Any, _: str) -> str | TokenProvider:
    return cast("TokenProvider", value) if callable(value) else validate_token(value)


def _parse_string(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a string, not {type(value).__name__}")
    return value


CREDENTIALS: tuple[Option[Any], ...] = (
    Option(
        name="auth_token",
        doc="The token from Tally, or a sync or async function that returns one. The SDK calls the function for each "
        "request, and again if the service rejects the token; the function should cache its token until it expires.",
        parse=_parse_token,
        default=None,
        variable="TALLY_AUTH_TOKEN",
        is_secret=True,
        describe=lambda token: mask_secret(token) if isinstance(token, str) else "from a function",
    ),
    Option(
        name="client_id",
        doc="OAuth2 client id. The SDK requests tokens for it and renews them.",
        parse=_parse_string,
        default=None,
        variable="RESTREAM_CLIENT_ID",
        describe=mask_secret,
    ),
    Option(
        name="client_secret",
        doc="OAuth2 client secret. It must come from the same source as the client id.",
        parse=_parse_string,
        default=None,
        variable="RESTREAM_CLIENT_SECRET",
        is_secret=True,
        describe=lambda _: STARS,
    ),
)
"""The options that make up an `AuthConfig`."""


@dataclass(frozen=True, slots=True, repr=False)
class AuthConfig:
    """Credentials as configured."""

    auth_token: str | TokenProvider | None = None
    client_id: str = ""
    client_secret: str = ""

    @property
    def kind(self) -> str:
        """The kind of credentials, for `repr(client)`."""
        if self.auth_token is None:
            return "client credentials"
        return "token" if isinstance(self.auth_token, str) else "token from a function"

    @property
    def identity(self) -> tuple[Hashable, ...]:
        """Key of all clients that the service counts as one. It holds secrets: never show it."""
        if self.auth_token is None:
            return ("client", self.client_id, self.client_secret)
        if isinstance(self.auth_token, str):
            return ("token", self.auth_token)
        try:
            hash(self.auth_token)
        except TypeError:
            return ("function", id(self.auth_token))
        return ("function", self.auth_token)  # not its id: each access to a bound method creates a new object


def parse_credentials(values: Mapping[str, Any], names: Mapping[str, str], source: str) -> AuthConfig | None:
    """Return the credentials that one source holds, or None if it holds none.

    Args:
        values: Values of the source by the names of the options.
        names: Names of the options in that source, for messages.
        source: Name of the source, for messages.

    Raises:
        TypeError: A value has the wrong type.
        MissingCredentialsError: Half of the client credentials is missing, or the token is empty.
        ConfigurationError: The token holds characters that no header can hold.
    """
    parsed = {
        each.name: each.parse(value, each.name) for each in CREDENTIALS if (value := values.get(each.name)) is not None
    }
    if "auth_token" in parsed:
        return AuthConfig(parsed["auth_token"])
    if not parsed:
        return None
    client_id, client_secret = parsed.get("client_id"), parsed.get("client_secret")
    if not client_id or not client_secret:
        present, missing = ("client id", "client secret") if client_id else ("client secret", "client id")
        raise MissingCredentialsError(
            f"the {missing} ({names[missing.replace(' ', '_')]}) is missing: the {present} comes from {source}, and "
            "both must come from the same source"
        )
    return AuthConfig(None, client_id, client_secret)


def validate_one_kind(values: Mapping[str, Any]) -> None:
    """Refuse a token and client credentials in the same source.

    Raises:
        ConfigurationError: Both are set.
    """
    if values.get("auth_token") is not None and (values.get("client_id") or values.get("client_secret")):
        raise ConfigurationError("pass a token (auth_token) or client credentials (client_id, client_secret), not both")
