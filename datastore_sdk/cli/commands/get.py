"""`datastore get`: save or stream time-series data."""

from __future__ import annotations

from typing import Annotated

import typer

from datastore_sdk.cli.options import (
    AnyFieldOption,
    FieldsOption,
    FromOption,
    OverwriteOption,
    PadOption,
    ProfileOption,
    QuietOption,
    Resolution,
    ResolutionOption,
    RoutedOption,
    SinceOption,
    SiOption,
    SiteOption,
    StageOption,
    StateOption,
    ToOption,
    ZoneOption,
)
from datastore_sdk.enums import DataAggregations


def get(
    *,
    pad: PadOption = None,
    site: SiteOption = None,
    since: SinceOption = None,
    from_: FromOption = None,
    to: ToOption = None,
    stage: StageOption = None,
    state: StateOption = None,
    fields: FieldsOption = None,
    resolution: ResolutionOption = Resolution.SECOND,
    aggregation: Annotated[
        DataAggregations | None, typer.Option(help="How values within one interval become one value.")
    ] = None,
    si: SiOption = False,
    routed: RoutedOption = False,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="File, in the format of its suffix: .csv, .json, .ndjson, .parquet, .arrow, .csv.gz ...; `-` writes "
            "NDJSON to standard output.",
        ),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue an interrupted download to this file.")] = False,
    overwrite: OverwriteOption = False,
    parallel: Annotated[int, typer.Option(min=1, max=3, help="Parts of the time range to download at a time.")] = 1,
    coverage: Annotated[bool, typer.Option("--coverage", help="Report gaps, in FILE.coverage.json too.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Estimate calls, records, bytes and time from short samples, no more.")
    ] = False,
    any_field: AnyFieldOption = False,
    tz: ZoneOption = None,
    profile: ProfileOption = None,
    quiet: QuietOption = False,
    json: Annotated[bool, typer.Option("--json", help="Print the summary or estimate as JSON.")] = False,
) -> int:
    """Save time-series data to a file, or stream it.

    The file appears when it is complete. After Ctrl-C, SIGTERM, SIGHUP or a failure, 1-second records are kept beside
    it, and `--resume` continues. `--json` prints one JSON object with the summary or the estimate; `-o -` streams
    NDJSON.

    Exit status: **0** saved, **1** no records, **3** wrong arguments, **4** no access, **5** not found, **6** service
    failed, **7** file not written, **130** Ctrl-C, **143** SIGTERM, **129** SIGHUP.

    For example:

        datastore get --site 981 --since 24h --fields slurry_rate,proppant_conc -o day.parquet

        datastore get --pad 681 --routed --from yesterday --to yesterday --tz site -o day.csv.gz --dry-run

        datastore get --site 981 --stage 2 -o - | head -1
    """
    from datastore_sdk.cli.get_records import GetOptions, get_records  # slow to import

    options = GetOptions(
        pad=pad,
        site=site,
        since=since,
        from_=from_,
        to=to,
        stage=stage,
        state=state,
        fields=fields,
        resolution=resolution,
        aggregation=aggregation,
        si=si,
        routed=routed,
        output=output,
        resume=resume,
        overwrite=overwrite,
        parallel=parallel,
        coverage=coverage,
        any_field=any_field,
        tz=tz,
        profile=profile,
    )
    return get_records(options, dry_run=dry_run, quiet=quiet, json=json)
