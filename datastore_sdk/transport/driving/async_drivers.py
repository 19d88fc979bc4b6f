"""Carries out effects by awaiting."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial
from typing import Any, TypeVar

from datastore_sdk.transport.clock import Clock
from datastore_sdk.transport.driving.async_ahead import TaskAhead
from datastore_sdk.transport.driving.drivers import emitted
from datastore_sdk.transport.effects import (
    Abandon,
    Abandoned,
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
from datastore_sdk.transport.http.async_requests import AsyncHttp
from datastore_sdk.transport.http.time_limit import awaited_within
from datastore_sdk.transport.mask import without_frames

R = TypeVar("R")


class AsyncDriver:
    """Carries out effects by awaiting."""

    def __init__(self, http: AsyncHttp, clock: Clock) -> None:
        self._http = http
        self._clock = clock

    async def drive(self, steps: Steps[R]) -> R:
        """Async form of `Driver.drive`."""
        async with aclosing(self.iterate(emitted(steps))) as items:
            result: R = await anext(items)
            return result

    async def iterate(self, steps: Steps[None]) -> AsyncGenerator[Any, None]:
        """Async form of `Driver.iterate`."""
        result: Any = None
        error: BaseException | None = None
        while True:
            try:
                effect = steps.send(result) if error is None else steps.throw(error)
            except (StopIteration, Abandoned):
                return
            finally:
                result = error = handled = None  # an error must not hold itself by the frame it goes through
            try:
                if isinstance(effect, Emit):
                    yield effect.item
                else:
                    handled = sys.exception()
                    result = await self._perform(effect)
            except GeneratorExit:
                error = Abandoned()
            except BaseException as raised:  # noqa: BLE001 - thrown into the steps, which clean up and let it go on
                error = without_frames(raised, handled)

    async def _perform(self, effect: Effect[Any]) -> Any:  # noqa: C901 - one case for each effect
        result: Any = None
        match effect:
            case Read(answer, seconds):
                result = await awaited_within(seconds, answer.handle.read)
            case Open(request, seconds):
                result = await awaited_within(seconds, partial(self._http.open, request))
            case Close(answer):
                await answer.handle.close()
                answer.left_open = False
            case Sleep(seconds):
                await self._clock.asleep(seconds)
            case Wait(future, seconds):
                await asyncio.wait([asyncio.wrap_future(future)], timeout=seconds)
                result = future.result(0)
            case Block(function):
                result = await asyncio.to_thread(function)
            case Await(function):
                result = await function()
            case Begin(steps, room):
                result = TaskAhead(self.iterate(steps), room)
            case Take(ahead):
                result = await ahead.take()
            case Abandon(ahead):
                await ahead.abandon()
            case _:
                raise NotImplementedError(effect)
        return result
