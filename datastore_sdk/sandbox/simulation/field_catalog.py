"""Fields that the instruments of a pad report, with their metadata."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import product

from datastore_sdk.sandbox.simulation.layout import PadLayout
from datastore_sdk.sandbox.simulation.units import si_conversion

FRAC, WIRELINE, PUMPDOWN, FLUID, WELLHEAD = "frac", "wl", "pd", "fluid", "wellhead"


@dataclass(frozen=True, slots=True)
class FieldInfo:
    """Metadata of one field.

    Attributes:
        id: Its id in the service.
        name: Its key in records.
        label: Label for people.
        imperial: Symbol of the imperial unit; None without a unit.
        si: Symbol of the SI unit.
        period: Seconds between two values.
        instrument: Instrument that measures it.
        plot: Imperial plot range.
        color: `#RRGGBB`.
        connected: Whether a plot connects the points across missing values.
    """

    id: int
    name: str
    label: str
    imperial: str | None
    si: str | None
    period: int
    instrument: str
    plot: tuple[float, float] | None = None
    color: str | None = None
    connected: bool = False


_SITE_FIELDS = (
    FieldInfo(
        11, "surface_treating_pressure", "Surface Treating Pressure", "psi", "kPa", 1, FRAC, (0, 14000), "#D7263D"
    ),
    FieldInfo(12, "slurry_rate", "Slurry Rate", "bbl/min", "m^3/min", 1, FRAC, (0, 120), "#1B6CA8"),
    FieldInfo(13, "proppant_conc", "Proppant Concentration", "ppa", "kg/m^3", 1, FRAC, (0, 5), "#C98B1B"),
    FieldInfo(14, "clean_flow", "Clean Rate", "bbl/min", "m^3/min", 10, FRAC, (0, 120), "#3FA7D6"),
    FieldInfo(15, "proppant_rate", "Proppant Rate", "lb/min", "kg/min", 10, FRAC, (0, 12000)),
    FieldInfo(16, "bottom_hole_pressure_customer", "Calculated BHP", "psi", "kPa", 10, FRAC, (0, 16000)),
    FieldInfo(17, "bottom_hole_proppant_concentration_customer", "BH Prop Conc", "ppa", "kg/m^3", 10, FRAC, (0, 5)),
    FieldInfo(18, "friction_reducer_conc1", "FR Dose", "gpt", "L/m^3", 10, FRAC, (0, 5), "#6A994E"),
    FieldInfo(19, "surfactant_conc1", "Surfactant Dose", "gpt", "L/m^3", 10, FRAC, (0, 5)),
    FieldInfo(20, "frac_stage_step", "Frac Stage Step", "#", "#", 10, FRAC, (0, 20)),
    FieldInfo(21, "slurry_rate", "Slurry Rate", "bbl/min", "m^3/min", 1, FRAC, (0, 120)),
    FieldInfo(31, "wl_depth", "Depth", "ft", "m", 1, WIRELINE, (0, 25000), "#5F0F40", connected=True),
    FieldInfo(32, "wl_speed", "Speed", "ft/min", "m/s", 1, WIRELINE, (-700, 700), connected=True),
    FieldInfo(33, "wl_tension", "Tension", "lb", "kg", 1, WIRELINE, (0, 4000), "#9A031E", connected=True),
    FieldInfo(34, "wl_ccl", "CCL", None, None, 1, WIRELINE, (-4, 10)),
    FieldInfo(35, "wl_voltage", "Voltage", "V", "V", 10, WIRELINE, (-400, 0)),
    FieldInfo(36, "wl_current", "Current", "A", "A", 10, WIRELINE, (-2000, 0)),
    FieldInfo(37, "pumpdown_rate", "Pumpdown Rate", "bbl/min", "L/min", 10, PUMPDOWN, (0, 20), connected=True),
    FieldInfo(38, "pumpdown_active", "Pumpdown Active", "bool", "bool", 10, PUMPDOWN),
    FieldInfo(51, "_frictionInlet_pressure_", "Friction Loop Inlet Pressure", "psi", "kPa", 1, FLUID, (0, 300)),
    FieldInfo(52, "_frictionOutlet_pressure_", "Friction Loop Outlet Pressure", "psi", "kPa", 1, FLUID, (0, 300)),
    FieldInfo(53, "clean_feed_inlet_density_raw", "Clean Density", "lb/gal", "kg/L", 1, FLUID, (0, 20)),
    FieldInfo(54, "slurry_sample_rate", "Slurry Sample Rate", "gpm", "L/min", 1, FLUID, (0, 20)),
    FieldInfo(55, "_external_power_", "External Power OK", "bool", "bool", 1, FLUID, (-0.5, 1.5)),
    FieldInfo(56, "server_measurement_latency", "Measurement Latency", "enum", "enum", 1, FLUID, (0, 120)),
    FieldInfo(57, "clean_analytics_spool_ph", "Clean pH", "pH", "pH", 10, FLUID, (0, 14)),
    FieldInfo(58, "slurry_analytics_spool_ph", "Slurry pH", "pH", "pH", 10, FLUID, (0, 14)),
    FieldInfo(59, "clean_analytics_spool_orp", "Clean ORP", "mV", "mV", 10, FLUID, (-600, 1000)),
    FieldInfo(60, "slurry_analytics_spool_orp", "Slurry ORP", "mV", "mV", 10, FLUID, (-600, 1000)),
    FieldInfo(61, "clean_conductivity_25c", "Clean Conductivity 25C", "mS/cm", "mS/cm", 10, FLUID, (0, 200)),
    FieldInfo(62, "clean_conductivity_25C", "Clean Conductivity 25C Spool", "mS/cm", "mS/cm", 10, FLUID, (0, 200)),
    FieldInfo(63, "slurry_conductivity_25c", "Slurry Conductivity 25C", "mS/cm", "mS/cm", 10, FLUID, (0, 200)),
    FieldInfo(64, "clean__corrosion_actual", "Clean Corrosion Flowing", "mpy", "mpy", 10, FLUID, (0, 150)),
    FieldInfo(65, "slurry__corrosion_actual", "Slurry Corrosion Flowing", "mpy", "mpy", 10, FLUID, (0, 150)),
    FieldInfo(66, "slurry__viscosity_actual", "Hi-Shear Slurry Viscosity", "cP", "cP", 10, FLUID, (0, 30)),
    FieldInfo(67, "clean_sample_slipstream_flow", "Clean Sample Flow", "gpm", "L/min", 10, FLUID, (0, 20)),
    FieldInfo(68, "clean_sample_slipstream_temp", "Clean Sample Temperature", "°F", "°C", 10, FLUID, (0, 120)),
    FieldInfo(69, "slurry_sample_temp", "Slurry Sample Temperature", "°F", "°C", 10, FLUID, (0, 120)),
    FieldInfo(70, "chloride_concentration", "Chloride Concentration", "mg/L", "mg/L", 10, FLUID, (0, 120000)),
    FieldInfo(71, "tds", "Total Dissolved Solids", "ppm", "ppm", 10, FLUID, (0, 250000)),
    FieldInfo(72, "iron_concentration", "Iron Concentration", "mg/L", "mg/L", 10, FLUID, (0, 100)),
    FieldInfo(73, "friction_reduction", "Friction Reduction", "%", "%", 60, FLUID, (0, 100)),
    FieldInfo(74, "battery_voltage", "Battery Voltage", "V", "V", 60, FLUID),
    FieldInfo(75, "ac_power_ok", "AC Power OK", "bool", "bool", 60, FLUID),
    FieldInfo(76, "sump_level_ok", "Sump Level OK", "bool", "bool", 60, FLUID),
    FieldInfo(91, "upper_master_valve", "Upper Master Valve", None, None, 1, WELLHEAD),
    FieldInfo(92, "swab_valve", "Swab Valve", None, None, 1, WELLHEAD),
    FieldInfo(93, "surface_casing_pressure", "Surface Casing Pressure", "psi", "kPa", 10, WELLHEAD, (0, 1000)),
)

FIELDS: dict[str, FieldInfo] = {info.name: info for info in reversed(_SITE_FIELDS)}
"""The fields of a site by name."""

LAB_FIELDS = tuple(info.name for info in _SITE_FIELDS if info.instrument == FLUID)
"""Fields of the fluid laboratory, which serves the whole pad."""


def site_fields() -> tuple[FieldInfo, ...]:
    """Return the fields of a site, under plain names. One name is listed twice, as the service does."""
    return _SITE_FIELDS


@cache
def pad_fields(pad: PadLayout) -> tuple[FieldInfo, ...]:
    """Return the fields of a pad: per measurement source if it has several, and routed under plain names."""
    return (*prefix_by_source(pad, FIELDS.values()), *_SITE_FIELDS)


def prefix_by_source(pad: PadLayout, infos: Collection[FieldInfo]) -> Iterator[FieldInfo]:
    """Return fields under the names that a pad's measurement sources give them."""
    for crew, info in product(pad.crews, infos):
        source = (
            crew.name if info.instrument == FRAC else crew.wireline if info.instrument in {WIRELINE, PUMPDOWN} else None
        )
        if source:
            label = f"{info.label} - {crew.label or source}"
            yield replace(info, id=1000 * crew.number + info.id, name=f"{source}_{info.name}", label=label)


@cache
def si_conversions(fields: tuple[FieldInfo, ...]) -> dict[str, tuple[float, float]]:
    """Return by field name the factor and the offset that convert imperial to SI values."""
    found = ((info.name, si_conversion(info.imperial, info.si)) for info in fields)
    return {name: conversion for name, conversion in found if conversion is not None}
