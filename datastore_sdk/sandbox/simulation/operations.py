"""Operations on one pad: the stage of each site, the work of each crew, and corrections."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from datastore_sdk.sandbox.simulation.corrections import Correction, plan_corrections
from datastore_sdk.sandbox.simulation.frac_treatment import Treatment
from datastore_sdk.sandbox.simulation.instruments import Laboratory
from datastore_sdk.sandbox.simulation.layout import Crew, PadLayout
from datastore_sdk.sandbox.simulation.noise import SeededNoise
from datastore_sdk.sandbox.simulation.pad_activity import PadActivity
from datastore_sdk.sandbox.simulation.schedule import FRAC, CrewCalendar, ScheduledStage
from datastore_sdk.sandbox.simulation.wireline import WirelineRun

_RIG_DOWN_SECONDS: Final = 3600
_OUTAGE_MINUTES: Final = 1 / 500
_IRON_SENSOR_AFTER: Final = 30 * 3600


class PadOperations(PadActivity):
    """Everything that happens on a pad, planned as far ahead as requested.

    Args:
        begin: Second at which its job begins.
    """

    def __init__(self, rng: SeededNoise, pad: PadLayout, begin: int) -> None:
        super().__init__(pad)
        self.rng = rng
        self.calendars = {crew.number: CrewCalendar(rng, pad, crew, begin) for crew in pad.crews}
        self.laboratory = Laboratory(rng, pad.id, begin + _IRON_SENSOR_AFTER)
        self._crew_of = {site_id: crew for crew in pad.crews for site_id in crew.works}
        self._revisions: list[Correction] = []
        self.treatment = lru_cache(maxsize=128)(self._treatment)
        self.wireline_run = lru_cache(maxsize=128)(self._wireline_run)

    def crew_of(self, site_id: int) -> Crew:
        """Return the crew that works on a site."""
        return self._crew_of[site_id]

    def stages(self, site_id: int, until: int) -> list[ScheduledStage]:
        """Return the stages of a site that begin up to a second, oldest first."""
        return self.calendars[self._crew_of[site_id].number].stages(site_id, until)

    def frac_at(self, crew: Crew, second: int) -> ScheduledStage | None:
        """Return the frac that a crew is pumping."""
        stage = self.last_frac(crew, second)
        return stage if stage and stage.covers(second) else None

    def last_frac(self, crew: Crew, second: int) -> ScheduledStage | None:
        """Return the frac that a crew is pumping, or pumped last."""
        fracs = self.calendars[crew.number].fracs(second)
        return fracs[-1] if fracs else None

    def get_watched_until(self, frac: ScheduledStage) -> int:
        """Return the last second after a frac at which its crew reads the pressure of the well."""
        end = self.treatment(frac).watched_until
        later = self.last_frac(self._crew_of[frac.site_id], end)
        return min(end, later.start - 1) if later and later.start > frac.start else end

    def reports_from(self, site_id: int) -> int:
        """Return the first second with data of a site."""
        return self.calendars[self._crew_of[site_id].number].begin_of(site_id)

    def reports_until(self, site_id: int, now: int) -> int:
        """Return the last second with data of a site: instruments are rigged down after the last stage."""
        stage = self.stage_at(site_id, now)
        return min(now, stage.start + _RIG_DOWN_SECONDS) if stage and stage.end is None else now

    def extent(self, site_id: int, now: int) -> tuple[int, int] | None:
        """Return the first and last second with data of a site."""
        first = self.reports_from(site_id)
        return (first, self.reports_until(site_id, now)) if first <= now else None

    def get_completion_time(self, now: int) -> int | None:
        """Return when the last stage of the pad ended."""
        last = [self.stage_at(site.id, now) for site in self.pad.sites]
        ends = [stage.start for stage in last if stage and stage.end is None]
        return max(ends) if len(ends) == len(last) else None

    def is_finished(self, site_id: int, now: int) -> bool:
        """Return whether a site has finished its last stage."""
        stage = self.stage_at(site_id, now)
        return stage is not None and stage.end is None

    def is_lost(self, minute: int) -> bool:
        """Return whether the pad's link was down in this minute since the epoch: then there are no records."""
        return self.rng.chance(_OUTAGE_MINUTES, "lost", self.pad.id, minute)

    def corrections(self, site_id: int, until: int) -> list[Correction]:
        """Return all corrections, past and planned, of what a site recorded up to a second."""
        revised = [correction for correction in self._revisions if correction.site_id == site_id]
        return [*plan_corrections(self.rng, self.stages(site_id, until)), *revised]

    def revise(self, correction: Correction) -> None:
        """Add a correction made by hand."""
        self._revisions.append(correction)

    def boundaries(self, site_id: int, first: int, last: int) -> Iterator[int]:
        """Return the seconds at which more than the time changes on a site."""
        stages = self.stages(site_id, last)
        at = max(bisect_right(stages, first, key=lambda stage: stage.start) - 1, 0)
        for stage in stages[max(at - 1, 0) :]:  # the pressure of the stage before may still be watched
            yield stage.start
            if stage.state == FRAC:
                treatment = self.treatment(stage)
                yield treatment.flow_from
                yield treatment.flow_until
                yield self.get_watched_until(stage) + 1
        for correction in self.corrections(site_id, last):
            yield correction.start
            yield correction.end + 1
        yield self.laboratory.iron_from

    def _treatment(self, stage: ScheduledStage) -> Treatment:
        return Treatment(self.rng, self.pad.by_id[stage.site_id], stage)

    def _wireline_run(self, stage: ScheduledStage) -> WirelineRun:
        return WirelineRun(self.rng, self.pad.by_id[stage.site_id], stage)
