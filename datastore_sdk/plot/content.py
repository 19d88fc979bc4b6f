"""Content of a plot, apart from how it is drawn."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone, tzinfo
from typing import Literal
from zoneinfo import ZoneInfo

from msgspec import Struct

from datastore_sdk.plot.traces import PlotTrace

DEFAULT_FIELDS = ("surface_treating_pressure", "slurry_rate", "proppant_conc")
"""The curves of a treatment plot."""
MarkKind = Literal["step", "flush", "shut-in", "rate drop"]
"""Events that are marked."""
SpanKind = Literal["frac", "operation", "correction"]
"""Intervals that are shaded: frac stages, other operations on the well, corrected data."""


class PlotMark(Struct, frozen=True, kw_only=True):
    """Labelled time, such as the start of a proppant step."""

    at: datetime
    """The time, UTC."""
    label: str
    """Text beside it."""
    kind: MarkKind
    """The kind of event."""


class PlotSpan(Struct, frozen=True, kw_only=True):
    """Labelled interval, such as a stage. Plots shade it."""

    start: datetime
    """First second, UTC."""
    end: datetime
    """Last second, UTC."""
    label: str
    """Text in it."""
    kind: SpanKind
    """The kind of interval."""


class PlotContent(Struct, frozen=True, kw_only=True):
    """Curves, marks and axes of a plot."""

    title: str
    """Names the well and the stage."""
    traces: tuple[PlotTrace, ...]
    """The fields. The first has its axis on the left, the others on the right."""
    marks: tuple[PlotMark, ...]
    """Starts of the proppant steps, the flush, the shut-in and rate drops."""
    spans: tuple[PlotSpan, ...]
    """Stages and corrected intervals."""
    start: datetime
    """Start of the time axis, UTC."""
    end: datetime
    """End of the time axis, UTC."""
    timezone: str
    """Time zone of the time axis."""
    stacked: bool = False
    """Whether the fields have panels of their own, one above the other."""

    @property
    def axis_zone(self) -> tzinfo:
        """Time zone of the drawn times: with one offset, so that no hour comes twice when clocks are set back."""
        zone = ZoneInfo(self.timezone)
        first, last = (each.astimezone(zone).utcoffset() or timedelta() for each in (self.start, self.end))
        return zone if first == last else timezone(first)

    @property
    def time_title(self) -> str:
        """Title of the time axis."""
        return f"time ({self.timezone if isinstance(self.axis_zone, ZoneInfo) else self.axis_zone})"

    @property
    def subtitle(self) -> str:
        """When the plotted time begins and ends, and how long it is."""
        first, last = self.start.astimezone(self.axis_zone), self.end.astimezone(self.axis_zone)
        minutes = round((self.end - self.start).total_seconds() / 60)
        end = f"{last:%H:%M}" if first.date() == last.date() else f"{last:%Y-%m-%d %H:%M}"
        return f"{first:%Y-%m-%d %H:%M} to {end}, {minutes // 60} h {minutes % 60:02d} min"
