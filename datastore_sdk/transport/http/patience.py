"""How long an answer is waited for."""

from __future__ import annotations

import math
from time import monotonic

from datastore_sdk.transport.effects import OutOfTime

NEVER = math.inf


def moment(seconds: float | None) -> float:
    """The moment in so many seconds; None: never."""
    return NEVER if seconds is None else monotonic() + seconds


class Patience:
    """How long an answer may take.

    Args:
        each: Seconds in which its next bytes must come.
        each_name: What they are called in `Timeouts`.
        whole: Seconds in which all of it must come, once it has begun; a service may drip for ever.
        whole_name: What they are called there.
        until: When nothing of it is waited for any more, by the clock that never jumps.
    """

    def __init__(
        self,
        each: float,
        each_name: str,
        whole: float = NEVER,
        whole_name: str = "",
        until: float = NEVER,
    ) -> None:
        self.until = until
        self.each = each
        self.each_name = each_name
        self._whole = whole
        self._whole_name = whole_name
        self._begun = False
        self.end = NEVER

    def left(self) -> float:
        """Seconds in which the next bytes must come.

        Raises:
            OutOfTime: It is not waited for any more.
            TimeoutError: It took too long.
        """
        now = monotonic()
        if now >= self.until:
            raise OutOfTime
        if now >= self.end:
            raise self.late()
        return min(self.each, self.until - now, self.end - now)

    def late(self) -> TimeoutError:
        """The error of what took too long."""
        if monotonic() >= self.end:
            return TimeoutError(f"it was still answering after {self._whole:g} s (Timeouts.{self._whole_name})")
        return TimeoutError(f"nothing came for {self.each:g} s (Timeouts.{self.each_name})")

    @property
    def is_over(self) -> bool:
        """Whether nothing is waited for any more."""
        return monotonic() >= self.until

    def came(self) -> None:
        """Some bytes came."""
        if not self._begun:
            self._begun, self.end = True, monotonic() + self._whole
