"""`datastore changes`: corrections of historical data, their records, and their acknowledgement."""

from __future__ import annotations

from typing import Annotated

import typer

from datastore_sdk.cli.errors import CommandError
from datastore_sdk.cli.exit_status import ExitStatus
from datastore_sdk.cli.options import (
    FieldsOption,
    JsonOption,
    OverwriteOption,
    PadOption,
    ProfileOption,
    QuietOption,
    Resolution,
    ResolutionOption,
    SiOption,
    SiteOption,
    ZoneOption,
)


def changes(
    *,
    pad: PadOption = None,
    site: SiteOption = None,
    acknowledged: Annotated[bool, typer.Option("--all", help="List acknowledged changes, too.")] = False,
    save: Annotated[
        str | None, typer.Option(metavar="FILE", help="Save the corrected records, in the format of the suffix.")
    ] = None,
    acknowledge: Annotated[
        bool, typer.Option("--acknowledge", help="With --save: acknowledge the changes once the file is on disk.")
    ] = False,
    fields: FieldsOption = None,
    resolution: ResolutionOption = Resolution.SECOND,
    si: SiOption = False,
    overwrite: OverwriteOption = False,
    tz: ZoneOption = None,
    profile: ProfileOption = None,
    quiet: QuietOption = False,
    json: JsonOption = False,
) -> int:
    """List corrections of historical data that are not acknowledged yet, save their records, and acknowledge them.

    An acknowledged change is not listed again. `--json` prints one JSON array.

    For example:

        datastore changes --pad 668

        datastore changes --pad 668 --save corrected.csv --acknowledge
    """
    if acknowledge and save is None:
        raise CommandError("--acknowledge needs --save FILE: acknowledged changes are not listed again")
    from datastore_sdk import DataForm
    from datastore_sdk.cli.acknowledgement import acknowledge_changes
    from datastore_sdk.cli.assets import describe, display_zone, open_asset, resolve_zone
    from datastore_sdk.cli.download import save_data, validate_output
    from datastore_sdk.cli.tables import Column, print_rows

    target = None if save is None else validate_output(save, overwrite=overwrite)
    with open_asset(pad, site, profile) as (client, asset):
        zone = display_zone(resolve_zone(tz, asset, client))
        form = DataForm(fields=fields, resolution=resolution.argument, si_units=si)
        found, corrected = asset.get_data_changes(get_acknowledged=acknowledged or None, **form)
        columns = [
            Column("id", "id"),
            Column("site", "site"),
            Column("type", "modification_type"),
            Column("subtype", "modification_subtype"),
            Column("start", "start_date", is_time=True),
            Column("end", "end_date", is_time=True),
            Column("created", "created_at", is_time=True),
        ]
        rows = [change.model_dump(mode="json", exclude_unset=True, by_alias=True) for change in found]
        print_rows(rows, columns, json=json, zone=zone, nothing=f"{describe(asset)} has no open changes")
        if target is not None and found:
            save_data(corrected, target, overwrite=overwrite, quiet=quiet)
            if acknowledge:
                acknowledge_changes(found)
    return ExitStatus.DONE
