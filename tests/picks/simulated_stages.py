"""Frac stages of the sandbox with their true values, and their picks, without a request."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from msgspec import Struct

from datastore_sdk.picks.compute import PickFields, StageCurves, compute_picks
from datastore_sdk.picks.curves import Curve
from datastore_sdk.picks.report import Picks, ScreenOutSign
from datastore_sdk.sandbox.simulation.frac_treatment import Treatment
from datastore_sdk.sandbox.simulation.oilfield import Oilfield
from datastore_sdk.sandbox.simulation.operations import PadOperations
from datastore_sdk.sandbox.simulation.schedule import FRAC, ScheduledStage
from datastore_sdk.sandbox.simulation.selection import Selection
from tests.conftest import NOW

FIELDS = PickFields(
    pressure="surface_treating_pressure", rate="slurry_rate", concentration="proppant_conc", step="frac_stage_step"
)
_BEHIND_SECONDS = 1200
_DAYS = 10.0


class SimulatedStage(Struct, frozen=True):
    """A frac stage: its true values, and its picks."""

    site: int
    number: int
    true: Treatment
    picks: Picks

    @property
    def true_signs(self) -> list[ScreenOutSign]:
        """The warning signs that overlap with the rise of a screen-out."""
        if self.true.screen_out is None:
            return []
        begin, end = self.true.screen_out
        return [
            sign
            for sign in self.picks.screen_out_signs
            if sign.end.timestamp() > begin and sign.start.timestamp() < end
        ]


def list_stages(seed: int = 7) -> list[tuple[PadOperations, ScheduledStage]]:
    """Return the finished frac stages of a sandbox with ten days."""
    field = _build_field(seed)
    return [
        (field.operations[pad.id], stage)
        for pad in field.pads
        for site in pad.sites
        for stage in field.stages(site.id)
        if stage.state == FRAC and stage.end is not None
    ]


def find_screen_outs(seed: int = 7) -> list[tuple[PadOperations, ScheduledStage]]:
    """Return those that screen out."""
    return [(operations, stage) for operations, stage in list_stages(seed) if operations.treatment(stage).screen_out]


def pick_stages(stages: list[tuple[PadOperations, ScheduledStage]]) -> Iterator[SimulatedStage]:
    """Yield stages with their picks, from the records that the sandbox would send."""
    for operations, stage in stages:
        yield SimulatedStage(stage.site_id, stage.number, operations.treatment(stage), _pick(operations, stage))


def _pick(operations: PadOperations, stage: ScheduledStage) -> Picks:
    now, end = int(NOW.timestamp()), stage.end or 0
    later = operations.stages(stage.site_id, end + _BEHIND_SECONDS)
    starts = [each.start - 1 for each in later if each.start >= end and not each.state.startswith("standby")]
    last = min([end + _BEHIND_SECONDS, now, *starts])
    names = (FIELDS.pressure, FIELDS.rate, FIELDS.concentration, FIELDS.step)
    columns = operations.columns(stage.site_id, Selection(stage.start, last, now, frozenset(names)))
    pressure, rate, concentration, step = (
        Curve.from_mapping({s: value for s, value in columns.get(name, {}).items() if isinstance(value, int | float)})
        for name in names
    )
    curves = StageCurves(
        pressure=pressure,
        rate=rate,
        concentration=concentration,
        step=step,
        known_until=last,
        span=(stage.start, end),
        pressure_unit="psi",
    )
    return compute_picks(curves, FIELDS, site=stage.site_id, stage_number=stage.number, aggregations={})


@cache
def _build_field(seed: int) -> Oilfield:
    return Oilfield(seed, NOW.timestamp, _DAYS)
