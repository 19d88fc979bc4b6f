"""Async driver: performs effects by awaiting."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial
from typing import Any, TypeVar

from datastore_sdk._io.clock import Clock
from datastore_sdk._io.deadline import limit_wait, seconds_left
from datastore_sdk._io.effects import (
    Cancelled,
    CancelPrefetch,
    CloseResponse,
    Effect,
    EffectGen,
    NextPrefetched,
    ReadChunk,
    RunAwaitable,
    RunBlocking,
    SendRequest,
    Sleep,
    StartPrefetch,
    WaitForFuture,
    YieldItem,
)
from datastore_sdk._utils.redaction import strip_tracebacks
from datastore_sdk.transport.drivers.async_prefetch import TaskPrefetcher
from datastore_sdk.transport.drivers.sync_driver import yield_result
from datastore_sdk.transport.http.async_requests import AsyncHttpSender
from datastore_sdk.transport.http.time_limit import await_with_timeout

R = TypeVar("R")


class AsyncDriver:
    """Async driver: performs effects by awaiting."""

    def __init__(self, http: AsyncHttpSender, clock: Clock) -> None:
        self._http = http
        self._clock = clock

    async def drive(self, steps: EffectGen[R]) -> R:
        """Async form of `SyncDriver.drive`."""
        async with aclosing(self.iterate(yield_result(steps))) as items:
            result: R = await anext(items)
            return result

    async def iterate(self, steps: EffectGen[None]) -> AsyncGenerator[Any, None]:
        """Async form of `SyncDriver.iterate`."""
        result: Any = None
        error: BaseException | None = None
        while True:
            try:
                effect = steps.send(result) if error is None else steps.throw(error)
            except (StopIteration, Cancelled):
                return
            finally:
                result = error = handled = None  # otherwise the error would reference itself through this frame
            try:
                if isinstance(effect, YieldItem):
                    yield effect.item
                else:
                    handled = sys.exception()
                    result = await self._perform(effect)
            except GeneratorExit:
                error = Cancelled()
            except BaseException as raised:  # noqa: BLE001 - thrown into the generator, which re-raises it
                error = strip_tracebacks(raised, handled)

    async def _perform(self, effect: Effect[Any]) -> Any:  # noqa: C901 - one case for each effect
        result: Any = None
        match effect:
            case ReadChunk(response, deadline):
                result = await await_with_timeout(seconds_left(deadline), response.handle.read)
            case SendRequest(request, deadline):
                seconds = seconds_left(deadline)
                result = await await_with_timeout(seconds, partial(self._http.open, request.limit_to(seconds)))
            case CloseResponse(response):
                await response.handle.close()
                response.is_open = False
            case Sleep(seconds, deadline):
                await self._clock.asleep(limit_wait(seconds, deadline))
            case WaitForFuture(future, seconds, deadline):
                await asyncio.wait([asyncio.wrap_future(future)], timeout=limit_wait(seconds, deadline))
                result = future.result(0)
            case RunBlocking(function):
                result = await asyncio.to_thread(function)
            case RunAwaitable(function):
                result = await function()
            case StartPrefetch(steps, max_items):
                result = TaskPrefetcher(self.iterate(steps), max_items)
            case NextPrefetched(prefetcher):
                result = await prefetcher.next_item()
            case CancelPrefetch(prefetcher):
                await prefetcher.cancel()
            case _:
                raise NotImplementedError(effect)
        return result
