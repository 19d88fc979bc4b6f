"""The numbers of live data."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class LiveStatistics(Struct, frozen=True, kw_only=True):
    """What has come of live data so far. A snapshot: ask for another to see how it goes on."""

    connected: bool
    """Whether there is a connection just now."""
    received: int
    """Records or objects that came over the connections."""
    delivered: int
    """Those that were handed over to whoever reads them; those that were filled in too."""
    waiting: int
    """Those that wait to be read."""
    dropped: int
    """Those that were dropped because too many waited (`when_full="drop_oldest"`)."""
    duplicates: int
    """Records that were left out because they had come before."""
    late: int
    """Records that came after their successor, for the service sent them late; they are handed over as they come."""
    backfilled: int
    """Records that were lost with a connection and fetched afterwards."""
    unreadable: int
    """Messages, or records of one, that could not be read, and were left out."""
    reconnections: int
    """How often the connection was made again."""
    last_message_at: datetime | None
    """When a message came last, in UTC."""
    lag: float | None
    """Seconds between the time of the last record and its arrival by this computer's clock: wrong as far as that is."""


class Counters:
    """The numbers while they are counted. One thread writes each, any may read."""

    def __init__(self) -> None:
        self.connected = False
        self.received = 0
        self.duplicates = 0
        self.late = 0
        self.unreadable = 0
        self.backfilled = 0
        self.reconnections = 0
        self.last_message_at: float | None = None
        self.lag: float | None = None
