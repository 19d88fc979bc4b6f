"""Parameters of a pad: definitions of stage aggregations."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, Literal, get_args

from datastore_sdk.sandbox.simulation.field_catalog import FIELDS
from datastore_sdk.sandbox.simulation.units import PER_MINUTE, UNITS

Aggregation = Literal["average", "minimum", "maximum", "total", "first", "last", "start", "duration"]
Operator = Literal["greater_than", "greater_than_or_equal", "less_than", "less_than_or_equal", "equal", "not_equal"]

AGGREGATIONS: Final = frozenset(get_args(Aggregation))
OPERATORS: Final = frozenset(get_args(Operator))

_UNITS_OF_TIME: Final = frozenset({"start", "duration"})


@dataclass(frozen=True, slots=True)
class Condition:
    """Comparison of a field with a value, in its imperial unit."""

    field: str
    operator: Operator
    value: float


@dataclass(frozen=True, slots=True)
class ParameterConfig:
    """Computation from a stage's records.

    Attributes:
        field: The field; one that no instrument reports has no aggregations.
        unit: Symbol of the unit of the result; None without a unit.
        conditions: Conditions that must all hold for a value to count.
    """

    field: str
    aggregation: Aggregation
    unit: str | None = None
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class ParameterSpec:
    """A named definition.

    Attributes:
        si_unit: Symbol of the SI unit.
        custom: Whether a user made it.
        pads: Pads it was made for; empty: all.
    """

    id: int
    name: str
    definition: ParameterConfig
    si_unit: str | None
    description: str = ""
    label: str | None = ""
    color: str | None = None
    custom: bool = False
    created_at: datetime = datetime(2024, 3, 1, 12, tzinfo=UTC)
    updated_at: datetime = datetime(2024, 3, 1, 12, tzinfo=UTC)
    pads: tuple[int, ...] = ()
    config: dict[str, object] | None = field(default=None, compare=False)
    """The configuration as the user wrote it; None for the service's own."""


_PUMPING: Final = Condition("slurry_rate", "greater_than", 5)
_PROPPED: Final = Condition("proppant_conc", "greater_than", 0)
_SAMPLED: Final = Condition("clean_sample_slipstream_flow", "greater_than_or_equal", 2)
_PRESSURE: Final = "surface_treating_pressure"


def default_units(name: str, aggregation: str) -> tuple[str | None, str | None]:
    """Return the imperial and the SI unit of a field's aggregations."""
    if aggregation in _UNITS_OF_TIME:
        return "s", "s"
    info = FIELDS.get(name)
    if info is None:
        return None, None
    if aggregation == "total" and info.imperial in PER_MINUTE:
        total = PER_MINUTE[info.imperial]
        return total.symbol, next(unit.symbol for unit in UNITS.values() if unit.dimension == total.dimension)
    return info.imperial, info.si


def _default(
    number: int, name: str, field_name: str, aggregation: Aggregation, *conditions: Condition, unit: str | None = None
) -> ParameterSpec:
    imperial, si = default_units(field_name, aggregation)
    return ParameterSpec(number, name, ParameterConfig(field_name, aggregation, unit or imperial, conditions), si)


DEFAULTS: Final = (
    _default(1, "avg_surface_pressure", _PRESSURE, "average", _PUMPING),
    _default(2, "max_surface_pressure", _PRESSURE, "maximum"),
    _default(3, "avg_slurry_rate", "slurry_rate", "average", _PUMPING),
    _default(4, "max_slurry_rate", "slurry_rate", "maximum"),
    _default(5, "avg_clean_rate", "clean_flow", "average", _PUMPING),
    _default(6, "avg_prop_conc", "proppant_conc", "average", _PROPPED),
    _default(7, "max_prop_conc", "proppant_conc", "maximum"),
    _default(8, "avg_bottomhole_pressure", "bottom_hole_pressure_customer", "average", _PUMPING),
    _default(9, "avg_bottomhole_prop_conc", "bottom_hole_proppant_concentration_customer", "average", _PROPPED),
    _default(10, "avg_fr_conc", "friction_reducer_conc1", "average", _PUMPING),
    _default(11, "avg_surfactant_conc", "surfactant_conc1", "average", _PUMPING),
    _default(12, "avg_gel_conc", "gel_conc", "average", _PUMPING),
    _default(13, "avg_friction_reduction", "friction_reduction", "average"),
    _default(14, "avg_clean_ph", "clean_analytics_spool_ph", "average", _SAMPLED),
    _default(15, "avg_slurry_ph", "slurry_analytics_spool_ph", "average", _SAMPLED),
    _default(16, "avg_clean_orp", "clean_analytics_spool_orp", "average", _SAMPLED),
    _default(17, "avg_clean_tds", "tds", "average", _SAMPLED),
    _default(18, "avg_chlorides", "chloride_concentration", "average", _SAMPLED),
    _default(19, "avg_surface_casing_pressure", "surface_casing_pressure", "average"),
    _default(20, "min_frac_stage_step", "frac_stage_step", "minimum"),
    _default(21, "max_frac_stage_step", "frac_stage_step", "maximum"),
    _default(22, "max_wl_depth", "wl_depth", "maximum"),
    _default(23, "max_pumpdown_rate", "pumpdown_rate", "maximum"),
    _default(24, "start_pumping_time", "slurry_rate", "start", _PUMPING),
    _default(25, "pumping_duration", "slurry_rate", "duration", _PUMPING),
    _default(26, "total_duration", "upper_master_valve", "duration"),
    _default(27, "total_clean_flow", "clean_flow", "total", unit="gal"),
    _default(28, "total_slurry_flow", "slurry_rate", "total", unit="gal"),
    _default(29, "total_proppant", "proppant_rate", "total"),
)
"""Aggregations that the service computes for every frac stage of every pad."""

FIRST_CUSTOM_ID: Final = 101
