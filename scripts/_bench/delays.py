"""Delays of live records, from sending by the service to delivery by the iterator."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from _bench.body import Body, Framing
from _bench.client import SHARES
from _bench.rows import SDK, VENDOR, Run
from _bench.runs import Bench, RunFailed

_RATES = {1: 15, 100: 10, 1000: 10}
"""Records per second, and the number of seconds."""
_FORMS = {"sync": "delays", "async": "adelays"}
DELAYS = {
    f"delay, {form}, {rate} a second": (task, Body(rate * seconds, Framing.MESSAGES, rate))
    for rate, seconds in _RATES.items()
    for form, task in _FORMS.items()
}
"""Task and body of each measurement, by name."""
_MILLI = 1e3


@dataclass(frozen=True)
class Delay:
    """Delays at one rate with one form.

    Attributes:
        name: The rate and the form.
        sdk: Delays of the SDK in milliseconds, by quantile.
        reference: Delays of the vendor's package.
        failure: The error, if there was one.
    """

    name: str
    sdk: dict[float, float]
    reference: dict[float, float]
    failure: str | None = None


def delays(bench: Bench, pattern: str) -> Iterator[Delay]:
    """Measure the delays whose names match."""
    for name, (task, body) in DELAYS.items():
        if re.search(pattern, name, re.IGNORECASE):
            yield _measure(bench, name, task, body)


def _measure(bench: Bench, name: str, task: str, body: Body) -> Delay:
    try:
        reference, sdk = (_milliseconds(bench, Run(package, task, body)) for package in (VENDOR, SDK))
    except RunFailed as failed:
        return Delay(name, {}, {}, str(failed))
    return Delay(name, sdk, reference)


def _milliseconds(bench: Bench, run: Run) -> dict[float, float]:
    figures = bench.figures(run)
    return {share: figures[str(share)] * _MILLI for share in SHARES}
