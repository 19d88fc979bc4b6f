"""Treatment plot as a plotly figure."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import import_module
from typing import Any
from zoneinfo import ZoneInfo

from datastore_sdk.plot.content import PlotContent
from datastore_sdk.plot.traces import downsample

_AXIS_WIDTH = 0.07
"""Share of the width that each further axis on the right takes."""


def build_figure(plot: PlotContent) -> Any:
    """Return the figure: the first trace on the left axis, the others each on an axis on the right."""
    zone = ZoneInfo(plot.timezone)
    go: Any = import_module("plotly.graph_objects")  # which has no types
    figure = go.Figure()
    right = max(len(plot.traces) - 1, 1)
    layout: dict[str, Any] = {
        "title": plot.title,
        "template": "plotly_white",
        "hovermode": "x unified",
        "legend": {"orientation": "h", "y": -0.15},
        "xaxis": {"title": f"time ({plot.timezone})", "domain": [0, 1 - _AXIS_WIDTH * (right - 1)]},
    }
    for number, trace in enumerate(plot.traces, 1):
        suffix = "" if number == 1 else str(number)
        seconds, values = downsample(trace)
        figure.add_trace(
            go.Scattergl(
                x=[_to_local(second, zone) for second in seconds],
                y=values,
                name=trace.title,
                yaxis=f"y{suffix}",
                mode="lines",
                connectgaps=trace.connect_nulls,
                line={"color": trace.color, "width": 1.5},
            )
        )
        axis: dict[str, Any] = {
            "title": {"text": trace.title, "font": {"color": trace.color}},
            "tickfont": {"color": trace.color},
            "range": trace.range,
            "showgrid": number == 1,
        }
        if number > 1:
            axis |= {"overlaying": "y", "side": "right", "anchor": "free"}
            axis["position"] = 1 - _AXIS_WIDTH * (right - 1) + _AXIS_WIDTH * (number - 2)
        layout[f"yaxis{suffix}"] = axis
    figure.update_layout(**layout)
    begin, end = (_to_local(int(each.timestamp()), zone) for each in plot.span)
    figure.add_vrect(x0=begin, x1=end, fillcolor="#888888", opacity=0.07, line_width=0, layer="below")
    for mark in plot.marks:
        figure.add_vline(
            x=_to_local(int(mark.at.timestamp()), zone), line={"width": 1, "dash": "dot", "color": "#999999"}
        )
        figure.add_annotation(
            x=_to_local(int(mark.at.timestamp()), zone),
            y=1,
            yref="paper",
            text=mark.label,
            showarrow=False,
            yanchor="bottom",
        )
    return figure


def _to_local(second: int, zone: ZoneInfo) -> datetime:
    """Return the local time without zone: plotly draws it as it is."""
    return datetime.fromtimestamp(second, tz=UTC).astimezone(zone).replace(tzinfo=None)
