"""Frac stage as a pumping schedule: pad, proppant ramp, flush, shut-in; and the resulting pressure."""

from __future__ import annotations

import math
from typing import Final

from datastore_sdk.sandbox.simulation.interpolation import Polyline
from datastore_sdk.sandbox.simulation.layout import SiteLayout
from datastore_sdk.sandbox.simulation.noise import SeededNoise
from datastore_sdk.sandbox.simulation.readings import Readings, constant
from datastore_sdk.sandbox.simulation.schedule import ScheduledStage

_SAND_LB_PER_GAL: Final = 22.1
_WATER_LB_PER_GAL: Final = 8.4
_PSI_PER_FT_PER_LB_PER_GAL: Final = 0.052
_GAL_PER_BBL: Final = 42
_CASING_BBL_PER_FT: Final = 0.0222
_PPA_STEP: Final = 0.25

# Seconds after the start of a stage.
_PUMPS_START: Final = 90
_BREAKDOWN: Final = 175
_BROKEN_DOWN: Final = 300
_FULL_RATE: Final = 560

# How long each of the last parts of a stage takes, in seconds.
_FLUSH: Final = 330
_RAMP_DOWN: Final = 35
_SHUT_IN: Final = 300
_WATCHED: Final = 900
"""Seconds for which the crew watches the pressure decline after a stage, unless it moves on earlier."""

_SCREEN_OUTS: Final = 1 / 30
"""Share of the stages that screen out."""
_BEFORE_FLUSH: Final = (330, 900)
"""Seconds before the planned flush at which the pressure of a screen-out begins to rise."""
_RISE: Final = (500, 900)
"""Rise of the pressure in a screen-out, psi per minute."""
_RISE_SECONDS: Final = (150, 260)
"""Seconds for which the pressure rises, until it trips the pumps."""
_SLOW_SECONDS: Final = 30
"""Seconds in which the rise becomes steady."""
_TRIP: Final = 5
"""Seconds in which tripped pumps come to rest."""

_PUMPING_NOISE: Final = (35, 14)
_SHUT_IN_NOISE: Final = (3, 2)
"""Drift and hiss of the surface pressure, psi."""


class Treatment:
    """A treatment: rate and proppant as designed, pressure from friction, hydrostatics and the fracture.

    Times inside are seconds since the start of the stage.

    Attributes:
        flow_from: Second from which slurry flows at more than a trickle.
        flow_until: Last second of that flow.
        full_rate_at: Second at which the pumps reach the full rate.
        shut_in_at: First second without flow.
        watched_until: Last second at which the pressure of the well can be read.
        screen_out: First and last second of the rising pressure, if the stage screens out: proppant no longer enters
            the formation, the pressure rises at full rate and trips the pumps. There is no flush.
    """

    def __init__(self, rng: SeededNoise, site: SiteLayout, stage: ScheduledStage) -> None:
        if stage.end is None:
            raise ValueError("a treatment needs a planned end")
        name = (site.id, stage.number)
        self.start = stage.start
        self.duration = duration = stage.end - stage.start
        self._site = site
        self._flush_at = duration - _SHUT_IN - _RAMP_DOWN - _FLUSH
        self._pad_ends_at = int(_FULL_RATE + duration * rng.uniform(0.05, 0.09, "pad volume", *name))
        self._packs_from, self._trips_at = self._plan_screen_out(rng, name)
        ramp_down = _RAMP_DOWN if self._trips_at is None else _TRIP
        self._shut_in_at = duration - _SHUT_IN if self._trips_at is None else self._trips_at + _TRIP
        self.screen_out = (
            None if self._trips_at is None else (stage.start + self._packs_from, stage.start + self._trips_at)
        )
        self.flow_from = stage.start + _BROKEN_DOWN
        self.flow_until = stage.start + self._shut_in_at - ramp_down
        self.full_rate_at = stage.start + _FULL_RATE
        self.shut_in_at = stage.start + self._shut_in_at
        self.watched_until = stage.end + _WATCHED
        self._target = target = rng.uniform(82, 97, "rate", *name)
        self._top = round(rng.uniform(8, 11, "top ppa", *name)) * _PPA_STEP
        self._steps = round(self._top / _PPA_STEP)
        self.rate = Polyline(self._rate_knots(rng, name))
        self.proppant = Polyline(self._proppant_knots())
        self._transit = round(_CASING_BBL_PER_FT * site.measured_depth / target * 60)
        self._closure = site.vertical_depth * rng.uniform(0.79, 0.83, "stress", *name)
        self._pipe = rng.uniform(3300, 3900, "pipe friction", *name) * site.measured_depth / 20_000
        self._perforations = rng.uniform(1500, 2000, "perforations", *name)
        self._breakdown = rng.uniform(2600, 4200, "breakdown", *name)
        self._hammer = rng.uniform(350, 600, "water hammer", *name)
        self._rise = rng.uniform(*_RISE, "screen-out rise", *name)
        self._drift = rng.wander(47, "pressure drift", *name)
        self._hiss = rng.white("pressure hiss", *name)
        self._pumps = rng.white("pumps", *name)
        self._blender = rng.white("blender", *name)
        self._dose = rng.wander(180, "friction reducer", *name)

    def _plan_screen_out(self, rng: SeededNoise, name: tuple[int, int]) -> tuple[int, int | None]:
        """Return when the pressure begins to rise and when it trips the pumps; None for the latter without this."""
        begin = self._flush_at - int(rng.uniform(*_BEFORE_FLUSH, "screen-out begin", *name))
        until = begin + int(rng.uniform(*_RISE_SECONDS, "screen-out length", *name))
        return begin, until if rng.chance(_SCREEN_OUTS, "pack-off", *name) else None

    def _rate_knots(self, rng: SeededNoise, name: tuple[int, int]) -> list[tuple[float, float]]:
        target, end = self._target, self._shut_in_at
        knots: list[tuple[float, float]] = [
            (0, 0),
            (_PUMPS_START, 0),
            (130, 12),
            (240, 12),
            (_BROKEN_DOWN, 35),
            (360, 35),
            (410, 62),
            (480, 62),
            (_FULL_RATE, target),
        ]
        if self._trips_at is not None:
            return [*knots, (self._trips_at, target), (end, 0)]
        if rng.chance(0.5, "pump lost", *name):
            lost, at = rng.uniform(6, 14, "lost", *name), rng.uniform(0.3, 0.75, "lost at", *name) * end
            knots += [(at, target), (at + 3, target - lost), (at + 90, target - lost), (at + 120, target)]
        return [*knots, (end - _RAMP_DOWN, target), (end, 0)]

    def _proppant_knots(self) -> list[tuple[float, float]]:
        length = (self._flush_at - self._pad_ends_at) / self._steps
        knots: list[tuple[float, float]] = []
        for step in range(self._steps):
            begin = self._pad_ends_at + step * length
            knots += [(begin, step * _PPA_STEP), (begin + 20, (step + 1) * _PPA_STEP)]
        knots += [(self._flush_at, self._top), (self._flush_at + 12, 0)]
        if self._trips_at is None:
            return knots
        pumped = [knot for knot in knots if knot[0] < self._trips_at]
        return [*pumped, (self._trips_at, Polyline(knots)(self._trips_at)), (self._shut_in_at, 0)]

    def readings(self) -> Readings:
        """Return what the data van reports while the stage is pumped."""
        return {
            "surface_treating_pressure": self.surface_pressure,
            "slurry_rate": self.slurry_rate,
            "proppant_conc": self.proppant_concentration,
            "clean_flow": self.clean_rate,
            "proppant_rate": self.proppant_rate,
            "bottom_hole_pressure_customer": self.bottom_hole_pressure,
            "bottom_hole_proppant_concentration_customer": lambda t: self.proppant(t - self.start - self._transit),
            "friction_reducer_conc1": self.friction_reducer,
            "surfactant_conc1": lambda t: 0.5 if self.rate(t - self.start) else 0,
            "frac_stage_step": self.step,
        }

    def shut_in_readings(self) -> Readings:
        """Return what the data van reports after the stage: the pressure of the shut-in well."""
        return {
            "surface_treating_pressure": self.surface_pressure,
            "slurry_rate": constant(0),
            "proppant_conc": constant(0),
        }

    @property
    def breakdown_pressure(self) -> float:
        """The true surface pressure at which the formation breaks down, psi: the first peak, without noise."""
        return max(map(self._true_surface_pressure, range(_PUMPS_START, _BROKEN_DOWN)))

    @property
    def isip(self) -> float:
        """The true instantaneous shut-in pressure, psi: the surface pressure without friction as the pumps stop."""
        return self._true_surface_pressure(self._shut_in_at)

    def shut_in_pressure(self, minutes: float) -> float:
        """Return the true surface pressure of the shut-in well, psi, some minutes after the pumps stopped."""
        return self.isip - _leak_off(60 * minutes)

    def is_flowing(self, second: int) -> bool:
        """Return whether slurry flows at more than a trickle."""
        return self.flow_from <= second < self.flow_until

    def slurry_rate(self, second: int) -> float:
        """Return the pump rate, bbl/min. A stopped pump reports an integer zero."""
        rate = self.rate(second - self.start)
        return rate + 0.25 * self._pumps(second) if rate > 1 else rate or 0

    def proppant_concentration(self, second: int) -> float:
        """Return the concentration at the blender, lb per gallon of fluid (ppa)."""
        conc = self.proppant(second - self.start)
        return max(conc + 0.015 * self._blender(second), 0.0) if conc else 0

    def clean_rate(self, second: int) -> float:
        """Return the rate of the fluid in the slurry, bbl/min."""
        return self.slurry_rate(second) / (1 + self.proppant_concentration(second) / _SAND_LB_PER_GAL)

    def proppant_rate(self, second: int) -> float:
        """Return the rate of the proppant in the slurry, lb/min."""
        return self.clean_rate(second) * _GAL_PER_BBL * self.proppant_concentration(second)

    def friction_reducer(self, second: int) -> float:
        """Return gallons per 1000 gallons; more while the rate comes up."""
        time = second - self.start
        if not self.rate(time):
            return 0
        return (1.1 if time < self._pad_ends_at else 0.75) + 0.05 * self._dose(second)

    def step(self, second: int) -> int:
        """Return 0 in the pad, then the number of the proppant step, and one more in the flush."""
        time = second - self.start
        if self._trips_at is not None:
            time = min(time, self._trips_at)
        if time < self._pad_ends_at:
            return 0
        if time >= self._flush_at:
            return self._steps + 1
        return 1 + int((time - self._pad_ends_at) * self._steps / (self._flush_at - self._pad_ends_at))

    def surface_pressure(self, second: int) -> float:
        """Return the surface treating pressure, psi: fracture pressure plus friction minus the slurry column."""
        time = second - self.start
        if time < _PUMPS_START:  # the well's own pressure reaches the valves when they open
            return max(self._static() * (1 - math.exp(-time / 8)) + 12 * self._hiss(second), 0.0)
        drift, hiss = _PUMPING_NOISE if time < self._shut_in_at else _SHUT_IN_NOISE
        noise = drift * self._drift(second) + hiss * self._hiss(second)
        return max(self._true_surface_pressure(time) + noise, 0.0)

    def _true_surface_pressure(self, time: float) -> float:
        return self._fracture(time) - self._column(time) + self._friction(time)

    def bottom_hole_pressure(self, second: int) -> float:
        """Return the bottom-hole pressure as calculated from the surface, psi."""
        return self._fracture(second - self.start) + 60 * self._drift(second)

    def _static(self) -> float:
        return self._fracture(0) - self._column(0)

    def _fracture(self, time: float) -> float:
        """Return the fracture pressure: breakdown, then growth; after shut-in water hammer and decline."""
        grown = min(time, self._shut_in_at)
        pressure = self._closure + 300 + 350 * (1 - math.exp(-grown / 2500))
        pressure += self._breakdown * math.exp(-(((time - _BREAKDOWN) / 45) ** 2))
        still = time - self._shut_in_at
        if still > 0:
            pressure -= self._hammer * math.exp(-still / 35) * math.sin(math.tau * still / 14)
            pressure -= _leak_off(still)
        return pressure

    def _column(self, time: float) -> float:
        """Return the pressure of the slurry in the pipe. It moves only as long as the pumps run."""
        time = min(time, self._shut_in_at if self._trips_at is None else self._trips_at)
        conc = (self.proppant(time) + self.proppant(time - self._transit)) / 2
        density = (_WATER_LB_PER_GAL + conc) / (1 + conc / _SAND_LB_PER_GAL)
        return _PSI_PER_FT_PER_LB_PER_GAL * density * self._site.vertical_depth

    def _friction(self, time: float) -> float:
        """Return the friction of the pipe, of perforations that proppant widens, and of proppant that packs them."""
        flow = self.rate(time) / 100
        if not flow:
            return 0.0
        conc = self.proppant(time - self._transit / 2)
        pipe = self._pipe * math.pow(flow, 1.8) * (1 + 0.015 * conc + 0.026 * conc**2)
        worn = 0.7 + 0.3 * math.exp(-max(time - self._pad_ends_at, 0) / 1400)
        return pipe + self._perforations * worn * flow**2 + self._pack(time) * flow

    def _pack(self, time: float) -> float:
        """Return the friction at 100 bbl/min of proppant that does not enter the formation any more, psi."""
        packed = time - self._packs_from
        if self._trips_at is None or packed <= 0:
            return 0.0
        return self._rise / 60 * packed**2 / (packed + _SLOW_SECONDS)


def _leak_off(still: float) -> float:
    """Return the pressure that fluid leaking into the formation has taken, psi, some seconds after shut-in."""
    return 420 * (1 - math.exp(-still / 500))
