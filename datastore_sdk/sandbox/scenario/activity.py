"""What goes on in a scenario, as the service asks for it."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import groupby, pairwise
from operator import itemgetter
from typing import Final

from datastore_sdk.sandbox.scenario.builder import Scenario, ScenarioPad
from datastore_sdk.sandbox.scenario.series import UnmeasuredError
from datastore_sdk.sandbox.scenario.site import Change, ScenarioSite
from datastore_sdk.sandbox.simulation.clock import Clock
from datastore_sdk.sandbox.simulation.corrections import Correction, distorted, showing
from datastore_sdk.sandbox.simulation.field import Field
from datastore_sdk.sandbox.simulation.field_catalog import FIELDS, FieldInfo, of_sources
from datastore_sdk.sandbox.simulation.field_catalog import FRAC as DATA_VAN
from datastore_sdk.sandbox.simulation.pad_activity import PadActivity
from datastore_sdk.sandbox.simulation.readings import Read, Readings, Record, Value
from datastore_sdk.sandbox.simulation.schedule import FRAC, Stage, operation_of
from datastore_sdk.sandbox.simulation.selection import Selection

_FIRST_FIELD_ID: Final = 201


def field_of(scenario: Scenario, seed: int, clock: Clock) -> Field[PadActivity]:
    """The field of a scenario. No data change in it is old: all are open until they are acknowledged."""
    return Field(seed, clock, [ScenarioActivity(pad) for pad in scenario.pads], old=0)


class ScenarioActivity(PadActivity):
    """What somebody made up for a pad."""

    def __init__(self, pad: ScenarioPad) -> None:
        super().__init__(pad.layout())
        self._completed = pad.completed
        self._sites = {site.id: site for site in pad.sites}
        self._revisions: list[Correction] = []

    def stages(self, site_id: int, until: int) -> list[Stage]:
        """The stages that begin up to a second."""
        return [stage for stage in self._sites[site_id].stages if stage.start <= until]

    def completed_at(self, now: int) -> int | None:
        """When the pad was completed."""
        return self._completed if self._completed is not None and self._completed <= now else None

    def is_finished(self, site_id: int, now: int) -> bool:  # noqa: ARG002 - the pad is completed as a whole
        """Whether the pad was completed."""
        return self.completed_at(now) is not None

    def extent(self, site_id: int, now: int) -> tuple[int, int] | None:
        """The first and the last second with records."""
        return self._sites[site_id].recordings.extent(now)

    def corrections(self, site_id: int, until: int) -> list[Correction]:
        """The corrections of what was recorded up to a second."""
        known = (*self._sites[site_id].changes, *(each for each in self._revisions if each.site_id == site_id))
        return [correction for correction in known if correction.start <= until]

    def revise(self, correction: Correction) -> None:
        """Adds a correction made while the sandbox serves."""
        self._revisions.append(correction)

    def numbers_of(self, stage: Stage) -> Mapping[str, float | None]:
        """The numbers that were made up too."""
        return self._sites[stage.site_id].numbers.get(stage.id, {})

    def site_fields(self, site_id: int) -> tuple[FieldInfo, ...]:
        """The fields that are recorded on a site."""
        names = self._sites[site_id].recordings.names
        return tuple(info for info in self._infos() if info.name in names)

    def pad_fields(self) -> tuple[FieldInfo, ...]:
        """The fields that are recorded on the pad's sites."""
        infos = self._infos()
        return (*of_sources(self.pad, infos), *infos)

    def rhythm(self, site_id: int, name: str) -> tuple[int, int]:
        """When a field is read."""
        return self._sites[site_id].recordings.rhythm(name)

    def site_records(self, site_id: int, selection: Selection) -> Iterator[Record]:
        """The records of one site."""
        site = self._sites[site_id]
        for second, values in self._told(site, selection):
            kept = {
                name: value
                for name, value in values.items()
                if selection.keeps(name) and (selection.sources is None or _source(site, name) in selection.sources)
            }
            if kept or selection.sources is None:
                yield {"timestamp": second, **kept, "site_id": site_id}

    def pad_records(self, selection: Selection) -> Iterator[Record]:
        """The records of all sites in one; of those that share a source, the one that is being fractured tells."""
        carrier = self.pad.sites[0].id if self.pad.sites else 0
        of_sites = (self._of_pad(site, selection) for site in self._sites.values())
        for second, group in groupby(heapq.merge(*of_sites, key=itemgetter(0, 1)), key=itemgetter(0)):
            record: Record = {"timestamp": second}
            for _, _, values in group:
                record |= values
            yield {**record, "site_id": carrier}

    def _of_pad(self, site: ScenarioSite, selection: Selection) -> Iterator[tuple[int, bool, Record]]:
        """The records of a site under the names that they have on the pad, those of a frac last."""
        for second, values in self._told(site, selection):
            stage = self.stage_at(site.id, second)
            sourced = ((_source(site, name), name, value) for name, value in values.items())
            named = {
                f"{source}_{name}" if source else name: value
                for source, name, value in sourced
                if selection.sources is None or source in selection.sources
            }
            kept = {name: value for name, value in named.items() if selection.keeps(name)}
            yield second, stage is not None and operation_of(stage.state) == operation_of(FRAC), kept

    def _told(self, site: ScenarioSite, selection: Selection) -> Iterator[tuple[int, Record]]:
        """What a site tells, second by second, as it is known at the time of asking."""
        corrections = self.corrections(site.id, selection.last)
        for first, last in _pieces(site, corrections, selection.first, min(selection.last, selection.now)):
            if not selection.admits(self.stage_at(site.id, first)):
                continue
            effective = showing(corrections, first, selection.now)
            readings = _corrected(site.recordings.readings(), effective)
            added = [each.values for each in effective if isinstance(each, Change) and each.adds]
            for second in site.recordings.seconds(first, last, *added):
                if values := _values(readings, second):
                    yield second, values

    def _infos(self) -> tuple[FieldInfo, ...]:
        """What is known of the fields; of those that somebody made up, only the name."""
        names = dict.fromkeys(name for site in self._sites.values() for name in site.recordings.names)
        return tuple(
            FIELDS.get(name) or FieldInfo(number, name, name.replace("_", " ").title(), None, None, 1, DATA_VAN)
            for number, name in enumerate(names, start=_FIRST_FIELD_ID)
        )


def _source(site: ScenarioSite, name: str) -> str:
    """The measurement source that a field comes from; only the data van's come from one."""
    info = FIELDS.get(name)
    return site.source or "" if info is None or info.instrument == DATA_VAN else ""


def _pieces(site: ScenarioSite, corrections: Iterable[Correction], first: int, last: int) -> Iterator[tuple[int, int]]:
    """The intervals, from one second up to another, within which neither the stage nor a correction changes."""
    if first > last:
        return
    cuts = {cut for stage in site.stages for cut in (stage.start, stage.end) if cut is not None}
    cuts |= {cut for correction in corrections for cut in (correction.start, correction.end + 1)}
    begins = [first, *sorted(cut for cut in cuts if first < cut <= last), last + 1]
    for begin, end in pairwise(begins):
        yield begin, end - 1


def _corrected(readings: Readings, corrections: Iterable[Correction]) -> Readings:
    """The readings with the corrections that show, one after the other."""
    for correction in corrections:
        readings = distorted(readings, correction.effect) or {}
        if isinstance(correction, Change):
            readings = {**readings, **_with(correction, readings)}
    return readings


def _with(change: Change, before: Readings) -> Readings:
    return {name: _either(change, name, before.get(name)) for name in change.values.names}


def _either(change: Change, name: str, before: Read | None) -> Read:
    """Reads what the change says of a field, and otherwise what was known before."""

    def read(second: int) -> Value:
        try:
            return change.values.value(name, second)
        except UnmeasuredError:
            if before is None:
                raise
            return before(second)

    return read


def _values(readings: Readings, second: int) -> Record:
    values: Record = {}
    for name, read in readings.items():
        with suppress(UnmeasuredError):
            values[name] = read(second)
    return values
