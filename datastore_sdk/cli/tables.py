"""Tables: by rich on a terminal, else one line a row with tabs between the cells; or JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, tzinfo
from typing import Any, NamedTuple, cast

import typer

from datastore_sdk.cli.console import build_console, get_stdout, print_message, printable, result_output
from datastore_sdk.cli.times import format_time

Row = Mapping[str, Any]


class Column(NamedTuple):
    """Column of a table."""

    header: str
    path: str
    """Keys of the value, joined by dots."""
    is_time: bool = False

    def format(self, row: Row, zone: tzinfo) -> str:
        """Return the text of a cell."""
        value: object = row
        for key in self.path.split("."):
            value = _get(value, key)
        return format_time(value, zone) if self.is_time else format_value(value)


def _get(value: object, key: str) -> object:
    return cast("Row", value).get(key) if isinstance(value, Mapping) else None  # the service may send anything


def format_value(value: object) -> str:
    """Return the text of a value of the service, in one line."""
    match value:
        case None:
            return ""
        case str():
            return printable(value)
        case _:
            return json.dumps(value, ensure_ascii=False, default=str)


def print_rows(
    rows: Sequence[Row], columns: Iterable[Column], *, json: bool, zone: tzinfo = UTC, nothing: str = "nothing found"
) -> None:
    """Print rows, as a table or as JSON.

    Args:
        rows: The objects, as the service sent them.
        columns: The columns of the table.
        json: Whether to print a JSON array of the objects.
        zone: Time zone of shown times.
        nothing: Message on standard error if there are no rows.
    """
    if not rows:
        print_message(nothing)
    if json:
        print_json(rows)
        return
    columns = [*columns]
    print_table([each.header for each in columns], [[each.format(row, zone) for each in columns] for row in rows])


def print_table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table. Without rows, it has the headers in a pipe and is not printed on a terminal."""
    output = get_stdout()
    with result_output():
        if not output.isatty():
            for row in (headers, *rows):
                typer.echo("\t".join(row))
        elif rows:
            _print_rich_table(headers, rows)


def print_object(object_: Row, *, json: bool) -> None:
    """Print the keys and values of one object, as a table or as JSON."""
    if json:
        print_json(object_)
    else:
        print_table(["key", "value"], [[printable(str(key)), format_value(value)] for key, value in object_.items()])


def print_json(value: object) -> None:
    """Print a value as JSON."""
    get_stdout()
    with result_output():
        typer.echo(json.dumps(value, indent=2, ensure_ascii=False))


def _print_rich_table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.table import Table  # these are slow to import
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for index, header in enumerate(headers):
        is_number = all(_is_number(row[index]) for row in rows)
        table.add_column(header, justify="right" if is_number else "left", overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    build_console(get_stdout()).print(table)


def _is_number(text: str) -> bool:
    return not text or text.lstrip("-").replace(".", "", 1).isdigit()
