"""Schedule of each crew: zipper fracs, wireline runs in the waiting wells, standby between."""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace

from datastore_sdk.sandbox.simulation.layout import Crew, PadLayout, SiteLayout
from datastore_sdk.sandbox.simulation.noise import SeededNoise

FRAC = "frac_frac"
WIRELINE = "wl_runinhole"
STANDBY = "standby_standby"

_STAGES_PER_SITE = 10_000


@dataclass(frozen=True, slots=True)
class ScheduledStage:
    """Interval in which a site's state stays the same.

    Attributes:
        id: Its id in the service.
        state: `<operation>_<detail>`.
        number: Number of the completion stage, from the toe.
        start: Unix second of its begin.
        end: Unix second at which the next one begins; None while nothing else is planned.
    """

    site_id: int
    id: int
    state: str
    number: int
    start: int
    end: int | None

    def covers(self, second: int) -> bool:
        """Return whether it is under way at a second."""
        return self.start <= second and (self.end is None or second < self.end)

    def as_known_at(self, now: int) -> ScheduledStage:
        """Return the stage as known at a time: a future end is unknown."""
        return self if self.end is not None and self.end <= now else replace(self, end=None)


def stage_id(site_id: int, index: int) -> int:
    """Return the service's id of a stage, from its position in the history of its site (from 0)."""
    return site_id * _STAGES_PER_SITE + index + 1


def operation_of(state: str) -> str:
    """Return the operation of a state: `frac`, `wl`, ..."""
    return state.partition("_")[0]


class CrewCalendar:
    """Jobs of one crew, planned as far ahead as requested."""

    def __init__(self, rng: SeededNoise, pad: PadLayout, crew: Crew, begin: int) -> None:
        self._rng = rng
        self._sites = [pad.by_id[site_id] for site_id in crew.works]
        self._stages: dict[int, list[ScheduledStage]] = {site.id: [] for site in self._sites}
        self._fracs: list[ScheduledStage] = []
        self._next = {site.id: site.first_stage for site in self._sites}
        self._turn = 0
        self._crew_free = begin
        self._wireline_free = begin
        self._lock = threading.Lock()
        for site in self._sites:
            self._run_wireline(site.id, site.first_stage, begin)

    def stages(self, site_id: int, until: int) -> list[ScheduledStage]:
        """Return the stages of a site that begin up to a second, oldest first."""
        self._plan(until)
        stages = self._stages[site_id]
        return stages[: bisect_right(stages, until, key=lambda stage: stage.start)]

    def begin_of(self, site_id: int) -> int:
        """Return the second at which a site's first stage begins."""
        return self._stages[site_id][0].start

    def fracs(self, until: int) -> list[ScheduledStage]:
        """Return all fracs of the crew that begin up to a second, oldest first."""
        self._plan(until)
        return self._fracs[: bisect_right(self._fracs, until, key=lambda stage: stage.start)]

    def _plan(self, until: int) -> None:
        with self._lock:
            while any(self._is_open(site_id, until) for site_id in self._stages):
                self._frac_next()

    def _is_open(self, site_id: int, until: int) -> bool:
        end = self._stages[site_id][-1].end
        return end is not None and end <= until

    def _frac_next(self) -> None:
        """Move the crew to the next well: swing the valves, frac, and return the well to wireline."""
        site = next(site for site in self._in_turn() if self._next[site.id] <= site.stage_total)
        number = self._next[site.id]
        rng, name = self._rng, (site.id, number)
        ready = self._end_of(site.id) + rng.uniform(180, 540, "rig over", *name)
        swap = rng.uniform(480, 1200, "swap", *name)
        if rng.chance(0.05, "down", *name):
            swap += rng.uniform(3600, 3 * 3600, "down time", *name)
        start = int(max(self._crew_free + swap, ready))
        end = start + int(rng.uniform(4500, 7200, "frac", *name))
        self._add(site.id, STANDBY, number, start)
        self._fracs.append(self._add(site.id, FRAC, number, end))
        self._crew_free = end
        self._next[site.id] = number + 1
        if number < site.stage_total:
            self._run_wireline(site.id, number + 1, end + rng.uniform(240, 540, "rig up", *name))
        else:
            self._add(site.id, STANDBY, number, None)

    def _in_turn(self) -> Iterator[SiteLayout]:
        count = len(self._sites)
        for _ in range(count):
            site = self._sites[self._turn % count]
            self._turn += 1
            yield site

    def _run_wireline(self, site_id: int, number: int, ready: float) -> None:
        start = int(max(ready, self._wireline_free))
        if self._stages[site_id]:
            self._add(site_id, STANDBY, number - 1, start)
        end = start + int(self._rng.uniform(3600, 5400, "wireline", site_id, number))
        self._add(site_id, WIRELINE, number, end, start)
        self._wireline_free = end + 300

    def _end_of(self, site_id: int) -> int:
        end = self._stages[site_id][-1].end
        if end is None:
            raise ValueError(f"site {site_id} is finished")
        return end

    def _add(self, site_id: int, state: str, number: int, end: int | None, start: int | None = None) -> ScheduledStage:
        stages = self._stages[site_id]
        begin = self._end_of(site_id) if start is None else start
        stage = ScheduledStage(site_id, stage_id(site_id, len(stages)), state, number, begin, end)
        stages.append(stage)
        return stage
