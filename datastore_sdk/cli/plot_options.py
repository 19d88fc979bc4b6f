"""Options of `datastore plot`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from datastore_sdk.cli.options import (
    CurvesOption,
    FromOption,
    OverwriteOption,
    ProfileOption,
    QuietOption,
    SinceOption,
    SiOption,
    SiteOption,
    StageOption,
    StateOption,
    ToOption,
    ZoneOption,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlotOptions:
    """Options of `datastore plot`, as they were passed."""

    site: SiteOption = None
    pad: Annotated[int | None, typer.Option("--pad", hidden=True)] = None
    """Refused with advice: a plot shows one well."""
    stage: StageOption = None
    since: SinceOption = None
    from_: FromOption = None
    to: ToOption = None
    state: StateOption = None
    fields: CurvesOption = None
    stacked: Annotated[bool, typer.Option("--stacked", help="A panel for each axis, one above the other.")] = False
    si: SiOption = False
    output: Annotated[
        str | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="File, in the format of its suffix: .html, .png, .pdf or .svg."
        ),
    ] = None
    cdn: Annotated[bool, typer.Option("--cdn", help="HTML under 1 MB, which loads the library from the internet.")] = (
        False
    )
    overwrite: OverwriteOption = False
    tz: ZoneOption = None
    profile: ProfileOption = None
    quiet: QuietOption = False
    json: Annotated[bool, typer.Option("--json", help="Print the file, its title and size as JSON.")] = False
