"""A moment until which steps must have come to their end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from msgspec import structs

from datastore_sdk.transport.clock import Clock
from datastore_sdk.transport.effects import Effect, Open, OutOfTime, Read, Sleep, Steps, Wait, changed

R = TypeVar("R")

_LATER = 1.0
"""Seconds by which a connection times out after it was to be hung up, so that it is clear which of the two it was."""


class Deadline:
    """So many seconds from now.

    Args:
        clock: What time goes by.
        seconds: How many; None: for ever.
    """

    def __init__(self, clock: Clock, seconds: float | None) -> None:
        self._clock = clock
        self._end = None if seconds is None else clock.monotonic() + seconds

    def left(self) -> float:
        """Seconds that are left."""
        return float("inf") if self._end is None else self._end - self._clock.monotonic()

    def keep(self, steps: Steps[R]) -> Steps[R]:
        """The same steps, none of which takes longer than what is left.

        What cleans up is not hurried.

        Raises:
            OutOfTime: nothing is left.
        """
        return steps if self._end is None else changed(steps, self._hurried)

    def watch(self, steps: Steps[R], late: Callable[[], Exception]) -> Steps[R]:
        """The same steps, which read nothing any more once the time is up; a single wait has a time of its own.

        Args:
            steps: The steps.
            late: The error to be raised then.
        """

        def look(effect: Effect[Any]) -> Steps[Any]:
            if isinstance(effect, Read) and self.left() <= 0:
                raise late()
            return (yield effect)

        return changed(steps, look)

    def _hurried(self, effect: Effect[Any]) -> Steps[Any]:
        if not isinstance(effect, Open | Read | Wait | Sleep):
            return (yield effect)
        left = self.left()
        if left <= 0:
            raise OutOfTime(self)
        if effect.seconds is not None and effect.seconds <= left:
            return (yield effect)
        if isinstance(effect, Open):  # what cannot be hung up yet, or by us, ends by its own timeouts
            timeouts = effect.request.timeouts.within(left + _LATER)
            effect = structs.replace(effect, request=replace(effect.request, timeouts=timeouts))
        try:
            return (yield structs.replace(effect, seconds=left))
        except OutOfTime as error:
            raise OutOfTime(error.deadline or self) from None
