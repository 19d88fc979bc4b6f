"""`datastore tail`: records as they are measured."""

from __future__ import annotations

from typing import Annotated

import typer

from datastore_sdk.cli.errors import CommandError
from datastore_sdk.cli.exit_status import ExitStatus
from datastore_sdk.cli.options import (
    AnyFieldOption,
    FieldsOption,
    OverwriteOption,
    PadOption,
    ProfileOption,
    RoutedOption,
    SiOption,
    SiteOption,
    ZoneOption,
)


def tail(
    *,
    pad: PadOption = None,
    site: SiteOption = None,
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="Start with the records from this time on: 10m, today, ISO 8601.")
    ] = None,
    fields: FieldsOption = None,
    si: SiOption = False,
    routed: RoutedOption = False,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FILE", help="Save to a file, which is completed at the end."),
    ] = None,
    overwrite: OverwriteOption = False,
    any_field: AnyFieldOption = False,
    tz: ZoneOption = None,
    profile: ProfileOption = None,
    json: Annotated[bool, typer.Option("--json", help="NDJSON, as without it.")] = False,  # noqa: ARG001 - as elsewhere
) -> int:
    """Print records as they are measured, one JSON object a line (NDJSON), until Ctrl-C, SIGTERM or SIGHUP.

    After a broken connection it reconnects and fetches what it missed: each record comes once. With `-o`, records are
    in FILE.unfinished until the end; if the program is killed, `datastore recover FILE` completes the file.

    Exit status: **130** Ctrl-C, **143** SIGTERM, **129** SIGHUP, **0** if the reader of the pipe stops.

    For example:

        datastore tail --site 981 --fields slurry_rate,surface_treating_pressure

        datastore tail --pad 681 --routed --since 10m | head -5
    """
    if routed and pad is None:
        raise CommandError("--routed is for --pad: records of a site belong to it anyway")
    from datastore_sdk.cli.assets import open_asset, resolve_zone, validate_choice
    from datastore_sdk.cli.download import validate_output
    from datastore_sdk.cli.field_names import validate_field_names
    from datastore_sdk.cli.live import listen, print_live, save_live
    from datastore_sdk.cli.ranges import resolve_range

    validate_choice(pad, site)
    target = None if output in {None, "-"} else validate_output(str(output), overwrite=overwrite)
    with open_asset(pad, site, profile) as (client, asset):
        start, _ = resolve_range(since, None, None, resolve_zone(tz, asset, client))
        if fields is not None and not any_field:
            validate_field_names(asset, fields)
        with listen(asset, start, fields=fields, si=si, routed=routed) as live:
            if target is None:
                print_live(live)
            else:
                save_live(live, target, overwrite=overwrite)
    return ExitStatus.DONE
