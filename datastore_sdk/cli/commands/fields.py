"""`datastore fields`: names, labels and units of the fields of records."""

from __future__ import annotations

from datastore_sdk.cli.exit_status import ExitStatus
from datastore_sdk.cli.options import JsonOption, PadOption, ProfileOption, SiteOption


def fields(
    *, pad: PadOption = None, site: SiteOption = None, profile: ProfileOption = None, json: JsonOption = False
) -> int:
    """List the fields of records: names for `--fields`, labels and units.

    `--json` prints one JSON array.

    For example:

        datastore fields --site 981

        datastore fields --pad 681 --json
    """
    from datastore_sdk.cli.assets import describe, open_asset
    from datastore_sdk.cli.tables import Column, print_rows

    with open_asset(pad, site, profile) as (_, asset):
        found = asset.get_fields_metadata(as_dict=True)
    columns = [
        Column("name", "name"),
        Column("label", "label"),
        Column("unit", "imperial_unit"),
        Column("si_unit", "si_unit"),
        Column("category", "field_category"),
    ]
    print_rows(found, columns, json=json, nothing=f"{describe(asset)} has no fields")
    return ExitStatus.DONE
