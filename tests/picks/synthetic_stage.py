"""A frac stage with curves of known shape, second by second."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from datastore_sdk.picks.compute import PickFields, StageCurves, compute_picks
from datastore_sdk.picks.curves import Curve
from datastore_sdk.picks.report import Picks

FIELDS = PickFields(pressure="p", rate="q", concentration="c", step="s")
START = 1_758_180_000
SHUT_IN = 3600
"""Second of the stage at which the pumps stop."""
ISIP = 5000.0
SECONDS = range(SHUT_IN + 1200)

Shape = Callable[[int], float | None]
"""Value by second of the stage; None: no value."""


def rate(second: int) -> float:
    """Return ten bbl/min, then ninety from second 300 on."""
    if not 60 <= second < SHUT_IN:
        return 0.0
    return 10.0 if second < 300 else 90.0


def pressure(second: int) -> float:
    """Return a breakdown of 8000 psi at second 180, treating at 9000 psi, a decline of a tenth psi per second."""
    if second < 60:
        return 3000.0
    if second < 300:
        return 5000.0 + 3000.0 * math.exp(-(((second - 180) / 30) ** 2))
    return 9000.0 if second < SHUT_IN else ISIP - 0.1 * (second - SHUT_IN)


def concentration(second: int) -> float:
    """Return steps of 1, 2 and 3 ppa, and a flush."""
    return float(max(0, min((second - 300) // 600, 3))) if second < 3300 else 0.0


def nothing(second: int) -> None:
    """Return no value."""


def to_curve(shape: Shape) -> Curve:
    values = {START + second: value for second in SECONDS if (value := shape(second)) is not None}
    return Curve.from_mapping(values)


def pick(**shapes: Shape) -> Picks:
    """Return the picks of the stage, with other shapes for some of its curves."""
    return pick_with_aggregations({}, shapes)


def pick_with_aggregations(
    aggregations: Mapping[str, float], shapes: Mapping[str, Shape], *, is_in_si: bool = False
) -> Picks:
    """Return them with numbers that the service computed."""
    known: Mapping[str, Shape] = {
        "pressure": pressure,
        "rate": rate,
        "concentration": concentration,
        "step": nothing,
        **shapes,
    }
    curves = {name: to_curve(shape) for name, shape in known.items()}
    last = max((curve.seconds[-1] for curve in curves.values() if curve), default=0)
    stage = StageCurves(
        pressure=curves["pressure"],
        rate=curves["rate"],
        concentration=curves["concentration"],
        step=curves["step"],
        known_until=last,
        span=(START, START + SHUT_IN + 60),
        is_in_si=is_in_si,
        pressure_unit="psi",
    )
    return compute_picks(stage, FIELDS, site=981, stage_number=7, aggregations=aggregations)
