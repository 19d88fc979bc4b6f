"""Who calls: a token, a function that gives one, or client credentials; all from one source."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from datastore_sdk.auth.providers import TokenProvider, validate_token
from datastore_sdk.exceptions import ConfigurationError, MissingCredentialsError

NAMES = ("auth_token", "client_id", "client_secret")


@dataclass(frozen=True, slots=True, repr=False)
class AuthConfig:
    """Credentials as they were configured."""

    auth_token: str | TokenProvider | None = None
    client_id: str = ""
    client_secret: str = ""

    @property
    def kind(self) -> str:
        """What they are, in words that may be shown."""
        if self.auth_token is None:
            return "client credentials"
        return "token" if isinstance(self.auth_token, str) else "token from a function"

    @property
    def identity(self) -> tuple[Hashable, ...]:
        """Tells whom the service takes for one client; never shown."""
        if self.auth_token is None:
            return ("client", self.client_id, self.client_secret)
        if isinstance(self.auth_token, str):
            return ("token", self.auth_token)
        try:
            hash(self.auth_token)
        except TypeError:
            return ("function", id(self.auth_token))
        return ("function", self.auth_token)  # by equality: a method is another object each time that it is looked up


def login_from(given: Mapping[str, Any], names: Mapping[str, str], source: str) -> AuthConfig | None:
    """The credentials of one source; None where it has none.

    Args:
        given: What the source has.
        names: What token, client id and client secret are called there.
        source: What the source is called.

    Raises:
        TypeError: One is of the wrong type.
        MissingCredentialsError: Half of the client credentials is missing, or the token is empty.
        ConfigurationError: The token could not stand in a header, or there are client credentials besides.
    """
    token, client_id, client_secret = (given.get(name) for name in NAMES)
    if token is not None:
        return AuthConfig(cast("TokenProvider", token) if callable(token) else validate_token(token))
    if client_id is None and client_secret is None:
        return None
    for value, name in ((client_id, "client_id"), (client_secret, "client_secret")):
        if value is not None and not isinstance(value, str):
            raise TypeError(f"{name} must be a string, not {type(value).__name__}")
    if not client_id or not client_secret:
        there, missing = ("client id", "client secret") if client_id else ("client secret", "client id")
        raise MissingCredentialsError(
            f"the {missing} ({names[missing.replace(' ', '_')]}) is missing: the {there} comes from {source}, and both "
            "must come from there; halves of different sources are never put together"
        )
    return AuthConfig(None, client_id, client_secret)


def refuse_two(given: Mapping[str, Any]) -> None:
    """A token and client credentials side by side: who means which?

    Raises:
        ConfigurationError: Both are there.
    """
    if given.get("auth_token") is not None and (given.get("client_id") or given.get("client_secret")):
        raise ConfigurationError("give a token (auth_token) or client credentials (client_id, client_secret), not both")
