"""`datastore plot`: the treatment plot of a stage or a time range."""

from __future__ import annotations

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


def plot(
    *,
    site: SiteOption = None,
    stage: StageOption = None,
    since: SinceOption = None,
    from_: FromOption = None,
    to: ToOption = None,
    state: StateOption = None,
    fields: CurvesOption = None,
    stacked: Annotated[bool, typer.Option("--stacked", help="A panel for each axis, one above the other.")] = False,
    si: SiOption = False,
    output: Annotated[
        str | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="File, in the format of its suffix: .html, .png, .pdf or .svg."
        ),
    ] = None,
    cdn: Annotated[
        bool, typer.Option("--cdn", help="HTML under 1 MB, which loads the library from the internet.")
    ] = False,
    overwrite: OverwriteOption = False,
    tz: ZoneOption = None,
    profile: ProfileOption = None,
    quiet: QuietOption = False,
    json: Annotated[bool, typer.Option("--json", help="Print the file, its title and size as JSON.")] = False,
) -> int:
    """Draw the treatment plot of a stage, or of a time range with its stages, to a file.

    HTML is interactive, and opens without a network. Needs the extra `plot`. The file appears when it is complete.

    Exit status: **0** saved, **1** no records, **3** wrong arguments, **4** no access, **5** not found, **6** service
    failed, **7** file not written, **130** Ctrl-C, **143** SIGTERM.

    For example:

        datastore plot --site 981 --stage 2 --tz site -o stage.html

        datastore plot --site 981 --since 12h --fields surface_treating_pressure,slurry_rate --stacked -o night.png
    """
    from datastore_sdk.cli.save_plot import PlotOptions, save_plot  # slow to import

    options = PlotOptions(
        site=site,
        since=since,
        from_=from_,
        to=to,
        stage=stage,
        state=state,
        fields=fields,
        si=si,
        stacked=stacked,
        output=output,
        cdn=cdn,
        overwrite=overwrite,
        tz=tz,
        profile=profile,
    )
    return save_plot(options, quiet=quiet, json=json)
