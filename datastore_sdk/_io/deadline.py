"""Deadline of a call. Effects that wait carry it; the drivers stop them when it expires."""

from __future__ import annotations

from datastore_sdk._io.clock import Clock


class DeadlineExceeded(Exception):  # noqa: N818 - not an error of the SDK: the call turns it into an APITimeoutError
    """An effect did not finish before its deadline."""


class Deadline:
    """Point in time at which a call must be finished, on a monotonic clock.

    Args:
        clock: The clock.
        seconds: The time from now until the deadline.
    """

    def __init__(self, clock: Clock, seconds: float) -> None:
        self.seconds = seconds
        """The time that the call had at its start."""
        self._clock = clock
        self._end = clock.monotonic() + seconds

    def remaining(self) -> float:
        """Return the seconds until the deadline; negative after it."""
        return self._end - self._clock.monotonic()


def seconds_left(deadline: Deadline | None) -> float | None:
    """Return the seconds until a deadline; None if there is no deadline.

    Raises:
        DeadlineExceeded: The deadline has expired.
    """
    if deadline is None:
        return None
    if (seconds := deadline.remaining()) <= 0:
        raise DeadlineExceeded
    return seconds


def limit_wait(seconds: float, deadline: Deadline | None) -> float:
    """Return the length of a wait, shortened if the deadline expires earlier.

    Raises:
        DeadlineExceeded: The deadline has expired.
    """
    left = seconds_left(deadline)
    return seconds if left is None else min(seconds, left)
