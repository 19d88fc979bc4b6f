"""Compute all picks of a stage from its curves. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeVar

from msgspec import Struct

from datastore_sdk.picks.breakdown import pick_breakdown
from datastore_sdk.picks.curves import Curve
from datastore_sdk.picks.pumping import Pumping, find_pumping, pick_time_to_rate
from datastore_sdk.picks.report import Pick, Picks, ScreenOutSign, UnavailablePickError
from datastore_sdk.picks.screen_out import find_screen_out_signs
from datastore_sdk.picks.shut_in import pick_decline, pick_isip
from datastore_sdk.picks.steps import summarize_steps

T = TypeVar("T")

_DECLINE_MINUTES = (5, 10, 15)


class PickFields(Struct, frozen=True, kw_only=True):
    """Names of the fields that picks need."""

    pressure: str
    """Surface treating pressure."""
    rate: str
    """Slurry rate."""
    concentration: str
    """Proppant concentration."""
    step: str
    """Number of the proppant step."""


class StageCurves(Struct, frozen=True, kw_only=True):
    """Curves of a stage and of the time behind it."""

    pressure: Curve
    rate: Curve
    concentration: Curve
    step: Curve
    known_until: int
    """Last second with a record."""
    pressure_unit: str | None
    is_under_way: bool = False
    """Whether the stage has not ended."""


def compute_picks(
    stage: StageCurves, fields: PickFields, *, site: int, stage_number: int | None, aggregations: Mapping[str, float]
) -> Picks:
    """Return the picks of a stage. A number that the data does not show is in `unavailable`.

    Args:
        stage: The curves.
        fields: Names of the fields, for the steps and for messages.
        site: Id of the site.
        stage_number: Number of the stage.
        aggregations: Numbers that the service computed for the stage.
    """
    pumping = _try(partial(_find_pumping, stage, fields))
    picked: dict[str, Pick | str] = {}
    if isinstance(pumping, Pumping):
        unit = stage.pressure_unit
        isip = _try(partial(pick_isip, stage.pressure, pumping, unit, is_under_way=stage.is_under_way))
        picked["breakdown_pressure"] = _try(partial(pick_breakdown, stage.pressure, stage.rate, pumping, unit))
        picked["isip"] = isip
        for minutes in _DECLINE_MINUTES:
            decline = partial(pick_decline, stage.pressure, pumping, isip, minutes) if isinstance(isip, Pick) else None
            picked[f"decline_{minutes}_min"] = _try(decline) if decline else "there is no ISIP"
        picked["time_to_rate"] = _try(partial(pick_time_to_rate, pumping))
    else:
        names = ("breakdown_pressure", "isip", *(f"decline_{each}_min" for each in _DECLINE_MINUTES), "time_to_rate")
        picked = dict.fromkeys(names, pumping)
    curves = {fields.pressure: stage.pressure, fields.rate: stage.rate, fields.concentration: stage.concentration}
    known = pumping if isinstance(pumping, Pumping) else None
    return Picks(
        site=site,
        stage_number=stage_number,
        picks=tuple(pick for pick in picked.values() if isinstance(pick, Pick)),
        unavailable={name: reason for name, reason in picked.items() if isinstance(reason, str)},
        steps=tuple(summarize_steps(curves, stage.step, stage.concentration, known) if known else ()),
        screen_out_signs=tuple(_find_signs(stage, known) if known else ()),
        aggregations=aggregations,
    )


def _find_pumping(stage: StageCurves, fields: PickFields) -> Pumping:
    for name, curve in ((fields.pressure, stage.pressure), (fields.rate, stage.rate)):
        if not curve:
            raise UnavailablePickError(f"no record has a value of {name!r}")
    return find_pumping(stage.rate, stage.known_until)


def _find_signs(stage: StageCurves, pumping: Pumping) -> list[ScreenOutSign]:
    return find_screen_out_signs(stage.pressure, stage.rate, stage.concentration, pumping)


def _try(find: Callable[[], T]) -> T | str:
    """Return what a function finds, or why the data does not show it."""
    try:
        return find()
    except UnavailablePickError as error:
        return str(error)
