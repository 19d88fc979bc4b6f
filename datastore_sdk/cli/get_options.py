"""Options of `datastore get`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from shlex import join
from typing import Annotated

import typer

from datastore_sdk.cli.options import (
    AnyFieldOption,
    FieldsOption,
    OverwriteOption,
    QuietOption,
    RangeOptions,
    Resolution,
    ResolutionOption,
    RoutedOption,
    SiOption,
)
from datastore_sdk.cli.times import format_option, is_relative
from datastore_sdk.enums import DataAggregations

STANDARD_OUTPUT = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class GetOptions(RangeOptions):
    """Options of `datastore get`, as they were passed."""

    fields: FieldsOption = None
    resolution: ResolutionOption = Resolution.SECOND
    aggregation: Annotated[
        DataAggregations | None, typer.Option(help="How values within one interval become one value.")
    ] = None
    si: SiOption = False
    routed: RoutedOption = False
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="File, in the format of its suffix: .csv, .json, .ndjson, .parquet, .arrow, .csv.gz ...; `-` writes "
            "NDJSON to standard output.",
        ),
    ] = None
    resume: Annotated[bool, typer.Option("--resume", help="Continue an interrupted download to this file.")] = False
    overwrite: OverwriteOption = False
    parallel: Annotated[int, typer.Option(min=1, max=3, help="Parts of the time range to download at a time.")] = 1
    coverage: Annotated[bool, typer.Option("--coverage", help="Report gaps, in FILE.coverage.json too.")] = False
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Estimate calls, records, bytes and time from short samples, no more.")
    ] = False
    any_field: AnyFieldOption = False
    quiet: QuietOption = False
    json: Annotated[bool, typer.Option("--json", help="Print the summary or estimate as JSON.")] = False

    @property
    def has_moving_range(self) -> bool:
        """Whether the range moves with the time: an hour later, the same options stand for another one."""
        return self.stage is None and (self.since is not None or self.to is None or is_relative(self.to))

    def to_resume_command(self, start: datetime | None, end: datetime | None) -> str:
        """Return the command that continues the download, with absolute times.

        Args:
            start: Start of the range, without that of the stage.
            end: End of the range, without that of the stage.
        """
        words: dict[str, object] = {
            "--pad": self.pad,
            "--site": self.site,
            "--from": start and format_option(start),
            "--to": end and format_option(end),
            "--stage": self.stage,
            "--state": self.state,
            "--fields": self.fields,
            "--resolution": None if self.resolution is Resolution.SECOND else self.resolution,
            "--aggregation": self.aggregation,
            "--si": self.si,
            "--routed": self.routed,
            "--parallel": self.parallel if self.parallel > 1 else None,
            "--coverage": self.coverage,
            "--any-field": self.any_field,
            "--profile": self.profile,
            "-o": self.output,
            "--overwrite": self.overwrite,
            "--resume": True,
        }
        flags = ([name] if value is True else [name, str(value)] for name, value in words.items() if value)
        return join(["datastore", "get", *(word for words in flags for word in words)])
