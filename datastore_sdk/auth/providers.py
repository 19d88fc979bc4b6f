"""Token providers: a token that the user passes, or a function of the user's that returns one."""

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
"""Function that returns the token to send; sync or async."""

NO_CREDENTIALS_MESSAGE = """\
No credentials for the Restream API. Do one of these:
  - set the environment variable TALLY_AUTH_TOKEN to the token you have from Tally
  - pass it: auth_token="..." (Pad.get_models(auth_token=...), Pad(id=668, auth_token=...))
  - set the environment variables RESTREAM_CLIENT_ID and RESTREAM_CLIENT_SECRET
  - pass client=Client(client_id="...", client_secret="...")
  - write them into a profile: ~/.config/restream/config.toml"""


class TokenFetcher(Protocol):
    """Function that makes a call and returns its result."""

    def __call__(self, operation: Operation[T], deadline: Deadline | None, /) -> EffectGen[T]:
        """Make the call."""
        ...


class Credentials(ABC):
    """Source of bearer tokens."""

    @abstractmethod
    def token(self, fetch: TokenFetcher, deadline: Deadline | None = None) -> EffectGen[str]:
        """Return the token to send now.

        Args:
            fetch: Makes calls to the service.
            deadline: The deadline of the call that needs the token.
        """

    def renew(self, rejected: str) -> bool:  # noqa: ARG002 - not all credentials can be renewed
        """Discard a token that the service rejected; return whether another token may be available."""
        return False


class StaticToken(Credentials):
    """Token issued by Tally. It is never renewed."""

    def __init__(self, token: str) -> None:
        self._token = token

    def token(self, fetch: TokenFetcher, deadline: Deadline | None = None) -> EffectGen[str]:  # noqa: ARG002 - nothing to fetch
        """Return the token."""
        yield from ()
        return self._token


class ProvidedToken(Credentials):
    """Token provider of the user. It is called for each request, and once more if the service rejects the token."""

    def __init__(self, provider: TokenProvider) -> None:
        self._provider = provider

    def token(self, fetch: TokenFetcher, deadline: Deadline | None = None) -> EffectGen[str]:  # noqa: ARG002 - the function knows how to get it
        """Return the token that the provider returns now; its exceptions are raised unchanged."""
        try:
            token = yield from self._call_provider()
        except CallError as error:
            error.final = True  # it had its own retries
            raise
        try:
            return validate_token(token)
        except (TypeError, ConfigurationError) as error:
            del token
            raise error.with_traceback(None) from None  # the frames contain the token

    def _call_provider(self) -> EffectGen[Any]:
        provider: Any = self._provider
        if iscoroutinefunction(provider) or iscoroutinefunction(type(provider).__call__):
            return (yield from RunAwaitable[Any](provider))
        result = yield from RunBlocking[Any](provider)  # it may query a vault, so it must not block an event loop
        return (yield from RunAwaitable[Any](lambda: result)) if isawaitable(result) else result

    def renew(self, rejected: str) -> bool:  # noqa: ARG002 - the provider returns a new token
        """Return True: the provider is called again."""
        return True


def is_valid_token(text: str) -> bool:
    """Return whether a text can be sent as a token in a header."""
    return bool(text) and text.isascii() and text.isprintable() and " " not in text


def validate_token(token: object) -> str:
    """Return a token without surrounding white space. No message contains it.

    Raises:
        TypeError: It is not a string.
        ConfigurationError: It is empty, or cannot be sent in a header.
    """
    if not isinstance(token, str):
        raise TypeError(f"a token must be a string, not {type(token).__name__}")
    token = token.strip()
    if token.lower().startswith("bearer "):
        raise ConfigurationError('the token is not valid: pass it without the prefix "Bearer "')
    if not token:
        raise MissingCredentialsError("the token is empty\n" + NO_CREDENTIALS_MESSAGE)
    if not is_valid_token(token):
        raise ConfigurationError(
            "the token contains invalid characters, such as a line break or a space; was it copied completely?"
        )
    return token
