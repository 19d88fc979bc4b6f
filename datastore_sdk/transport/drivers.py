"""The two ways to carry out effects: by blocking, and by awaiting."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Generator
from contextlib import aclosing, closing
from typing import Any, TypeVar

from datastore_sdk.transport.ahead import TaskAhead, ThreadAhead
from datastore_sdk.transport.clock import Clock
from datastore_sdk.transport.effects import (
    Abandon,
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
from datastore_sdk.transport.http import AsyncHttp, Http
from datastore_sdk.transport.pool import Line

R = TypeVar("R")


class Abandoned(BaseException):
    """Nobody wants the items any more. Thrown into steps, so that they clean up.

    `GeneratorExit` itself cannot be: `yield from` would close the inner steps instead of throwing it into them, and
    they could not yield the effects that cleaning up takes.
    """


class Driver:
    """Carries out effects by blocking.

    Args:
        http: Makes the requests.
        clock: Lets time pass.
        line: For another thread to hang up on; the steps are abandoned then.
    """

    def __init__(self, http: Http, clock: Clock, line: Line | None = None) -> None:
        self._http = http
        self._clock = clock
        self._line = line

    def drive(self, steps: Steps[R]) -> R:
        """Runs steps to their end and gives their result."""
        with closing(self.iterate(_emitted(steps))) as items:
            result: R = next(items)
            return result

    def iterate(self, steps: Steps[None]) -> Generator[Any, None, None]:
        """Runs steps, giving the items that they emit, as they are emitted."""
        result: Any = None
        error: BaseException | None = None
        while True:
            try:
                effect = steps.send(result) if error is None else steps.throw(error)
            except (StopIteration, Abandoned):
                return
            result = error = None
            try:
                self._look_whether_wanted(effect)
                if isinstance(effect, Emit):
                    yield effect.item
                else:
                    result = self._perform(effect)
            except GeneratorExit:
                error = Abandoned()
            except BaseException as raised:  # noqa: BLE001 - thrown into the steps, which clean up and let it go on
                error = Abandoned() if self._hung_up else raised

    @property
    def _hung_up(self) -> bool:
        return self._line is not None and self._line.hung_up

    def _look_whether_wanted(self, effect: Effect[Any]) -> None:
        if self._hung_up and not isinstance(effect, Close):
            raise Abandoned

    def _perform(self, effect: Effect[Any]) -> Any:
        result: Any = None
        match effect:
            case Read(answer):
                result = answer.handle.read()
            case Open(request):
                result = self._http.open(request, self._line)
            case Close(answer):
                answer.handle.close()
            case Sleep(seconds):
                self._clock.sleep(seconds)
            case Wait(future, seconds):
                result = future.result(seconds)
            case Block(function):
                result = function()
            case Begin(steps, room):
                line = Line()
                items = Driver(self._http, self._clock, line).iterate(steps)
                result = ThreadAhead(items, room, line.hang_up)
            case Take(ahead):
                result = ahead.take()
            case Abandon(ahead):
                ahead.abandon()
            case _:
                raise NotImplementedError(effect)
        return result


class AsyncDriver:
    """Carries out effects by awaiting."""

    def __init__(self, http: AsyncHttp, clock: Clock) -> None:
        self._http = http
        self._clock = clock

    async def drive(self, steps: Steps[R]) -> R:
        """Async form of `Driver.drive`."""
        async with aclosing(self.iterate(_emitted(steps))) as items:
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
            result = error = None
            try:
                if isinstance(effect, Emit):
                    yield effect.item
                else:
                    result = await self._perform(effect)
            except GeneratorExit:
                error = Abandoned()
            except BaseException as raised:  # noqa: BLE001 - thrown into the steps, which clean up and let it go on
                error = raised

    async def _perform(self, effect: Effect[Any]) -> Any:
        result: Any = None
        match effect:
            case Read(answer):
                result = await answer.handle.read()
            case Open(request):
                result = await self._http.open(request)
            case Close(answer):
                await answer.handle.close()
            case Sleep(seconds):
                await self._clock.asleep(seconds)
            case Wait(future, seconds):
                await asyncio.wait([asyncio.wrap_future(future)], timeout=seconds)
                result = future.result(0)
            case Block(function):
                result = await asyncio.to_thread(function)
            case Begin(steps, room):
                result = TaskAhead(self.iterate(steps), room)
            case Take(ahead):
                result = await ahead.take()
            case Abandon(ahead):
                await ahead.abandon()
            case _:
                raise NotImplementedError(effect)
        return result


def _emitted(steps: Steps[Any]) -> Steps[None]:
    """The same steps with their result as their one item."""
    yield from Emit((yield from steps))
