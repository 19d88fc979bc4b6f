"""The kinds of faults that messages of WebSocket rooms meet.

Handshakes are calls: they meet `Status`, `ExpireToken`, `Delay` and `Reset`.
"""

from __future__ import annotations

from typing import Literal

from datastore_sdk.sandbox.faults.http_faults import Fault

_CLOSE_CODES = (range(1000, 1004), range(1007, 1015), range(3000, 5000))


class RoomFault(Fault, frozen=True):
    """A fault of WebSocket rooms: `skip`, `times` and `probability` count messages instead of calls.

    `Drop(probability=1 / 50, times=None, seed=3)` drops connections about every fifty messages.
    """

    path: str = "/ws/*"
    """How the path of the room ends; `*` stands for anything: `/ws/pads/*/data/`, `/ws/sites/981/*`."""


class Drop(RoomFault, frozen=True):
    """The connection is reset (TCP RST) instead of a message, which stays in the session's queue."""

    lost: int = 0
    """How many messages, from this one on, count as sent nevertheless: the session's queue does not send them again."""

    def __post_init__(self) -> None:
        super().__post_init__()
        _require_at_least(0, lost=self.lost)


class Silence(RoomFault, frozen=True):
    """Nothing comes any more, not even answers to pings; the connection stays open until the client hangs up."""


class Close(RoomFault, frozen=True):
    """The connection is closed with a close frame instead of a message, which stays in the session's queue."""

    code: int = 1000
    """Why: 1000 normal, 1001 going away, 1011 internal error, 1012 restart, 1013 try again later, ..."""
    reason: str = ""
    """The same in words."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not any(self.code in codes for codes in _CLOSE_CODES):
            raise ValueError(f"code must be one that may be sent in a close frame, not {self.code}")


class Duplicate(RoomFault, frozen=True):
    """A message comes more than once."""

    copies: int = 1
    """How often it comes again."""

    def __post_init__(self) -> None:
        super().__post_init__()
        _require_at_least(1, copies=self.copies)


class Late(RoomFault, frozen=True):
    """A message comes later than others that were sent after it."""

    by: int = 1
    """After how many of them."""

    def __post_init__(self) -> None:
        super().__post_init__()
        _require_at_least(1, by=self.by)


class Garbage(RoomFault, frozen=True):
    """Something senseless comes before a message."""

    kind: Literal["text", "object", "binary", "encoding", "frame"] = "text"
    """`text` that is no JSON, an `object` of another shape, a `binary` message, text that is no UTF-8 (`encoding`), or
    what is no `frame` at all. After the last two clients must hang up."""


class HugeFrame(RoomFault, frozen=True):
    """A huge message comes before a message: white space, and `null`."""

    size: int = 128_000_000
    """Its bytes."""

    def __post_init__(self) -> None:
        super().__post_init__()
        _require_at_least(len("null"), size=self.size)


def _require_at_least(least: int, **values: int) -> None:
    for name, value in values.items():
        if value < least:
            raise ValueError(f"{name} must be at least {least}, not {value}")
