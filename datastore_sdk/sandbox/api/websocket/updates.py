"""Rooms of updates: pads, sites and data changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

import orjson

from datastore_sdk.sandbox.api.context import CallContext
from datastore_sdk.sandbox.api.handlers import open_changes
from datastore_sdk.sandbox.api.serializers import Json, change_json, live_site_json, pad_json
from datastore_sdk.sandbox.api.websocket.sources import MessageSource
from datastore_sdk.sandbox.simulation.layout import SiteLayout
from datastore_sdk.sandbox.simulation.pad_activity import PadActivity

Change = Callable[[Json], Json]
"""Function that transforms an object before it is sent."""
_NOTHING_NEW_SECONDS: Final = 3600
"""Corrections come more than an hour after the stage that they correct; until then there is no other one."""


class _SentOnceMessages(MessageSource):
    """Messages that are sent once, and not stored."""

    def mark_sent(self, count: int) -> None:
        """Do nothing."""

    def skip(self, count: int) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


class ObjectUpdateMessages(_SentOnceMessages):
    """A pad or a site, whole, each time it changes because a stage begins or ends.

    Args:
        tell: Function that returns the object at a second of the field's time.
        operations: Activity of the pad.
        sites: Sites whose stages matter.
        now: Second after which changes are sent.
    """

    def __init__(
        self, describe: Callable[[int], Json], operations: PadActivity, sites: Iterable[SiteLayout], now: int
    ) -> None:
        self._describe = describe
        self._operations = operations
        self._site_ids = [site.id for site in sites]
        self._seen = now
        self._sent_until = describe(now)

    def take(self, now: int, max_items: int) -> list[bytes]:
        """Return the object after each change."""
        messages: list[bytes] = []
        for second in self._change_times(now)[:max_items]:
            self._seen, sent = second, self._sent_until
            self._sent_until = self._describe(second)
            if self._sent_until != sent:
                messages.append(orjson.dumps(self._sent_until))
        return messages

    def due_at(self, now: int) -> float:
        """Return when the next stage begins or ends."""
        later = now + _NOTHING_NEW_SECONDS
        under_way = (self._operations.stage_at(site_id, now) for site_id in self._site_ids)
        ends = (stage.end for stage in under_way if stage and stage.end is not None)
        return min((*ends, *self._change_times(later)), default=later)

    def _change_times(self, until: int) -> list[int]:
        """Return the seconds, not read yet, at which stages begin or end."""
        stages = (stage for site_id in self._site_ids for stage in self._operations.stages(site_id, until))
        seconds = {second for stage in stages for second in (stage.start, stage.end) if second is not None}
        return sorted(second for second in seconds if self._seen < second <= until)


def pad_updates(call: CallContext, change: Change) -> ObjectUpdateMessages:
    """Return the messages of a pad's room."""
    parent = call.target()
    operations = parent.operations
    return ObjectUpdateMessages(
        lambda now: change(pad_json(operations, now)), operations, operations.pad.sites, call.now
    )


def site_updates(call: CallContext, change: Change) -> ObjectUpdateMessages:
    """Return the messages of a site's room."""
    parent = call.target()
    operations, site = parent.operations, parent.sites[0]
    return ObjectUpdateMessages(
        lambda now: change(live_site_json(operations, site, now)), operations, parent.sites, call.now
    )


class DataChangeMessages(_SentOnceMessages):
    """Data changes: open ones first, then new ones."""

    def __init__(self, call: CallContext, change: Change) -> None:
        self._call = call
        self._change = change
        self._sites = call.target().sites
        self._sent: set[int] = set()

    def take(self, now: int, max_items: int) -> list[bytes]:  # noqa: ARG002 - the field knows its changes until now
        """Return the unsent changes, oldest first."""
        new = (change for change in open_changes(self._call) if change.id not in self._sent)
        items = sorted(new, key=lambda change: (change.created_at, change.id))[:max_items]
        self._sent.update(change.id for change in items)
        return [orjson.dumps(self._change(change_json(change))) for change in items]

    def due_at(self, now: int) -> float:
        """Return when the next correction will be made, if known."""
        operations = self._call.target().operations
        planned = (change for site in self._sites for change in operations.corrections(site.id, now))
        return min(
            (change.created_at for change in planned if change.created_at > now), default=now + _NOTHING_NEW_SECONDS
        )
