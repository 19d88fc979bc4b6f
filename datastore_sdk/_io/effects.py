"""I/O effects yielded by the sans-I/O request logic.

The logic of a call (tokens, retries, limits, reading a response) is written once, as generators. They yield effects and
receive the results:

    response = yield from SendRequest(request, deadline)
    while chunk := (yield from ReadChunk(response, deadline)):
        ...

Two drivers in `transport/drivers/` perform the effects: one blocks, the other awaits. If an effect fails, its error is
raised at the `yield`, so `try`/`finally` work as usual.

Effects that wait for the service or for other callers carry the deadline of their call. Effects that clean up do not.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar
from urllib.parse import parse_qs

from msgspec import Struct

from datastore_sdk._io.deadline import Deadline
from datastore_sdk._io.timeouts import Timeouts

R = TypeVar("R")

_SECRET_FIELDS = ("client_secret", "client_id")
_TIMEOUT_MARGIN_SECONDS = 1.0
"""Time by which a connection's own timeouts end after the deadline, so that the deadline is what fails the call."""


class Effect(Struct, Generic[R], eq=False):
    """An I/O operation for a driver to perform. Its result has the type `R`.

    A call creates effects by the thousand, so they are msgspec structs: dataclasses take several times as long to
    define and to create.
    """

    def __iter__(self) -> Generator[Effect[Any], Any, R]:
        result: R = yield self
        return result


EffectGen = Generator[Effect[Any], Any, R]
"""Generator that yields effects and returns an `R`."""


@dataclass(slots=True, eq=False)
class Request:
    """A complete HTTP request."""

    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    content: bytes | None = field(default=None, repr=False)
    streamed: bool = False
    """Whether the response may take minutes to begin and minutes to end."""
    secret: bool = False
    """Whether the bodies of request and response contain secrets, as those of the token endpoint do."""
    timeouts: Timeouts = field(default=Timeouts(), repr=False)

    @property
    def token(self) -> str:
        """The bearer token; empty for requests without one."""
        return self.headers.get("Authorization", "").removeprefix("Bearer ")

    @property
    def secrets(self) -> list[str]:
        """The secrets of this request: its token, or the client credentials in its body."""
        if not self.secret:
            return [self.token]
        fields = parse_qs((self.content or b"").decode())
        return [self.token, *(value for name in _SECRET_FIELDS for value in fields.get(name, ()))]

    def limit_to(self, seconds: float | None) -> Request:
        """Return the request with timeouts that end soon after a deadline.

        They end requests that the driver cannot cancel, such as those of an httpx client of the user's.
        """
        if seconds is None:
            return self
        return replace(self, timeouts=self.timeouts.limit_to(seconds + _TIMEOUT_MARGIN_SECONDS))


class Response:
    """An HTTP response whose body is unread. It belongs to the driver that opened it."""

    __slots__ = ("abort", "handle", "headers", "is_open", "status")

    def __init__(self, status: int, headers: Mapping[str, str], handle: Any, abort: Callable[[], None]) -> None:
        self.status = status
        self.headers = headers
        self.handle = handle
        self.abort = abort
        """Close the connection at once. Any thread may call this while nothing is being read."""
        self.is_open = True

    def __del__(self) -> None:
        if self.is_open:  # Ctrl-C came just before the response was returned or closed
            self.abort()


class PrefetchExhausted(Exception):  # noqa: N818 - not an error: there are no more items
    """A prefetched generator has no more items."""


class SendRequest(Effect[Response], eq=False):
    """Send a request and read the status and headers of its response."""

    request: Request
    deadline: Deadline | None = None


class ReadChunk(Effect[bytes], eq=False):
    """Read the next chunk of a response body as received; empty at the end."""

    response: Response
    deadline: Deadline | None = None


class CloseResponse(Effect[None], eq=False):
    """Return the connection of a response to the pool; close it if the body was not read completely."""

    response: Response


class ConnectWebSocket(Effect[Response], eq=False):
    """Open a WebSocket connection. The status of the response is 101 if the service accepted it."""

    request: Request


class ReceiveMessages(Effect[list[bytes] | None], eq=False):
    """Receive the WebSocket messages that have arrived; None if nothing, not even a pong, came within `seconds`."""

    response: Response
    seconds: float


class SendPing(Effect[None], eq=False):
    """Send a WebSocket ping."""

    response: Response


class Sleep(Effect[None], eq=False):
    """Sleep, until the deadline at most."""

    seconds: float
    deadline: Deadline | None = None


class WaitForFuture(Effect[R], eq=False):
    """Wait until another thread or task sets the result of a future.

    The driver raises TimeoutError after `seconds`, or at the deadline, and leaves the future pending.
    """

    future: Future[R]
    seconds: float
    deadline: Deadline | None = None


class RunBlocking(Effect[R], eq=False):
    """Call a function that blocks, such as an fsync. The async driver calls it in a thread."""

    function: Callable[[], R]


class RunAwaitable(Effect[R], eq=False):
    """Call a function and await its result. The sync driver runs an event loop for it."""

    function: Callable[[], Awaitable[R]]


class StartPrefetch(Effect[Any], eq=False):
    """Run a generator ahead of its consumer, in a thread or task. At most `max_items` wait in its queue."""

    steps: EffectGen[None]
    max_items: int


class NextPrefetched(Effect[Any], eq=False):
    """Return the next item of a prefetched generator; raise `PrefetchExhausted` after the last."""

    prefetcher: Any


class CancelPrefetch(Effect[None], eq=False):
    """Cancel a prefetched generator."""

    prefetcher: Any


class YieldItem(Effect[None], eq=False):
    """Yield an item to the caller that iterates."""

    item: Any


class Cancelled(BaseException):
    """The consumer stopped iterating. Drivers throw this into the generators so that they clean up.

    `GeneratorExit` does not work here: `yield from` closes the inner generator instead of throwing into it, and a
    generator that is being closed cannot yield the effects that its cleanup needs.
    """


def redirect_items(sink: Callable[[Any], EffectGen[None] | None], steps: EffectGen[None]) -> EffectGen[None]:
    """Run a generator and pass each item that it yields to a function, which may return effects to perform instead."""
    result: Any = None
    error: BaseException | None = None
    while True:
        try:
            effect = steps.send(result) if error is None else steps.throw(error)
        except StopIteration:
            return
        finally:
            result = error = None  # otherwise the error would reference itself through this frame
        try:
            if isinstance(effect, YieldItem):
                yield from sink(effect.item) or ()
            else:
                result = yield effect
        except BaseException as raised:  # noqa: BLE001 - thrown into the generator, which cleans up and re-raises it
            error = raised
