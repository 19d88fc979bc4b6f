"""Treatment plot as an image, drawn by matplotlib without a display."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from importlib import import_module
from io import BytesIO
from typing import Any

from datastore_sdk.plot.content import PlotContent
from datastore_sdk.plot.layout import (
    MARK_COLORS,
    MARK_ROWS,
    SPAN_COLORS,
    PlotAxis,
    build_axes,
    choose_mark_labels,
    choose_span_labels,
    place_span_label,
)
from datastore_sdk.plot.traces import downsample

_WIDTH, _HEIGHT = 13.0, 6.8
"""Size in inches."""
_PANEL_HEIGHT = 2.2
"""Height of a panel in inches, if they are stacked."""
_DPI = 130
_AXIS_WIDTH = 0.065
"""Share of the width of the image that each further axis on the right takes."""
_ROW_INCHES = 0.14
"""Height of a row of labels in inches."""
_LEFT, _RIGHT = 0.065, 0.935
_TOP_INCHES, _BOTTOM_INCHES = 0.95, 0.55


def draw(plot: PlotContent, kind: str) -> bytes:
    """Return the plot as a file of a kind: png, pdf or svg."""
    axes = build_axes(plot.traces)
    height = max(_HEIGHT, _PANEL_HEIGHT * len(axes)) if plot.stacked else _HEIGHT
    # without pyplot: no display
    figure: Any = import_module("matplotlib.figure").Figure(figsize=(_WIDTH, height), dpi=_DPI)
    top, bottom = 1 - _TOP_INCHES / height, _BOTTOM_INCHES / height
    if plot.stacked:
        panels: list[Any] = [*figure.subplots(len(axes), 1, sharex=True, squeeze=False)[:, 0]]
        figure.subplots_adjust(left=_LEFT, right=_RIGHT, top=top, bottom=bottom, hspace=0.08)
        places = panels
    else:
        panels = [figure.add_subplot()]
        right = _RIGHT - _AXIS_WIDTH * max(len(axes) - 2, 0)
        figure.subplots_adjust(left=_LEFT, right=right, top=top, bottom=bottom)
        places = [*panels, *(panels[0].twinx() for _ in axes[1:])]
        for number, place in enumerate(places[2:], 1):
            place.spines["right"].set_position(("axes", 1 + _AXIS_WIDTH * number / (right - _LEFT)))
    for place, axis in zip(places, axes, strict=True):
        _draw_axis(place, axis, stacked=plot.stacked)
    figure.align_ylabels(panels)
    for panel in panels:
        panel.grid(alpha=0.25)
        for span in plot.spans:
            color, opacity = SPAN_COLORS[span.kind]
            panel.axvspan(span.start, span.end, color=color, alpha=opacity, linewidth=0)
        for mark in plot.marks:
            panel.axvline(mark.at, color=MARK_COLORS[mark.kind], linewidth=0.8, linestyle=":")
    _draw_labels(plot, panels)
    _draw_time_axis(plot, panels[-1])
    figure.text(0.012, 1 - 0.12 / height, _escape(plot.title), fontsize=13, fontweight="bold", va="top")
    figure.text(0.012, 1 - 0.37 / height, _escape(plot.subtitle), fontsize=9, color="#555555", va="top")
    file = BytesIO()
    figure.savefig(file, format=kind)
    return file.getvalue()


def _draw_axis(place: Any, axis: PlotAxis, *, stacked: bool) -> None:
    for trace in axis.traces:
        seconds, values = downsample(trace)
        numbers = [math.nan if value is None else value for value in values]
        times = [datetime.fromtimestamp(second, tz=UTC) for second in seconds]
        place.plot(times, numbers, color=trace.color, linewidth=1.1, label=_escape(trace.label))
    place.set_ylabel(_escape(axis.unit_title if stacked else axis.title), color=axis.color)
    place.tick_params(axis="y", colors=axis.color)
    if axis.range:
        place.set_ylim(*axis.range)
    if stacked:
        place.legend(loc="upper left", fontsize=8, framealpha=0.7, ncols=len(axis.traces))


def _draw_labels(plot: PlotContent, panels: list[Any]) -> None:
    first, last = panels[0], panels[-1]
    panel_height = first.get_position().height * first.figure.get_figheight()
    for mark in choose_mark_labels(plot):
        first.text(
            mark.at,
            1 + (0.05 + _ROW_INCHES * MARK_ROWS[mark.kind]) / panel_height,
            _escape(mark.label),
            transform=first.get_xaxis_transform(),
            color=MARK_COLORS[mark.kind],
            fontsize=7.5,
            ha="center",
        )
    for span in choose_span_labels(plot):
        is_low, row = place_span_label(span, plot)
        place, shift = last if is_low else first, _ROW_INCHES * row / panel_height
        place.text(
            span.start + (span.end - span.start) / 2,
            0.02 + shift if is_low else 0.98,
            _escape(span.label),
            transform=place.get_xaxis_transform(),
            color=SPAN_COLORS[span.kind][0],
            fontsize=8,
            ha="center",
            va="bottom" if is_low else "top",
        )


def _draw_time_axis(plot: PlotContent, panel: Any) -> None:
    dates: Any = import_module("matplotlib.dates")
    locator = dates.AutoDateLocator(tz=plot.axis_zone, maxticks=14)
    panel.xaxis.set_major_locator(locator)
    panel.xaxis.set_major_formatter(dates.ConciseDateFormatter(locator, tz=plot.axis_zone))
    if plot.end > plot.start:
        panel.set_xlim(plot.start, plot.end)
    panel.set_xlabel(plot.time_title)


def _escape(text: str) -> str:
    """Return a text that matplotlib does not read as a formula."""
    return text.replace("$", r"\$")
