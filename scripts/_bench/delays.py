"""How long a record is on its way: from the service's sending to whoever iterates over the live data."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from _bench.body import Body, Framing
from _bench.client import SHARES
from _bench.rows import OURS, VENDOR, Run
from _bench.runs import Bench, RunFailed

_RATES = {1: 15, 100: 10, 1000: 10}
"""Records a second, and for how many seconds."""
_FORMS = {"sync": "delays", "async": "adelays"}
DELAYS = {
    f"delay, {form}, {rate} a second": (task, Body(rate * seconds, Framing.MESSAGES, rate))
    for rate, seconds in _RATES.items()
    for form, task in _FORMS.items()
}
"""What is measured: the task and what it is sent, by name."""
_MILLI = 1e3


@dataclass(frozen=True)
class Delay:
    """What was measured at one pace with one form.

    Attributes:
        name: The pace and the form.
        ours: The delays in milliseconds, by the share of the records that had no longer one.
        reference: Those of the vendor's.
        failure: What went wrong.
    """

    name: str
    ours: dict[float, float]
    reference: dict[float, float]
    failure: str | None = None


def delays(bench: Bench, pattern: str) -> Iterator[Delay]:
    """Measures the delays whose names match."""
    for name, (task, body) in DELAYS.items():
        if re.search(pattern, name, re.IGNORECASE):
            yield _measured(bench, name, task, body)


def _measured(bench: Bench, name: str, task: str, body: Body) -> Delay:
    try:
        reference, ours = (_milliseconds(bench, Run(package, task, body)) for package in (VENDOR, OURS))
    except RunFailed as failed:
        return Delay(name, {}, {}, str(failed))
    return Delay(name, ours, reference)


def _milliseconds(bench: Bench, run: Run) -> dict[float, float]:
    figures = bench.figures(run)
    return {share: figures[str(share)] * _MILLI for share in SHARES}
