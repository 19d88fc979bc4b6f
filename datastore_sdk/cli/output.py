"""Output: results to standard output, messages to standard error."""

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
from datastore_sdk.drift.reports import format_github, format_json, format_sarif


class OutputFormat(StrEnum):
    """Formats of a report."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"
    SARIF = "sarif"


FormatOption = Annotated[
    OutputFormat,
    typer.Option("--format", help="Format of the report: text, or for programs, GitHub Actions or code scanning."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Short for --format json.")]


def write_report(report: Report, format_: OutputFormat, stream: TextIO | None = None) -> None:
    """Write a report to a stream. Default: standard output."""
    target: TextIO = sys.stdout if stream is None else stream
    with result_output():
        match format_:
            case OutputFormat.TEXT:
                print_report(report, target)
            case OutputFormat.JSON:
                typer.echo(format_json(report), file=target)
            case OutputFormat.GITHUB:
                typer.echo(format_github(report), file=target)
            case OutputFormat.SARIF:
                typer.echo(format_sarif(report), file=target)


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
    """Print a message to standard error."""
    typer.echo("\n".join(map(printable, message.splitlines())), err=True)


def print_error(message: str) -> None:
    """Print an error message to standard error."""
    print_message(f"datastore: {message}")
