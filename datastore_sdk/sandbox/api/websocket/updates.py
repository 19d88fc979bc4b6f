"""The rooms that tell what has changed: a pad or a site itself, or its historical data."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

import orjson

from datastore_sdk.sandbox.api.context import Call
from datastore_sdk.sandbox.api.handlers import open_changes
from datastore_sdk.sandbox.api.serializers import Json, change_json, live_site_json, pad_json
from datastore_sdk.sandbox.api.websocket.sources import Source
from datastore_sdk.sandbox.simulation.layout import Site
from datastore_sdk.sandbox.simulation.pad_activity import PadActivity

Change = Callable[[Json], Json]
"""What makes an object look as it is told."""
_NOTHING_NEW_SECONDS: Final = 3600
"""Corrections are made more than an hour after the stage that they correct: until then no other one is made."""


class _News(Source):
    """Messages that are not kept for anybody."""

    def sent(self, count: int) -> None:
        """Makes no difference."""

    def lose(self, count: int) -> None:
        """Makes no difference."""

    def leave(self) -> None:
        """Makes no difference."""


class Updates(_News):
    """A pad or a site, whole, each time when it changes because a stage begins or ends.

    Args:
        tell: The object at a second of the field's time.
        operations: Those of the pad.
        sites: The sites whose stages make a difference.
        now: The second after which changes are told.
    """

    def __init__(self, tell: Callable[[int], Json], operations: PadActivity, sites: Iterable[Site], now: int) -> None:
        self._tell = tell
        self._operations = operations
        self._site_ids = [site.id for site in sites]
        self._seen = now
        self._told = tell(now)

    def take(self, now: int, most: int) -> list[bytes]:
        """The object as it was after each change."""
        messages: list[bytes] = []
        for second in self._moments(now)[:most]:
            self._seen, told = second, self._told
            self._told = self._tell(second)
            if self._told != told:
                messages.append(orjson.dumps(self._told))
        return messages

    def due_at(self, now: int) -> float:
        """When the next stage begins or ends."""
        later = now + _NOTHING_NEW_SECONDS
        under_way = (self._operations.stage_at(site_id, now) for site_id in self._site_ids)
        ends = (stage.end for stage in under_way if stage and stage.end is not None)
        return min((*ends, *self._moments(later)), default=later)

    def _moments(self, until: int) -> list[int]:
        """The seconds, not looked at yet, in which stages begin or end."""
        stages = (stage for site_id in self._site_ids for stage in self._operations.stages(site_id, until))
        seconds = {second for stage in stages for second in (stage.start, stage.end) if second is not None}
        return sorted(second for second in seconds if self._seen < second <= until)


def pad_updates(call: Call, change: Change) -> Updates:
    """What the room of a pad tells."""
    parent = call.parent()
    operations = parent.operations
    return Updates(lambda now: change(pad_json(operations, now)), operations, operations.pad.sites, call.now)


def site_updates(call: Call, change: Change) -> Updates:
    """What the room of a site tells."""
    parent = call.parent()
    operations, site = parent.operations, parent.sites[0]
    return Updates(lambda now: change(live_site_json(operations, site, now)), operations, parent.sites, call.now)


class Changes(_News):
    """Data changes: first those that the client has not acknowledged, then new ones."""

    def __init__(self, call: Call, change: Change) -> None:
        self._call = call
        self._change = change
        self._sites = call.parent().sites
        self._told: set[int] = set()

    def take(self, now: int, most: int) -> list[bytes]:  # noqa: ARG002 - the field tells what was made until now
        """The changes that were not told yet, oldest first."""
        new = (change for change in open_changes(self._call) if change.id not in self._told)
        taken = sorted(new, key=lambda change: (change.created_at, change.id))[:most]
        self._told.update(change.id for change in taken)
        return [orjson.dumps(self._change(change_json(change))) for change in taken]

    def due_at(self, now: int) -> float:
        """When the next correction will be made, as far as anybody can know."""
        operations = self._call.parent().operations
        planned = (change for site in self._sites for change in operations.corrections(site.id, now))
        return min(
            (change.created_at for change in planned if change.created_at > now), default=now + _NOTHING_NEW_SECONDS
        )
