"""Layout of a plot, the same in all formats: axes that fields share, ranges, and labels that do not overlap."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta

from msgspec import Struct
from msgspec.structs import replace

from datastore_sdk.plot.content import MarkKind, PlotContent, PlotMark, PlotSpan, SpanKind
from datastore_sdk.plot.traces import PlotTrace

SPAN_COLORS: dict[SpanKind, tuple[str, float]] = {
    "frac": ("#5B7083", 0.09),
    "operation": ("#B08D57", 0.10),
    "correction": ("#F2A900", 0.20),
}
"""Colour and opacity of the intervals."""
MARK_COLORS: dict[MarkKind, str] = {
    "step": "#9AA5B1",
    "flush": "#2A9D8F",
    "shut-in": "#222222",
    "rate drop": "#C2410C",
}
"""Colours of the marks."""
MARK_ROWS: dict[MarkKind, int] = {"step": 0, "flush": 0, "shut-in": 0, "rate drop": 1}
"""Rows of the labels above the plot, from below."""
_PRIORITIES: tuple[MarkKind, ...] = ("shut-in", "rate drop", "flush", "step")
"""Which labels are shown if there is not room for all: the first ones."""
_MIN_SHARE = 0.5
"""Share of the labels of a kind that must fit; otherwise none of the kind is shown."""
_LETTER_WIDTH = 0.0055
"""Width of a letter of a label, as a share of the width of the plot."""
_SECOND = timedelta(seconds=1)
_SIMILAR = 2
"""Factor up to which ranges of one unit are similar enough for one axis."""
_MARGIN = 0.03
"""Share of a range by which it is widened beyond values outside."""
_SHOWN_DIGITS = 4
_SHARE_OUTSIDE = 0.001
"""Share of the values, on each side, that may lie outside the axis: single wrong values do not count."""


class PlotAxis(Struct, frozen=True):
    """Axis of values, for fields of one unit and similar ranges."""

    traces: tuple[PlotTrace, ...]
    """The fields."""
    range: tuple[float, float] | None
    """Lowest and highest value; None: not known."""

    @property
    def title(self) -> str:
        """Labels and unit."""
        *others, last = self.traces
        return ", ".join([*(trace.label for trace in others), last.title])

    @property
    def unit_title(self) -> str:
        """The unit; without one, the labels."""
        return self.traces[0].shown_unit or self.title

    @property
    def color(self) -> str:
        """Colour: that of the first field."""
        return self.traces[0].color


def build_axes(traces: Iterable[PlotTrace]) -> list[PlotAxis]:
    """Return the axes of the fields, in the order of the fields."""
    axes: list[PlotAxis] = []
    for trace in traces:
        limits = _find_limits(trace)
        for index, axis in enumerate(axes):
            if limits and axis.range and trace.unit and trace.unit == axis.traces[0].unit:
                both = (min(limits[0], axis.range[0]), max(limits[1], axis.range[1]))
                if both[1] - both[0] <= _SIMILAR * min(limits[1] - limits[0], axis.range[1] - axis.range[0]):
                    axes[index] = PlotAxis((*axis.traces, trace), both)
                    break
        else:
            axes.append(PlotAxis((trace,), limits))
    return axes


def _find_limits(trace: PlotTrace) -> tuple[float, float] | None:
    """Return the range that the service recommends, widened if values lie outside; without one, that of the values."""
    if not trace.curve:
        return trace.range
    low, high = trace.curve.quantile(_SHARE_OUTSIDE), trace.curve.quantile(1 - _SHARE_OUTSIDE)
    if trace.range is None:
        margin = _MARGIN * (high - low)
        return (low - margin, high + margin) if high > low else None
    margin = _MARGIN * (trace.range[1] - trace.range[0])
    first = low - margin if low < trace.range[0] - margin else trace.range[0]
    last = high + margin if high > trace.range[1] else trace.range[1]
    return first, last


def choose_mark_labels(plot: PlotContent) -> list[PlotMark]:
    """Return the marks whose labels have room beside each other, the important ones first."""
    occupied: dict[int, list[tuple[float, float]]] = defaultdict(list)
    chosen: list[PlotMark] = []
    for kind in _PRIORITIES:
        marks = sorted((mark for mark in plot.marks if mark.kind == kind), key=lambda mark: mark.at)
        places = occupied[MARK_ROWS[kind]]
        fitting: list[tuple[PlotMark, tuple[float, float]]] = []
        for mark in marks:
            first, last = _find_label_bounds(mark, plot)
            others = (*places, *(bounds for _, bounds in fitting))
            if all(last <= begin or first >= end for begin, end in others):
                fitting.append((mark, (first, last)))
        if len(fitting) >= _MIN_SHARE * len(marks):
            chosen += (mark for mark, _ in fitting)
            places += (bounds for _, bounds in fitting)
    return chosen


def _find_label_bounds(mark: PlotMark, plot: PlotContent) -> tuple[float, float]:
    """Return where a label begins and ends, as shares of the width of the plot."""
    middle = (mark.at - plot.start) / ((plot.end - plot.start) or _SECOND)
    half = _LETTER_WIDTH * (len(mark.label) + 1) / 2
    return middle - half, middle + half


def choose_span_labels(plot: PlotContent) -> list[PlotSpan]:
    """Return the intervals that are wide enough for their labels; of narrow frac stages, the label is the number."""
    whole = (plot.end - plot.start) or _SECOND
    chosen: list[PlotSpan] = []
    for span in plot.spans:
        letters = (span.end - span.start) / whole / _LETTER_WIDTH
        number = span.label.rpartition(" ")[2]
        if len(span.label) <= letters:
            chosen.append(span)
        elif span.kind == "frac" and number.isdecimal() and len(number) <= letters:
            chosen.append(replace(span, label=number))
    return chosen


def place_span_label(span: PlotSpan, plot: PlotContent) -> tuple[bool, int]:
    """Return whether the label of an interval is at the bottom of the plot, and its row there.

    Panels have their titles at the top.
    """
    is_correction = span.kind == "correction"
    return is_correction or plot.stacked, int(is_correction and plot.stacked)


def count_decimals(trace: PlotTrace) -> int:
    """Return the number of decimals in which values are shown: about four significant digits."""
    largest = max(map(abs, [*(trace.range or ()), *trace.curve.values]), default=0)
    return min(max(_SHOWN_DIGITS - len(f"{largest:.0f}"), 0), _SHOWN_DIGITS)
