"""Listener to a simulated service."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from datastore_sdk._io.effects import EffectGen
from datastore_sdk.data.query import DataQuery
from datastore_sdk.data.streaming.codecs import DICTS
from datastore_sdk.realtime.backfill import Backfiller
from datastore_sdk.realtime.decoder import MessageDecoder
from datastore_sdk.realtime.gaps import Gap, GapLog
from datastore_sdk.realtime.options import StreamOptions
from datastore_sdk.realtime.sequence_tracker import SequenceTracker
from datastore_sdk.realtime.session import RoomSession
from datastore_sdk.realtime.statistics import Counters
from datastore_sdk.transport.websocket.handshake import build_room_operation
from tests.realtime.simulated_service import SimulatedService


@dataclass
class SimulatedListener:
    """Receives measurements of a simulated service."""

    service: SimulatedService
    query: DataQuery | None = field(default_factory=lambda: DataQuery(source="pad", id=681, is_routed=True))
    options: StreamOptions = field(default_factory=StreamOptions)
    on_gap: Callable[[Gap], object] | None = None
    resumed: bool = False
    """Whether it continues a session."""

    def __post_init__(self) -> None:
        self.counters = Counters()
        self.gaps = GapLog(self.on_gap)
        begin = self.query.timestamps()[0] if self.query and self.query.start and not self.resumed else None
        self.tracker = SequenceTracker[dict[str, Any]](DICTS, self.service.step, begin)

    def effects(self) -> EffectGen[None]:
        exchange = self.service.executor
        filling = Backfiller(exchange, self.tracker, DICTS, self.query, self.gaps, self.counters)
        messages = MessageDecoder(DICTS, self.counters, enveloped=True)
        operation = build_room_operation("/pads/681/data/", {"session_key": "0" * 32})
        return RoomSession(exchange, operation, messages, filling, self.options, self.counters).run()

    def listen(self, seconds: float) -> list[dict[str, Any]]:
        """Return the records received within some seconds."""
        before = len(self.service.emitted)
        self.service.run(self.effects(), seconds)
        return self.service.emitted[before:]


def positions(records: list[dict[str, Any]]) -> list[tuple[int, int]]:
    """Return second and site of each record."""
    return [(record["timestamp"], record["site_id"]) for record in records]
