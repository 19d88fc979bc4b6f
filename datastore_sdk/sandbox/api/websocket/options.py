"""How the rooms behave when nothing is wrong."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True, kw_only=True, slots=True)
class RoomOptions:
    """How the sandbox's WebSocket rooms behave. What looks like chance comes of the sandbox's seed.

    Attributes:
        empty_every: About one in so many messages has an empty one or `null` before it; 0: none has.
        array_every: About one in so many messages is an array; 0: none is.
        longest_array: The most items of such an array.
        replays: After a break, a session's queue sends up to so many of the last messages again.
        kept_seconds: How much a session's queue keeps while nobody reads it, in seconds of the field's time. Older
            records are gone.
        close_after_messages: After how many messages a connection is closed normally; None: never.
        close_after_seconds: The same after so many seconds of the field's time.

    Raises:
        ValueError: A number is negative, or the arrays or the times have no length.
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
