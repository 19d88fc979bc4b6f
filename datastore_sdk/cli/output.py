"""Where results, and everything else, are written."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from enum import StrEnum
from io import TextIOWrapper
from typing import Annotated, TextIO

import typer

from datastore_sdk.cli.rendering import print_report, printable
from datastore_sdk.drift.report import Report
from datastore_sdk.drift.reports import as_annotations, as_json, as_sarif


class OutputFormat(StrEnum):
    """Forms of a report."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"
    SARIF = "sarif"


FormatOption = Annotated[
    OutputFormat,
    typer.Option("--format", help="Form of the report: for people, programs, GitHub Actions or code scanning."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Short for --format json.")]


def deliver(report: Report, format_: OutputFormat, stream: TextIO | None = None) -> None:
    """Writes a report to a stream. Default: standard output."""
    target: TextIO = sys.stdout if stream is None else stream
    with results():
        match format_:
            case OutputFormat.TEXT:
                print_report(report, target)
            case OutputFormat.JSON:
                typer.echo(as_json(report), file=target)
            case OutputFormat.GITHUB:
                typer.echo(as_annotations(report), file=target)
            case OutputFormat.SARIF:
                typer.echo(as_sarif(report), file=target)


@contextmanager
def results() -> Generator[None]:
    """What writes results; a reader that has enough of them, such as `head`, is no error."""
    try:
        yield
        sys.stdout.flush()
    except (BrokenPipeError, SystemExit):  # rich makes the latter of the former
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python's own last flush would fail


def take_any_text() -> None:
    """Lets the output show what its encoding cannot: escaped, rather than not at all."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def say(message: str) -> None:
    """Tells what is going on, on standard error."""
    typer.echo("\n".join(map(printable, message.splitlines())), err=True)


def complain(message: str) -> None:
    """Tells what went wrong, on standard error."""
    say(f"datastore: {message}")
