"""The simulated field: a function of its seed and of time."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from datastore_sdk.sandbox.field.corrections import (
    MODIFICATION_SUBTYPES,
    MODIFICATION_TYPES,
    Correction,
    ModificationSubtype,
    ModificationType,
    revision,
)
from datastore_sdk.sandbox.field.layout import PADS, Pad, Site
from datastore_sdk.sandbox.field.noise import Dice
from datastore_sdk.sandbox.field.operations import PadOperations
from datastore_sdk.sandbox.field.schedule import Stage

Clock = Callable[[], float]
"""Tells unix seconds."""

MAX_DAYS: Final = 10.0
"""A job takes about two weeks: a longer history would end before it was told."""

_FIRST_REVISION_ID: Final = 1_000_001


class Oilfield:
    """Pads, sites and crews at work, and everything that was measured there.

    All of it is a pure function of the seed, the beginning and the time of asking; only `correct` changes it.

    Args:
        seed: The same seed gives the same field.
        clock: The time, in unix seconds.
        days: Length of the history, up to the clock's time now. It begins at midnight UTC.
    """

    def __init__(self, seed: int, clock: Clock, days: float) -> None:
        if not 0 < days <= MAX_DAYS:
            raise ValueError(f"days must be more than 0 and at most {MAX_DAYS:g}, not {days!r}")
        self.seed = seed
        self._clock = clock
        midnight = datetime.fromtimestamp(clock(), UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        self.begins = midnight - timedelta(days=days)
        self._dice = Dice(seed)
        self.operations = {pad.id: self._operate(pad) for pad in PADS}
        self._pad_of = {site.id: pad for pad in PADS for site in pad.sites}
        self._revision_ids = itertools.count(_FIRST_REVISION_ID)
        self._lock = threading.Lock()

    def _operate(self, pad: Pad) -> PadOperations:
        begin = self.begins - timedelta(days=pad.head_start)
        return PadOperations(self._dice, pad, int(begin.timestamp()))

    def now(self) -> int:
        """The time in the field, unix seconds."""
        return int(self._clock())

    @property
    def pads(self) -> tuple[Pad, ...]:
        """All pads."""
        return PADS

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
        return made
