"""Activity on the pads of a scenario."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import groupby, pairwise
from operator import itemgetter
from typing import Final

from datastore_sdk.sandbox.scenario.builder import Scenario, ScenarioPad
from datastore_sdk.sandbox.scenario.series import UnmeasuredError
from datastore_sdk.sandbox.scenario.site import ScenarioChange, ScenarioSite
from datastore_sdk.sandbox.simulation.clock import Clock
from datastore_sdk.sandbox.simulation.corrections import Correction, active_corrections, apply_correction
from datastore_sdk.sandbox.simulation.field import SimulatedField
from datastore_sdk.sandbox.simulation.field_catalog import FIELDS, FieldInfo, prefix_by_source
from datastore_sdk.sandbox.simulation.field_catalog import FRAC as DATA_VAN
from datastore_sdk.sandbox.simulation.pad_activity import PadActivity
from datastore_sdk.sandbox.simulation.readings import Reading, Readings, Record, Value
from datastore_sdk.sandbox.simulation.schedule import FRAC, ScheduledStage, operation_of
from datastore_sdk.sandbox.simulation.selection import Selection

_FIRST_FIELD_ID: Final = 201


def build_field(scenario: Scenario, seed: int, clock: Clock) -> SimulatedField[PadActivity]:
    """Build the field of a scenario. All of its data changes are open until a client acknowledges them."""
    return SimulatedField(seed, clock, [ScenarioActivity(pad) for pad in scenario.pads], old=0)


class ScenarioActivity(PadActivity):
    """Activity on a pad of a scenario."""

    def __init__(self, pad: ScenarioPad) -> None:
        super().__init__(pad.layout())
        self._completed = pad.completed
        self._sites = {site.id: site for site in pad.sites}
        self._revisions: list[Correction] = []

    def stages(self, site_id: int, until: int) -> list[ScheduledStage]:
        """Return the stages that begin up to a second."""
        return [stage for stage in self._sites[site_id].stages if stage.start <= until]

    def get_completion_time(self, now: int) -> int | None:
        """Return when the pad was completed."""
        return self._completed if self._completed is not None and self._completed <= now else None

    def is_finished(self, site_id: int, now: int) -> bool:  # noqa: ARG002 - the pad is completed as a whole
        """Return whether the pad was completed."""
        return self.get_completion_time(now) is not None

    def extent(self, site_id: int, now: int) -> tuple[int, int] | None:
        """Return the first and the last second with records."""
        return self._sites[site_id].recordings.extent(now)

    def corrections(self, site_id: int, until: int) -> list[Correction]:
        """Return the corrections of records up to a second."""
        known = (*self._sites[site_id].changes, *(each for each in self._revisions if each.site_id == site_id))
        return [correction for correction in known if correction.start <= until]

    def revise(self, correction: Correction) -> None:
        """Add a correction while the sandbox serves."""
        self._revisions.append(correction)

    def preset_aggregations(self, stage: ScheduledStage) -> Mapping[str, float | None]:
        """Return the aggregations that the scenario sets."""
        return self._sites[stage.site_id].numbers.get(stage.id, {})

    def site_fields(self, site_id: int) -> tuple[FieldInfo, ...]:
        """Return the fields that are recorded on a site."""
        names = self._sites[site_id].recordings.names
        return tuple(info for info in self._field_infos() if info.name in names)

    def pad_fields(self) -> tuple[FieldInfo, ...]:
        """Return the fields that are recorded on the pad's sites."""
        infos = self._field_infos()
        return (*prefix_by_source(self.pad, infos), *infos)

    def sampling_period(self, site_id: int, name: str) -> tuple[int, int]:
        """When a field is read."""
        return self._sites[site_id].recordings.sampling_period(name)

    def site_records(self, site_id: int, selection: Selection) -> Iterator[Record]:
        """Yield the records of one site."""
        site = self._sites[site_id]
        for second, values in self._read_records(site, selection):
            remaining = {
                name: value
                for name, value in values.items()
                if selection.includes_field(name)
                and (selection.sources is None or _source(site, name) in selection.sources)
            }
            if remaining or selection.sources is None:
                yield {"timestamp": second, **remaining, "site_id": site_id}

    def pad_records(self, selection: Selection) -> Iterator[Record]:
        """Yield the merged records of all sites. If sites share a source, the one being fractured is read."""
        carrier = self.pad.sites[0].id if self.pad.sites else 0
        of_sites = (self._of_pad(site, selection) for site in self._sites.values())
        for second, group in groupby(heapq.merge(*of_sites, key=itemgetter(0, 1)), key=itemgetter(0)):
            record: Record = {"timestamp": second}
            for _, _, values in group:
                record |= values
            yield {**record, "site_id": carrier}

    def _of_pad(self, site: ScenarioSite, selection: Selection) -> Iterator[tuple[int, bool, Record]]:
        """Yield the records of a site under the pad's field names, those of a frac last."""
        for second, values in self._read_records(site, selection):
            stage = self.stage_at(site.id, second)
            sourced = ((_source(site, name), name, value) for name, value in values.items())
            named = {
                f"{source}_{name}" if source else name: value
                for source, name, value in sourced
                if selection.sources is None or source in selection.sources
            }
            remaining = {name: value for name, value in named.items() if selection.includes_field(name)}
            yield second, stage is not None and operation_of(stage.state) == operation_of(FRAC), remaining

    def _read_records(self, site: ScenarioSite, selection: Selection) -> Iterator[tuple[int, Record]]:
        """Yield the records of a site second by second, as known at the time of the request."""
        corrections = self.corrections(site.id, selection.last)
        for first, last in _pieces(site, corrections, selection.first, min(selection.last, selection.now)):
            if not selection.includes_stage(self.stage_at(site.id, first)):
                continue
            effective = active_corrections(corrections, first, selection.now)
            readings = _apply_corrections(site.recordings.readings(), effective)
            added = [each.values for each in effective if isinstance(each, ScenarioChange) and each.adds]
            for second in site.recordings.seconds(first, last, *added):
                if values := _values(readings, second):
                    yield second, values

    def _field_infos(self) -> tuple[FieldInfo, ...]:
        """Return the metadata of the fields; of unknown ones, only the name."""
        names = dict.fromkeys(name for site in self._sites.values() for name in site.recordings.names)
        return tuple(
            FIELDS.get(name) or FieldInfo(number, name, name.replace("_", " ").title(), None, None, 1, DATA_VAN)
            for number, name in enumerate(names, start=_FIRST_FIELD_ID)
        )


def _source(site: ScenarioSite, name: str) -> str:
    """Return the measurement source of a field; only fields of the data van have one."""
    info = FIELDS.get(name)
    return site.source or "" if info is None or info.instrument == DATA_VAN else ""


def _pieces(site: ScenarioSite, corrections: Iterable[Correction], first: int, last: int) -> Iterator[tuple[int, int]]:
    """Yield the intervals within which neither the stage nor a correction changes."""
    if first > last:
        return
    cuts = {cut for stage in site.stages for cut in (stage.start, stage.end) if cut is not None}
    cuts |= {cut for correction in corrections for cut in (correction.start, correction.end + 1)}
    begins = [first, *sorted(cut for cut in cuts if first < cut <= last), last + 1]
    for begin, end in pairwise(begins):
        yield begin, end - 1


def _apply_corrections(readings: Readings, corrections: Iterable[Correction]) -> Readings:
    """Apply the corrections that are in effect to readings, one after the other."""
    for correction in corrections:
        readings = apply_correction(readings, correction.effect) or {}
        if isinstance(correction, ScenarioChange):
            readings = {**readings, **_with(correction, readings)}
    return readings


def _with(change: ScenarioChange, before: Readings) -> Readings:
    return {name: _read_corrected(change, name, before.get(name)) for name in change.values.names}


def _read_corrected(change: ScenarioChange, name: str, before: Reading | None) -> Reading:
    """Read the corrected value of a field, else its former value."""

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
