"""Instruments that always run: an idle data van, the fluid laboratory, the wellhead."""

from __future__ import annotations

import math
from typing import Final

from datastore_sdk.sandbox.simulation.field_catalog import LAB_FIELDS
from datastore_sdk.sandbox.simulation.frac_treatment import Treatment
from datastore_sdk.sandbox.simulation.layout import SiteLayout
from datastore_sdk.sandbox.simulation.noise import SeededNoise
from datastore_sdk.sandbox.simulation.readings import Reading, Readings, constant
from datastore_sdk.sandbox.simulation.schedule import FRAC, WIRELINE, ScheduledStage

VALVES: Final[dict[str, tuple[str, str]]] = {FRAC: ("O", "C"), WIRELINE: ("O", "O")}
"""Upper master and swab valve by state; in any other state both are closed."""

_CLOSED: Final = "C"
_BLEED_OFF: Final = 20
_RARE: Final = 2.6  # standard deviations


def valves(stage: ScheduledStage | None) -> tuple[str, str]:
    """Return the positions of upper master and swab valve during a stage."""
    shut = (_CLOSED, _CLOSED)
    return VALVES.get(stage.state, shut) if stage else shut


def wellhead(rng: SeededNoise, site: SiteLayout, stage: ScheduledStage | None) -> Readings:
    """Return the casing pressure and, if they are monitored, the valve positions."""
    drift, base = rng.wander(1800, "casing", site.id), rng.uniform(80, 260, "casing", site.id)
    readings: dict[str, Reading] = {"surface_casing_pressure": lambda t: base + 12 * drift(t)}
    if site.configured:
        master, swab = valves(stage)
        readings |= {"upper_master_valve": constant(master), "swab_valve": constant(swab)}
    return readings


def idle_van(rng: SeededNoise, source: object, last: Treatment | None) -> Readings:
    """Return what the data van reports between two stages: the last well's pressure, its bleed-off, an idle line."""
    hiss, drift = rng.white("idle", source), rng.wander(600, "idle", source)
    left = last.surface_pressure(last.watched_until) if last else 0.0
    ended = last.watched_until if last else 0

    def pressure(second: int) -> float:
        if last and second <= ended:
            return last.surface_pressure(second)
        trapped = left * math.exp((ended - second) / _BLEED_OFF) if left else 0.0
        return max(trapped + 28 + 12 * drift(second) + 2 * hiss(second), 0.0)

    nothing = dict.fromkeys(
        ("slurry_rate", "proppant_conc", "clean_flow", "proppant_rate", "friction_reducer_conc1", "frac_stage_step"),
        constant(0),
    )
    return {"surface_treating_pressure": pressure, **nothing}


class Laboratory:
    """Trailer that samples the fluid before the blender (clean) and after it (slurry).

    Attributes:
        iron_from: Second at which its newest sensor was installed; its column exists from then on.
    """

    def __init__(self, rng: SeededNoise, pad_id: int, iron_from: int) -> None:
        self._rng = rng
        self._pad_id = pad_id
        self.iron_from = iron_from
        self._steady = {name: self._around(name) for name in LAB_FIELDS if name in _LEVELS}

    def _around(self, name: str) -> Reading:
        middle, slow, fast = _LEVELS[name]
        drift, hiss = self._rng.wander(900, name, self._pad_id), self._rng.white(name, self._pad_id)
        return lambda t: middle + slow * drift(t) + fast * hiss(t)

    def readings(self, treatment: Treatment | None, second: int) -> Readings:
        """Return its readings from a second on, with a stage under way or without."""
        flowing = treatment is not None and treatment.is_flowing(second)
        hiss = self._rng.white("lab", self._pad_id)

        def viscosity(second: int) -> float | str | None:
            noise = hiss(second)
            if noise > _RARE:
                return "Infinity"
            return None if noise < -_RARE else 1.9 + 0.12 * noise

        changing: dict[str, Reading] = {
            "slurry_sample_rate": (lambda t: 7.5 + 0.3 * hiss(t)) if flowing else constant(0),
            "clean_sample_slipstream_flow": (lambda t: 5.2 + 0.4 * hiss(t)) if flowing else constant(0.0),
            "_external_power_": lambda t: 0 if hiss(t // 300) > _RARE else 1,
            "slurry__viscosity_actual": viscosity,
            "ac_power_ok": constant(1.0),
            "sump_level_ok": constant(1.0),
        }
        if flowing:
            changing["friction_reduction"] = lambda t: 61 + 2.4 * hiss(t)
        known = {**self._steady, **changing}
        if second < self.iron_from:
            del known["iron_concentration"]
        return {name: known[name] for name in LAB_FIELDS if name in known}


_LEVELS: Final[dict[str, tuple[float, float, float]]] = {
    # name: middle, slow drift, fast noise, in imperial units
    "_frictionInlet_pressure_": (38.0, 4.0, 0.6),
    "_frictionOutlet_pressure_": (22.0, 2.5, 0.5),
    "clean_feed_inlet_density_raw": (8.43, 0.03, 0.004),
    "server_measurement_latency": (2.4, 0.3, 0.35),
    "clean_analytics_spool_ph": (7.1, 0.15, 0.02),
    "slurry_analytics_spool_ph": (7.5, 0.12, 0.02),
    "clean_analytics_spool_orp": (112.0, 20.0, 1.5),
    "slurry_analytics_spool_orp": (188.0, 16.0, 1.5),
    "clean_conductivity_25c": (42.0, 3.0, 0.2),
    "clean_conductivity_25C": (42.4, 3.0, 0.2),
    "slurry_conductivity_25c": (40.6, 2.8, 0.2),
    "clean__corrosion_actual": (27.0, 4.0, 0.3),
    "slurry__corrosion_actual": (32.0, 5.0, 0.4),
    "clean_sample_slipstream_temp": (81.0, 4.0, 0.1),
    "slurry_sample_temp": (84.0, 4.0, 0.1),
    "chloride_concentration": (21_400.0, 1_500.0, 60.0),
    "tds": (36_500.0, 2_400.0, 90.0),
    "iron_concentration": (14.0, 2.0, 0.4),
    "battery_voltage": (26.3, 0.2, 0.02),
}
