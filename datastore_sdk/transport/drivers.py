"""The two ways to carry out effects: by blocking, and by awaiting. The only code that knows httpx."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Generator
from contextlib import aclosing, closing, suppress
from functools import partial
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import httpx

from datastore_sdk.exceptions import CallTimeoutError, NoConnectionError
from datastore_sdk.transport.clock import Clock
from datastore_sdk.transport.connection import Connection, Timeouts
from datastore_sdk.transport.effects import (
    Answer,
    Block,
    Close,
    Effect,
    Emit,
    Open,
    Read,
    Request,
    Sleep,
    Steps,
    Wait,
)

R = TypeVar("R")

_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


class Driver:
    """Carries out effects by blocking."""

    def __init__(self, connection: Connection, clock: Clock, http: httpx.Client | None = None) -> None:
        self._connection = connection
        self._clock = clock
        self._own = http is None
        self._http = http or httpx.Client(**_options(connection))

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
            except StopIteration:
                return
            result = error = None
            try:
                if isinstance(effect, Emit):
                    yield effect.item
                else:
                    result = self._perform(effect)
            except BaseException as raised:  # noqa: BLE001 - thrown into the steps, which clean up and let it go on (GeneratorExit too)
                error = raised

    def close(self) -> None:
        """Closes the connections, unless the httpx client is the user's own."""
        if self._own:
            self._http.close()

    def _perform(self, effect: Effect[Any]) -> Any:
        match effect:
            case Read(answer):
                return self._read(answer)
            case Open(request):
                return self._open(request)
            case Close(answer):
                response, _, _ = answer.handle
                return response.close()
            case Sleep(seconds):
                return self._clock.sleep(seconds)
            case Wait(future, seconds):
                return future.result(seconds)
            case Block(function):
                return function()
            case _:
                raise NotImplementedError(effect)

    def _open(self, request: Request) -> Answer:
        try:
            response = self._http.send(_httpx_request(self._http, request, self._connection.timeouts), stream=True)
        except httpx.HTTPError as error:
            raise _translated(error, request) from error
        return Answer(
            response.status_code, response.headers, (response, request, response.iter_raw()), drop=response.close
        )

    def _read(self, answer: Answer) -> bytes:
        _, request, pieces = answer.handle
        try:
            return next(pieces, b"")
        except httpx.HTTPError as error:
            raise _translated(error, request) from error


class AsyncDriver:
    """Carries out effects by awaiting."""

    def __init__(self, connection: Connection, clock: Clock, http: httpx.AsyncClient | None = None) -> None:
        self._connection = connection
        self._clock = clock
        self._given = http
        # An httpx client belongs to the event loop in which it was first used.
        self._closings: set[asyncio.Task[None]] = set()
        self._by_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, httpx.AsyncClient] = WeakKeyDictionary()

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
            except StopIteration:
                return
            result = error = None
            try:
                if isinstance(effect, Emit):
                    yield effect.item
                else:
                    result = await self._perform(effect)
            except BaseException as raised:  # noqa: BLE001 - thrown into the steps, which clean up and let it go on (GeneratorExit too)
                error = raised

    async def aclose(self) -> None:
        """Closes the connections of the running event loop, unless the httpx client is the user's own."""
        http = self._by_loop.pop(asyncio.get_running_loop(), None)
        if http is not None:
            await http.aclose()

    @property
    def _http(self) -> httpx.AsyncClient:
        if self._given is not None:
            return self._given
        loop = asyncio.get_running_loop()
        if loop not in self._by_loop:
            self._by_loop[loop] = httpx.AsyncClient(**_options(self._connection))
        return self._by_loop[loop]

    async def _perform(self, effect: Effect[Any]) -> Any:
        match effect:
            case Read(answer):
                return await self._read(answer)
            case Open(request):
                return await self._open(request)
            case Close(answer):
                response, _, _ = answer.handle
                return await response.aclose()
            case Sleep(seconds):
                return await self._clock.asleep(seconds)
            case Wait(future, seconds):
                await asyncio.wait([asyncio.wrap_future(future)], timeout=seconds)
                return future.result(0)
            case Block(function):
                return await asyncio.to_thread(function)
            case _:
                raise NotImplementedError(effect)

    async def _open(self, request: Request) -> Answer:
        http = self._http
        try:
            response = await http.send(_httpx_request(http, request, self._connection.timeouts), stream=True)
        except httpx.HTTPError as error:
            raise _translated(error, request) from error
        drop = partial(self._drop, asyncio.get_running_loop(), response)
        return Answer(response.status_code, response.headers, (response, request, response.aiter_raw()), drop)

    def _drop(self, loop: asyncio.AbstractEventLoop, response: httpx.Response) -> None:
        """Closes a response in its own event loop, whichever thread this is."""

        def begin() -> None:
            closing = loop.create_task(response.aclose())
            self._closings.add(closing)  # or the task could be collected before it has run
            closing.add_done_callback(self._closings.discard)

        with suppress(RuntimeError):  # the loop is closed, and the connection with it
            loop.call_soon_threadsafe(begin)

    async def _read(self, answer: Answer) -> bytes:
        _, request, pieces = answer.handle
        try:
            return await anext(pieces, b"")
        except httpx.HTTPError as error:
            raise _translated(error, request) from error


def _emitted(steps: Steps[Any]) -> Steps[None]:
    """The same steps with their result as their one item."""
    yield from Emit((yield from steps))


def _options(connection: Connection) -> dict[str, Any]:
    # The service closes idle connections after some seconds; ours end a little earlier, or a call would meet the
    # closing.
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=20, keepalive_expiry=4.0)
    return {"verify": connection.verify, "proxy": connection.proxy, "limits": limits, "follow_redirects": False}


def _httpx_request(http: httpx.Client | httpx.AsyncClient, request: Request, timeouts: Timeouts) -> httpx.Request:
    return http.build_request(
        request.method,
        request.url,
        headers=dict(request.headers),
        content=request.content,
        timeout=httpx.Timeout(timeouts.stream if request.streamed else timeouts.read, connect=timeouts.connect),
    )


def _translated(error: httpx.HTTPError, request: Request) -> NoConnectionError | CallTimeoutError:
    details: dict[str, Any] = {
        "method": request.method,
        "url": request.url,
        "sent": not isinstance(error, _NEVER_SENT),
    }
    reason = str(error) or type(error).__name__
    what = f"{request.method} {request.url}"
    if isinstance(error, httpx.TimeoutException):
        return CallTimeoutError(f"{what} was not answered in time ({type(error).__name__})", **details)
    if not details["sent"]:
        return NoConnectionError(f"{what}: the service was not reached: {reason}", **details)
    return NoConnectionError(f"{what}: the connection was lost: {reason}", **details)
