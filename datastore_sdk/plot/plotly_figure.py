"""Treatment plot as a plotly figure, and as an HTML page."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape
from importlib import import_module
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
    count_decimals,
    place_span_label,
)
from datastore_sdk.plot.traces import PlotTrace, downsample

_AXIS_WIDTH = 0.065
"""Share of the width that each further axis on the right takes."""
_ROW_PIXELS = 13
"""Height of a row of labels."""
_PANEL_GAP = 0.03
"""Share of the height between two panels."""
_CONFIG = {"displaylogo": False, "responsive": True, "scrollZoom": True}
_REMOVED_BUTTONS = ["sendChartToCloud"]
"""Buttons that no plot has: this one would upload the data."""
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<style>html, body {{ height: 100%; margin: 0; }}</style>
</head>
<body>
{plot}
</body>
</html>
"""


def build_figure(plot: PlotContent) -> Any:
    """Return the figure: the first axis on the left, the others on the right; or each in a panel of its own."""
    go: Any = import_module("plotly.graph_objects")  # which has no types
    figure = go.Figure()
    axes = build_axes(plot.traces)
    right = 0 if plot.stacked else max(len(axes) - 2, 0)
    start, end = _to_local(plot.start, plot), _to_local(plot.end, plot)
    layout: dict[str, Any] = {
        "title": {
            "text": f"<b>{escape(plot.title, quote=False)}</b>",
            "subtitle": {"text": plot.subtitle},
            "x": 0.01,
            "xref": "container",
        },
        "template": "plotly_white",
        "hovermode": "x unified",
        "hoversubplots": "axis",
        "dragmode": "zoom",
        "modebar": {"remove": _REMOVED_BUTTONS},
        "margin": {"l": 75, "r": 75, "t": 112, "b": 90},
        "legend": {"orientation": "h", "x": 0, "y": 0.01, "yref": "container", "yanchor": "bottom"},
        "xaxis": {
            "title": {"text": plot.time_title, "standoff": 8},
            "domain": [0, 1 - _AXIS_WIDTH * right],
            "range": [start, end],
            "anchor": f"y{_suffix(len(axes))}" if plot.stacked else "y",
            "hoverformat": "%Y-%m-%d %H:%M:%S",
            "showline": True,
            "linecolor": "#888888",
            "ticks": "outside",
        },
    }
    for number, axis in enumerate(axes, 1):
        for trace in axis.traces:
            figure.add_trace(_build_trace(go, trace, plot, f"y{_suffix(number)}"))
        layout[f"yaxis{_suffix(number)}"] = _build_axis(axis, number, len(axes), stacked=plot.stacked)
    figure.update_layout(**layout)
    if plot.stacked:
        _add_panel_titles(figure, axes)
    _add_spans(figure, plot)
    _add_marks(figure, plot)
    return figure


def build_html(plot: PlotContent, *, cdn: bool) -> bytes:
    """Return a page that fills the window, with the library inside or from a CDN."""
    div: str = build_figure(plot).to_html(
        include_plotlyjs="cdn" if cdn else True, full_html=False, config=_CONFIG, default_height="100vh"
    )
    return _PAGE.format(title=escape(plot.title), plot=div).encode()


def _suffix(number: int) -> str:
    return "" if number == 1 else str(number)


def _to_local(at: datetime, plot: PlotContent) -> datetime:
    """Return the local time without zone: plotly draws it as it is."""
    return at.astimezone(plot.axis_zone).replace(tzinfo=None)


def _build_trace(go: Any, trace: PlotTrace, plot: PlotContent, axis: str) -> Any:
    seconds, values = downsample(trace)
    zone, unit = plot.axis_zone, escape(trace.shown_unit, quote=False)
    return go.Scatter(
        x=[datetime.fromtimestamp(second, tz=UTC).astimezone(zone).replace(tzinfo=None) for second in seconds],
        y=values,
        name=escape(trace.title, quote=False),
        yaxis=axis,
        mode="lines",
        connectgaps=trace.connect_nulls,
        line={"color": trace.color, "width": 1.4},
        hovertemplate=f"%{{y:,.{count_decimals(trace)}f}} {unit}<extra>{escape(trace.label, quote=False)}</extra>",
    )


def _build_axis(axis: PlotAxis, number: int, count: int, *, stacked: bool) -> dict[str, Any]:
    """Return an axis of values. Panels have one grid each; otherwise only the first axis has one."""
    title = axis.unit_title if stacked else axis.title
    options: dict[str, Any] = {
        "title": {"text": escape(title, quote=False), "font": {"color": axis.color, "size": 12}, "standoff": 6},
        "tickfont": {"color": axis.color},
        "tickmode": "auto",
        "tickformat": ",.6~r",
        "range": axis.range,
        "showgrid": stacked or number == 1,
        "zeroline": False,
        "nticks": 6 if stacked else 10,
    }
    if stacked:
        height = (1 - _PANEL_GAP * (count - 1)) / count
        bottom = (count - number) * (height + _PANEL_GAP)
        options |= {"domain": [bottom, min(bottom + height, 1)], "anchor": "x"}
        options |= {"showline": True, "linecolor": "#cccccc"}
    elif number > 1:
        right = max(count - 2, 0)
        options |= {"overlaying": "y", "side": "right", "anchor": "free"}
        options["position"] = 1 - _AXIS_WIDTH * right + _AXIS_WIDTH * (number - 2)
    return options


def _add_panel_titles(figure: Any, axes: list[PlotAxis]) -> None:
    for number, axis in enumerate(axes, 1):
        titles = (
            f'<span style="color:{trace.color}">{escape(trace.label, quote=False)}</span>' for trace in axis.traces
        )
        figure.add_annotation(
            text=", ".join(titles),
            xref="paper",
            x=0.004,
            xanchor="left",
            yref=f"y{_suffix(number)} domain",
            y=0.97,
            yanchor="top",
            showarrow=False,
            font={"size": 11},
            bgcolor="rgba(255,255,255,0.7)",
        )


def _add_spans(figure: Any, plot: PlotContent) -> None:
    for span in plot.spans:
        color, opacity = SPAN_COLORS[span.kind]
        figure.add_shape(
            type="rect",
            xref="x",
            yref="paper",
            x0=_to_local(span.start, plot),
            x1=_to_local(span.end, plot),
            y0=0,
            y1=1,
            fillcolor=color,
            opacity=opacity,
            line={"width": 0},
            layer="below",
        )
    for span in choose_span_labels(plot):
        is_low, row = place_span_label(span, plot)
        figure.add_annotation(
            x=_to_local(span.start + (span.end - span.start) / 2, plot),
            xref="x",
            y=0 if is_low else 1,
            yref="paper",
            yanchor="bottom" if is_low else "top",
            yshift=_ROW_PIXELS * row,
            text=escape(span.label, quote=False),
            showarrow=False,
            font={"size": 11, "color": SPAN_COLORS[span.kind][0]},
        )


def _add_marks(figure: Any, plot: PlotContent) -> None:
    for mark in plot.marks:
        at = _to_local(mark.at, plot)
        line = {"width": 1, "dash": "dot", "color": MARK_COLORS[mark.kind]}
        figure.add_shape(type="line", xref="x", yref="paper", x0=at, x1=at, y0=0, y1=1, line=line, layer="below")
    for mark in choose_mark_labels(plot):
        figure.add_annotation(
            x=_to_local(mark.at, plot),
            xref="x",
            y=1,
            yref="paper",
            yanchor="bottom",
            yshift=_ROW_PIXELS * MARK_ROWS[mark.kind],
            text=escape(mark.label, quote=False),
            showarrow=False,
            font={"size": 10, "color": MARK_COLORS[mark.kind]},
        )
