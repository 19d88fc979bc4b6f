"""Carries out effects by blocking. The async form is in `async_drivers.py`: asyncio takes long to import."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Generator
from contextlib import closing
from typing import Any, TypeVar, cast

from datastore_sdk.transport.clock import Clock
from datastore_sdk.transport.driving.ahead import ThreadAhead
from datastore_sdk.transport.driving.awaiting import awaited
from datastore_sdk.transport.effects import (
    Abandon,
    Abandoned,
    Answer,
    Await,
    Begin,
    Block,
    Close,
    Effect,
    Emit,
    Open,
    Read,
    Sleep,
    Steps,
    Take,
    Wait,
)
from datastore_sdk.transport.http.cancellation import Cancellation
from datastore_sdk.transport.http.requests import Http
from datastore_sdk.transport.mask import without_frames

R = TypeVar("R")


class Driver:
    """Carries out effects by blocking.

    Args:
        http: Makes the requests.
        clock: Lets time pass.
        cancellation: For another thread to cancel the steps; they are abandoned then.
    """

    def __init__(self, http: Http, clock: Clock, cancellation: Cancellation | None = None) -> None:
        self._http = http
        self._clock = clock
        self._cancellation = cancellation

    def drive(self, steps: Steps[R]) -> R:
        """Runs steps to their end and gives their result."""
        with closing(self.iterate(emitted(steps))) as items:
            result: R = next(items)
            return result

    def iterate(self, steps: Steps[None], error: BaseException | None = None) -> Generator[Any, None, None]:
        """Runs steps, giving the items that they emit, as they are emitted.

        Args:
            steps: The steps.
            error: To be raised in them first, where they have begun.
        """
        result: Any = None
        effect: Effect[Any] | None = None
        try:
            while True:
                try:
                    effect = steps.send(result) if error is None else steps.throw(error)
                except (StopIteration, Abandoned):
                    return
                finally:
                    result = error = handled = None  # an error must not hold itself by the frame it goes through
                try:
                    self._look_whether_wanted(effect)
                    if isinstance(effect, Emit):
                        yield effect.item
                    else:
                        handled = sys.exception()
                        result = self._perform(effect)
                except GeneratorExit:
                    error = Abandoned()
                except BaseException as raised:  # noqa: BLE001 - thrown into the steps, which clean up and let it go on
                    error = Abandoned() if self._cancelled else without_frames(raised, handled)
        finally:
            if (
                cast("Any", steps).gi_frame is not None
            ):  # Ctrl-C came between two effects, and they have yet to clean up
                for answer in (result, effect.answer if isinstance(effect, Close) else None):
                    if isinstance(answer, Answer):
                        answer.drop()
                deque(self.iterate(steps, Abandoned()), maxlen=0)

    @property
    def _cancelled(self) -> bool:
        return self._cancellation is not None and self._cancellation.cancelled

    def _look_whether_wanted(self, effect: Effect[Any]) -> None:
        if self._cancelled and not isinstance(effect, Close):
            raise Abandoned

    def _perform(self, effect: Effect[Any]) -> Any:  # noqa: C901 - one case for each effect
        result: Any = None
        match effect:
            case Read(answer, seconds):
                result = answer.handle.read(seconds)
            case Open(request, seconds):
                result = self._http.open(request, self._cancellation or Cancellation(), seconds)
            case Close(answer):
                answer.handle.close()
                answer.left_open = False
            case Sleep(seconds):
                self._clock.sleep(seconds)
            case Wait(future, seconds):
                result = future.result(seconds)
            case Block(function):
                result = function()
            case Await(function):
                result = awaited(function)
            case Begin(steps, room):
                cancellation = Cancellation()
                items = Driver(self._http, self._clock, cancellation).iterate(steps)
                result = ThreadAhead(items, room, cancellation.cancel)
            case Take(ahead):
                result = ahead.take()
            case Abandon(ahead):
                ahead.abandon()
            case _:
                raise NotImplementedError(effect)
        return result


def emitted(steps: Steps[Any]) -> Steps[None]:
    """The same steps with their result as their one item."""
    yield from Emit((yield from steps))
