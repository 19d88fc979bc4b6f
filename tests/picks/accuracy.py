"""Accuracy of the picks: their errors against the true values of simulated stages, as a table.

`PYTHONPATH=.:generated .venv/bin/python tests/picks/accuracy.py [COUNT SEED ...]` prints the table of docs/picks.md.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from statistics import fmean, median

from datastore_sdk.picks.report import ScreenOutSign
from datastore_sdk.sandbox.simulation.frac_treatment import Treatment
from datastore_sdk.sandbox.simulation.operations import PadOperations
from datastore_sdk.sandbox.simulation.schedule import ScheduledStage
from tests.picks.simulated_stages import SimulatedStage, find_screen_outs, list_stages, pick_stages

DECLINES = {f"decline_{minutes}_min": minutes for minutes in (5, 10, 15)}
AT_RATE = 0.95


def find_true_values(true: Treatment) -> dict[str, float]:
    """Return the true values of all picks."""
    declines = {name: true.isip - true.shut_in_pressure(minutes) for name, minutes in DECLINES.items()}
    flowing = (second for second in range(true.duration) if true.rate(second) > 1)
    highest = max(true.rate(second) for second in range(true.duration))
    at_rate = next(second for second in range(true.duration) if true.rate(second) >= AT_RATE * highest)
    time_to_rate = float(at_rate - next(flowing))
    return {
        "breakdown_pressure": true.breakdown_pressure,
        "isip": true.isip,
        **declines,
        "time_to_rate": time_to_rate,
    }


class Accuracy:
    """Errors of picks, and true and false warning signs of screen-outs."""

    def __init__(self, stages: Iterable[SimulatedStage]) -> None:
        self.errors: dict[str, list[float]] = defaultdict(list)
        """Differences from the true value by pick, except those of low confidence."""
        self.doubtful = 0
        """Number of picks of low confidence."""
        self.stages = self.screen_outs = self.warned = 0
        self.warnings_before_trip: list[float] = []
        """Seconds from the end of the first window with a fast rise to the trip of the pumps, by screen-out."""
        self.false_signs: list[ScreenOutSign] = []
        for stage in stages:
            self._add(stage)

    def _add(self, stage: SimulatedStage) -> None:
        self.stages += 1
        for name, value in find_true_values(stage.true).items():
            pick = stage.picks.get(name)
            if pick is not None and pick.confidence == "low":
                self.doubtful += 1
            elif pick is not None:
                self.errors[name].append(pick.value - value)
        self.false_signs += [sign for sign in stage.picks.screen_out_signs if sign not in stage.true_signs]
        if stage.true.screen_out:
            self.screen_outs += 1
            self.warned += bool(stage.true_signs)
            self.warnings_before_trip += [
                stage.true.screen_out[1] - sign.start.timestamp() - 90 for sign in stage.true_signs[:1]
            ]

    def find_largest(self, name: str) -> float:
        """Return the largest error of a pick, without its sign."""
        return max(map(abs, self.errors[name]))

    def format_table(self) -> Iterator[str]:
        """Yield the lines of the table."""
        yield "| pick | stages | mean error | median | 95 % within | largest |"
        yield "|---|---|---|---|---|---|"
        for name, errors in self.errors.items():
            sizes = sorted(map(abs, errors))
            within = sizes[int(0.95 * (len(sizes) - 1))]
            figures = (f"{each:.0f}" for each in (fmean(errors), median(sizes), within, sizes[-1]))
            yield f"| `{name}` | {len(errors)} | {' | '.join(figures)} |"
        yield f"\n{self.doubtful} picks of low confidence are left out."
        warned, before = f"{self.warned} of {self.screen_outs}", median(self.warnings_before_trip or [0])
        yield f"{warned} screen-outs have signs, {before:.0f} s (median) before the pumps trip."
        yield f"{len(self.false_signs)} false signs in {self.stages} stages."


def measure(count: int, *seeds: int) -> Accuracy:
    """Return the accuracy over evenly spread stages of each seed, and all that screen out."""
    return Accuracy(stage for seed in seeds for stage in pick_stages(_choose_stages(count, seed)))


def _choose_stages(count: int, seed: int) -> list[tuple[PadOperations, ScheduledStage]]:
    stages, screen_outs = list_stages(seed), find_screen_outs(seed)
    spread = stages[:: max(1, len(stages) // count)]
    return [*spread, *(stage for stage in screen_outs if stage not in spread)]


if __name__ == "__main__":
    print("\n".join(measure(*map(int, sys.argv[1:] or ["100", "7", "11"])).format_table()))  # noqa: T201
