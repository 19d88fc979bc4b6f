"""Where the bearer token comes from: handed over by the user, or given by a function of the user's."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from inspect import isawaitable, iscoroutinefunction
from typing import Any, Protocol, TypeVar

from datastore_sdk._io.deadline import Deadline
from datastore_sdk._io.effects import EffectGen, RunAwaitable, RunBlocking
from datastore_sdk.exceptions import CallError, ConfigurationError, MissingCredentialsError
from restream_api.types import Operation

T = TypeVar("T")

TokenProvider = Callable[[], str | Awaitable[str]]
"""Gives the token to send; sync or async."""

NO_CREDENTIALS_MESSAGE = """\
There are no credentials for the Restream API. Do one of these:
  - set the environment variable TALLY_AUTH_TOKEN to the token you have from Tally
  - pass it: auth_token="..." (Pad.get_models(auth_token=...), Pad(id=668, auth_token=...))
  - set the environment variables RESTREAM_CLIENT_ID and RESTREAM_CLIENT_SECRET
  - pass client=Client(client_id="...", client_secret="...")
  - write them into a profile: ~/.config/restream/config.toml"""


class TokenFetcher(Protocol):
    """Makes one call and gives its answer."""

    def __call__(self, operation: Operation[T], deadline: Deadline | None, /) -> EffectGen[T]:
        """The steps of the call."""
        ...


class Credentials(ABC):
    """What gives the token."""

    @abstractmethod
    def token(self, fetch: TokenFetcher, deadline: Deadline | None = None) -> EffectGen[str]:
        """The token to send now."""

    def renew(self, rejected: str) -> bool:  # noqa: ARG002 - not all can renew
        """Takes note that the service refused a token; whether another one can be had."""
        return False


class StaticToken(Credentials):
    """A token handed out by Tally. It is never renewed."""

    def __init__(self, token: str) -> None:
        self._token = token

    def token(self, fetch: TokenFetcher, deadline: Deadline | None = None) -> EffectGen[str]:  # noqa: ARG002 - nothing to fetch
        """The token."""
        yield from ()
        return self._token


class ProvidedToken(Credentials):
    """A function of the user's that gives the token. It is called for each request, and once more after a refusal."""

    def __init__(self, provider: TokenProvider) -> None:
        self._provider = provider

    def token(self, fetch: TokenFetcher, deadline: Deadline | None = None) -> EffectGen[str]:  # noqa: ARG002 - the function knows how to get it
        """The token that the function gives now; its errors are the caller's."""
        try:
            given = yield from self._given()
        except CallError as error:
            error.final = True  # its own attempts were made
            raise
        try:
            return validate_token(given)
        except (TypeError, ConfigurationError) as error:
            del given
            raise error.with_traceback(None) from None  # its frames hold the token

    def _given(self) -> EffectGen[Any]:
        provider: Any = self._provider
        if iscoroutinefunction(provider) or iscoroutinefunction(type(provider).__call__):
            return (yield from RunAwaitable[Any](provider))
        given = yield from RunBlocking[Any](provider)  # it may ask a vault: an event loop must not wait for it
        return (yield from RunAwaitable[Any](lambda: given)) if isawaitable(given) else given

    def renew(self, rejected: str) -> bool:  # noqa: ARG002 - the function will see to it
        """The function is called again."""
        return True


def is_valid_token(text: str) -> bool:
    """Whether a text can stand in a header as a token."""
    return bool(text) and text.isascii() and text.isprintable() and " " not in text


def validate_token(token: object) -> str:
    """A token, without white space around it. No message shows it.

    Raises:
        TypeError: It is not a string.
        ConfigurationError: It is empty, or could not stand in a header.
    """
    if not isinstance(token, str):
        raise TypeError(f"a token must be a string, not {type(token).__name__}")
    token = token.strip()
    if token.lower().startswith("bearer "):
        raise ConfigurationError('the token holds characters that no token has: pass it without "Bearer " before it')
    if not token:
        raise MissingCredentialsError("the token is empty\n" + NO_CREDENTIALS_MESSAGE)
    if not is_valid_token(token):
        raise ConfigurationError(
            "the token holds characters that no token has (a line break, a space?); was it copied whole?"
        )
    return token
