"""Short text and HTML of lists of objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape

from datastore_sdk.entities.tables import Column
from restream_api.types import Model

_MAX_ITEMS = 10
"""Maximum number of objects in a text."""
_MAX_CHARACTERS = 160
"""Maximum number of characters of an object in a text."""
_LINE = 110
"""Maximum number of characters of a list on one line."""
_MAX_SIX_DIGITS = 1e6
"""Larger numbers would need an exponent with six digits."""
_MAX_ROWS = 60
"""Maximum number of rows of an HTML table, as in pandas."""


def describe_items(items: Sequence[object]) -> str:
    """Return the first objects as text, each on a line unless all fit on one, and the number of the others."""
    texts = [_shorten(repr(item)) for item in items[:_MAX_ITEMS]]
    if len(items) > len(texts):
        texts.append(f"... and {len(items) - len(texts)} more")
    joined = f"[{', '.join(texts)}]"
    separator = ",\n "
    return joined if len(joined) <= _LINE else f"[{separator.join(texts)}]"


def render_html(model: type[Model] | None, count: int, columns: Mapping[str, Column]) -> str:
    """Return the first objects as an HTML table. Columns with nested values or without any value are left out."""
    shown = {name: column.cells[:_MAX_ROWS] for name, column in columns.items() if _is_shown(column)}
    head = "".join(f"<th>{escape(name)}</th>" for name in shown)
    rows = "".join(
        f"<tr>{''.join(f'<td>{escape(_format(value))}</td>' for value in row)}</tr>"
        for row in zip(*shown.values(), strict=True)
    )
    title = f"{model.__name__ if model else 'object'}: {count}"
    notes = [f"and {count - _MAX_ROWS} more rows"] if count > _MAX_ROWS else []
    if nested := [name for name, column in columns.items() if any(map(_is_nested, column.cells))]:
        notes.append(f"nested, not shown: {', '.join(nested)}")
    footer = "".join(f"<p>{escape(note)}</p>" for note in notes)
    return f"<p><b>{escape(title)}</b></p><table><tr>{head}</tr>{rows}</table>{footer}"


def _shorten(text: str) -> str:
    return text if len(text) <= _MAX_CHARACTERS else f"{text[: _MAX_CHARACTERS - 3]}..."


def _is_shown(column: Column) -> bool:
    has_value = any(value is not None for value in column.cells)
    return (has_value or not column.cells) and not any(map(_is_nested, column.cells))


def _is_nested(value: object) -> bool:
    return isinstance(value, dict | list)


def _format(value: object) -> str:
    match value:
        case None:
            return ""
        case datetime():
            return value.isoformat(" ", "seconds").replace("+00:00", " UTC")
        case float():
            return f"{value:.6g}" if abs(value) < _MAX_SIX_DIGITS else f"{value:.0f}"
        case _:
            return str(value)
