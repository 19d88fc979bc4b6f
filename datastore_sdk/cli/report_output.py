"""Output of drift reports, in the format that the user chose."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from datastore_sdk.cli.console import result_output

if TYPE_CHECKING:
    from datastore_sdk.drift.report import Report


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
    from datastore_sdk.cli.text_report import print_report  # these are slow to import
    from datastore_sdk.drift.reports import format_github, format_json, format_sarif

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
