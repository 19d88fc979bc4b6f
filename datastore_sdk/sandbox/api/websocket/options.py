"""Normal behaviour of the rooms."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True, kw_only=True, slots=True)
class RoomOptions:
    """Behaviour of the sandbox's WebSocket rooms. Random choices follow the sandbox's seed.

    Attributes:
        empty_every: About one of this many messages has an empty one or `null` before it; 0: none.
        array_every: About one of this many messages is an array; 0: none.
        longest_array: Maximum number of items in such an array.
        replays: After a break, a session's queue may send up to this many of the last messages again.
        kept_seconds: How much a session's queue keeps while it is not read, in seconds of the field's time. Older
            records
            are dropped.
        close_after_messages: Number of messages after which a connection is closed normally; None: never.
        close_after_seconds: The same in seconds of the field's time.

    Raises:
        ValueError: A number is negative, or an array or time is too short.
    """

    empty_every: int = 50
    array_every: int = 25
    longest_array: int = 5
    replays: int = 3
    kept_seconds: int = 3600
    close_after_messages: int | None = None
    close_after_seconds: float | None = None

    def __post_init__(self) -> None:
        lengths = {"longest_array", "close_after_messages", "close_after_seconds"}
        for field in fields(self):
            value = getattr(self, field.name)
            if value is not None and value < (field.name in lengths):
                raise ValueError(f"{field.name} is too small: {value!r}")
