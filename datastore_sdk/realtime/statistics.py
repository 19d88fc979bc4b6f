"""Counts of live data."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class LiveStatistics(Struct, frozen=True, kw_only=True):
    """Counts of what has been received so far. A snapshot: read `statistics` again for newer counts."""

    connected: bool
    """Whether the connection is open now."""
    received: int
    """Records or objects that arrived over the connections."""
    delivered: int
    """Records or objects that were delivered to the reader, including backfilled ones."""
    waiting: int
    """Records or objects that wait to be read."""
    dropped: int
    """Records or objects that were dropped because the buffer was full (`when_full="drop_oldest"`)."""
    duplicates: int
    """Records that were left out because they had already been delivered."""
    late: int
    """Records that the service sent after their successor. They are delivered as they arrive."""
    backfilled: int
    """Records that were lost with a connection and fetched afterwards."""
    unreadable: int
    """Messages, or records in them, that could not be decoded and were left out."""
    reconnections: int
    """Number of reconnects."""
    last_message_at: datetime | None
    """When the last message arrived, in UTC."""
    lag: float | None
    """Seconds between the timestamp of the last record and its arrival, by the clock of this computer."""


class Counters:
    """Mutable counts. One thread writes each of them; any thread may read."""

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
