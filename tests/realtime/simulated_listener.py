"""Listeners to a simulated world."""

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
from datastore_sdk.realtime.manners import StreamOptions
from datastore_sdk.realtime.sequence_tracker import SequenceTracker
from datastore_sdk.realtime.session import RoomSession
from datastore_sdk.realtime.statistics import Counters
from datastore_sdk.transport.websocket.handshake import build_room_operation
from tests.realtime.simulated_service import World


@dataclass
class Listener:
    """Listens to measurements of a world."""

    world: World
    query: DataQuery | None = field(default_factory=lambda: DataQuery(source="pad", id=681, is_routed=True))
    manners: StreamOptions = field(default_factory=StreamOptions)
    on_gap: Callable[[Gap], object] | None = None
    resumed: bool = False
    """Whether it goes on with a session."""

    def __post_init__(self) -> None:
        self.counts = Counters()
        self.gaps = GapLog(self.on_gap)
        begin = self.query.seconds()[0] if self.query and self.query.start and not self.resumed else None
        self.sources = SequenceTracker[dict[str, Any]](DICTS, self.world.step, begin)

    def steps(self) -> EffectGen[None]:
        exchange = self.world.exchange
        filling = Backfiller(exchange, self.sources, DICTS, self.query, self.gaps, self.counts)
        messages = MessageDecoder(DICTS, self.counts, enveloped=True)
        operation = build_room_operation("/pads/681/data/", {"session_key": "0" * 32})
        return RoomSession(exchange, operation, messages, filling, self.manners, self.counts).steps()

    def listen(self, seconds: float) -> list[dict[str, Any]]:
        """What is heard in some seconds."""
        before = len(self.world.emitted)
        self.world.run(self.steps(), seconds)
        return self.world.emitted[before:]


def positions(records: list[dict[str, Any]]) -> list[tuple[int, int]]:
    """Second and site of each."""
    return [(record["timestamp"], record["site_id"]) for record in records]
