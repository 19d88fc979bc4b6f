"""Traces of made-up values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from datastore_sdk.picks.curves import Curve
from datastore_sdk.plot.traces import PlotTrace


def build_trace(values: list[float], seconds: Sequence[int] | None = None, **options: Any) -> PlotTrace:
    """Return a trace of pressure with a value each second, unless others are given."""
    known: dict[str, Any] = {"field": "p", "label": "P", "unit": "psi", "color": "#112233", "range": (0, 100)}
    known |= {"connect_nulls": False, "curve": Curve([*(seconds or range(len(values)))], values), **options}
    return PlotTrace(**known)
