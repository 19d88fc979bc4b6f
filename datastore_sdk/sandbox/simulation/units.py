"""Units of measure: imperial ones of the simulation, and SI ones that a client may request."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Unit:
    """Unit of one dimension. The dimension's SI value is `scale * value + offset`.

    Attributes:
        id: Its id in the service.
        symbol: Symbol in field metadata: `psi`.
        energistics: Symbol of the Energistics standard, if it has one.
    """

    id: int
    symbol: str
    dimension: str
    scale: float = 1.0
    offset: float = 0.0
    energistics: str | None = None

    def convert(self, value: float, other: Unit) -> float:
        """Convert a value of this unit to another one of the same dimension."""
        return (value * self.scale + self.offset - other.offset) / other.scale


UNITS: dict[str, Unit] = {
    unit.symbol: unit
    for unit in (
        Unit(1, "kPa", "pressure", energistics="kPa"),
        Unit(2, "psi", "pressure", 6.894757293168361, energistics="psi"),
        Unit(3, "m^3/min", "flow", energistics="m3/min"),
        Unit(4, "bbl/min", "flow", 0.158987294928, energistics="bbl/min"),
        Unit(5, "L/min", "flow", 0.001, energistics="L/min"),
        Unit(6, "gpm", "flow", 0.003785411784, energistics="gal[US]/min"),
        Unit(7, "m^3", "volume", energistics="m3"),
        Unit(8, "bbl", "volume", 0.158987294928, energistics="bbl"),
        Unit(9, "gal", "volume", 0.003785411784, energistics="gal[US]"),
        Unit(10, "kg/m^3", "concentration", energistics="kg/m3"),
        Unit(11, "ppa", "concentration", 119.82642731689663, energistics="lbm/gal[US]"),
        Unit(12, "kg/L", "density", energistics="kg/L"),
        Unit(13, "lb/gal", "density", 0.11982642731689663, energistics="lbm/gal[US]"),
        Unit(14, "L/m^3", "dose", energistics="L/m3"),
        Unit(15, "gpt", "dose", energistics="0.001 gal[US]/gal[US]"),
        Unit(16, "kg/min", "mass flow", energistics="kg/min"),
        Unit(17, "lb/min", "mass flow", 0.45359237, energistics="lbm/min"),
        Unit(18, "kg", "mass", energistics="kg"),
        Unit(19, "lb", "mass", 0.45359237, energistics="lbm"),
        Unit(20, "m", "length", energistics="m"),
        Unit(21, "ft", "length", 0.3048, energistics="ft"),
        Unit(22, "m/s", "speed", energistics="m/s"),
        Unit(23, "ft/min", "speed", 0.00508, energistics="ft/min"),
        Unit(24, "°C", "temperature", energistics="degC"),
        Unit(25, "°F", "temperature", 5 / 9, -160 / 9, energistics="degF"),
        Unit(26, "mg/L", "solute", energistics="mg/L"),
        Unit(27, "ppm", "parts", energistics="ppm"),
        Unit(28, "mS/cm", "conductivity", energistics="mS/cm"),
        Unit(29, "mV", "potential", energistics="mV"),
        Unit(30, "V", "voltage", energistics="V"),
        Unit(31, "A", "current", energistics="A"),
        Unit(32, "pH", "acidity", energistics="EUC"),
        Unit(33, "cP", "viscosity", energistics="cP"),
        Unit(34, "mpy", "corrosion", energistics="mil/a"),
        Unit(35, "%", "percentage", energistics="%"),
        Unit(36, "#", "count", energistics="EUC"),
        Unit(37, "bool", "switch", energistics="bit"),
        Unit(38, "enum", "choice"),
        Unit(39, "s", "time", energistics="s"),
        Unit(40, "bpm", "flow", 0.158987294928, energistics="bbl/min"),
    )
}

PER_MINUTE: dict[str, Unit] = {"bbl/min": UNITS["bbl"], "gpm": UNITS["gal"], "lb/min": UNITS["lb"]}
"""Unit of a rate's integral over time."""


def si_conversion(imperial: str | None, si: str | None) -> tuple[float, float] | None:
    """Return the factor and the offset from an imperial to an SI unit; None if the value stays the same."""
    if imperial is None or si is None or imperial == si:
        return None
    source, target = UNITS[imperial], UNITS[si]
    factor, offset = source.scale / target.scale, (source.offset - target.offset) / target.scale
    return None if (factor, offset) == (1.0, 0.0) else (factor, offset)
