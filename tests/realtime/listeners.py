"""Listeners to a simulated world."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from datastore_sdk.data.forms import DICTS
from datastore_sdk.data.query import DataQuery
from datastore_sdk.realtime.counts import Counts
from datastore_sdk.realtime.filling import Filling
from datastore_sdk.realtime.gaps import Gap, Gaps
from datastore_sdk.realtime.listening import Listening
from datastore_sdk.realtime.manners import Manners
from datastore_sdk.realtime.messages import Messages
from datastore_sdk.realtime.sources import Sources
from datastore_sdk.transport.effects import Steps
from datastore_sdk.transport.rooms.entering import room
from tests.realtime.world import World


@dataclass
class Listener:
    """Listens to measurements of a world."""

    world: World
    query: DataQuery | None = field(default_factory=lambda: DataQuery(source="pad", id=681, is_routed=True))
    manners: Manners = field(default_factory=Manners)
    on_gap: Callable[[Gap], object] | None = None
    resumed: bool = False
    """Whether it goes on with a session."""

    def __post_init__(self) -> None:
        self.counts = Counts()
        self.gaps = Gaps(self.on_gap)
        begin = self.query.seconds()[0] if self.query and self.query.start and not self.resumed else None
        self.sources = Sources[dict[str, Any]](DICTS, self.world.step, begin)

    def steps(self) -> Steps[None]:
        exchange = self.world.exchange
        filling = Filling(exchange, self.sources, DICTS, self.query, self.gaps, self.counts)
        messages = Messages(DICTS, self.counts, enveloped=True)
        operation = room("/pads/681/data/", {"session_key": "0" * 32})
        return Listening(exchange, operation, messages, filling, self.manners, self.counts).steps()

    def listen(self, seconds: float) -> list[dict[str, Any]]:
        """What is heard in some seconds."""
        before = len(self.world.emitted)
        self.world.run(self.steps(), seconds)
        return self.world.emitted[before:]


def positions(records: list[dict[str, Any]]) -> list[tuple[int, int]]:
    """Second and site of each."""
    return [(record["timestamp"], record["site_id"]) for record in records]
