"""OAuth2 client credentials: a token is asked for, kept, and asked for anew, as seldom as can be."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, field

from datastore_sdk._io.clock import Clock
from datastore_sdk._io.deadline import Deadline
from datastore_sdk._io.effects import EffectGen, RunBlocking
from datastore_sdk._io.fork_safety import renew_after_fork
from datastore_sdk._io.responses import UnexpectedContentError
from datastore_sdk._io.semaphore import Semaphore, Waiter
from datastore_sdk._io.tolerant_parser import CheckedType
from datastore_sdk.auth.providers import Credentials, TokenFetcher, is_valid_token
from datastore_sdk.auth.token_cache import CachedToken, TokenCache
from datastore_sdk.exceptions import APITimeoutError, RestreamError
from restream_api.api.oauth import create_token
from restream_api.models import Token, TokenRequest
from restream_api.types import Json, Operation

RENEWAL_MARGIN_SECONDS = 10.0
"""Seconds before its expiry at which a token is no longer used; of one that does not last twice as long, half."""
MIN_LIFETIME_SECONDS = 2.0
"""Seconds that every token is taken to last: one that has expired when it comes would be asked for with each call."""
FAILURE_HOLD_SECONDS = 5.0
"""Seconds for which a failure to get a token holds for everybody who wants one."""
MAX_RENEWALS = 5
"""How many tokens that are refused are renewed at most within a while."""
RENEWAL_WINDOW_SECONDS = 60.0
"""So many seconds."""

DEFAULT_LIFETIME_SECONDS = 3600.0
"""Seconds that a token is taken to last where the service does not say so."""


def _check(token: Token) -> None:
    text = token.get("access_token")
    if not (isinstance(text, str) and is_valid_token(text)):
        raise UnexpectedContentError("access_token: it is missing, empty or holds characters that no token has")


_read_token = CheckedType(Json[Token](Token), _check)


@dataclass(frozen=True, slots=True)
class _IssuedTokens:
    token: str = field(repr=False)
    good_until: float
    """By the clock that never jumps."""


class ClientCredentials(Credentials):
    """OAuth2 client credentials, for which the service issues a token that expires.

    A token is kept until shortly before its expiry. However many threads and tasks need one, one request is under way
    at a time, and when it fails nobody asks again for some seconds: asking too often can get a client banned. With a
    cache on disk one request is under way for all processes together.
    """

    def __init__(self, client_id: str, client_secret: str, *, clock: Clock, cache: TokenCache | None = None) -> None:
        self._client_id = client_id
        self._client_secret = client_secret
        self._clock = clock
        self._cache = cache
        self._issued: _IssuedTokens | None = None
        self._refused: str | None = None
        self._failure: RestreamError | None = None
        self._failed = 0.0
        self._renewals = deque[float](maxlen=MAX_RENEWALS)
        self.after_fork()
        renew_after_fork(self)

    def after_fork(self) -> None:
        """Nobody asks for a token yet; the one that is there is as good as before."""
        self._turn = Semaphore(1)

    def token(self, fetch: TokenFetcher, deadline: Deadline | None = None) -> EffectGen[str]:
        """The current token, asked for where there is none.

        Raises:
            AuthenticationError: the client id or the client secret is wrong.
        """
        if token := self._current():
            return token
        began = self._clock.monotonic()
        turn = yield from self._turn.acquire(Waiter(deadline))
        try:
            if token := self._current():
                return token
            if self._failure and began < self._failed + FAILURE_HOLD_SECONDS:
                raise copy(self._failure)
            return (yield from self._new(fetch, deadline))
        finally:
            turn.release()

    def renew(self, rejected: str) -> bool:
        """Drops the token that was refused, unless another caller has renewed it already.

        Where one token after the other is refused, another one will not help: then the last is kept for a while.
        """
        issued, now = self._issued, self._clock.monotonic()
        if issued and issued.token == rejected:
            if len(self._renewals) == MAX_RENEWALS and now < self._renewals[0] + RENEWAL_WINDOW_SECONDS:
                return False
            self._renewals.append(now)
            self._refused, self._issued = rejected, None
        return True

    def _current(self) -> str | None:
        issued = self._issued
        return issued.token if issued and self._clock.monotonic() < issued.good_until else None

    def _new(self, fetch: TokenFetcher, deadline: Deadline | None) -> EffectGen[str]:
        """A token that is not held yet: one that another process has got, else one that is asked for."""
        cache = self._cache
        if cache is None:
            return (yield from self._asked(fetch, deadline))
        if token := (yield from self._kept(cache.read)):
            return token
        locked = yield from cache.lock(deadline)
        try:
            if token := (yield from self._kept(cache.read)):
                return token
            yield from RunBlocking(lambda: cache.discard(self._refused))
            token = yield from self._asked(fetch, deadline, cache)
        finally:
            if locked:
                cache.unlock()
        return token

    def _kept(self, read: Callable[[], CachedToken | None]) -> EffectGen[str | None]:
        kept = yield from RunBlocking(read)
        if kept is None or kept.access_token == self._refused:
            return None
        left = kept.seconds_left(self._clock.now()) - _margin(kept.expires_at - kept.issued_at)
        if left <= 0:
            return None
        self._issued, self._failure = _IssuedTokens(kept.access_token, self._clock.monotonic() + left), None
        return kept.access_token

    def _operation(self) -> Operation[Token]:
        request = TokenRequest(
            client_id=self._client_id, client_secret=self._client_secret, grant_type="client_credentials"
        )
        return create_token(body=request).with_parse(_read_token)

    def _asked(self, fetch: TokenFetcher, deadline: Deadline | None, cache: TokenCache | None = None) -> EffectGen[str]:
        asked, moment = self._clock.monotonic(), self._clock.now()
        try:
            answer = yield from fetch(self._operation(), deadline)
        except APITimeoutError:
            raise  # others may have more time
        except RestreamError as error:
            self._failure, self._failed = error, self._clock.monotonic()
            raise
        said = answer.get("expires_in")
        expires_in = said if isinstance(said, int | float) and math.isfinite(said) else DEFAULT_LIFETIME_SECONDS
        lasts = max(expires_in, MIN_LIFETIME_SECONDS)
        self._issued, self._failure = _IssuedTokens(answer.access_token, asked + lasts - _margin(lasts)), None
        if cache is not None:
            kept = CachedToken(answer.access_token, issued_at=moment, expires_at=moment + expires_in)
            yield from RunBlocking(lambda: cache.write(kept))
        return answer.access_token


def _margin(seconds: float) -> float:
    """How long before its expiry a token that lasts so long is no longer used."""
    return min(RENEWAL_MARGIN_SECONDS, seconds / 2)
