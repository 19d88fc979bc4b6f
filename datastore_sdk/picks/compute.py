"""Compute all picks of a stage from its curves. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TypeVar

from msgspec import Struct

from datastore_sdk.picks.breakdown import pick_breakdown
from datastore_sdk.picks.curves import Curve
from datastore_sdk.picks.pumping import Pumping, find_pumping, pick_time_to_rate
from datastore_sdk.picks.report import Pick, Picks, ScreenOutSign, UnavailablePickError, to_datetime
from datastore_sdk.picks.screen_out import find_screen_out_signs
from datastore_sdk.picks.shut_in import pick_decline, pick_isip
from datastore_sdk.picks.steps import summarize_steps

T = TypeVar("T")

_DECLINE_MINUTES = (5, 10, 15)
_UNITS = {
    "breakdown_pressure": None,
    "isip": None,
    **{f"decline_{minutes}_min": None for minutes in _DECLINE_MINUTES},
    "time_to_rate": "s",
}
"""Units of all picks by name; None: that of the pressure."""

Method = Callable[[Pick | str | None], Pick]
"""Function that picks a number. Its argument is the ISIP, or the reason why it is missing; None before it is picked."""


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
    span: tuple[int, int]
    """First and last second of the stage."""
    pressure_unit: str | None
    is_in_si: bool = False
    """Whether the curves are in SI units. Aggregations are not."""
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
    known = {} if stage.is_in_si else {name: aggregations[name] for name in _UNITS if name in aggregations}
    picked: dict[str, Pick | str] = {name: _take(name, value, stage) for name, value in known.items()}
    if isinstance(pumping, Pumping):
        for name, find in _list_methods(stage, pumping):
            if name not in picked:
                picked[name] = _try(partial(find, picked.get("isip")))
    else:
        picked = {name: picked.get(name, pumping) for name in _UNITS}
    curves = {fields.pressure: stage.pressure, fields.rate: stage.rate, fields.concentration: stage.concentration}
    pumped = pumping if isinstance(pumping, Pumping) else None
    return Picks(
        site=site,
        stage_number=stage_number,
        picks=tuple(pick for name in _UNITS if isinstance(pick := picked[name], Pick)),
        unavailable={name: reason for name, reason in picked.items() if isinstance(reason, str)},
        steps=tuple(summarize_steps(curves, stage.step, stage.concentration, pumped) if pumped else ()),
        screen_out_signs=tuple(_find_signs(stage, pumped) if pumped else ()),
        aggregations=aggregations,
    )


def _list_methods(stage: StageCurves, pumping: Pumping) -> Iterator[tuple[str, Method]]:
    """Yield the names of all picks and the functions that pick them, the ISIP before those that need it."""
    pressure, unit = stage.pressure, stage.pressure_unit
    yield "breakdown_pressure", lambda _: pick_breakdown(pressure, stage.rate, pumping, unit)
    yield "isip", lambda _: pick_isip(pressure, pumping, unit, is_under_way=stage.is_under_way)
    for minutes in _DECLINE_MINUTES:
        yield f"decline_{minutes}_min", partial(_pick_decline, pressure, pumping, minutes)
    yield "time_to_rate", lambda _: pick_time_to_rate(pumping)


def _pick_decline(pressure: Curve, pumping: Pumping, minutes: int, isip: Pick | str | None) -> Pick:
    if not isinstance(isip, Pick):
        raise UnavailablePickError("there is no ISIP")
    return pick_decline(pressure, pumping, isip, minutes)


def _take(name: str, value: float, stage: StageCurves) -> Pick:
    """Return a number that the service computed for the stage as a pick."""
    start, end = map(to_datetime, stage.span)
    return Pick(
        name=name,
        value=value,
        unit=_UNITS[name] or stage.pressure_unit,
        at=end,
        method="aggregation of the service",
        window=(start, end),
        confidence="high",
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
