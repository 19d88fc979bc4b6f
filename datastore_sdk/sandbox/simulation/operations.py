"""The work on one pad: which stage each site is in, what each crew does, and what was corrected afterwards."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from datastore_sdk.sandbox.simulation.corrections import Correction, planned
from datastore_sdk.sandbox.simulation.frac_treatment import Treatment
from datastore_sdk.sandbox.simulation.instruments import Laboratory
from datastore_sdk.sandbox.simulation.layout import Crew, Pad
from datastore_sdk.sandbox.simulation.noise import Dice
from datastore_sdk.sandbox.simulation.pad_activity import PadActivity
from datastore_sdk.sandbox.simulation.schedule import FRAC, CrewCalendar, Stage
from datastore_sdk.sandbox.simulation.wireline import WirelineRun

_RIG_DOWN_SECONDS: Final = 3600
_LOST_MINUTES: Final = 1 / 500
_IRON_SENSOR_AFTER: Final = 30 * 3600


class PadOperations(PadActivity):
    """Everything that happens on a pad, planned as far ahead as anybody has asked.

    Args:
        begin: The second in which its job begins.
    """

    def __init__(self, dice: Dice, pad: Pad, begin: int) -> None:
        super().__init__(pad)
        self.dice = dice
        self.calendars = {crew.number: CrewCalendar(dice, pad, crew, begin) for crew in pad.crews}
        self.laboratory = Laboratory(dice, pad.id, begin + _IRON_SENSOR_AFTER)
        self._crew_of = {site_id: crew for crew in pad.crews for site_id in crew.works}
        self._revisions: list[Correction] = []
        self.treatment = lru_cache(maxsize=128)(self._treatment)
        self.wireline_run = lru_cache(maxsize=128)(self._wireline_run)

    def crew_of(self, site_id: int) -> Crew:
        """The crew that works on a site."""
        return self._crew_of[site_id]

    def stages(self, site_id: int, until: int) -> list[Stage]:
        """The stages of a site that begin up to a second, oldest first."""
        return self.calendars[self._crew_of[site_id].number].stages(site_id, until)

    def frac_at(self, crew: Crew, second: int) -> Stage | None:
        """The frac that a crew is pumping."""
        stage = self.last_frac(crew, second)
        return stage if stage and stage.covers(second) else None

    def last_frac(self, crew: Crew, second: int) -> Stage | None:
        """The frac that a crew is pumping, or has pumped last."""
        fracs = self.calendars[crew.number].fracs(second)
        return fracs[-1] if fracs else None

    def reports_from(self, site_id: int) -> int:
        """The first second of which a site has data."""
        return self.calendars[self._crew_of[site_id].number].begin_of(site_id)

    def reports_until(self, site_id: int, now: int) -> int:
        """The last second of which a site has data: instruments are rigged down after the last stage."""
        stage = self.stage_at(site_id, now)
        return min(now, stage.start + _RIG_DOWN_SECONDS) if stage and stage.end is None else now

    def extent(self, site_id: int, now: int) -> tuple[int, int] | None:
        """The seconds from which and up to which a site has data."""
        first = self.reports_from(site_id)
        return (first, self.reports_until(site_id, now)) if first <= now else None

    def completed_at(self, now: int) -> int | None:
        """When the last stage of the pad was finished."""
        last = [self.stage_at(site.id, now) for site in self.pad.sites]
        ends = [stage.start for stage in last if stage and stage.end is None]
        return max(ends) if len(ends) == len(last) else None

    def is_finished(self, site_id: int, now: int) -> bool:
        """Whether a site has had its last stage."""
        stage = self.stage_at(site_id, now)
        return stage is not None and stage.end is None

    def is_lost(self, minute: int) -> bool:
        """Whether the pad's link was down in this minute since the epoch: then there are no records."""
        return self.dice.chance(_LOST_MINUTES, "lost", self.pad.id, minute)

    def corrections(self, site_id: int, until: int) -> list[Correction]:
        """All corrections, made and still to be made, of what a site recorded up to a second."""
        revised = [correction for correction in self._revisions if correction.site_id == site_id]
        return [*planned(self.dice, self.stages(site_id, until)), *revised]

    def revise(self, correction: Correction) -> None:
        """Adds a correction made by hand."""
        self._revisions.append(correction)

    def boundaries(self, site_id: int, first: int, last: int) -> Iterator[int]:
        """The seconds at which something else than time changes on a site."""
        stages = self.stages(site_id, last)
        at = max(bisect_right(stages, first, key=lambda stage: stage.start) - 1, 0)
        for stage in stages[at:]:
            yield stage.start
            if stage.state == FRAC:
                treatment = self.treatment(stage)
                yield treatment.flow_from
                yield treatment.flow_until
        for correction in self.corrections(site_id, last):
            yield correction.start
            yield correction.end + 1
        yield self.laboratory.iron_from

    def _treatment(self, stage: Stage) -> Treatment:
        return Treatment(self.dice, self.pad.by_id[stage.site_id], stage)

    def _wireline_run(self, stage: Stage) -> WirelineRun:
        return WirelineRun(self.dice, self.pad.by_id[stage.site_id], stage)
