"""`datastore sites`: list sites, or show one."""

from __future__ import annotations

from typing import Annotated

import typer

from datastore_sdk.cli.completion import complete_sites
from datastore_sdk.cli.exit_status import ExitStatus
from datastore_sdk.cli.options import JsonOption, PadOption, ProfileOption, ZoneOption


def sites(
    site: Annotated[
        int | None, typer.Argument(help="Id of one site, to show all of it.", autocompletion=complete_sites)
    ] = None,
    *,
    pad: PadOption = None,
    complete: Annotated[
        bool | None,
        typer.Option("--complete/--no-complete", help="Only sites with a finished completion, or the others."),
    ] = None,
    search: Annotated[str | None, typer.Option(help="Fuzzy search in the name.")] = None,
    well_api: Annotated[str | None, typer.Option(help="API number of the well.")] = None,
    formation: Annotated[str | None, typer.Option(help="Name of the formation.")] = None,
    fleet: Annotated[str | None, typer.Option(help="Part of the name of the frac fleet.")] = None,
    near: Annotated[
        tuple[float, float, float] | None,
        typer.Option(metavar="LATITUDE LONGITUDE MILES", help="Only sites within so many miles of a place."),
    ] = None,
    tz: ZoneOption = None,
    profile: ProfileOption = None,
    json: JsonOption = False,
) -> int:
    """List sites (wells), with the times of their first and last record, or show one.

    `--json` prints one JSON array, or one object.

    For example:

        datastore sites --pad 681

        datastore sites --near 32.3 -101.3 40
    """
    from datastore_sdk import Pad, Site
    from datastore_sdk.cli.assets import display_zone, explain_not_found, open_client, resolve_zone, validate_exists
    from datastore_sdk.cli.tables import Column, print_object, print_rows

    with open_client(profile) as client:
        if site is not None:
            with explain_not_found(Site(site, client=client), client, "show it with: datastore {kind}s {id}"):
                print_object(Site.get_model(id=site, client=client, as_dict=True), json=json)
            return ExitStatus.DONE
        asset = None if pad is None else Pad(pad, client=client)
        zone = display_zone(resolve_zone(tz, asset, client))
        latitude, longitude, radius = near or (None, None, None)
        found = Site.get_models(
            client=client,
            as_dict=True,
            pad_id=pad,
            complete=complete,
            name_search=search,
            well_api=well_api,
            formation_name=formation,
            fleet_name=fleet,
            latitude=latitude,
            longitude=longitude,
            radius_miles=radius,
        )
        if asset is not None and not found:
            with explain_not_found(asset, client):
                validate_exists(asset, client)
    columns = [
        Column("id", "id"),
        Column("name", "name"),
        Column("pad", "pad_id"),
        Column("formation", "formation_name"),
        Column("time_zone", "timezone"),
        Column("stages", "stage_total"),
        Column("first_record", "metadata.first_timestamp", is_time=True),
        Column("last_record", "metadata.last_timestamp", is_time=True),
    ]
    print_rows(found, columns, json=json, zone=zone, nothing="no sites; try it with fewer options")
    return ExitStatus.DONE
