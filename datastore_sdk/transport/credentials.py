"""Where the bearer token comes from: handed over by the user, or issued by the service for client credentials."""

from __future__ import annotations

from abc import ABC, abstractmethod
from copy import copy
from typing import ClassVar, Protocol, TypeVar

from datastore_sdk.exceptions import RestreamError
from datastore_sdk.transport.answers import UnexpectedContentError
from datastore_sdk.transport.clock import Clock
from datastore_sdk.transport.effects import Steps
from datastore_sdk.transport.slots import Slots
from restream_api.api.oauth import create_token
from restream_api.models import Token, TokenRequest
from restream_api.types import Json, Operation

T = TypeVar("T")

EARLY = 10.0
"""Seconds before its expiry at which a token is no longer used."""


class Fetch(Protocol):
    """Makes one call and gives its answer."""

    def __call__(self, operation: Operation[T], /) -> Steps[T]:
        """The steps of the call."""
        ...


class Credentials(ABC):
    """What gives the token."""

    kind: ClassVar[str]
    """What they are, in words that may be shown."""

    @property
    @abstractmethod
    def identity(self) -> tuple[str, ...]:
        """Tells credentials apart; never shown."""

    @abstractmethod
    def token(self, fetch: Fetch) -> Steps[str]:
        """The token to send now."""

    def renew(self, rejected: str) -> bool:  # noqa: ARG002 - not all can renew
        """Takes note that the service refused a token; whether another one can be had."""
        return False


class StaticToken(Credentials):
    """A token handed out by Tally. It is never renewed."""

    kind = "token"

    def __init__(self, token: str) -> None:
        self._token = token

    @property
    def identity(self) -> tuple[str, ...]:
        """The token itself."""
        return ("token", self._token)

    def token(self, fetch: Fetch) -> Steps[str]:  # noqa: ARG002 - nothing to fetch
        """The token."""
        yield from ()
        return self._token


def is_token(text: str) -> bool:
    """Whether a text can stand in a header as a token."""
    return bool(text) and text.isascii() and text.isprintable() and " " not in text


_read = Json[Token](Token)


def _read_token(content: bytes) -> Token:
    token = _read(content)
    if not is_token(token.access_token):
        raise UnexpectedContentError("access_token: it is empty or holds characters that no token has")
    return token


class ClientCredentials(Credentials):
    """OAuth2 client credentials, for which the service issues a token that expires.

    A token is kept until shortly before its expiry. However many threads and tasks need one, one request is under way
    at a time: asking too often can get a client banned.
    """

    kind = "client credentials"

    def __init__(self, client_id: str, client_secret: str, *, clock: Clock) -> None:
        self._client_id = client_id
        self._client_secret = client_secret
        self._clock = clock
        self._turn = Slots(1)
        self._token: str | None = None
        self._expires = 0.0
        self._failures = 0
        self._failure: RestreamError | None = None

    @property
    def identity(self) -> tuple[str, ...]:
        """Client id and secret."""
        return ("client", self._client_id, self._client_secret)

    def token(self, fetch: Fetch) -> Steps[str]:
        """The current token, asked for where there is none.

        Raises:
            AuthenticationError: the client id or the client secret is wrong.
        """
        failures = self._failures
        if token := self._current():
            return token
        turn = yield from self._turn.acquire()
        try:
            if token := self._current():
                return token
            if self._failure and self._failures > failures:
                raise copy(self._failure)  # the service refused while this caller waited: do not ask again
            return (yield from self._issued(fetch))
        finally:
            turn.release()

    def _current(self) -> str | None:
        return self._token if self._clock.monotonic() < self._expires - EARLY else None

    def _issued(self, fetch: Fetch) -> Steps[str]:
        request = TokenRequest(
            client_id=self._client_id, client_secret=self._client_secret, grant_type="client_credentials"
        )
        asked = self._clock.monotonic()
        try:
            answer = yield from fetch(create_token(body=request).with_parse(_read_token))
        except RestreamError as error:
            self._failures += 1
            self._failure = error
            raise
        self._token, self._expires, self._failure = answer.access_token, asked + answer.expires_in, None
        return answer.access_token

    def renew(self, rejected: str) -> bool:
        """Drops the token that was refused, unless another caller has renewed it already."""
        if self._token == rejected:
            self._token = None
            self._expires = 0.0
        return True
