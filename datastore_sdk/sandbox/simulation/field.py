"""A field: pads, the time that goes by there, and the corrections that are made by hand."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Final, Generic, TypeVar

from datastore_sdk.sandbox.simulation.clock import Clock, FieldClock
from datastore_sdk.sandbox.simulation.corrections import (
    MODIFICATION_SUBTYPES,
    MODIFICATION_TYPES,
    Correction,
    ModificationSubtype,
    ModificationType,
    revision,
)
from datastore_sdk.sandbox.simulation.layout import Pad, Site
from datastore_sdk.sandbox.simulation.pad_activity import PadActivity
from datastore_sdk.sandbox.simulation.schedule import Stage

A_co = TypeVar("A_co", bound=PadActivity, covariant=True)

_FIRST_REVISION_ID: Final = 1_000_001


class Field(Generic[A_co]):
    """Pads, sites and what goes on there; of all of it only what has happened by now is told.

    Args:
        seed: Of everything that looks like chance.
        clock: The time, in unix seconds.
        activities: What goes on, pad by pad.

    Attributes:
        clock: The field's time.
        old: Data changes made before this unix second were acknowledged by everybody long ago.
    """

    def __init__(self, seed: int, clock: Clock, activities: Iterable[A_co], *, old: float) -> None:
        self.seed = seed
        self.clock = clock if isinstance(clock, FieldClock) else FieldClock(clock)
        self._operations = {activity.pad.id: activity for activity in activities}
        self.old = old
        self._pad_of = {site.id: pad for pad in self.pads for site in pad.sites}
        self._revision_ids = itertools.count(_FIRST_REVISION_ID)
        self._lock = threading.Lock()
        self._watchers: set[Callable[[], object]] = set()

    def now(self) -> int:
        """The time in the field, unix seconds."""
        return int(self.clock())

    def advance(self, seconds: float) -> None:
        """Moves the field's time on, and tells who watches.

        Raises:
            ValueError: Backwards, or by what is no number.
        """
        with self._lock:
            self.clock.advance(seconds)
        self._tell()

    @contextmanager
    def watched(self, tell: Callable[[], object]) -> Generator[None]:
        """Has `tell` called, in any thread, when something happens that does not come of time going on."""
        with self._lock:
            self._watchers.add(tell)
        try:
            yield
        finally:
            with self._lock:
                self._watchers.discard(tell)

    def _tell(self) -> None:
        with self._lock:
            watchers = list(self._watchers)
        for tell in watchers:
            tell()

    @property
    def operations(self) -> Mapping[int, A_co]:
        """What goes on, by the id of the pad."""
        return self._operations

    @property
    def pads(self) -> tuple[Pad, ...]:
        """All pads."""
        return tuple(activity.pad for activity in self.operations.values())

    def pad_of(self, site_id: int) -> Pad:
        """The pad that a site belongs to.

        Raises:
            KeyError: There is no such site.
        """
        return self._pad_of[site_id]

    def site(self, site_id: int) -> Site:
        """A site.

        Raises:
            KeyError: There is no such site.
        """
        return self._pad_of[site_id].by_id[site_id]

    def stages(self, site_id: int) -> list[Stage]:
        """What has happened on a site up to now, oldest first; the last stage is under way and has no end."""
        now = self.now()
        return [stage.seen_at(now) for stage in self.operations[self._pad_of[site_id].id].stages(site_id, now)]

    def corrections(self, site_id: int) -> list[Correction]:
        """The corrections made up to now, newest first."""
        now = self.now()
        known = self.operations[self._pad_of[site_id].id].corrections(site_id, now)
        made = (correction for correction in known if correction.created_at <= now)
        return sorted(made, key=lambda correction: (correction.created_at, correction.id), reverse=True)

    def correct(
        self,
        site_id: int,
        start: datetime,
        end: datetime,
        *,
        modification_type: ModificationType = "transaction",
        modification_subtype: ModificationSubtype = "override",
    ) -> Correction:
        """Corrects a site's data now: a data change appears, and the records of its interval are others from now on.

        `delete` and `move_delete` take the records away, `move` and `move_copy` bring those of another time, `annotate`
        leaves them as they are, every other kind calibrates the pressure gauges anew.

        Args:
            site_id: The site.
            start: First second of the interval, with its time zone.
            end: Last second of the interval, with its time zone.
            modification_type: The kind of data change.
            modification_subtype: The kind in detail.

        Returns:
            The correction, under the id that its data change has.

        Raises:
            KeyError: There is no such site.
            ValueError: A time without time zone, an end before the start, an unknown kind.
        """
        if start.tzinfo is None or end.tzinfo is None:
            raise ValueError("start and end need a time zone")
        if end < start:
            raise ValueError("end lies before start")
        if modification_type not in MODIFICATION_TYPES or modification_subtype not in MODIFICATION_SUBTYPES:
            raise ValueError(f"unknown kind of data change: {modification_type}, {modification_subtype}")
        interval = int(start.timestamp()), int(end.timestamp())
        kind = modification_type, modification_subtype
        operations = self.operations[self._pad_of[site_id].id]
        with self._lock:
            made = revision(next(self._revision_ids), site_id, interval, kind, self.now())
            operations.revise(made)
        self._tell()
        return made
