"""Field: pads, their clock, and corrections made by hand."""

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
    build_revision,
)
from datastore_sdk.sandbox.simulation.layout import PadLayout, SiteLayout
from datastore_sdk.sandbox.simulation.pad_activity import PadActivity
from datastore_sdk.sandbox.simulation.schedule import ScheduledStage

A_co = TypeVar("A_co", bound=PadActivity, covariant=True)

_FIRST_REVISION_ID: Final = 1_000_001


class SimulatedField(Generic[A_co]):
    """Pads, sites and their activity; only what has happened by now is visible.

    Args:
        seed: Seed of all random numbers.
        clock: Clock that returns unix seconds.
        activities: Activity, pad by pad.

    Attributes:
        clock: The field's clock.
        old: Every client acknowledged the data changes before this unix second long ago.
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
        """Return the field's time, unix seconds."""
        return int(self.clock())

    def advance(self, seconds: float) -> None:
        """Move the field's clock forward, and notify the watchers.

        Raises:
            ValueError: The number of seconds is negative or not a number.
        """
        with self._lock:
            self.clock.advance(seconds)
        self._notify()

    @contextmanager
    def watch(self, notify: Callable[[], object]) -> Generator[None]:
        """Call `notify`, in any thread, when something happens that does not follow from the clock alone."""
        with self._lock:
            self._watchers.add(notify)
        try:
            yield
        finally:
            with self._lock:
                self._watchers.discard(notify)

    def _notify(self) -> None:
        with self._lock:
            watchers = list(self._watchers)
        for notify in watchers:
            notify()

    @property
    def operations(self) -> Mapping[int, A_co]:
        """Activity by pad id."""
        return self._operations

    @property
    def pads(self) -> tuple[PadLayout, ...]:
        """All pads."""
        return tuple(activity.pad for activity in self.operations.values())

    def pad_of(self, site_id: int) -> PadLayout:
        """Return the pad of a site.

        Raises:
            KeyError: The site does not exist.
        """
        return self._pad_of[site_id]

    def site(self, site_id: int) -> SiteLayout:
        """Return a site.

        Raises:
            KeyError: The site does not exist.
        """
        return self._pad_of[site_id].by_id[site_id]

    def stages(self, site_id: int) -> list[ScheduledStage]:
        """Return the stages of a site up to now, oldest first; the last one is under way and has no end."""
        now = self.now()
        return [stage.as_known_at(now) for stage in self.operations[self._pad_of[site_id].id].stages(site_id, now)]

    def corrections(self, site_id: int) -> list[Correction]:
        """Return the corrections made up to now, newest first."""
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
        """Correct a site's data now: a data change appears, and the records of its interval differ from now on.

        `delete` and `move_delete` remove the records, `move` and `move_copy` bring those of another time, `annotate`
        leaves
        them unchanged, every other kind recalibrates the pressure gauges.

        Args:
            site_id: Id of the site.
            start: First second of the interval, with time zone.
            end: Last second of the interval, with time zone.
            modification_type: Type of the data change.
            modification_subtype: Subtype of the data change.

        Returns:
            The correction, with the id of its data change.

        Raises:
            KeyError: The site does not exist.
            ValueError: A time has no time zone, the end is before the start, or the kind is unknown.
        """
        if start.tzinfo is None or end.tzinfo is None:
            raise ValueError("start and end need a time zone")
        if end < start:
            raise ValueError("end must not be before start")
        if modification_type not in MODIFICATION_TYPES or modification_subtype not in MODIFICATION_SUBTYPES:
            raise ValueError(f"unknown kind of data change: {modification_type}, {modification_subtype}")
        interval = int(start.timestamp()), int(end.timestamp())
        kind = modification_type, modification_subtype
        operations = self.operations[self._pad_of[site_id].id]
        with self._lock:
            made = build_revision(next(self._revision_ids), site_id, interval, kind, self.now())
            operations.revise(made)
        self._notify()
        return made
