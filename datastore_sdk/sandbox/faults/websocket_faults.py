"""Faults of messages in WebSocket rooms.

Handshakes are calls: `Status`, `ExpireToken`, `Delay` and `Reset` affect them.
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
    """End of the room's path; `*` matches anything: `/ws/pads/*/data/`, `/ws/sites/981/*`."""


class Drop(RoomFault, frozen=True):
    """A connection reset (TCP RST) instead of a message, which stays in the session's queue."""

    lost: int = 0
    """Number of messages, this one included, that count as sent: the session's queue does not send them again."""

    def __post_init__(self) -> None:
        super().__post_init__()
        _validate_minimum(0, lost=self.lost)


class Silence(RoomFault, frozen=True):
    """A connection that stays open but sends nothing more, not even pongs, until the client closes it."""


class Close(RoomFault, frozen=True):
    """A close frame instead of a message, which stays in the session's queue."""

    code: int = 1000
    """Close code: 1000 normal, 1001 going away, 1011 internal error, 1012 restart, 1013 try again later, ..."""
    reason: str = ""
    """Reason in words."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not any(self.code in codes for codes in _CLOSE_CODES):
            raise ValueError(f"code must be one that may be sent in a close frame, not {self.code}")


class Duplicate(RoomFault, frozen=True):
    """A message that is sent more than once."""

    copies: int = 1
    """Number of repetitions."""

    def __post_init__(self) -> None:
        super().__post_init__()
        _validate_minimum(1, copies=self.copies)


class Late(RoomFault, frozen=True):
    """A message that is sent after later ones."""

    by: int = 1
    """Number of messages that overtake it."""

    def __post_init__(self) -> None:
        super().__post_init__()
        _validate_minimum(1, by=self.by)


class Garbage(RoomFault, frozen=True):
    """An invalid message before a message."""

    kind: Literal["text", "object", "binary", "encoding", "frame"] = "text"
    """`text` that is not JSON, an `object` of another shape, a `binary` message, invalid UTF-8 (`encoding`), or
    bytes that are not a `frame`. After the last two, clients must close the connection."""


class HugeFrame(RoomFault, frozen=True):
    """A huge message before a message: white space and `null`."""

    size: int = 128_000_000
    """Size in bytes."""

    def __post_init__(self) -> None:
        super().__post_init__()
        _validate_minimum(len("null"), size=self.size)


def _validate_minimum(minimum: int, **values: int) -> None:
    for name, value in values.items():
        if value < minimum:
            raise ValueError(f"{name} must be at minimum {minimum}, not {value}")
