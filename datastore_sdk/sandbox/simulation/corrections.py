"""Corrections of historical data: each has a data change, and changes the records in its interval."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal, get_args

from datastore_sdk.sandbox.simulation.noise import SeededNoise
from datastore_sdk.sandbox.simulation.readings import Reading, Readings, Value
from datastore_sdk.sandbox.simulation.schedule import FRAC, ScheduledStage

ModificationType = Literal["translation_layer", "transaction"]
ModificationSubtype = Literal[
    "add", "change", "delete", "move", "move_delete", "move_copy",
    "augment", "augment_update", "augment_insert", "annotate", "override", "reverse",
]  # fmt: skip

CorrectionEffect = Literal["missing", "shifted", "offset", "bare", "none"]
"""How records differ: missing, from another time, a gauge misread, chemicals not entered, or not at all."""

MODIFICATION_TYPES: Final = frozenset(get_args(ModificationType))
MODIFICATION_SUBTYPES: Final = frozenset(get_args(ModificationSubtype))

_FLAW: Final[dict[ModificationSubtype, CorrectionEffect]] = {
    "add": "missing",
    "augment_insert": "missing",
    "move": "shifted",
    "move_copy": "shifted",
    "augment": "bare",
    "change": "offset",
    "override": "offset",
    "augment_update": "offset",
    "reverse": "offset",
}
"""Error in the records before their correction."""

_REVISION: Final[dict[ModificationSubtype, CorrectionEffect]] = {
    "delete": "missing",
    "move_delete": "missing",
    "move": "shifted",
    "move_copy": "shifted",
    "annotate": "none",
}
"""Effect of a correction by hand on good records; any other kind recalibrates the gauge."""

_KINDS: Final[tuple[tuple[ModificationType, ModificationSubtype], ...]] = (
    ("translation_layer", "change"),
    ("translation_layer", "add"),
    ("translation_layer", "delete"),
    ("transaction", "move"),
    ("transaction", "override"),
    ("transaction", "augment"),
    ("transaction", "move_delete"),
    ("transaction", "annotate"),
)

_PROBABILITY: Final = 0.22
_SECOND_LOOK: Final = 0.5
_CLOCK_ERROR_SECONDS: Final = 45
_GAUGE_ERROR_PSI: Final = 240.0
_GAUGES: Final = frozenset({"surface_treating_pressure", "bottom_hole_pressure_customer"})
_CHEMICALS: Final = frozenset({"friction_reducer_conc1", "surfactant_conc1"})


@dataclass(frozen=True, slots=True)
class Correction:
    """One correction.

    Attributes:
        start: First second of the interval.
        end: Last second of the interval.
        created_at: When it was made, unix seconds.
        effect: How the records differ from what the instruments measured, before or after that time.
        mends: True: they differ before it (they were wrong). False: they differ from then on (they were revised).
    """

    id: int
    site_id: int
    start: int
    end: int
    modification_type: ModificationType
    modification_subtype: ModificationSubtype
    created_at: float
    effect: CorrectionEffect
    mends: bool

    def is_active_at(self, now: float) -> bool:
        """Return whether records requested at this time show the effect."""
        return self.effect != "none" and (now < self.created_at) is self.mends


def build_revision(
    number: int,
    site_id: int,
    interval: tuple[int, int],
    kind: tuple[ModificationType, ModificationSubtype],
    now: float,
) -> Correction:
    """Build a correction made by hand."""
    effect = _REVISION.get(kind[1], "offset")
    return Correction(number, site_id, *interval, *kind, created_at=now, effect=effect, mends=False)


def plan_corrections(rng: SeededNoise, stages: Iterable[ScheduledStage]) -> Iterator[Correction]:
    """Plan the corrections of the fracs among these stages."""
    for stage in stages:
        if stage.state != FRAC or stage.end is None or not rng.chance(_PROBABILITY, "correction", stage.id):
            continue
        length = int(rng.uniform(300, 900, "length", stage.id))
        start = int(rng.uniform(stage.start + 900, stage.end - 900 - 2 * length, "from", stage.id))
        created_at = stage.end + rng.uniform(1.5 * 3600, 9 * 3600, "created", stage.id)
        kind = _KINDS[rng.number("kind", stage.id) % len(_KINDS)]
        yield _plan(stage.id * 10, stage.site_id, (start, start + length), kind, created_at)
        if rng.chance(_SECOND_LOOK, "second look", stage.id):
            again = start + length // 2
            override: tuple[ModificationType, ModificationSubtype] = ("transaction", "override")
            yield _plan(stage.id * 10 + 1, stage.site_id, (again, again + length), override, created_at + 1800.25)


def _plan(
    number: int,
    site_id: int,
    interval: tuple[int, int],
    kind: tuple[ModificationType, ModificationSubtype],
    created_at: float,
) -> Correction:
    flaw = _FLAW.get(kind[1])
    effect = flaw or _REVISION[kind[1]]
    return Correction(number, site_id, *interval, *kind, created_at=created_at, effect=effect, mends=flaw is not None)


def active_corrections(corrections: Iterable[Correction], second: int, now: float) -> list[Correction]:
    """Return the corrections that affect records of a second if requested now, in order of creation."""
    those = (each for each in corrections if each.start <= second <= each.end and each.is_active_at(now))
    return sorted(those, key=lambda correction: correction.created_at)


def active_effects(corrections: Iterable[Correction], second: int, now: float) -> list[CorrectionEffect]:
    """Return the effects of corrections that apply, in the same order."""
    return [each.effect for each in active_corrections(corrections, second, now)]


def apply_correction(readings: Readings, effect: CorrectionEffect) -> Readings | None:
    """Apply an effect to an instrument's readings; None if nothing of them is left."""
    match effect:
        case "missing":
            return None
        case "shifted":
            return {name: _shift(read) for name, read in readings.items()}
        case "offset":
            return {name: _offset(read) if name in _GAUGES else read for name, read in readings.items()}
        case "bare":
            return {name: read for name, read in readings.items() if name not in _CHEMICALS}
        case "none":
            return readings


def _shift(read: Reading) -> Reading:
    return lambda t: read(t - _CLOCK_ERROR_SECONDS)


def _offset(read: Reading) -> Reading:
    def at(second: int) -> Value:
        value = read(second)
        return value + _GAUGE_ERROR_PSI if isinstance(value, (int, float)) else value

    return at
