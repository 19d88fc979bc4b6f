"""Records of a site or a pad for any interval, without simulating earlier times.

Between two boundaries (a stage begins, a correction's interval ends, ...) only the time changes. Each such piece gets
one plan of the fields to read at every second of a minute, and one tight loop reads its records.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from datastore_sdk.sandbox.simulation.corrections import CorrectionEffect, active_effects, apply_correction
from datastore_sdk.sandbox.simulation.field_catalog import FIELDS
from datastore_sdk.sandbox.simulation.instruments import idle_van, wellhead
from datastore_sdk.sandbox.simulation.layout import Crew
from datastore_sdk.sandbox.simulation.operations import PadOperations
from datastore_sdk.sandbox.simulation.readings import Reading, Readings, Record, Value
from datastore_sdk.sandbox.simulation.schedule import FRAC, WIRELINE, ScheduledStage
from datastore_sdk.sandbox.simulation.selection import Selection

MINUTE: Final = 60
_PHASES: Final = {60: 50}
"""By period, the second of it at which fields are read, if not the first."""

_Plan = list[list[tuple[str, Reading]]]
_Sourced = tuple[str, Readings]


def site_records(operations: PadOperations, site_id: int, selection: Selection) -> Iterator[Record]:
    """Yield the records of one site, under plain names, in order of time."""
    first = max(selection.first, operations.reports_from(site_id))
    last = min(selection.last, operations.reports_until(site_id, selection.now))
    for begin, end in _pieces(operations, (site_id,), first, last):
        readings = _site_readings(operations, site_id, begin, selection)
        if readings:
            plan = _plan(((name, name, read) for name, read in readings), selection)
            yield from _read(plan, begin, end, site_id, operations.is_lost)


def pad_records(operations: PadOperations, selection: Selection) -> Iterator[Record]:
    """Yield one record per second for the whole pad, with the fields prefixed by their measurement source."""
    site_ids = tuple(site.id for site in operations.pad.sites)
    first = max(selection.first, min(operations.reports_from(site_id) for site_id in site_ids))
    last = min(selection.last, max(operations.reports_until(site_id, selection.now) for site_id in site_ids))
    for begin, end in _pieces(operations, site_ids, first, last):
        if any(selection.includes_stage(operations.stage_at(site_id, begin)) for site_id in site_ids):
            plan = _pad_plan(operations, begin, selection)
            yield from _read(plan, begin, end, site_ids[0], operations.is_lost)


def site_columns(operations: PadOperations, site_id: int, selection: Selection) -> dict[str, dict[int, Value]]:
    """Return the same records field by field: the values of each by second."""
    first = max(selection.first, operations.reports_from(site_id))
    last = min(selection.last, operations.reports_until(site_id, selection.now))
    lost = {minute for minute in range(first // MINUTE, last // MINUTE + 1) if operations.is_lost(minute)}
    columns: dict[str, dict[int, Value]] = {}
    for begin, end in _pieces(operations, (site_id,), first, last):
        for name, read in _site_readings(operations, site_id, begin, selection) or ():
            if selection.includes_field(name):
                due = range(begin + (phase(name) - begin) % FIELDS[name].period, end, FIELDS[name].period)
                column = columns.setdefault(name, {})
                column |= {second: read(second) for second in due if second // MINUTE not in lost}
    return columns


def phase(name: str) -> int:
    """Return the second of a field's period at which it is read."""
    return _PHASES.get(FIELDS[name].period, 0)


def _site_readings(
    operations: PadOperations, site_id: int, second: int, selection: Selection
) -> list[tuple[str, Reading]] | None:
    """Return the readings of a site from a second on; None without records."""
    stage = operations.stage_at(site_id, second)
    if not selection.includes_stage(stage):
        return None
    crew = operations.crew_of(site_id)
    groups: list[_Sourced] = []
    if stage and stage.state == FRAC:
        treatment = operations.treatment(stage)
        groups.append((crew.name, treatment.readings()))
        if crew.laboratory:
            groups.append(("", operations.laboratory.readings(treatment, second)))
    elif stage and stage.state == WIRELINE:
        groups.append((crew.wireline, operations.wireline_run(stage).readings()))
    elif (frac := operations.last_frac(crew, second)) and frac.site_id == site_id:
        treatment = operations.treatment(frac)
        if second <= treatment.watched_until:
            groups.append((crew.name, treatment.shut_in_readings()))
    groups.append(("", wellhead(operations.rng, operations.pad.by_id[site_id], stage)))
    if selection.sources is not None:
        groups = [group for group in groups if group[0] in selection.sources]
    showing = active_effects(operations.corrections(site_id, second), second, selection.now)
    readings: list[tuple[str, Reading]] = []
    for _, group in groups:
        distorted_group = _distort(group, showing)
        if distorted_group is None:
            return None
        readings += distorted_group.items()
    return readings or None


def _pad_plan(operations: PadOperations, second: int, selection: Selection) -> _Plan:
    groups: list[_Sourced] = []
    for crew in operations.pad.crews:
        groups += _sources(operations, crew, second, selection.now)
        if crew.laboratory:
            frac = operations.frac_at(crew, second)
            treatment = operations.treatment(frac) if frac else None
            groups.append(("", operations.laboratory.readings(treatment, second)))
    carrier = operations.pad.sites[0]
    stage = operations.stage_at(carrier.id, second)
    groups.append(("", wellhead(operations.rng, carrier, stage)))
    chosen = [group for group in groups if selection.sources is None or group[0] in selection.sources]
    return _plan(
        (
            (f"{source}_{name}" if source else name, name, read)
            for source, readings in chosen
            for name, read in readings.items()
        ),
        selection,
    )


def _sources(operations: PadOperations, crew: Crew, second: int, now: int) -> Iterator[_Sourced]:
    """Return the readings of a crew's data van and wireline unit, on any site."""

    def read_corrected(stage: ScheduledStage, readings: Readings) -> Readings | None:
        return _distort(readings, active_effects(operations.corrections(stage.site_id, second), second, now))

    frac, run = operations.last_frac(crew, second), operations.wireline_at(crew, second)
    if frac and frac.covers(second):
        yield crew.name, read_corrected(frac, operations.treatment(frac).readings()) or {}
    else:
        last = operations.treatment(frac) if frac else None
        yield crew.name, idle_van(operations.rng, (operations.pad.id, crew.number), last)
    if run:
        yield crew.wireline, read_corrected(run, operations.wireline_run(run).readings()) or {}


def _distort(readings: Readings, showing: Iterable[CorrectionEffect]) -> Readings | None:
    result: Readings | None = readings
    for effect in showing:
        if result is not None:
            result = apply_correction(result, effect)
    return result


def _pieces(operations: PadOperations, site_ids: Iterable[int], first: int, last: int) -> Iterator[tuple[int, int]]:
    """Yield the intervals `[begin, end)` without a boundary inside."""
    if first > last:
        return
    cuts = {cut for site_id in site_ids for cut in operations.boundaries(site_id, first, last) if first < cut <= last}
    begin = first
    for cut in (*sorted(cuts), last + 1):
        yield begin, cut
        begin = cut


def _plan(named: Iterable[tuple[str, str, Reading]], selection: Selection) -> _Plan:
    plan: _Plan = [[] for _ in range(MINUTE)]
    for shown, name, read in named:
        if selection.includes_field(shown):
            period = FIELDS[name].period
            for second in range(phase(name), MINUTE, period):
                plan[second].append((shown, read))
    return plan


def _read(plan: _Plan, begin: int, end: int, site_id: int, is_lost: Callable[[int], bool]) -> Iterator[Record]:
    for minute in range(begin // MINUTE, (end - 1) // MINUTE + 1):
        if is_lost(minute):
            continue
        for second in range(max(begin, minute * MINUTE), min(end, (minute + 1) * MINUTE)):
            record: Record = {"timestamp": second}
            for name, read in plan[second % MINUTE]:
                record[name] = read(second)
            record["site_id"] = site_id
            yield record
