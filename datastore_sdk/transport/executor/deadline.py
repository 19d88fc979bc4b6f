"""A moment until which steps must have come to their end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from msgspec import structs

from datastore_sdk._io.clock import Clock
from datastore_sdk._io.effects import (
    DeadlineExceeded,
    Effect,
    EffectGen,
    ReadChunk,
    SendRequest,
    Sleep,
    WaitForFuture,
    changed,
)

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

    def keep(self, steps: EffectGen[R]) -> EffectGen[R]:
        """The same steps, none of which takes longer than what is left.

        What cleans up is not hurried.

        Raises:
            DeadlineExceeded: nothing is left.
        """
        return steps if self._end is None else changed(steps, self._hurried)

    def watch(self, steps: EffectGen[R], late: Callable[[], Exception]) -> EffectGen[R]:
        """The same steps, which read nothing any more once the time is up; a single wait has a time of its own.

        Args:
            steps: The steps.
            late: The error to be raised then.
        """

        def look(effect: Effect[Any]) -> EffectGen[Any]:
            if isinstance(effect, ReadChunk) and self.left() <= 0:
                raise late()
            return (yield effect)

        return changed(steps, look)

    def _hurried(self, effect: Effect[Any]) -> EffectGen[Any]:
        if not isinstance(effect, SendRequest | ReadChunk | WaitForFuture | Sleep):
            return (yield effect)
        left = self.left()
        if left <= 0:
            raise DeadlineExceeded(self)
        if effect.seconds is not None and effect.seconds <= left:
            return (yield effect)
        if isinstance(effect, SendRequest):  # what cannot be hung up yet, or by us, ends by its own timeouts
            timeouts = effect.request.timeouts.within(left + _LATER)
            effect = structs.replace(effect, request=replace(effect.request, timeouts=timeouts))
        try:
            return (yield structs.replace(effect, seconds=left))
        except DeadlineExceeded as error:
            raise DeadlineExceeded(error.deadline or self) from None
