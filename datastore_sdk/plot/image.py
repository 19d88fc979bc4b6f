"""Treatment plot as an image, drawn by matplotlib without a display."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from importlib import import_module
from io import BytesIO
from typing import Any
from zoneinfo import ZoneInfo

from datastore_sdk.plot.content import PlotContent
from datastore_sdk.plot.traces import downsample

_SIZE_INCHES = (13, 6.5)
_DPI = 130
_AXIS_WIDTH = 0.075
"""Share of the width that each further axis on the right takes."""


def draw(plot: PlotContent, kind: str) -> bytes:
    """Return the plot as a file of a kind: png, pdf or svg."""
    zone = ZoneInfo(plot.timezone)
    dates: Any = import_module("matplotlib.dates")
    figure: Any = import_module("matplotlib.figure").Figure(
        figsize=_SIZE_INCHES, dpi=_DPI
    )  # without pyplot: no display
    first: Any = figure.add_subplot()
    figure.subplots_adjust(left=0.07, right=0.93 - _AXIS_WIDTH * max(len(plot.traces) - 2, 0), top=0.87, bottom=0.1)
    for number, trace in enumerate(plot.traces):
        axis: Any = first if number == 0 else first.twinx()
        if number > 1:
            axis.spines["right"].set_position(("axes", 1 + _AXIS_WIDTH * 1.15 * (number - 1)))
        seconds, values = downsample(trace)
        numbers = [math.nan if value is None else value for value in values]
        times = [datetime.fromtimestamp(second, tz=UTC) for second in seconds]
        axis.plot(times, numbers, color=trace.color, linewidth=1.1)
        axis.set_ylabel(trace.title, color=trace.color)
        axis.tick_params(axis="y", colors=trace.color)
        if trace.range:
            axis.set_ylim(*trace.range)
    first.grid(alpha=0.25)
    first.axvspan(*plot.span, color="#888888", alpha=0.07, linewidth=0)
    for mark in plot.marks:
        first.axvline(mark.at, color="#999999", linewidth=0.7, linestyle=":")
        first.text(mark.at, 1.01, mark.label, transform=first.get_xaxis_transform(), fontsize=7, ha="center")
    locator = dates.AutoDateLocator(tz=zone)
    first.xaxis.set_major_locator(locator)
    first.xaxis.set_major_formatter(dates.ConciseDateFormatter(locator, tz=zone))
    first.set_xlabel(f"time ({plot.timezone})")
    first.set_title(plot.title, pad=18)
    file = BytesIO()
    figure.savefig(file, format=kind)
    return file.getvalue()
