"""Data as notebooks and the console show it: what is asked for. Nothing is downloaded for that."""

from __future__ import annotations

from collections.abc import Sequence

from datastore_sdk.data.query import DataQuery

_MOST = 5
"""How many queries are shown."""


def text_of(name: str, queries: Sequence[DataQuery]) -> str:
    """In one line."""
    return f"{name}({', '.join([*map(str, queries[:_MOST]), *_more(queries)])})"


def html_of(name: str, queries: Sequence[DataQuery]) -> str:
    """As a table, a column for each query."""
    from html import escape  # only notebooks need it

    asked = [query.arguments() for query in queries[:_MOST]]
    arguments = dict.fromkeys(argument for each in asked for argument in each)
    rows = "".join(
        f"<tr><th>{escape(argument)}</th>{''.join(_cell(each.get(argument)) for each in asked)}</tr>"
        for argument in arguments
    )
    more = "".join(f"<p>{escape(text)}</p>" for text in _more(queries))
    return f"<p><b>{escape(name)}</b></p><table>{rows}</table>{more}"


def _more(queries: Sequence[DataQuery]) -> list[str]:
    return [f"and {len(queries) - _MOST} more"] if len(queries) > _MOST else []


def _cell(value: object) -> str:
    from html import escape

    if isinstance(value, list):
        items: list[object] = [*value]
        value = ", ".join(map(str, items))
    return f"<td>{'' if value is None else escape(str(value))}</td>"
