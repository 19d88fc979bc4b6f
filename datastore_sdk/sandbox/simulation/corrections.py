"""Corrections of historical data: each is listed as a data change, and the records in its interval change with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal, get_args

from datastore_sdk.sandbox.simulation.noise import Dice
from datastore_sdk.sandbox.simulation.readings import Read, Readings, Value
from datastore_sdk.sandbox.simulation.schedule import FRAC, Stage

ModificationType = Literal["translation_layer", "transaction"]
ModificationSubtype = Literal[
    "add", "change", "delete", "move", "move_delete", "move_copy",
    "augment", "augment_update", "augment_insert", "annotate", "override", "reverse",
]  # fmt: skip

Effect = Literal["missing", "shifted", "offset", "bare", "none"]
"""How records differ: not there, from another time, a gauge read wrongly, chemicals not entered, not at all."""

MODIFICATION_TYPES: Final = frozenset(get_args(ModificationType))
MODIFICATION_SUBTYPES: Final = frozenset(get_args(ModificationSubtype))

_FLAW: Final[dict[ModificationSubtype, Effect]] = {
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
"""What was wrong with the records before they were corrected."""

_REVISION: Final[dict[ModificationSubtype, Effect]] = {
    "delete": "missing",
    "move_delete": "missing",
    "move": "shifted",
    "move_copy": "shifted",
    "annotate": "none",
}
"""What becomes of good records that are corrected by hand; any other kind calibrates the gauge anew."""

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
        effect: How the records differ on one side of that moment from what the instruments would have told.
        mends: Whether they differ before it (they were wrong) or from then on (they were revised).
    """

    id: int
    site_id: int
    start: int
    end: int
    modification_type: ModificationType
    modification_subtype: ModificationSubtype
    created_at: float
    effect: Effect
    mends: bool

    def shows_at(self, now: float) -> bool:
        """Whether records answered at this time show the effect."""
        return self.effect != "none" and (now < self.created_at) is self.mends


def revision(
    number: int,
    site_id: int,
    interval: tuple[int, int],
    kind: tuple[ModificationType, ModificationSubtype],
    now: float,
) -> Correction:
    """A correction made by hand."""
    effect = _REVISION.get(kind[1], "offset")
    return Correction(number, site_id, *interval, *kind, created_at=now, effect=effect, mends=False)


def planned(dice: Dice, stages: Iterable[Stage]) -> Iterator[Correction]:
    """The corrections that the fracs among these stages will have had."""
    for stage in stages:
        if stage.state != FRAC or stage.end is None or not dice.chance(_PROBABILITY, "correction", stage.id):
            continue
        length = int(dice.uniform(300, 900, "length", stage.id))
        start = int(dice.uniform(stage.start + 900, stage.end - 900 - 2 * length, "from", stage.id))
        created_at = stage.end + dice.uniform(1.5 * 3600, 9 * 3600, "created", stage.id)
        kind = _KINDS[dice.number("kind", stage.id) % len(_KINDS)]
        yield _planned(stage.id * 10, stage.site_id, (start, start + length), kind, created_at)
        if dice.chance(_SECOND_LOOK, "second look", stage.id):
            again = start + length // 2
            override: tuple[ModificationType, ModificationSubtype] = ("transaction", "override")
            yield _planned(stage.id * 10 + 1, stage.site_id, (again, again + length), override, created_at + 1800.25)


def _planned(
    number: int,
    site_id: int,
    interval: tuple[int, int],
    kind: tuple[ModificationType, ModificationSubtype],
    created_at: float,
) -> Correction:
    flaw = _FLAW.get(kind[1])
    effect = flaw or _REVISION[kind[1]]
    return Correction(number, site_id, *interval, *kind, created_at=created_at, effect=effect, mends=flaw is not None)


def showing(corrections: Iterable[Correction], second: int, now: float) -> list[Correction]:
    """Those whose effect records of a second show when asked for now, in the order in which they were made."""
    those = (each for each in corrections if each.start <= second <= each.end and each.shows_at(now))
    return sorted(those, key=lambda correction: correction.created_at)


def effects(corrections: Iterable[Correction], second: int, now: float) -> list[Effect]:
    """The effects of corrections that show, in the same order."""
    return [each.effect for each in showing(corrections, second, now)]


def distorted(readings: Readings, effect: Effect) -> Readings | None:
    """An instrument's readings under an effect; None when nothing of them is left."""
    match effect:
        case "missing":
            return None
        case "shifted":
            return {name: _shifted(read) for name, read in readings.items()}
        case "offset":
            return {name: _offset(read) if name in _GAUGES else read for name, read in readings.items()}
        case "bare":
            return {name: read for name, read in readings.items() if name not in _CHEMICALS}
        case "none":
            return readings


def _shifted(read: Read) -> Read:
    return lambda t: read(t - _CLOCK_ERROR_SECONDS)


def _offset(read: Read) -> Read:
    def at(second: int) -> Value:
        value = read(second)
        return value + _GAUGE_ERROR_PSI if isinstance(value, (int, float)) else value

    return at
