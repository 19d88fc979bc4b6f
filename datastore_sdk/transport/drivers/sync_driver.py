"""Sync driver: performs effects by blocking. It does not import asyncio, which is slow to import."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Awaitable, Callable, Generator
from contextlib import closing
from contextvars import copy_context
from typing import Any, TypeVar, cast

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
    Response,
    RunAwaitable,
    RunBlocking,
    SendRequest,
    Sleep,
    StartPrefetch,
    WaitForFuture,
    YieldItem,
)
from datastore_sdk._utils.redaction import strip_tracebacks
from datastore_sdk.transport.drivers.prefetch import ThreadPrefetcher
from datastore_sdk.transport.http.cancellation import Cancellation
from datastore_sdk.transport.http.requests import HttpSender
from datastore_sdk.transport.http.worker_thread import WorkerThread

R = TypeVar("R")


class SyncDriver:
    """Driver that performs effects by blocking.

    Args:
        http: Sends the requests.
        clock: The clock.
        cancellation: Lets another thread cancel the generator, which then receives `Cancelled`.
    """

    def __init__(self, http: HttpSender, clock: Clock, cancellation: Cancellation | None = None) -> None:
        self._http = http
        self._clock = clock
        self._cancellation = cancellation

    def drive(self, steps: EffectGen[R]) -> R:
        """Run a generator and return its result."""
        with closing(self.iterate(yield_result(steps))) as items:
            result: R = next(items)
            return result

    def iterate(self, steps: EffectGen[None], error: BaseException | None = None) -> Generator[Any, None, None]:
        """Run a generator and yield its items.

        Args:
            steps: The generator.
            error: An error to throw into it first, if it has started.
        """
        result: Any = None
        effect: Effect[Any] | None = None
        try:
            while True:
                try:
                    effect = steps.send(result) if error is None else steps.throw(error)
                except (StopIteration, Cancelled):
                    return
                finally:
                    result = error = handled = None  # otherwise the error would reference itself through this frame
                try:
                    self._check_cancelled(effect)
                    if isinstance(effect, YieldItem):
                        yield effect.item
                    else:
                        handled = sys.exception()
                        result = self._perform(effect)
                except GeneratorExit:
                    error = Cancelled()
                except BaseException as raised:  # noqa: BLE001 - thrown into the generator, which re-raises it
                    error = Cancelled() if self._cancelled else strip_tracebacks(raised, handled)
        finally:
            if cast("Any", steps).gi_frame is not None:  # Ctrl-C came between two effects: it must still clean up
                for response in (result, effect.response if isinstance(effect, CloseResponse) else None):
                    if isinstance(response, Response):
                        response.abort()
                deque(self.iterate(steps, Cancelled()), maxlen=0)

    @property
    def _cancelled(self) -> bool:
        return self._cancellation is not None and self._cancellation.cancelled

    def _check_cancelled(self, effect: Effect[Any]) -> None:
        if self._cancelled and not isinstance(effect, CloseResponse):
            raise Cancelled

    def _perform(self, effect: Effect[Any]) -> Any:  # noqa: C901 - one case for each effect
        result: Any = None
        match effect:
            case ReadChunk(response, deadline):
                result = response.handle.read(seconds_left(deadline))
            case SendRequest(request, deadline):
                result = self._http.open(request, self._cancellation or Cancellation(), seconds_left(deadline))
            case CloseResponse(response):
                response.handle.close()
                response.is_open = False
            case Sleep(seconds, deadline):
                self._clock.sleep(limit_wait(seconds, deadline))
            case WaitForFuture(future, seconds, deadline):
                result = future.result(limit_wait(seconds, deadline))
            case RunBlocking(function):
                result = function()
            case RunAwaitable(function):
                result = run_awaitable(function)
            case StartPrefetch(steps, max_items):
                cancellation = Cancellation()
                items = SyncDriver(self._http, self._clock, cancellation).iterate(steps)
                result = ThreadPrefetcher(items, max_items, cancellation.cancel)
            case NextPrefetched(prefetcher):
                result = prefetcher.next_item()
            case CancelPrefetch(prefetcher):
                prefetcher.cancel()
            case _:
                raise NotImplementedError(effect)
        return result


def yield_result(steps: EffectGen[Any]) -> EffectGen[None]:
    """Return a generator that yields the result of another as its only item."""
    yield from YieldItem((yield from steps))


def run_awaitable(function: Callable[[], Awaitable[R]]) -> R:
    """Call a function and return its awaited result.

    It runs in a new event loop; in another thread if an event loop already runs in this one.
    """
    import asyncio  # slow to import

    async def main() -> R:
        return await function()

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(main())
    context = copy_context()
    worker = WorkerThread()
    try:
        return worker.submit(lambda: context.run(asyncio.run, main())).result()
    finally:
        worker.stop()
