"""Output: results to standard output, messages to standard error."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from io import TextIOWrapper
from typing import TYPE_CHECKING, TextIO

import typer

from datastore_sdk.cli.errors import CommandError
from datastore_sdk.cli.exit_status import ExitStatus

if TYPE_CHECKING:
    from rich.console import Console

_FILE_WIDTH = 1000
"""Width in characters without a terminal. Wide enough that lines do not wrap, so that `grep` works."""


def build_console(stream: TextIO) -> Console:
    """Return a console for a stream; in color on a terminal."""
    from rich.console import Console  # slow to import

    console = Console(file=stream, highlight=False)
    return console if console.is_terminal else Console(file=stream, highlight=False, width=_FILE_WIDTH)


def get_stdout() -> TextIO:
    """Return standard output.

    Raises:
        CommandError: It is closed.
    """
    stream: TextIO | None = sys.stdout  # None if it was closed before Python started
    if stream is None:
        raise CommandError("standard output is closed; redirect it to a file", ExitStatus.NOT_WRITTEN)
    return stream


def printable(text: str) -> str:
    """Escape control characters and line breaks. The text may quote documents."""
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)


@contextmanager
def result_output() -> Generator[None]:
    """Run a block that writes results. A closed pipe, as of `head`, is not an error."""
    try:
        yield
        sys.stdout.flush()
    except (BrokenPipeError, SystemExit):  # rich turns the former into the latter
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # otherwise the flush at exit would fail


def escape_unencodable_text() -> None:
    """Escape characters that the encoding of the output cannot represent, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def print_message(message: str) -> None:
    """Print a message to standard error; nothing if that is a terminal that is gone."""
    with suppress(OSError):
        typer.echo("\n".join(map(printable, message.splitlines())), err=True)


def print_error(message: str) -> None:
    """Print an error message to standard error."""
    print_message(f"datastore: {message}")
