"""Wireline run: down by gravity, pumped along the lateral, plug set, guns fired, and out again."""

from __future__ import annotations

from typing import Final

from datastore_sdk.sandbox.simulation.interpolation import Polyline
from datastore_sdk.sandbox.simulation.layout import SiteLayout
from datastore_sdk.sandbox.simulation.noise import SeededNoise
from datastore_sdk.sandbox.simulation.readings import Readings
from datastore_sdk.sandbox.simulation.schedule import ScheduledStage

_STAGE_SPACING_FT: Final = 95
_CLUSTERS: Final = 5
_CLUSTER_SPACING_FT: Final = 16
_COLLAR_SPACING_FT: Final = 42
_SHOT_SECONDS: Final = 12


class WirelineRun:
    """Plug-and-perf run to the depth of a stage. Times inside are seconds since its start."""

    def __init__(self, rng: SeededNoise, site: SiteLayout, stage: ScheduledStage) -> None:
        if stage.end is None:
            raise ValueError("a wireline run needs a planned end")
        name = (site.id, stage.number)
        self.start = stage.start
        duration = stage.end - stage.start
        self._heel = site.vertical_depth + 500
        target = max(site.measured_depth - (stage.number - 1) * _STAGE_SPACING_FT, self._heel + 400)
        shots_at = 0.46 * duration
        self._shots = [shots_at + 75 * cluster for cluster in range(_CLUSTERS)]
        guns = [
            knot
            for cluster, time in enumerate(self._shots)
            for depth in (target - cluster * _CLUSTER_SPACING_FT,)
            for knot in ((time - 20, depth), (time + 25, depth))
        ]
        self.depth = Polyline(
            [(0.05 * duration, 0), (0.2 * duration, self._heel), (0.42 * duration, target), *guns, (0.95 * duration, 0)]
        )
        self._plug_at = 0.43 * duration
        self._pump_rate = rng.uniform(9, 13, "pumpdown", *name)
        self._cable = rng.white("cable", *name)
        self._line = rng.wander(20, "line", *name)

    def readings(self) -> Readings:
        """Return the readings of the wireline unit and the pumpdown pumps."""
        return {
            "wl_depth": lambda t: self.depth(t - self.start),
            "wl_speed": self.speed,
            "wl_tension": self.tension,
            "wl_ccl": self.collar_locator,
            "wl_voltage": lambda t: -210 - 4 * self._cable(t) if self._is_firing(t) else 0,
            "wl_current": lambda t: -860 - 20 * self._cable(t) if self._is_firing(t) else 0,
            "pumpdown_rate": self.pumpdown_rate,
            "pumpdown_active": lambda t: self._is_pumped(t - self.start),
        }

    def speed(self, second: int) -> float:
        """Return the line speed, ft/min, positive on the way down."""
        slope = self.depth.slope(second - self.start)
        return 60 * slope + 3 * self._cable(second) if slope else 0

    def tension(self, second: int) -> float:
        """Return the surface tension, lb: the cable's weight, more on the way out, less once the plug is set."""
        time = second - self.start
        depth, slope = self.depth(time), self.depth.slope(time)
        hanging = min(depth, self._heel) * (0.105 if slope > 0 else 0.15)
        tools = 380 if time < self._plug_at else 230
        return (hanging + tools + 25 * self._line(second) + 6 * self._cable(second)) if depth else 0

    def collar_locator(self, second: int) -> float:
        """Return the collar locator, volts: a kick at each casing collar and at each shot."""
        time = second - self.start
        depth, ahead = self.depth(time), self.depth(time + 1)
        collar = depth // _COLLAR_SPACING_FT != ahead // _COLLAR_SPACING_FT
        return 0.05 * self._cable(second) + (3.2 if collar else 0) + (6.5 if self._is_firing(second) else 0)

    def pumpdown_rate(self, second: int) -> float:
        """Return the pumpdown rate, bbl/min."""
        return self._pump_rate + 0.2 * self._cable(second) if self._is_pumped(second - self.start) else 0

    def _is_pumped(self, time: float) -> bool:
        return self.depth(time) >= self._heel and self.depth.slope(time) > 0

    def _is_firing(self, second: int) -> bool:
        time = second - self.start
        return any(shot <= time < shot + _SHOT_SECONDS for shot in self._shots)
