"""Which failed calls are made again, and after how long."""

from __future__ import annotations

import random
from dataclasses import dataclass

from datastore_sdk.exceptions import (
    CallError,
    CallTimeoutError,
    NoConnectionError,
    RateLimited,
    ServerError,
    TruncatedBodyError,
)

_DOUBLINGS = 40
"""More than any wait needs, and few enough for a float."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How often a failed call is made again, and how long to wait in between.

    Calls are made again after 429, 5xx, lost connections, broken-off answers and timeouts, never after another 4xx. The
    wait doubles from attempt to attempt, a random part of it is taken (full jitter), and a `Retry-After` of the service
    is respected.
    """

    max_attempts: int = 5
    """How often a call is made at most; 1 means never again."""
    first_wait: float = 0.5
    """Upper end of the wait before the second attempt, in seconds."""
    longest_wait: float = 30.0
    """The longest wait in seconds. A `Retry-After` beyond it is not waited for: the call fails at once."""

    def __post_init__(self) -> None:
        if self.max_attempts < 1:
            raise ValueError(f"max_attempts must be at least 1, not {self.max_attempts}")

    def wait_after(self, error: CallError, *, attempt: int, idempotent: bool) -> float | None:
        """Seconds to wait after an attempt (counted from 1) failed; None where the call must not be made again."""
        if attempt >= self.max_attempts or not _may_be_repeated(error, idempotent=idempotent):
            return None
        wait = random.uniform(  # noqa: S311 - no secret
            0, min(self.longest_wait, self.first_wait * 2 ** min(attempt - 1, _DOUBLINGS))
        )
        asked = error.retry_after if isinstance(error, RateLimited | ServerError) else None
        if asked is None:
            return wait
        return max(wait, asked) if asked <= self.longest_wait else None


def _may_be_repeated(error: CallError, *, idempotent: bool) -> bool:
    match error:
        case RateLimited():
            return True  # refused before it was looked at
        case NoConnectionError() | CallTimeoutError():
            return idempotent or not error.sent
        case ServerError() | TruncatedBodyError():
            return idempotent
        case _:
            return False
