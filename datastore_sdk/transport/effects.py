"""What pure code can ask of the outside world.

The logic of a call (tokens, attempts, limits, reading an answer) is written once, as generators that yield effects and
get back what came of them:

    answer = yield from Open(request)
    while chunk := (yield from Read(answer)):
        ...

The two drivers in `drivers.py` carry the effects out: one by blocking, the other by awaiting. Errors of an effect are
raised at the `yield`, so `try`/`finally` work as usual.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

R = TypeVar("R")


class Effect(Generic[R]):
    """One thing asked of the outside world, which comes back as `R`."""

    __slots__ = ()

    def __iter__(self) -> Generator[Effect[Any], Any, R]:
        result: R = yield self
        return result


Steps = Generator[Effect[Any], Any, R]
"""A piece of logic that yields effects and returns an `R`."""


@dataclass(frozen=True, slots=True)
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


class Answer:
    """An HTTP answer of which only status and headers were read. Belongs to the driver that opened it."""

    __slots__ = ("drop", "handle", "headers", "status")

    def __init__(self, status: int, headers: Mapping[str, str], handle: Any, drop: Callable[[], None]) -> None:
        self.status = status
        self.headers = headers
        self.handle = handle
        self.drop = drop
        """Drops the connection at once, from any thread, while nothing is being read."""


@dataclass(frozen=True, slots=True)
class Open(Effect[Answer]):
    """Send a request and read status and headers of its answer."""

    request: Request


@dataclass(frozen=True, slots=True)
class Read(Effect[bytes]):
    """The next piece of an answer's body, as it came over the wire; empty at the end."""

    answer: Answer


@dataclass(frozen=True, slots=True)
class Close(Effect[None]):
    """Give an answer's connection back, or drop it where the body was not read to its end."""

    answer: Answer


@dataclass(frozen=True, slots=True)
class Sleep(Effect[None]):
    """Let time pass."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Wait(Effect[R]):
    """Wait until somebody else settles a future; TimeoutError after so many seconds, the future going on."""

    future: Future[R]
    seconds: float


@dataclass(frozen=True, slots=True)
class Block(Effect[R]):
    """Call a function that blocks (a sync to disk); the async driver does it in a thread."""

    function: Callable[[], R]


@dataclass(frozen=True, slots=True)
class Begin(Effect[Any]):
    """Begin steps beside these, running ahead of whoever takes their items; so many of them may wait."""

    steps: Steps[None]
    room: int


@dataclass(frozen=True, slots=True)
class Take(Effect[Any]):
    """The next item of steps that run ahead; raises `End` after the last."""

    ahead: Any


@dataclass(frozen=True, slots=True)
class Abandon(Effect[None]):
    """Stop steps that run ahead."""

    ahead: Any


@dataclass(frozen=True, slots=True)
class Emit(Effect[None]):
    """Hand an item to whoever iterates over these steps."""

    item: Any


def into(sink: Callable[[Any], None], steps: Steps[None]) -> Steps[None]:
    """The same steps with the items that they emit handed to a function instead."""
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
                sink(effect.item)
            else:
                result = yield effect
        except BaseException as raised:  # noqa: BLE001 - thrown into the steps, which clean up and let it go on
            error = raised
