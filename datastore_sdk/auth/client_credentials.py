"""OAuth2 client credentials: requests tokens, caches them, and renews them, with as few requests as possible."""

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
"""Seconds before its expiry at which a token is renewed; half its lifetime if that is shorter."""
MIN_LIFETIME_SECONDS = 2.0
"""Minimum lifetime of a token in seconds. Otherwise each call would renew a token that is expired on arrival."""
FAILURE_HOLD_SECONDS = 5.0
"""Seconds for which a failed token request also fails the calls that waited for it."""
MAX_RENEWALS = 5
"""Maximum number of renewals of rejected tokens within `RENEWAL_WINDOW_SECONDS`."""
RENEWAL_WINDOW_SECONDS = 60.0

DEFAULT_LIFETIME_SECONDS = 3600.0
"""Lifetime of a token in seconds if the service does not send one."""


def _check(token: Token) -> None:
    text = token.get("access_token")
    if not (isinstance(text, str) and is_valid_token(text)):
        raise UnexpectedContentError("access_token: missing, empty, or not a valid token")


_read_token = CheckedType(Json[Token](Token), _check)


@dataclass(frozen=True, slots=True)
class _IssuedToken:
    token: str = field(repr=False)
    valid_until: float
    """In seconds on the monotonic clock."""


class ClientCredentials(Credentials):
    """OAuth2 client credentials, for which the service issues tokens that expire.

    A token is used until shortly before its expiry. However many threads and tasks need one, only one token request
    runs at a time, and if it fails, none is sent for some seconds: the service can ban clients that request tokens too
    often. With a cache on disk, only one request runs for all processes of the user.

    Args:
        client_id: The client id.
        client_secret: The client secret.
        clock: The clock.
        cache: The token cache on disk.
    """

    def __init__(self, client_id: str, client_secret: str, *, clock: Clock, cache: TokenCache | None = None) -> None:
        self._client_id = client_id
        self._client_secret = client_secret
        self._clock = clock
        self._cache = cache
        self._issued: _IssuedToken | None = None
        self._rejected: str | None = None
        self._failure: RestreamError | None = None
        self._failed_at = 0.0
        self._renewals = deque[float](maxlen=MAX_RENEWALS)
        self.after_fork()
        renew_after_fork(self)

    def after_fork(self) -> None:
        """Renew the semaphore. The current token stays valid."""
        self._semaphore = Semaphore(1)

    def token(self, fetch: TokenFetcher, deadline: Deadline | None = None) -> EffectGen[str]:
        """Return the current token; request a new one if necessary.

        Raises:
            AuthenticationError: The client id or the client secret is wrong.
        """
        if token := self._current():
            return token
        started = self._clock.monotonic()
        permit = yield from self._semaphore.acquire(Waiter(deadline))
        try:
            if token := self._current():
                return token
            if self._failure and started < self._failed_at + FAILURE_HOLD_SECONDS:
                raise copy(self._failure)
            return (yield from self._obtain(fetch, deadline))
        finally:
            permit.release()

    def renew(self, rejected: str) -> bool:
        """Discard a rejected token, unless another caller has already renewed it.

        If the service rejects one token after another, renewing does not help; then the last token is kept for a while.
        """
        issued, now = self._issued, self._clock.monotonic()
        if issued and issued.token == rejected:
            if len(self._renewals) == MAX_RENEWALS and now < self._renewals[0] + RENEWAL_WINDOW_SECONDS:
                return False
            self._renewals.append(now)
            self._rejected, self._issued = rejected, None
        return True

    def _current(self) -> str | None:
        issued = self._issued
        return issued.token if issued and self._clock.monotonic() < issued.valid_until else None

    def _obtain(self, fetch: TokenFetcher, deadline: Deadline | None) -> EffectGen[str]:
        """Return a new token: from the cache if another process has renewed it, otherwise from the service."""
        cache = self._cache
        if cache is None:
            return (yield from self._request(fetch, deadline))
        if token := (yield from self._read_cached(cache.read)):
            return token
        locked = yield from cache.lock(deadline)
        try:
            if token := (yield from self._read_cached(cache.read)):
                return token
            yield from RunBlocking(lambda: cache.discard(self._rejected))
            token = yield from self._request(fetch, deadline, cache)
        finally:
            if locked:
                cache.unlock()
        return token

    def _read_cached(self, read: Callable[[], CachedToken | None]) -> EffectGen[str | None]:
        cached = yield from RunBlocking(read)
        if cached is None or cached.access_token == self._rejected:
            return None
        seconds = cached.seconds_left(self._clock.now()) - _get_margin(cached.expires_at - cached.issued_at)
        if seconds <= 0:
            return None
        self._issued, self._failure = _IssuedToken(cached.access_token, self._clock.monotonic() + seconds), None
        return cached.access_token

    def _operation(self) -> Operation[Token]:
        request = TokenRequest(
            client_id=self._client_id, client_secret=self._client_secret, grant_type="client_credentials"
        )
        return create_token(body=request).with_parse(_read_token)

    def _request(
        self, fetch: TokenFetcher, deadline: Deadline | None, cache: TokenCache | None = None
    ) -> EffectGen[str]:
        requested, requested_at = self._clock.monotonic(), self._clock.now()
        try:
            token = yield from fetch(self._operation(), deadline)
        except APITimeoutError:
            raise  # other callers may have longer timeouts
        except RestreamError as error:
            self._failure, self._failed_at = error, self._clock.monotonic()
            raise
        sent = token.get("expires_in")
        expires_in = sent if isinstance(sent, int | float) and math.isfinite(sent) else DEFAULT_LIFETIME_SECONDS
        lifetime = max(expires_in, MIN_LIFETIME_SECONDS)
        valid_until = requested + lifetime - _get_margin(lifetime)
        self._issued, self._failure = _IssuedToken(token.access_token, valid_until), None
        if cache is not None:
            cached = CachedToken(token.access_token, issued_at=requested_at, expires_at=requested_at + expires_in)
            yield from RunBlocking(lambda: cache.write(cached))
        return token.access_token


def _get_margin(lifetime: float) -> float:
    """Return how many seconds before its expiry a token is renewed."""
    return min(RENEWAL_MARGIN_SECONDS, lifetime / 2)
