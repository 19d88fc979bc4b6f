"""What pure code can ask of the outside world.

The logic of a call (tokens, attempts, limits, reading an answer) is written once, as generators that yield effects and
get back what came of them:

    answer = yield from Open(request)
    while chunk := (yield from Read(answer)):
        ...

The two drivers in `driving/` carry the effects out: one by blocking, the other by awaiting. Errors of an effect are
raised at the `yield`, so `try`/`finally` work as usual.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from urllib.parse import parse_qs

from msgspec import Struct

from datastore_sdk._io.timeouts import Timeouts

R = TypeVar("R")

_SECRET_FIELDS = ("client_secret", "client_id")


class Effect(Struct, Generic[R], eq=False):
    """One thing asked of the outside world, which comes back as `R`.

    Effects are made by the thousand. Dataclasses take several times as long to define and to make.
    """

    def __iter__(self) -> Generator[Effect[Any], Any, R]:
        result: R = yield self
        return result


EffectGen = Generator[Effect[Any], Any, R]
"""A piece of logic that yields effects and returns an `R`."""


@dataclass(slots=True, eq=False)
class Request:
    """An HTTP request, complete."""

    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    content: bytes | None = field(default=None, repr=False)
    streamed: bool = False
    """Whether the answer may take long to begin and long to end."""
    secret: bool = False
    """Whether body and answer hold secrets, as those of the token endpoint do."""
    timeouts: Timeouts = field(default=Timeouts(), repr=False)
    """How long to wait for connection and answer."""

    @property
    def token(self) -> str:
        """The bearer token; empty if there is none."""
        return self.headers.get("Authorization", "").removeprefix("Bearer ")

    @property
    def secrets(self) -> list[str]:
        """What must not be shown of this request: its token, or the client credentials in its body."""
        if not self.secret:
            return [self.token]
        fields = parse_qs((self.content or b"").decode())
        return [self.token, *(value for name in _SECRET_FIELDS for value in fields.get(name, ()))]


class Response:
    """An HTTP answer of which only status and headers were read. Belongs to the driver that opened it."""

    __slots__ = ("drop", "handle", "headers", "left_open", "status")

    def __init__(self, status: int, headers: Mapping[str, str], handle: Any, drop: Callable[[], None]) -> None:
        self.status = status
        self.headers = headers
        self.handle = handle
        self.drop = drop
        """Drops the connection at once, from any thread, while nothing is being read."""
        self.left_open = True
        """Whether it has not been closed yet."""

    def __del__(self) -> None:
        if self.left_open:  # an interruption (Ctrl-C) came just before it could be handed over, or be closed
            self.drop()


class PrefetchExhausted(Exception):  # noqa: N818 - not an error: there are no more items
    """Steps that run ahead have come to their end."""


class DeadlineExceeded(Exception):  # noqa: N818 - what is wrong, whoever set the time says
    """An effect took longer than the seconds that it had.

    Args:
        deadline: Whose seconds they were; the driver that raises it does not know.
    """

    def __init__(self, deadline: object = None) -> None:
        super().__init__()
        self.deadline = deadline


class SendRequest(Effect[Response], eq=False):
    """Send a request and read status and headers of its answer; `DeadlineExceeded` after so many seconds."""

    request: Request
    seconds: float | None = None


class ReadChunk(Effect[bytes], eq=False):
    """Read the next bytes of a response body, as received; empty at its end. `DeadlineExceeded` as above."""

    answer: Response
    seconds: float | None = None


class CloseResponse(Effect[None], eq=False):
    """Give an answer's connection back, or drop it where the body was not read to its end."""

    answer: Response


class Sleep(Effect[None], eq=False):
    """Let time pass."""

    seconds: float


class WaitForFuture(Effect[R], eq=False):
    """Wait until somebody else settles a future; TimeoutError after so many seconds, the future going on."""

    future: Future[R]
    seconds: float


class RunBlocking(Effect[R], eq=False):
    """Call a function that blocks (a sync to disk); the async driver does it in a thread."""

    function: Callable[[], R]


class RunAwaitable(Effect[R], eq=False):
    """Await what a function gives; the sync driver does it in an event loop of its own."""

    function: Callable[[], Awaitable[R]]


class StartPrefetch(Effect[Any], eq=False):
    """Begin steps beside these, running ahead of whoever takes their items; so many of them may wait."""

    steps: EffectGen[None]
    room: int


class NextPrefetched(Effect[Any], eq=False):
    """The next item of steps that run ahead; raises `PrefetchExhausted` after the last."""

    ahead: Any


class CancelPrefetch(Effect[None], eq=False):
    """Stop steps that run ahead."""

    ahead: Any


class YieldItem(Effect[None], eq=False):
    """Hand an item to whoever iterates over these steps."""

    item: Any


class Cancelled(BaseException):
    """Nobody wants the items any more. Thrown into steps, so that they clean up.

    `GeneratorExit` itself cannot be: `yield from` would close the inner steps instead of throwing it into them, and
    they could not yield the effects that cleaning up takes.
    """


def redirect_items(sink: Callable[[Any], EffectGen[None] | None], steps: EffectGen[None]) -> EffectGen[None]:
    """The same steps with the items that they emit handed to a function instead, which may give steps to be done."""
    result: Any = None
    error: BaseException | None = None
    while True:
        try:
            effect = steps.send(result) if error is None else steps.throw(error)
        except StopIteration:
            return
        finally:
            result = error = None  # an error must not hold itself by the frame it goes through
        try:
            if isinstance(effect, YieldItem):
                yield from sink(effect.item) or ()
            else:
                result = yield effect
        except BaseException as raised:  # noqa: BLE001 - thrown into the steps, which clean up and let it go on
            error = raised


def changed(steps: EffectGen[R], change: Callable[[Effect[Any]], EffectGen[Any]]) -> EffectGen[R]:
    """The same steps with others in the place of their effects. Errors of those are raised in the steps."""
    result: Any = None
    error: BaseException | None = None
    while True:
        try:
            effect = steps.send(result) if error is None else steps.throw(error)
        except StopIteration as stop:
            final: R = stop.value
            return final
        finally:
            result = error = None  # as above
        try:
            result = yield from change(effect)
        except BaseException as raised:  # noqa: BLE001 - thrown into the steps, which clean up and let it go on
            error = raised
