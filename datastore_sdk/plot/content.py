"""Content of a plot, apart from how it is drawn."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from datastore_sdk.plot.traces import PlotTrace


class PlotMark(Struct, frozen=True, kw_only=True):
    """Labelled time, such as the start of a proppant step."""

    at: datetime
    """The time, UTC."""
    label: str
    """Text beside it."""


class PlotContent(Struct, frozen=True, kw_only=True):
    """Curves, marks and axes of a plot."""

    title: str
    """Names the stage and the well."""
    traces: tuple[PlotTrace, ...]
    """The fields, each with its own axis: the first on the left, the others on the right."""
    marks: tuple[PlotMark, ...]
    """Starts of the proppant steps, the flush and the shut-in."""
    span: tuple[datetime, datetime]
    """First and last second of the stage, UTC."""
    timezone: str
    """Time zone of the time axis."""
