"""Drawing of the live view: lines of text for a terminal of any size. Pure: the same model gives the same lines."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from itertools import islice

from msgspec import Struct
from rich.text import Text

from datastore_sdk.cli.watch.curve import BLOCKS, draw_curve
from datastore_sdk.cli.watch.model import SHOWN_SECONDS, WatchedField, WatchModel, Well

_INDENT = 2
_LABEL_WIDTH = 18
_VALUE_WIDTH = 8
_UNIT_WIDTH = 8
_LIMITS_WIDTH = 15
_MIN_CURVE_WIDTH = 10
"""Narrower terminals have no column of limits, then no units."""
_MIN_LEFT_WIDTH = 12
"""Width that the left part of a line keeps; otherwise its right part is left out."""
_MAX_CURVE_HEIGHT = 4
_FRAME_LINES = 3
"""Title, its rule, and the last line."""
_SILENT_SECONDS = 10
"""Seconds without a record after which the view says so."""
_OLD_SECONDS = 60
"""Seconds after which a value is dim: the field is not measured any more."""
_OK, _BAD, _DIM = "green", "bold red", "dim"
_KEYS = "q quit"
_SCROLL_KEYS = "q quit, up/down scroll"


class Layout(Struct, frozen=True, kw_only=True):
    """Terminal of the view."""

    width: int
    height: int
    levels: str = BLOCKS
    """Characters of the curves, from the lowest to the highest level."""
    zone: tzinfo = UTC
    """Time zone of shown times."""
    skipped: int = 0
    """Number of wells that are scrolled away at the top."""


class _Shown(Struct, frozen=True, kw_only=True):
    """Measures of one frame."""

    start: int
    end: int
    layout: Layout
    curve_height: int
    is_spaced: bool
    """Whether there are empty lines between wells."""


def draw(model: WatchModel, now: float, layout: Layout) -> list[Text]:
    """Return the lines of the view, as many as the terminal has.

    Args:
        model: Content of the view.
        now: Unix seconds of this computer's clock.
        layout: The terminal.
    """
    start, end = model.select_time(now)
    rows = sum(len(_select_fields(well, model, end)) for well in model.wells.values())
    room = layout.height - _FRAME_LINES - len(model.wells)
    spaces = max(len(model.wells) - 1, 0)
    is_spaced = room >= rows + spaces
    height = (room - spaces) // rows if rows else 1
    shown = _Shown(
        start=start, end=end, layout=layout, curve_height=min(max(height, 1), _MAX_CURVE_HEIGHT), is_spaced=is_spaced
    )
    blocks = [_draw_well(well, model, shown) for well in model.wells.values()]
    body_height = max(layout.height - _FRAME_LINES, 0)
    fits = sum(map(len, blocks)) + (spaces if is_spaced else 0) <= body_height
    skipped = 0 if fits else min(layout.skipped, max(len(blocks) - 1, 0))
    body = [*islice(_join(blocks[skipped:], is_spaced=is_spaced), body_height)]
    body += [Text()] * (body_height - len(body))
    lines = [*_draw_title(model, now, shown), *body, _draw_footer(model, layout, fits=fits)]
    for line in lines:
        line.truncate(layout.width, overflow="ellipsis")
    return lines[: layout.height]


def _join(blocks: list[list[Text]], *, is_spaced: bool) -> Iterator[Text]:
    for index, block in enumerate(blocks):
        if index and is_spaced:
            yield Text()
        yield from block


def _draw_title(model: WatchModel, now: float, shown: _Shown) -> Iterator[Text]:
    layout, connection = shown.layout, model.connection
    if connection.is_open:
        status = Text("connected", _OK)
    elif connection.since is None:
        status = Text("connecting", _DIM)
    else:
        status = Text(f"reconnecting for {_duration(now - connection.since)}", _BAD)
    clock = Text(f"  {_clock(datetime.fromtimestamp(shown.end, tz=UTC), layout.zone)}")
    repairs = Text(style="yellow")
    if connection.reconnections:
        repairs.append(f", {_count(connection.reconnections, 'reconnection')}")
    if connection.backfilled:
        repairs.append(f" ({connection.backfilled:,} fetched)")
    if _MIN_LEFT_WIDTH + status.cell_len + repairs.cell_len + clock.cell_len <= layout.width:
        status.append_text(repairs)
    status.append_text(clock)
    yield _spread(Text(model.title, "bold"), status, layout.width)
    yield Text(("─" if layout.levels == BLOCKS else "-") * layout.width, _DIM)


def _draw_footer(model: WatchModel, layout: Layout, *, fits: bool) -> Text:
    keys = Text(_KEYS if fits else _SCROLL_KEYS, _DIM)
    message = Text(
        model.message or f"curves: the last {SHOWN_SECONDS // 60} minutes", "yellow" if model.message else _DIM
    )
    return _spread(message, keys, layout.width)


def _draw_well(well: Well, model: WatchModel, shown: _Shown) -> list[Text]:
    heading = Text(well.name, "bold")
    heading.append(f"  {well.state or 'state unknown'}", "cyan" if well.state else _DIM)
    if well.stage_number is not None:
        heading.append(f"  stage {well.stage_number}")
    if well.since is not None:
        heading.append(f" since {well.since.astimezone(shown.layout.zone):%H:%M}", _DIM)
    lines = [_spread(heading, _draw_condition(well, shown), shown.layout.width)]
    fields = _select_fields(well, model, shown.end)
    for field in fields:
        lines += _draw_field(well, field, shown)
    return lines


def _draw_condition(well: Well, shown: _Shown) -> Text:
    """Return the problem of the records of a well; empty without one."""
    if lost := sum(gap.seconds for gap in well.gaps):
        return Text(f"{_count(len(well.gaps), 'gap')}, {_duration(lost)} lost", _BAD)
    if well.last_second is None:
        return Text("no records yet", _DIM)
    silent = shown.end - well.last_second
    return Text(f"no records for {_duration(silent)}", _BAD) if silent > _SILENT_SECONDS else Text()


def _draw_field(well: Well, field: WatchedField, shown: _Shown) -> Iterator[Text]:
    layout, curve = shown.layout, well.curves[field.name]
    latest, limits = curve.latest(shown.end), curve.limits(shown.start, shown.end)
    if latest is None or limits is None:
        return
    fixed = _INDENT + _LABEL_WIDTH + 1 + _VALUE_WIDTH
    width = layout.width - fixed - 1
    has_unit = width - _UNIT_WIDTH - 1 >= _MIN_CURVE_WIDTH
    width -= _UNIT_WIDTH + 1 if has_unit else 0
    has_limits = width - _LIMITS_WIDTH - 1 >= _MIN_CURVE_WIDTH
    width = max(width - (_LIMITS_WIDTH + 1 if has_limits else 0), 1)
    drawn = draw_curve(curve.average(shown.start, shown.end, width), limits, shown.curve_height, layout.levels)
    for index, cells in enumerate(drawn):
        line = Text()
        is_first = index == 0
        line.append(" " * _INDENT + _fit(field.label if is_first else "", _LABEL_WIDTH) + " ")
        is_old = shown.end - latest[0] > _OLD_SECONDS
        value = _format(latest[1]) if is_first else ""
        line.append(f"{value:>{_VALUE_WIDTH}}", _DIM if is_old else "bold")
        if has_unit:
            line.append(f" {_fit(field.unit if is_first else '', _UNIT_WIDTH)}")
        line.append(" ")
        line.append(cells, field.color or "")
        if has_limits and is_first:
            line.append(" " + _fit(f"{_format(limits[0])} to {_format(limits[1])}", _LIMITS_WIDTH), _DIM)
        yield line


def _select_fields(well: Well, model: WatchModel, end: int) -> list[WatchedField]:
    """Return the fields that have values in the shown time: the others take no lines."""
    return [field for field in model.fields if well.curves[field.name].latest(end) is not None]


def _spread(left: Text, right: Text, width: int) -> Text:
    """Return one line with a left and a right part. If they do not fit, the left one is cut."""
    room = width - right.cell_len
    if not right or room < _MIN_LEFT_WIDTH:
        return left
    left.truncate(room - 1, overflow="ellipsis")
    return Text.assemble(left, " " * (room - left.cell_len), right)


def _fit(text: str, width: int) -> str:
    """Return a text in exactly as many cells."""
    fitted = Text(text)
    fitted.truncate(width, overflow="ellipsis", pad=True)
    return fitted.plain


def _format(value: float) -> str:
    """Return a number with as many digits as are of use."""
    if abs(value) >= 1000:  # noqa: PLR2004 - thousands have no decimal places
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"  # noqa: PLR2004


def _duration(seconds: float) -> str:
    """Return seconds as `12 s`, `3:05` minutes or `2 h`."""
    whole = max(int(seconds), 0)
    if whole < 60:  # noqa: PLR2004 - seconds in a minute
        return f"{whole} s"
    return f"{whole // 60}:{whole % 60:02} min" if whole < 3600 else f"{whole // 3600} h"  # noqa: PLR2004


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _clock(time: datetime, zone: tzinfo) -> str:
    return f"{time.astimezone(zone):%H:%M:%S %Z}"
