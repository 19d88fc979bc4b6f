"""How live data is listened to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

from msgspec import Struct
from msgspec.structs import force_setattr

from datastore_sdk._io.timeouts import validate_seconds
from datastore_sdk._utils.validation import validate_flag, validate_id
from datastore_sdk.realtime.gaps import Gap

WhenFull = Literal["block", "drop_oldest", "raise"]
"""What happens when records come faster than they are read."""


class StreamOptions(Struct, frozen=True, kw_only=True):
    """The options, checked.

    Raises:
        TypeError: One is of the wrong type.
        ValueError: One cannot be.
    """

    restart_on_error: bool = True
    restart_on_close: bool = True
    fill_gaps: bool = False
    on_gap: Callable[[Gap], object] | None = None
    when_full: WhenFull = "block"
    buffer: int = 100_000
    stale_after: float = 30.0
    give_up_after: float | None = None

    def __post_init__(self) -> None:
        for flag in ("restart_on_error", "restart_on_close", "fill_gaps"):
            force_setattr(self, flag, validate_flag(getattr(self, flag), flag))
        if self.on_gap is not None and not callable(self.on_gap):
            raise TypeError(f"on_gap must be a function, not {type(self.on_gap).__name__}")
        if self.when_full not in get_args(WhenFull):
            raise ValueError(f"when_full is {self.when_full!r}; it must be one of {', '.join(get_args(WhenFull))}")
        force_setattr(self, "buffer", validate_id(self.buffer, "buffer"))
        validate_seconds(self.stale_after, "stale_after")
        if self.give_up_after is not None:
            validate_seconds(self.give_up_after, "give_up_after")
