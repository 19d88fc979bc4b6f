"""Which failed calls are made again, and after how long."""

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

_DOUBLINGS = 40
"""More than any wait needs, and few enough for a float."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How often a failed call is made again, and how long to wait in between.

    Calls are made again after 429, 5xx, lost connections, broken-off answers and timeouts, never after another 4xx. The
    wait doubles from attempt to attempt, a random part of it is taken (full jitter), and a `Retry-After` of the service
    is respected. Records that are downloaded count afresh from each record that comes.
    """

    max_attempts: int = 5
    """How often a call is made at most; 1 means never again."""
    first_wait: float = 0.5
    """Upper end of the wait before the second attempt, in seconds."""
    longest_wait: float = 30.0
    """The longest wait in seconds. A `Retry-After` beyond it is not waited for: the call fails at once."""
    max_seconds: float | None = None
    """Seconds from the beginning of the call after which no attempt begins any more, nor a wait that would end after
    them; None: as long as there are attempts."""
    wait: bool = True
    """False for programs that must not sleep: a call that would be made again later fails instead, with the error that
    was met, whose `retry_after` says when to try again; and one that would wait longer than half a second for others to
    the same endpoint fails with `RateLimitError`, without a request. (It does wait for a token that another thread is
    requesting: that needs the network either way.)"""

    def __post_init__(self) -> None:
        normal: dict[str, object] = {
            "max_attempts": validate_id(self.max_attempts, "max_attempts"),
            "wait": validate_flag(self.wait, "wait"),
        }
        for name in ("first_wait", "longest_wait", "max_seconds"):
            if (seconds := getattr(self, name)) is not None or name != "max_seconds":
                normal[name] = validate_number(seconds, name, 0, MAX_SECONDS)
        for name, value in normal.items():
            object.__setattr__(self, name, value)  # the class is frozen for everybody else

    def wait_after(self, error: CallError, *, attempt: int, idempotent: bool, elapsed: float = 0.0) -> float | None:
        """How long to wait after an attempt failed.

        Args:
            error: What it failed with.
            attempt: Which attempt it was, counted from 1.
            idempotent: Whether making the call twice does no more than making it once.
            elapsed: Seconds since the call began.

        Returns:
            Seconds; None where the call must not be made again.
        """
        wait = self._wait_after(error, attempt, idempotent=idempotent)
        in_time = wait is not None and (self.max_seconds is None or elapsed + wait <= self.max_seconds)
        return wait if in_time else None

    def _wait_after(self, error: CallError, attempt: int, *, idempotent: bool) -> float | None:
        if attempt >= self.max_attempts or not _may_be_repeated(error, idempotent=idempotent):
            return None
        wait = random.uniform(  # noqa: S311 - no secret
            0, min(self.longest_wait, self.first_wait * 2 ** min(attempt - 1, _DOUBLINGS))
        )
        asked = error.retry_after if isinstance(error, RateLimitError | ServerError) else None
        if asked is None:
            return wait
        return max(wait, asked) if asked <= self.longest_wait else None


def _may_be_repeated(error: CallError, *, idempotent: bool) -> bool:
    match error:
        case RateLimitError():
            return True  # refused before it was looked at
        case APIConnectionError(permanent=True):
            return False
        case APIConnectionError() | APITimeoutError():
            return idempotent or not error.sent
        case ServerError() | TruncatedBodyError():
            return idempotent
        case _:
            return False
