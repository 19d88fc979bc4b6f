"""Retry policy: which failed calls are retried, and after how long."""

from __future__ import annotations

import random
from dataclasses import dataclass

from datastore_sdk._io.timeouts import MAX_SECONDS
from datastore_sdk._utils.validation import validate_flag, validate_id, validate_number
from datastore_sdk.exceptions import (
    APIConnectionError,
    APITimeoutError,
    CallError,
    RateLimitError,
    ServerError,
    TruncatedBodyError,
)

_MAX_DOUBLINGS = 40
"""Maximum exponent of the backoff: more than any wait needs, small enough for a float."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """Retry policy of failed calls: how many attempts, and how long to wait between them.

    Calls are retried after 429, 5xx, lost connections, truncated responses and timeouts, never after another 4xx. The
    wait is random, with an upper bound that doubles with each attempt (exponential backoff with full jitter). A
    `Retry-After` of the service is respected. In a download, attempts and time are counted from the last record.
    """

    max_attempts: int = 5
    """Maximum number of attempts; 1 means no retry."""
    initial_wait: float = 0.5
    """Upper bound of the wait before the second attempt, in seconds."""
    max_wait: float = 30.0
    """Maximum wait in seconds. If the service sends a longer `Retry-After`, the call fails at once."""
    max_seconds: float | None = None
    """Seconds since the start of the call after which no attempt starts. A wait that would end later is not started.
    None: only `max_attempts` limits the attempts."""
    wait: bool = True
    """Whether calls may wait. Pass False in programs that must not sleep.

    A call that would be retried then fails with the error of its attempt; `retry_after` of the error says when to try
    again. A call that would wait longer than half a second for other calls to its endpoint fails with `RateLimitError`
    and sends no request. Calls still wait for a token that another thread is requesting."""

    def __post_init__(self) -> None:
        validated: dict[str, object] = {
            "max_attempts": validate_id(self.max_attempts, "max_attempts"),
            "wait": validate_flag(self.wait, "wait"),
        }
        for name in ("initial_wait", "max_wait", "max_seconds"):
            if (seconds := getattr(self, name)) is not None or name != "max_seconds":
                validated[name] = validate_number(seconds, name, 0, MAX_SECONDS)
        for name, value in validated.items():
            object.__setattr__(self, name, value)  # the dataclass is frozen

    def wait_after(self, error: CallError, *, attempt: int, idempotent: bool, elapsed: float = 0.0) -> float | None:
        """Return the seconds to wait after a failed attempt; None if the call must not be retried.

        Args:
            error: The error of the attempt.
            attempt: The number of the attempt, from 1.
            idempotent: Whether repeating the call has no further effect.
            elapsed: Seconds since the start of the call.
        """
        wait = self._wait_after(error, attempt, idempotent=idempotent)
        in_time = wait is not None and (self.max_seconds is None or elapsed + wait <= self.max_seconds)
        return wait if in_time else None

    def _wait_after(self, error: CallError, attempt: int, *, idempotent: bool) -> float | None:
        if attempt >= self.max_attempts or not _is_retryable(error, idempotent=idempotent):
            return None
        wait = random.uniform(  # noqa: S311 - no secret
            0, min(self.max_wait, self.initial_wait * 2 ** min(attempt - 1, _MAX_DOUBLINGS))
        )
        retry_after = error.retry_after if isinstance(error, RateLimitError | ServerError) else None
        if retry_after is None:
            return wait
        return max(wait, retry_after) if retry_after <= self.max_wait else None


def _is_retryable(error: CallError, *, idempotent: bool) -> bool:
    match error:
        case RateLimitError():
            return True  # the service did not process it
        case APIConnectionError(permanent=True):
            return False
        case APIConnectionError() | APITimeoutError():
            return idempotent or not error.sent
        case ServerError() | TruncatedBodyError():
            return idempotent
        case _:
            return False
